"""Constraints and indexes, and the steps from one schema to the next."""

from __future__ import annotations

import neo4j

from lineage.backends.neo4j.templates import template
from lineage.errors import NotFound, StoreTooNew

SCHEMA = 4

_KINDS = ("artifact", "execution", "context")
# Step n brings a database of schema n to schema n + 1. All may be run twice.
_STEPS: tuple[tuple[str, ...], ...] = (
    (
        *(f"1_{kind}_{what}" for kind in _KINDS for what in ("id", "name", "external_id")),
        *(f"1_{kind}_by_name" for kind in _KINDS),
        "1_artifact_by_uri",
        "1_type_id",
        "1_type_name",
        "1_base_type_name",
        "1_id_block_kind",
        "1_note_key",
        "1_store_key",
    ),
    ("2_mark_id", "2_mark_label_name"),
    ("3_policy_names_repeat", "3_policies_recorded", "3_policy_version"),
    (
        "4_own_keys",
        "4_artifact_versions",
        "4_execution_versions",
        "4_artifact_names_repeat",
        "4_execution_names_repeat",
        "4_artifact_version",
        "4_execution_version",
        "4_artifact_by_digest",
        "4_artifact_by_place",
        *(f"4_{kind}_by_{what}" for kind in _KINDS for what in ("type", "created", "updated")),
        "4_artifact_by_state",
        "4_execution_by_state",
    ),
)

_MADE_MEANWHILE = frozenset(
    f"Neo.ClientError.Schema.{what}AlreadyExists"
    for what in ("EquivalentSchemaRule", "Constraint", "Index")
)


def prepare(session: neo4j.Session, where: str, *, create: bool) -> None:
    """Bring a new or older database to the present schema.

    Raises StoreTooNew for a newer one, and NotFound for one without a store unless `create`.
    """
    record = session.run(template("schema/present")).single(strict=True)
    schema = record["schema"]
    if schema == SCHEMA:
        return
    if schema is None and not create:
        raise NotFound(f"{where} holds no store; `lineage demo` or `lineage record` makes one")
    if schema is not None and schema > SCHEMA:
        raise StoreTooNew(
            f"{where} has schema {schema}, this Lineage knows {SCHEMA}: install a newer "
            "lineage-engine"
        )
    for step in _STEPS[schema or 0 :]:
        for name in step:
            _run(session, f"schema/{name}")
    _run(session, "schema/await")
    _run(session, "schema/set", schema=SCHEMA)


def _run(session: neo4j.Session, name: str, **parameters: object) -> None:
    """One statement in a managed transaction: several may open a new database at once, and locks
    on its schema are then taken in any order."""

    def work(transaction: neo4j.ManagedTransaction) -> None:
        transaction.run(template(name), parameters).consume()

    try:
        session.execute_write(work)
    except neo4j.exceptions.ClientError as error:
        # IF NOT EXISTS looks before it waits for another that is making the same.
        if error.code not in _MADE_MEANWHILE:
            raise
