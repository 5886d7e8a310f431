"""How a node is named: `artifact:42`, `Model:churn`, `Model:churn@3`, an external id, a uri.

Without a number, a name is that of the newest version. `Model@2:churn` is of version 2 of the type.
"""

from __future__ import annotations

from dataclasses import dataclass

from lineage.errors import Ambiguous, NotFound
from lineage.model import Kind, Node
from lineage.model.values import INT64_MAX
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.rules.suggestions import find_nearest, forms_of
from lineage.rules.types import TypeSession
from lineage.rules.uris import normalize
from lineage.rules.values import format_value, is_text

_KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class ById:
    """`artifact:42`."""

    kind: Kind
    id: int


@dataclass(frozen=True, slots=True)
class ByName:
    """`Model:churn`, the newest version, `Model:churn@3`, the third, or `Model@2:churn`."""

    kind: Kind
    type_name: str
    type_version: str | None
    name: str
    number: int | None = None


def parse_reference(text: str, types: TypeSession, kinds: tuple[Kind, ...]) -> list[ById | ByName]:
    """The readings of a reference that need no search, best first; none for ids and uris."""
    prefix, colon, rest = text.partition(":")
    if not colon:
        return []
    if prefix in _KINDS and _is_number(rest):
        kind = Kind(prefix)
        return [ById(kind, int(rest))] if kind in kinds else []
    name, at, version = prefix.partition("@")
    series, mark, number = rest.rpartition("@")
    found: list[ById | ByName] = []
    for kind in kinds:
        if rest and types.find(kind, name, version if at else None) is not None:
            found.append(ByName(kind, name, version if at else None, rest))
            if kind is not Kind.CONTEXT and series and mark and _is_number(number):
                found.append(ByName(kind, name, version if at else None, series, int(number)))
    return found


def _is_number(text: str) -> bool:
    """Whether it may be an id or the number of a version."""
    # int() of some thousand digits raises; no id has more than 19.
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(INT64_MAX))
    return digits and int(text) <= INT64_MAX


def resolve(
    text: str, reader: Reader, types: TypeSession, kinds: tuple[Kind, ...] = tuple(Kind)
) -> Node:
    """The node of one of the kinds that a reference names.

    Raises NotFound, or Ambiguous where several fit.
    """
    found = _found(text, reader, types, kinds)
    if not found:
        for kind in Kind:
            if kind not in kinds and _found(text, reader, types, (kind,)):
                raise NotFound(
                    f"{format_value(text)} is {_a(kind)}; "
                    f"{' or '.join(map(_a, kinds))} is asked for here"
                )
        meant = _meant(text, types, kinds)
        hint = f"did you mean {meant}? Else " if meant else ""
        raise NotFound(
            f"nothing is named {format_value(text)}; {hint}give KIND:ID (artifact:42), "
            "TYPE:NAME (Model:churn), an external id, or the uri of an artifact"
        )
    if len(found) > 1:
        several = ", ".join(f"{n.kind}:{n.id}" for n in found)
        raise Ambiguous(f"{format_value(text)} names several nodes ({several}); give one of these")
    return found[0]


def _meant(text: str, types: TypeSession, kinds: tuple[Kind, ...]) -> str | None:
    """The reference with a known word before the colon, where that is near to what is there."""
    if not is_text(text):
        return None
    prefix, colon, rest = text.partition(":")
    name, at, version = prefix.partition("@")
    there = [type for type in types.known.values() if type.kind in kinds]
    if not colon or rest.startswith("//") or any(type.name == name for type in there):
        return None
    near = find_nearest(name, {kind: kind for kind in kinds} | forms_of(there))
    return None if near in (None, name) else format_value(f"{near}{at}{version}:{rest}")


def _a(kind: Kind) -> str:
    return f"{'a' if kind is Kind.CONTEXT else 'an'} {kind}"


def _found(text: str, reader: Reader, types: TypeSession, kinds: tuple[Kind, ...]) -> list[Node]:
    found: list[Node] = []
    # What no text is, nothing is called; databases choke on it.
    if not is_text(text):
        kinds = ()
    for reading in parse_reference(text, types, kinds) if kinds else ():
        if isinstance(reading, ById):
            found += reader.nodes(reading.kind, [reading.id])
        else:
            meant = types.meant(reading.kind, reading.type_name, reading.type_version)
            ids = [type.id for type in meant if type.id is not None]
            found += _find_version(reader, reading, ids)
    if not found:
        found = [n for kind in kinds for n in reader.find(kind, Filter(external_id=text))]
    if not found and Kind.ARTIFACT in kinds:
        found = _newest_of_series(reader.find(Kind.ARTIFACT, Filter(place=normalize(text))))
    return found


def _newest_of_series(found: list[Node]) -> list[Node]:
    """Return the newest version of each series."""
    newest: dict[tuple[int | None, str | None], Node] = {}
    for node in sorted(found, key=_number):
        newest[node.type_id, node.name] = node
    return list(newest.values())


def _find_version(reader: Reader, reading: ByName, type_ids: list[int]) -> list[Node]:
    """Return the version that is meant, of each type: the newest where no number is given."""
    where = Filter(
        type_ids=type_ids,
        name=reading.name,
        version=reading.number,
        newest=reading.number is None and reading.kind is not Kind.CONTEXT,
    )
    return reader.find(reading.kind, where)


def _number(node: Node) -> int:
    return getattr(node, "version", None) or 1
