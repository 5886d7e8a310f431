"""The tables of an ML Metadata SQLite database of schema 10, the newest (ml-metadata 1.17).

Names, columns and constraints are what the library expects to find; facts from ML Metadata's
`metadata_source_query_config`.
"""

from __future__ import annotations

VERSION = 10

_TIMES = (
    "create_time_since_epoch INT NOT NULL DEFAULT 0, "
    "last_update_time_since_epoch INT NOT NULL DEFAULT 0"
)
_NODE = (
    "CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT, type_id INT NOT NULL, {own}"
    f"external_id VARCHAR(255) UNIQUE, {_TIMES}, UNIQUE (type_id, name))"
)
_PROPERTY = (
    "CREATE TABLE {table}Property ({owner}_id INT NOT NULL, name VARCHAR(255) NOT NULL, "
    "is_custom_property TINYINT(1) NOT NULL, int_value INT, double_value DOUBLE, "
    "string_value TEXT, byte_value BLOB, proto_value BLOB, bool_value BOOLEAN, "
    "PRIMARY KEY ({owner}_id, name, is_custom_property))"
)
_OWN = {
    "Artifact": "uri TEXT, state INT, name VARCHAR(255), ",
    "Execution": "last_known_state INT, name VARCHAR(255), ",
    "Context": "name VARCHAR(255) NOT NULL, ",
}
TABLES: tuple[str, ...] = (
    "CREATE TABLE Type (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(255) NOT NULL, "
    "version VARCHAR(255), type_kind TINYINT(1) NOT NULL, description TEXT, input_type TEXT, "
    "output_type TEXT, external_id VARCHAR(255) UNIQUE)",
    "CREATE TABLE ParentType (type_id INT NOT NULL, parent_type_id INT NOT NULL, "
    "PRIMARY KEY (type_id, parent_type_id))",
    "CREATE TABLE TypeProperty (type_id INT NOT NULL, name VARCHAR(255) NOT NULL, data_type INT, "
    "PRIMARY KEY (type_id, name))",
    *(_NODE.format(table=table, own=own) for table, own in _OWN.items()),
    *(_PROPERTY.format(table=table, owner=table.lower()) for table in _OWN),
    "CREATE TABLE ParentContext (context_id INT NOT NULL, parent_context_id INT NOT NULL, "
    "PRIMARY KEY (context_id, parent_context_id))",
    "CREATE TABLE Event (id INTEGER PRIMARY KEY AUTOINCREMENT, artifact_id INT NOT NULL, "
    "execution_id INT NOT NULL, type INT NOT NULL, milliseconds_since_epoch INT, "
    "UNIQUE (artifact_id, execution_id, type))",
    "CREATE TABLE EventPath (event_id INT NOT NULL, is_index_step TINYINT(1) NOT NULL, "
    "step_index INT, step_key TEXT)",
    "CREATE TABLE Association (id INTEGER PRIMARY KEY AUTOINCREMENT, context_id INT NOT NULL, "
    "execution_id INT NOT NULL, UNIQUE (context_id, execution_id))",
    "CREATE TABLE Attribution (id INTEGER PRIMARY KEY AUTOINCREMENT, context_id INT NOT NULL, "
    "artifact_id INT NOT NULL, UNIQUE (context_id, artifact_id))",
    "CREATE TABLE MLMDEnv (schema_version INTEGER PRIMARY KEY)",
)
# Made when all is in, which is faster.
INDEXES: tuple[str, ...] = (
    "CREATE INDEX idx_type_name ON Type (name)",
    "CREATE INDEX idx_artifact_uri ON Artifact (uri)",
    "CREATE INDEX idx_event_execution_id ON Event (execution_id)",
    "CREATE INDEX idx_eventpath_event_id ON EventPath (event_id)",
    "CREATE INDEX idx_parentcontext_parent_context_id ON ParentContext (parent_context_id)",
    *(
        f"CREATE INDEX idx_{table.lower()}_{column} ON {table} ({column})"
        for table in ("Artifact", "Execution", "Context")
        for column in ("create_time_since_epoch", "last_update_time_since_epoch")
    ),
    *(
        f"CREATE INDEX idx_{table.lower()}_external_id ON {table} (external_id)"
        for table in ("Type", "Artifact", "Execution", "Context")
    ),
    *(
        f"CREATE INDEX idx_{table.lower()}_property_{kind} ON {table}Property "
        f"(name, is_custom_property, {kind}_value) WHERE {kind}_value IS NOT NULL"
        for table in ("Artifact", "Execution", "Context")
        for kind in ("int", "double", "string")
    ),
)
