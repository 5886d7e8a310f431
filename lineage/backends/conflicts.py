"""Why a batch is refused, worded once for all backends."""

from __future__ import annotations

from lineage.errors import AlreadyExists, Conflict, InvalidValue, NotFound
from lineage.model import Kind, Type
from lineage.ports.batch import NodeWrite


def build_missing_error(kind: Kind, field: str, value: object) -> NotFound:
    """Build the error for a key that nothing has."""
    return NotFound(f"there is no {kind} with the {_field(field)} {value!a}; record it first")


def build_taken_error(kind: Kind, field: str, value: object, id: int | None) -> AlreadyExists:
    """Build the error for a unique value that another node has."""
    owner = f" ({kind}:{id})" if id is not None else ""
    of_type = " of its type" if field == "name" else ""
    return AlreadyExists(
        f"{kind}.{field} {value!a} belongs to another {kind}{of_type}{owner}; choose another, "
        "or re-use that one (reuse=True, or record())"
    )


def build_id_taken_error(kind: Kind, id: int) -> AlreadyExists:
    """Build the error for an id that another node has."""
    return AlreadyExists(
        f"{kind}.id {id} belongs to another {kind}; leave the id out to get a new one, or use "
        "that one"
    )


def build_type_taken_error(type: Type) -> AlreadyExists:
    """Build the error for a type whose kind, name and version another id has."""
    return AlreadyExists(
        f"type.name {type.label!a} belongs to another {type.kind} type, not the one with the id "
        f"{type.id}; leave the id out to change that one, or choose another name or version"
    )


def build_other_type_error(write: NodeWrite, id: int | None, type: str) -> InvalidValue:
    """Build the error for a node of another type than its new values were checked for."""
    assert write.type is not None
    owner = f"{write.kind}:{id}" if id is not None else f"an earlier {write.kind}"
    if write.key == "external_id":
        owner = f"{write.kind}.external_id {write.external_id!a} belongs to {owner}, which"
    return InvalidValue(
        f"{owner} is of type {type!a}, not {write.type.label!a}, and never changes it; "
        f"make a new {write.kind}"
    )


def build_changed_error(kind: Kind, id: int, expected_ms: int, found_ms: int) -> Conflict:
    """Build the error for a node that is not as it was when the caller read it."""
    return Conflict(
        f"{kind}:{id} changed since it was read (updated at {found_ms}, read as of {expected_ms}); "
        "read it again and repeat the change"
    )


def _field(field: str) -> str:
    return field.replace("_", " ")
