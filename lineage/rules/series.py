"""Which nodes are versions of one thing, and in which order: recorded or declared, never guessed.

The **series** of an artifact or execution is

- the first series that a policy in force declares for its name (of an artifact without one, its
  uri in its one spelling) and its type: `{version}` stands for the number, decimal numbers joined
  by `.`, `-` or `_`; `*` for any text, which is another one in another series. Its versions come
  by that number, then as recorded;
- else all versions that are recorded under its name within its type, whatever the type's version;
- else, of an artifact without a name, all those recorded at its place.

What has neither a name nor a place has no series. One of which a single version is recorded, and
which nobody declared, is not **known**: others of its versions may stand under other names, and
what a number in a name means is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence

from lineage.errors import InvalidValue
from lineage.model import Kind, Node, Series
from lineage.model.type_catalog import is_called
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.rules.uris import normalize
from lineage.rules.values import MAX_NAME_BYTES, format_value, validate_text

VERSION = "{version}"
_NUMBER = r"([0-9]+(?:[._-][0-9]+)*)"
_DIGITS = re.compile(r"[0-9]+")
_MOST_STARS = 2

# What the versions of one thing share, and what orders them.
SeriesKey = tuple[Hashable, ...]
Order = tuple[tuple[int, ...], int, int]


def validate_series(series: Series) -> Series:
    """Return the declaration.

    Raises
    ------
    InvalidValue
        The number has no place in its pattern, or several.

    Examples
    --------
    >>> from lineage import Series
    >>> validate_series(Series(type="Model", pattern="churn-{version}")).pattern
    'churn-{version}'
    """
    if series.type is not None:
        validate_text(series.type, "series.type", MAX_NAME_BYTES)
    pattern = validate_text(series.pattern, "series.pattern", MAX_NAME_BYTES)
    if pattern.count(VERSION) != 1:
        raise InvalidValue(
            f"series.pattern is {format_value(pattern)}; write {VERSION} once, in the number's "
            f"place, as in churn-{VERSION}"
        )
    if pattern.count("*") > _MOST_STARS or "**" in pattern:
        raise InvalidValue(
            f"series.pattern is {format_value(pattern)}; at most {_MOST_STARS} * may stand in it, "
            "with something between them"
        )
    return series


class _Declaration:
    """A declared series, ready to be compared with names."""

    def __init__(self, series: Series, type_ids: frozenset[int] | None) -> None:
        self.series = series
        self._type_ids = type_ids
        parts = re.split(r"(\*|\{version\})", series.pattern)
        forms = {"*": "(.*)", VERSION: _NUMBER}
        self._form = re.compile("".join(forms.get(p, re.escape(p)) for p in parts), re.DOTALL)
        wild = [part for part in parts if part in forms]
        self._at = wild.index(VERSION)

    def split(self, node: Node, name: str) -> tuple[tuple[int, ...], SeriesKey] | None:
        """The number in a name, and what is left of the name; None where it does not fit."""
        if self._type_ids is not None and node.type_id not in self._type_ids:
            return None
        found = self._form.fullmatch(name)
        if found is None:
            return None
        texts = list(found.groups())
        number = tuple(int(digits) for digits in _DIGITS.findall(texts.pop(self._at)))
        return number, (self.series.pattern, *texts)


class SeriesIndex:
    """The series of a store, by what was recorded and what its policies declare."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._types = reader.types()
        self._declared = [
            _Declaration(series, self._ids_called(series.type))
            for policy in reader.policies()
            if policy.ended_ms is None
            for series in policy.series
        ]

    def key_of(self, node: Node) -> SeriesKey | None:
        """Return what the versions of one thing share; None where it has no series."""
        return self._look_at(node)[0]

    def order_of(self, node: Node) -> Order:
        """Return what orders the versions of a series, the first one first."""
        return self._look_at(node)[1]

    def declaration_of(self, node: Node) -> Series | None:
        """Return the declaration that its series goes by; None where that is as recorded."""
        return self._look_at(node)[2]

    def find_versions(self, node: Node) -> list[Node]:
        """Return the versions of a node's series in order; itself is one of them."""
        key, _, declared = self._look_at(node)
        if key is None:
            return [node]
        type_ids = [
            t.id for t in self._types if t.kind is node.kind and t.name == node.type and t.id
        ]
        where = Filter(type_ids=type_ids)
        if declared is None:
            # Under a name as it is, or at a place as it is, there is an index.
            place = None if node.name is not None else _place_of(node)
            where = Filter(type_ids=type_ids, name=node.name, place=place)
        found = [n for n in self._reader.find(node.kind, where) if self.key_of(n) == key]
        return sorted(found, key=self.order_of)

    def group(self, nodes: Iterable[Node]) -> dict[SeriesKey, list[Node]]:
        """Return nodes by their series, in order; without those that have none."""
        groups: dict[SeriesKey, list[Node]] = {}
        for node in nodes:
            key = self.key_of(node)
            if key is not None:
                groups.setdefault(key, []).append(node)
        for versions in groups.values():
            versions.sort(key=self.order_of)
        return groups

    def is_known(self, node: Node, versions: Sequence[Node]) -> bool:
        """Return whether these are known to be all versions, and not only those of one name."""
        return len(versions) > 1 or self.declaration_of(node) is not None

    def _look_at(self, node: Node) -> tuple[SeriesKey | None, Order, Series | None]:
        recorded = (getattr(node, "version", None) or 1, node.id or 0)
        name = node.name if node.name is not None else _place_of(node)
        if name is None:
            return None, ((), *recorded), None
        for declaration in self._declared:
            found = declaration.split(node, name)
            if found is not None:
                number, rest = found
                key = ("declared", node.kind, node.type, *rest)
                return key, (number, *recorded), declaration.series
        key = ("name" if node.name is not None else "place", node.kind, node.type, name)
        return key, ((), *recorded), None

    def _ids_called(self, name: str | None) -> frozenset[int] | None:
        if name is None:
            return None
        return frozenset(t.id for t in self._types if t.id is not None and is_called(t, {name}))


