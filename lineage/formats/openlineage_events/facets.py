"""What facets become as properties: each whole under its own name, and in words what is asked for.

Facets are kept by the last event that carried them, whatever the order in which events arrive: each
has the time of its event beside it, and of two at one time the greater text stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lineage.errors import InvalidValue
from lineage.formats.openlineage_events.identity import dataset_key
from lineage.model import Value
from lineage.rules.column_lineage import ColumnMap, ColumnSource
from lineage.rules.values import is_text, validate_custom_properties

# Under this property a node keeps when each of its facets was said.
STAMPS = "openlineage"
_MOST = 200


# The properties of the facets that say it, and what they say.
Word = tuple[tuple[str, ...], Value | None]


class FacetRegister:
    """The properties of one node as the events so far make them.

    Parameters
    ----------
    properties
        The custom properties that the node has in the store.
    """

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self.properties: dict[str, Any] = dict(properties)
        stamps = properties.get(STAMPS)
        self.stamps: dict[str, Any] = dict(stamps) if isinstance(stamps, Mapping) else {}

    def put(self, name: str, value: Value | None, stamp: str) -> bool:
        """Keep a value unless a later event said another; None takes it away.

        Returns whether it is kept.
        """
        known = self.stamps.get(name, "")
        if stamp < known:
            return False
        if stamp == known and _rank(value) <= _rank(self.properties.get(name)):
            return _rank(value) == _rank(self.properties.get(name))
        self.stamps[name] = stamp
        if value is None:
            self.properties.pop(name, None)
        else:
            self.properties[name] = value
        return True

    def put_checked(self, name: str, value: Any, stamp: str) -> None:
        """Keep a value; of one that can't be kept, why it is left out."""
        reason = _find_fault(value)
        self.put(name, {"left_out": reason} if reason else value, stamp)

    def put_facets(self, prefix: str, facets: Mapping[str, dict[str, Any]], stamp: str) -> None:
        """Keep each facet, and say of one that can't be kept why it is left out."""
        for name, facet in facets.items():
            if not is_text(name) or len(name.encode()) > _MOST:
                shown = ascii(name)[1:-1][:_MOST]
                reason = f"no property can be named {shown}"
                self.put(f"{prefix}{shown}", {"left_out": reason}, stamp)
                continue
            key = f"{prefix}{name}"
            if facet.get("_deleted") is True:
                self.put(key, None, stamp)
                continue
            self.put_checked(key, facet, stamp)

    def describe(self, words: Mapping[str, Word]) -> None:
        """Set what facets say in words; what is said by no facet so far is somebody else's."""
        for name, (facets, value) in words.items():
            if value is not None:
                self.properties[name] = value
            elif any(facet in self.stamps for facet in facets):
                self.properties.pop(name, None)

    def finish(self) -> dict[str, Any]:
        """Return all properties, the times of the facets among them."""
        return {**self.properties, STAMPS: dict(sorted(self.stamps.items()))}


def read_column_facet(facet: Mapping[str, Any]) -> ColumnMap:
    """Return what a column lineage facet says; what of it is not as specified is passed over."""
    fields = facet.get("fields")
    columns = {
        name: tuple(_sources(_items(told, "inputFields"), _text(told, "transformationType")))
        for name, told in (fields.items() if isinstance(fields, Mapping) else ())
        if isinstance(told, Mapping)
    }
    return ColumnMap(columns, tuple(_sources(_items(facet, "dataset"), "")))


def _sources(fields: Iterator[Mapping[str, Any]], kind: str) -> Iterator[ColumnSource]:
    """Yield a source for each transformation: one that masks does not mask the others."""
    for field in fields:
        namespace, name, column = (_text(field, key) for key in ("namespace", "name", "field"))
        if not (namespace and name and column):
            continue
        key = dataset_key(namespace, name)
        transformations = list(_items(field, "transformations"))
        for each in transformations:
            how = " ".join(filter(None, (_text(each, "type"), _text(each, "subtype"))))
            yield ColumnSource(key, column, how, each.get("masking") is True)
        if not transformations:
            # Before transformations were lists, one word stood for all.
            yield ColumnSource(
                key, column, f"DIRECT {kind}".strip() if kind else "", kind == "MASKED"
            )


def _find_fault(facet: Any) -> str | None:
    """Return why a facet can't be a property, such as its size; None where it can."""
    try:
        validate_custom_properties({"facet": facet}, "OpenLineage")
    except InvalidValue as error:
        return str(error)[:500]
    return None


def _rank(value: Any) -> str:
    return "" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=True)


