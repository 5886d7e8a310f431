"""Types between the wire and the store, and how the wire's clients may change them.

There, properties are added only with `can_add_fields`, and left out only with `can_omit_fields`,
which keeps them; a base type is given once. The nine system types (`mlmd.Dataset` …) are what base
types are called there: here a base is a field, and a system type is put when first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from lineage.errors import InvalidValue, TypeConflict, Unsupported
from lineage.formats.mlmd import signatures
from lineage.model import BaseType, Kind, PropertyKind, Type
from lineage.server.mlmd.messages import POOL, ArtifactType, ContextType, ExecutionType
from lineage.server.mlmd.values import KINDS, NUMBERS
from lineage.session.transaction import Transaction

MESSAGES: dict[Kind, Any] = {
    Kind.ARTIFACT: ArtifactType,
    Kind.EXECUTION: ExecutionType,
    Kind.CONTEXT: ContextType,
}
_BASES = {
    kind: {number: BaseType(name) for name, number in pairs.items() if number}
    for kind, pairs in (
        (kind, dict(MESSAGES[kind].SystemDefinedBaseType.items()))
        for kind in (Kind.ARTIFACT, Kind.EXECUTION)
    )
}
_NUMBERS = {base: number for bases in _BASES.values() for number, base in bases.items()}
SYSTEM_TYPES = {f"mlmd.{base.capitalize()}": base for base in BaseType}


def is_system(type: Type) -> bool:
    """Whether it is one of ML Metadata's own types, which its listings leave out."""
    return type.name in SYSTEM_TYPES


def system_base(kind: Kind, name: str) -> BaseType | None:
    """What a system type of that name stands for."""
    base = SYSTEM_TYPES.get(name)
    return base if base is not None and base.kind is kind else None


def put(transaction: Transaction, kind: Kind, given: Any, *, can_add: bool, can_omit: bool) -> int:
    """Put a type of the wire; returns its id.

    Raises TypeConflict where it differs from the stored one in more than the flags allow,
    InvalidValue for a type without a name or with a property of no kind, Unsupported for a base
    type taken away or changed, AlreadyExists for an external id that another type has.
    """
    types = transaction.types
    types.refresh()
    version = given.version or None
    if not given.name:
        raise InvalidValue("No type name is specified.")
    old = types.exact(kind, given.name, version)
    properties = {name: KINDS.get(number) for name, number in given.properties.items()}
    if old is not None:
        _check(old, properties, can_add=can_add, can_omit=can_omit)
    for name, property_kind in properties.items():
        if property_kind is None:
            raise InvalidValue(f"Property {name} of type {given.name} is UNKNOWN; give it a kind")
    base = _base(kind, given, old) or system_base(kind, given.name)
    kept = dict(old.properties) if old is not None else {}
    put = types.put(
        Type(
            kind=kind,
            name=given.name,
            version=version,
            properties={**kept, **properties},  # type: ignore[dict-item]
            base=base,
            # Only a new type takes a description, as there.
            description=given.description if old is None and given.description else None,
            external_id=given.external_id or None,
        )
    )
    if kind is Kind.EXECUTION and old is None:
        _keep_signature(transaction, put, given)
    assert put.id is not None
    return put.id


def message(type: Type, kept: signatures.Signatures | None = None) -> Any:
    """A type as the wire says it; `kept` is what execution types take and give."""
    made = MESSAGES[type.kind](id=type.id, name=type.name)
    if type.version is not None:
        made.version = type.version
    if type.description is not None:
        made.description = type.description
    if type.external_id is not None:
        made.external_id = type.external_id
    if type.base is not None and not is_system(type):
        made.base_type = _NUMBERS[type.base]
    for name, kind in type.properties.items():
        made.properties[name] = NUMBERS[kind]
    for field, text in (kept or {}).get(type.label, {}).items():
        # One of no kind is there all the same.
        getattr(made, field).SetInParent()
        json_format.Parse(text, getattr(made, field), descriptor_pool=POOL)
    return made


def _keep_signature(transaction: Transaction, type: Type, given: Any) -> None:
    said = {
        field: json_format.MessageToJson(getattr(given, field), indent=None, descriptor_pool=POOL)
        for field in signatures.FIELDS
        if given.HasField(field)
    }
    if said:
        kept = signatures.read(transaction.reader)
        transaction.writer.set_metadata(
            signatures.SIGNATURES_KEY, signatures.unparse({**kept, type.label: said})
        )


def _check(
    old: Type, given: Mapping[str, PropertyKind | None], *, can_add: bool, can_omit: bool
) -> None:
    start = f"Type already exists with different properties: {old.label!r}"
    for name, kind in old.properties.items():
        if name in given and given[name] is not kind:
            raise TypeConflict(f"{start}: property {name!r} is {kind}, not {given[name]}")
        if name not in given and not can_omit:
            raise TypeConflict(
                f"{start}: can_omit_fields is false while the stored type also has {name!r}"
            )
    new = sorted(given.keys() - old.properties.keys())
    if new and not can_add:
        raise TypeConflict(
            f"{start}: can_add_fields is false while the given type also has {new[0]!r}"
        )


def _base(kind: Kind, given: Any, old: Type | None) -> BaseType | None:
    if not given.HasField("base_type"):
        return None
    if not given.base_type:
        raise Unsupported("base_type deletion is not supported; leave base_type out")
    base = _BASES[kind][given.base_type]
    if old is not None and old.base not in (None, base):
        raise Unsupported(
            f"base_type update is not supported: type {old.label!r} has the base {old.base}"
        )
    return base