def _place_of(node: Node) -> str | None:
    uri = getattr(node, "uri", None) if node.kind is Kind.ARTIFACT else None
    return normalize(uri) if uri else None


def propose_series(nodes: Iterable[Node], index: SeriesIndex) -> list[tuple[Series, list[str]]]:
    """Return declarations that names in a store look like, each with the names: a guess.

    Names of one type that differ in nothing but decimal numbers are taken for versions by the last
    of the numbers in which they differ; the other ones tell series apart.
    """
    alike: dict[tuple[str, tuple[str, ...]], dict[str, list[str]]] = {}
    for node in nodes:
        name = node.name if node.name is not None else _place_of(node)
        if name is None or index.declaration_of(node) is not None or set(name) & set("*{}"):
            continue
        parts = re.split("([0-9]+)", name)
        if len(parts) > 1:
            alike.setdefault((node.type, tuple(parts[::2])), {})[name] = parts[1::2]
    found: list[tuple[Series, list[str]]] = []
    for (type, texts), names in alike.items():
        numbers = list(names.values())
        differing = [at for at in range(len(texts) - 1) if len({some[at] for some in numbers}) > 1]
        if not differing:
            continue
        wild = [numbers[0][at] for at in range(len(texts) - 1)]
        for at in differing:
            wild[at] = VERSION if at == differing[-1] else "*"
        pattern = "".join(text + number for text, number in zip(texts, [*wild, ""], strict=True))
        series = Series(type=type, pattern=pattern)
        if pattern.count("*") <= _MOST_STARS and "**" not in pattern:
            found.append((series, sorted(names, key=lambda name: [int(n) for n in names[name]])))
    return sorted(found, key=lambda pair: (-len(pair[1]), pair[0].type or "", pair[0].pattern))