def describe_dataset(properties: Mapping[str, Any]) -> dict[str, Word]:
    """Return in words what the facets of a dataset say."""
    facet = _Facets(properties, "facet_")
    quality, written = facet("dataQualityMetrics"), facet("outputStatistics")
    assertions = list(_items(facet("dataQualityAssertions"), "assertions"))
    failed = [each for each in assertions if each.get("success") is False]
    symlinks = (
        f"{_text(each, 'namespace')}/{_text(each, 'name')}"
        for each in _items(facet("symlinks"), "identifiers")
    )
    asserted = (f"{_text(each, 'assertion')}({_text(each, 'column')})" for each in failed)
    change = _text(facet("lifecycleStateChange"), "lifecycleStateChange")
    counts = facet.names("dataQualityMetrics", "outputStatistics")
    return {
        "columns": (
            facet.names("schema"),
            _join(_columns(_items(facet("schema"), "fields"))),
        ),
        "symlinks": (facet.names("symlinks"), _join(symlinks)),
        "owners": (facet.names("ownership"), _owners(facet("ownership"))),
        "description": facet.word("documentation", "description"),
        "lifecycle": (facet.names("lifecycleStateChange"), change or None),
        "row_count": (counts, _count(quality.get("rowCount"), written.get("rowCount"))),
        "size_bytes": (counts, _count(quality.get("bytes"), written.get("size"))),
        "failed_assertions": (
            facet.names("dataQualityAssertions"),
            len(failed) if assertions else None,
        ),
        "failed_assertion": (facet.names("dataQualityAssertions"), _join(asserted)),
    }


def describe_job(properties: Mapping[str, Any], prefix: str) -> dict[str, Word]:
    """Return in words what the facets of a job say, kept under a prefix."""
    facet = _Facets(properties, prefix)
    kind, place = facet("jobType"), facet("sourceCodeLocation")
    words = [_text(kind, key) for key in ("integration", "jobType", "processingType")]
    url = _text(place, "url") or _text(place, "repoUrl")
    return {
        "job_type": (facet.names("jobType"), " ".join(filter(None, words)) or None),
        "sql": facet.word("sql", "query"),
        "code_version": facet.word("sourceCodeLocation", "version"),
        "code_url": (facet.names("sourceCodeLocation"), url or None),
        "owners": (facet.names("ownership"), _owners(facet("ownership"))),
        "description": facet.word("documentation", "description"),
    }


def describe_run(properties: Mapping[str, Any]) -> dict[str, Word]:
    """Return in words what the facets of a run say."""
    facet = _Facets(properties, "facet_")
    engine = facet("processing_engine")
    said = filter(None, (_text(engine, "name"), _text(engine, "version")))
    return {
        "engine": (facet.names("processing_engine"), " ".join(said) or None),
        "error": facet.word("errorMessage", "message"),
        "nominal_time": facet.word("nominalTime", "nominalStartTime"),
    }


class _Facets:
    """The facets among the properties of a node, by their names."""

    def __init__(self, properties: Mapping[str, Any], prefix: str) -> None:
        self._properties = properties
        self._prefix = prefix

    def __call__(self, name: str) -> Mapping[str, Any]:
        found = self._properties.get(f"{self._prefix}{name}")
        return found if isinstance(found, Mapping) else {}

    def names(self, *facets: str) -> tuple[str, ...]:
        return tuple(f"{self._prefix}{facet}" for facet in facets)

    def word(self, facet: str, key: str) -> Word:
        return self.names(facet), _text(self(facet), key) or None


def _items(facet: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = facet.get(key)
    if isinstance(found, list):
        yield from (each for each in found if isinstance(each, Mapping))


def _text(facet: Mapping[str, Any], key: str) -> str:
    found = facet.get(key)
    return found if isinstance(found, str) else ""


def _count(*values: object) -> int | None:
    """Return the first that is a whole number."""
    for found in values:
        if isinstance(found, int) and not isinstance(found, bool):
            return found
    return None


def _columns(fields: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    """Yield `name: type` of each column; those inside another are named by their way in."""
    stack = [(fields, "")]
    while stack:
        several, inside = stack.pop()
        for field in several:
            name, kind = _text(field, "name"), _text(field, "type")
            if name:
                yield f"{inside}{name}: {kind}" if kind else f"{inside}{name}"
                stack.append((_items(field, "fields"), f"{inside}{name}."))


def _owners(facet: Mapping[str, Any]) -> str | None:
    found = ((_text(each, "name"), _text(each, "type")) for each in _items(facet, "owners"))
    return _join(f"{name} ({kind})" if kind else name for name, kind in found)


def _join(words: Iterator[str]) -> str | None:
    return ", ".join(words) or None
