"""The tables, and the steps from one schema to the next.

An event's key leads with the execution, and one index leads with the artifact; both hold all that
a traversal reads, so that neither direction looks a row up. `flow` is 1 for inputs, 2 for outputs
and 0 for events that carry no data.
"""

from __future__ import annotations

import sqlite3

from lineage.backends.sqlite.errors import run_patiently
from lineage.errors import StoreTooNew, StoreUnavailable

# "Lnge" in ASCII: tells our files from anyone else's.
APPLICATION_ID = 0x4C6E6765
SCHEMA = 6

_NODE = """
CREATE TABLE {kind} (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type_id INTEGER NOT NULL REFERENCES type (id),
    name TEXT,
    external_id TEXT,
    uri TEXT,
    state TEXT,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    properties TEXT,
    custom_properties TEXT
);
CREATE UNIQUE INDEX {kind}_name ON {kind} (type_id, name) WHERE name IS NOT NULL;
CREATE UNIQUE INDEX {kind}_external_id ON {kind} (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX {kind}_by_name ON {kind} (name) WHERE name IS NOT NULL;
CREATE INDEX {kind}_by_type ON {kind} (type_id);
"""

_FIRST = (
    """
CREATE TABLE type (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT,
    base TEXT,
    description TEXT,
    external_id TEXT,
    properties TEXT NOT NULL
);
CREATE UNIQUE INDEX type_name ON type (kind, name, ifnull(version, ''), version IS NULL);
"""
    + "".join(_NODE.format(kind=kind) for kind in ("artifact", "execution", "context"))
    + """
CREATE INDEX artifact_by_uri ON artifact (uri) WHERE uri IS NOT NULL;
CREATE TABLE event (
    execution_id INTEGER NOT NULL REFERENCES execution (id),
    flow INTEGER NOT NULL,
    artifact_id INTEGER NOT NULL REFERENCES artifact (id),
    type TEXT NOT NULL,
    path TEXT NOT NULL,
    recorded INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (execution_id, flow, artifact_id, type, path)
) WITHOUT ROWID;
CREATE INDEX event_by_artifact ON event (artifact_id, flow, execution_id, recorded);
CREATE TABLE membership (
    kind TEXT NOT NULL,
    node_id INTEGER NOT NULL,
    context_id INTEGER NOT NULL REFERENCES context (id),
    PRIMARY KEY (kind, node_id, context_id)
) WITHOUT ROWID;
CREATE INDEX membership_by_context ON membership (context_id, kind, node_id);
CREATE TABLE parent (
    child_id INTEGER NOT NULL REFERENCES context (id),
    parent_id INTEGER NOT NULL REFERENCES context (id),
    PRIMARY KEY (child_id, parent_id)
) WITHOUT ROWID;
CREATE INDEX parent_by_parent ON parent (parent_id, child_id);
CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
)

# A mark's node is an artifact or an execution, so it has no foreign key.
_MARKS = """
CREATE TABLE mark (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT NOT NULL,
    kind TEXT NOT NULL,
    node_id INTEGER NOT NULL,
    clean INTEGER NOT NULL,
    reason TEXT,
    who TEXT,
    time_ms INTEGER,
    until_ms INTEGER,
    recorded_ms INTEGER NOT NULL,
    lifted_ms INTEGER,
    lifted_by TEXT,
    lifted_reason TEXT
);
CREATE INDEX mark_by_label ON mark (label);
CREATE INDEX mark_by_node ON mark (kind, node_id);
CREATE TABLE policy (name TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
"""

# A policy that is replaced or dropped stays, with its end.
_VERSIONS_OF_POLICIES = """
CREATE TABLE policy_version (
    name TEXT NOT NULL,
    recorded INTEGER NOT NULL,
    ended INTEGER,
    content TEXT NOT NULL,
    PRIMARY KEY (name, recorded)
) WITHOUT ROWID;
INSERT INTO policy_version (name, recorded, content)
    SELECT name, ifnull(json_extract(content, '$.recorded_ms'), 0),
        json_remove(content, '$.recorded_ms')
    FROM policy;
DROP TABLE policy;
ALTER TABLE policy_version RENAME TO policy;
"""

# Every node is written into each of its indexes, so artifacts and executions have few: contexts,
# which are few themselves, keep what they had. A unique index takes any number of rows without a
# name.
_FEWER = """
DROP INDEX {kind}_name;
DROP INDEX {kind}_by_type;
CREATE UNIQUE INDEX {kind}_name ON {kind} (type_id, name);
DROP INDEX {kind}_by_name;
"""
# A name with its type and without, and the nodes of a type in the order of their ids.
_NAME_FIRST = """
DROP INDEX {kind}_name;
CREATE UNIQUE INDEX {kind}_name ON {kind} (name, type_id);
CREATE INDEX {kind}_by_type ON {kind} (type_id);
"""
_FEWER_INDEXES, _NAMES_FIRST = (
    "".join(step.format(kind=kind) for kind in ("artifact", "execution"))
    for step in (_FEWER, _NAME_FIRST)
)

# Names become those of series, whose versions are numbered. `place` is the one spelling of a uri
# that is spelled otherwise.
_VERSIONS = """
ALTER TABLE artifact ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE artifact ADD COLUMN digest TEXT;
ALTER TABLE artifact ADD COLUMN place TEXT;
ALTER TABLE execution ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
DROP INDEX artifact_name;
DROP INDEX execution_name;
CREATE UNIQUE INDEX artifact_name ON artifact (name, type_id, version);
CREATE UNIQUE INDEX execution_name ON execution (name, type_id, version);
CREATE INDEX artifact_by_digest ON artifact (digest) WHERE digest IS NOT NULL;
CREATE INDEX artifact_by_place ON artifact (place) WHERE place IS NOT NULL;
"""

# Step n brings a file of schema n to schema n + 1.
STEPS: tuple[str, ...] = (
    _FIRST,
    _MARKS,
    _VERSIONS_OF_POLICIES,
    _FEWER_INDEXES,
    _NAMES_FIRST,
    _VERSIONS,
)


def prepare(connection: sqlite3.Connection, where: str) -> None:
    """Bring a new or older file to the present schema, in WAL mode.

    Raises StoreTooNew for a newer file, StoreUnavailable for one that isn't a lineage store; such
    a file is left as it is.
    """
    version = read_version(connection, where)
    # Before the tables are made, so that whoever finds them finds the file in WAL mode.
    run_patiently(connection, "PRAGMA journal_mode = WAL")
    if version != SCHEMA:
        migrate_schema(connection, where)


def read_version(connection: sqlite3.Connection, where: str) -> int:
    """Return the schema's number, 0 for an empty file; raises as `prepare`."""
    run_patiently(connection, "BEGIN")
    try:
        # BEGIN takes no lock; the first read does, and in a file that is just being made it waits
        # for the one who makes it.
        run_patiently(connection, "SELECT 1 FROM sqlite_master LIMIT 1")
        return version_of(connection, where)
    finally:
        connection.execute("ROLLBACK")


def is_older(version: int) -> bool:
    """Return whether a file of this schema, which is not empty, is to be brought forward."""
    return 0 < version < SCHEMA


def migrate_schema(connection: sqlite3.Connection, where: str) -> None:
    """Migrate what a connection has open to the present schema, whole or not at all."""
    run_patiently(connection, "BEGIN IMMEDIATE")
    try:
        # Another process may have done it while this one waited for the lock.
        for step in STEPS[version_of(connection, where) :]:
            for statement in step.split(";"):
                if statement.strip():
                    connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def version_of(connection: sqlite3.Connection, where: str) -> int:
    """The schema's number, 0 for an empty file. To be called inside a transaction."""
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID and (tables or application or version):
        raise StoreUnavailable(
            f"{where} is a SQLite database, but not a lineage store; name another file, "
            "or use `lineage import mlmd` if it is one of ML Metadata"
        )
    if version > SCHEMA:
        raise StoreTooNew(
            f"{where} has schema {version}, this Lineage knows {SCHEMA}: install a newer "
            "lineage-engine"
        )
    return int(version)
