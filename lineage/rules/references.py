"""How a node is named: `artifact:42`, `Model:churn@3`, a uri, an external id, a path.

Without a number, a name is that of the newest version. `Model@2:churn` is of version 2 of the type.
They are tried in this order. What reads as an id, a name or a uri is never an external id, whether
there is such a node or not: else who gives a node the uri of another as its external id would
answer for it. Such an external id is refused when it is put; one that was imported stays, and its
node is named otherwise. A path is one of the machine that asks; it is looked for where nothing else
is named so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lineage.errors import Ambiguous, NotFound
from lineage.model import Kind, Node
from lineage.model.type_catalog import well_known
from lineage.model.values import INT64_MAX
from lineage.ports.filters import Field, Filter
from lineage.ports.reader import Reader
from lineage.rules.suggestions import find_nearest, forms_of
from lineage.rules.types import TypeSession
from lineage.rules.uris import is_uri, normalize
from lineage.rules.values import MAX_URI_BYTES, format_value, is_text

# Of what is longer, nobody misspelt a letter; comparing takes time by the length.
_LONGEST_SLIP = 200
# How many of the last recorded nodes of a kind are compared with a reference that names none.
_LATEST = 1_000
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


def find_other_reading(text: str, types: TypeSession) -> str | None:
    """Return what an external id would be taken for: an id, a name or a uri; None for nothing."""
    prefix, colon, rest = text.partition(":")
    if colon and prefix in _KINDS and _is_number(rest):
        return "an id"
    name = prefix.partition("@")[0]
    # By the types that were read: to read them again costs a statement for each external id.
    if (
        colon
        and rest
        and (
            any(known == name for _, known, _ in types.known)
            or any(well_known(kind, name) for kind in Kind)
        )
    ):
        return "a name"
    return "a uri" if is_uri(text) else None


def _is_number(text: str) -> bool:
    """Whether it may be an id or the number of a version."""
    # int() of some thousand digits raises; no id has more than 19.
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(INT64_MAX))
    return digits and int(text) <= INT64_MAX


def to_uri(path: str | os.PathLike[str]) -> str:
    """Return the uri of a path of this machine.

    A link to a file is a place of its own, as it is recorded.

    Examples
    --------
    >>> to_uri("/dev/null")
    'file:///dev/null'
    """
    text = os.fspath(path)
    folder, name = os.path.split(text)
    if name in ("", ".", ".."):
        return Path(os.path.realpath(text)).as_uri()
    return Path(os.path.realpath(folder or "."), name).as_uri()


def is_path(text: str) -> bool:
    """Tell whether a reference may be a path that is not spelled as a uri."""
    return (
        is_text(text)
        and bool(text)
        and ":" not in text
        and "\0" not in text
        and len(text) <= MAX_URI_BYTES
    )


def resolve(
    text: str,
    reader: Reader,
    types: TypeSession,
    kinds: tuple[Kind, ...] = tuple(Kind),
    *,
    paths: bool = True,
) -> Node:
    """Return the node of one of the kinds that a reference names.

    With `paths`, the reference may be a path of this machine.

    Raises
    ------
    NotFound
        Nothing is named so; the message has the nearest that is.
    Ambiguous
        Several fit.
    """
    found = _found(text, reader, types, kinds)
    if not found and paths and Kind.ARTIFACT in kinds and is_path(text):
        found = _newest_of_series(reader.find(Kind.ARTIFACT, Filter(place=normalize(to_uri(text)))))
    if not found:
        for kind in Kind:
            if kind not in kinds and _found(text, reader, types, (kind,)):
                raise NotFound(
                    f"{format_value(text)} is {_a(kind)}; "
                    f"{' or '.join(map(_a, kinds))} is asked for here"
                )
        for kind in kinds if is_text(text) else ():
            other = find_other_reading(text, types)
            for node in reader.find(kind, Filter(external_id=text)) if other else ():
                raise NotFound(
                    f"nothing is named {format_value(text)}: it reads as {other}, so that it is "
                    f"not looked for among external ids; {node.kind}:{node.id} has it as its "
                    "external id, and is named by its id"
                )
        meant = _meant(text, types, kinds) or _nearest(text, reader, types, kinds)
        hint = f"did you mean {meant}? Else " if meant else ""
        raise NotFound(
            f"nothing is named {format_value(text)}; {hint}give KIND:ID (artifact:42), "
            "TYPE:NAME (Model:churn), an external id, or the uri or path of an artifact"
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


def _nearest(text: str, reader: Reader, types: TypeSession, kinds: tuple[Kind, ...]) -> str | None:
    """The reference of the node whose name, external id or uri is nearest, of the last recorded."""
    if not is_text(text) or len(text) > _LONGEST_SLIP:
        return None
    prefix, colon, name = text.partition(":")
    type_name = prefix.partition("@")[0]
    typed = bool(colon) and any(types.find(kind, type_name) is not None for kind in kinds)
    slip = (name.rpartition("@")[0] or name) if typed else text
    there = reader.types()
    names = {t.id: t.name for t in there}
    called: dict[str, str] = {}
    placed: dict[str, str] = {}
    for kind in kinds:
        of_type = [t.id for t in there if (t.kind, t.name) == (kind, type_name)]
        ids = [id for id in of_type if id is not None] if typed else None
        if ids == []:
            continue
        latest = Filter(type_ids=ids, newest_first=True, limit=_LATEST)
        fields: tuple[Field, ...] = ("name", "external_id")
        if kind is Kind.ARTIFACT:
            fields = (*fields, "uri")
        for id, type_id, its_name, external_id, *uri in reader.find_fields(kind, latest, fields):
            whole = f"{names.get(type_id)}:{its_name}" if its_name else f"{kind}:{id}"
            called |= {its_name: whole} if its_name else {}
            if not typed:
                called |= {form: form for form in (whole, external_id) if form}
                placed |= {f: place for place in filter(None, uri) for f in _ends(place)}
    # What begins as a uri is compared with uris.
    near = (None if "://" in text else find_nearest(slip, called)) or find_nearest(slip, placed)
    return None if near is None else format_value(near)


def _ends(uri: str) -> tuple[str, str]:
    """A uri, and the name of the file that it is of."""
    return uri, uri.rpartition("/")[2]


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
    if not found and Kind.ARTIFACT in kinds:
        found = _newest_of_series(reader.find(Kind.ARTIFACT, Filter(place=normalize(text))))
    if not found and kinds and find_other_reading(text, types) is None:
        found = [n for kind in kinds for n in reader.find(kind, Filter(external_id=text))]
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
