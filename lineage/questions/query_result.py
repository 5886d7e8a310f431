"""The answer of an ad-hoc query, and what it can become."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.captions import align, caption, to_one_line
from lineage.errors import NotFound, Unsupported
from lineage.model import NODE_CLASSES, Event, Node
from lineage.model.graph import Link, Vertex, Walk
from lineage.opencypher.values.kinds import Temporal
from lineage.questions.node_json import event_to_json, node_to_json, to_json_value
from lineage.questions.notebook import MOST_ROWS, table
from lineage.questions.query_plan import QueryPlan

_NODES = tuple(NODE_CLASSES.values())
# JSON lets them stand in a string, and many who read by lines end one there.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The columns of an answer and its rows in their order.

    Values are None, bool, int, float, str, bytes, lists and maps, Cypher's dates, times and
    durations (`str` gives the text that Cypher has, `to_native` what Python has), `Artifact`,
    `Execution`, `Context` and `Event`; what is none of these is a `Vertex`, `Link` or `Walk` (a
    path) of `lineage.model.graph`. `complete` is False where a limit cut the rows off. `plan` is
    there where the query began with EXPLAIN or PROFILE.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    complete: bool = True
    plan: QueryPlan | None = None

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> tuple[Any, ...]:
        return self.rows[place]

    def dicts(self) -> Iterator[dict[str, Any]]:
        """Each row as a map by column."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def column(self, name: str) -> list[Any]:
        """The values of one column. Raises NotFound."""
        if name not in self.columns:
            there = ", ".join(self.columns) or "none"
            raise NotFound(f"the answer has no column {name!r} (it has: {there})")
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def value(self) -> Any:
        """The one value of an answer of one row and one column. Raises NotFound."""
        if len(self.rows) != 1 or len(self.columns) != 1:
            raise NotFound(
                f"the answer is no single value: it has {len(self.rows)} rows of "
                f"{len(self.columns)} columns"
            )
        return self.rows[0][0]

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "columns": list(self.columns),
            "rows": [[value_to_json(value) for value in row] for row in self.rows],
            "complete": self.complete,
            **({} if self.plan is None else {"plan": self.plan.to_dict()["plan"]}),
        }

    def to_json(self) -> str:
        """One JSON object: `columns`, `rows`, `complete`; `plan` too where there is one."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_jsonl(self) -> str:
        """A JSON object a row, by column, each on a line."""
        return "".join(f"{line}\n" for line in self.jsonl())

    def jsonl(self) -> Iterator[str]:
        """The lines of `to_jsonl`."""
        for row in self.dicts():
            shown = {name: value_to_json(value) for name, value in row.items()}
            yield json.dumps(shown, ensure_ascii=False).translate(_LINE_ENDS)

    def to_csv(self, *, spreadsheet: bool = False) -> str:
        """Return comma-separated values (RFC 4180) with a heading; no text or number is JSON.

        With `spreadsheet`, a text that a spreadsheet would take for a formula has an apostrophe
        before it, by which it stays a text there. The file then does not read back exactly.
        """
        text = io.StringIO()
        writer = csv.writer(text)
        guard = _guard_formula if spreadsheet else _unguarded
        writer.writerow([guard(column) for column in self.columns])
        writer.writerows([guard(_cell(value)) for value in row] for row in self.rows)
        return text.getvalue()

    def to_dataframe(self) -> Any:
        """A pandas DataFrame with the values as they are; needs the `dataframe` extra.

        A column of ints and nulls is of pandas' `Int64`, so that its ints stay what they are.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError:
            raise Unsupported(
                "a DataFrame needs pandas: pip install 'lineage-engine[dataframe]'"
            ) from None
        columns = {i: [row[i] for row in self.rows] for i in self._places()}
        frame = pd.DataFrame(
            {i: pd.Series(values, dtype=_dtype(values)) for i, values in columns.items()}
        )
        frame.columns = pd.Index(self.columns, dtype=object)
        return frame.infer_objects()

    def to_arrow(self) -> Any:
        """A pyarrow Table; needs the `arrow` extra.

        A column of one kind of value (booleans, ints, numbers, strings, bytes, lists of one kind)
        has its type; any other is of JSON texts.
        """
        try:
            import pyarrow as pa
        except ModuleNotFoundError:
            raise Unsupported("Arrow needs pyarrow: pip install 'lineage-engine[arrow]'") from None
        arrays = [_array(pa, [row[i] for row in self.rows]) for i in self._places()]
        return pa.Table.from_arrays(arrays, names=list(self.columns))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow stream, as polars and DuckDB read it; needs the `arrow` extra."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __str__(self) -> str:
        """The first rows as a table, or the plan."""
        if self.plan is not None:
            return str(self.plan)
        cells = [[to_one_line(to_text(value)) for value in row] for row in self.rows[:MOST_ROWS]]
        lines = align(list(map(to_one_line, self.columns)), cells) if self.columns else []
        return "\n".join([*lines, f"{self._count()}."])

    def to_networkx(self) -> Any:
        """A MultiDiGraph of all nodes, relationships and paths in the answer.

        Nodes are (kind, id) with the attribute `node`; an event is an edge the way the data flows,
        with `event`; another relationship has its type as key, and `link`.
        """
        import networkx as nx

        graph: Any = nx.MultiDiGraph()
        for row in self.rows:
            for value in row:
                _draw(graph, value)
        return graph

    def _repr_html_(self) -> str:
        """What a notebook shows: the first rows as a table, or the plan."""
        if self.plan is not None:
            return self.plan._repr_html_()
        shown = table(
            self.columns, ([to_text(value) for value in row] for row in self.rows[:MOST_ROWS])
        )
        note = self._count().replace("not complete", "<b>not complete</b>")
        return f"{shown}<p>{note}.</p>"

    def _count(self) -> str:
        """How many rows there are, and whether these are all."""
        count = f"{len(self):,} row{'' if len(self) == 1 else 's'}"
        shown = f", of which {MOST_ROWS} are shown" if len(self) > MOST_ROWS else ""
        return f"{count}{shown}, {'complete' if self.complete else 'not complete'}"

    def _places(self) -> range:
        return range(len(self.columns))


def _dtype(values: list[Any]) -> Any:
    """What pandas is not to guess: with a null among them, it takes ints for floats."""
    return "Int64" if {value.__class__ for value in values} == {int, type(None)} else object


def value_to_json(value: Any) -> Any:
    """Any value of an answer as JSON has it."""
    match value:
        case _ if isinstance(value, _NODES):
            return node_to_json(value)
        case Event():
            return event_to_json(value)
        case Vertex(labels, properties):
            return {"labels": list(labels), "properties": value_to_json(properties)}
        case Link(type, start, end, properties):
            return {
                "type": type,
                "start": value_to_json(start),
                "end": value_to_json(end),
                "properties": value_to_json(properties),
            }
        case Walk(nodes, links):
            return {
                "nodes": [value_to_json(node) for node in nodes],
                "links": [value_to_json(link) for link in links],
            }
        case Mapping():
            return {str(name): value_to_json(item) for name, item in value.items()}
        case list() | tuple():
            return [value_to_json(item) for item in value]
    return to_json_value(value)


def to_text(value: Any) -> Any:
    """A value as people read it in a cell: nodes by their labels, events and paths by arrows."""
    match value:
        case _ if isinstance(value, _NODES):
            named = f"{value.label} ({value.kind}:{value.id})"
            return named if value.name else caption(value)
        case Event():
            (source, a), (target, b) = value.source, value.target
            return f"{source}:{a} -{value.type}-> {target}:{b}"
        case Vertex(labels, properties):
            named = properties.get("name", properties.get("id", ""))
            return f"{':'.join(labels)} {named}".strip()
        case Link(type, start, end):
            return f"{to_text(start)} -{type}-> {to_text(end)}"
        case Walk():
            return _walk_in_words(value)
        case Temporal():
            return str(value)
        case Mapping():
            return "{" + ", ".join(f"{n}: {_inner(item)}" for n, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_inner, value)) + "]"
    return value


def _inner(value: Any) -> str:
    shown = to_text(value)
    if shown is None or isinstance(shown, bool):
        return str(to_json_value(shown)).lower() if shown is not None else "null"
    return json.dumps(shown, ensure_ascii=False) if isinstance(value, str) else str(shown)


def _walk_in_words(walk: Walk) -> str:
    text = str(to_text(walk.nodes[0]))
    for before, link, after in zip(walk.nodes, walk.links, walk.nodes[1:], strict=False):
        if isinstance(link, Event):
            source, type = link.source, str(link.type)
            forward = isinstance(before, _NODES) and source == (before.kind, before.id)
        else:
            type, forward = link.type, link.start == before
        text += f" -{type}-> " if forward else f" <-{type}- "
        text += str(to_text(after))
    return text


# What spreadsheets begin a formula with, and what they pass over before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def _guard_formula(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _unguarded(cell: Any) -> Any:
    return cell


def _cell(value: Any) -> Any:
    if isinstance(value, Temporal):
        return str(value)
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value_to_json(value), ensure_ascii=False)


def _array(pa: Any, values: list[Any]) -> Any:
    values = [str(value) if isinstance(value, Temporal) else value for value in values]
    kinds = {_kind(value) for value in values if value is not None}
    if kinds <= {"int", "float"} and len(kinds) == 2:
        exact = all(not isinstance(v, int) or int(float(v)) == v for v in values if v is not None)
        if exact:
            return pa.array([None if v is None else float(v) for v in values], pa.float64())
    [kind] = kinds if len(kinds) == 1 else [None]
    if kind is not None:
        types = {
            "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "str": pa.string(),
            "bytes": pa.binary(), "[bool]": pa.list_(pa.bool_()), "[int]": pa.list_(pa.int64()),
            "[float]": pa.list_(pa.float64()), "[str]": pa.list_(pa.string()),
        }  # fmt: skip
        # from_pandas is off, so that NaN stays a number.
        return pa.array(values, types[kind])
    if not kinds:
        return pa.nulls(len(values))
    texts = [
        None if v is None else json.dumps(value_to_json(v), ensure_ascii=False) for v in values
    ]
    return pa.array(texts, pa.string())


def _kind(value: Any) -> str | None:
    """The kind of a value that Arrow has a column for, or None."""
    if type(value) in (bool, int, float, str, bytes):
        return type(value).__name__
    if isinstance(value, list):
        inner = {type(item).__name__ for item in value if item is not None}
        if len(inner) == 1 and inner <= {"bool", "int", "float", "str"}:
            return f"[{inner.pop()}]"
    return None


def _draw(graph: Any, value: Any) -> None:
    match value:
        case _ if isinstance(value, _NODES):
            graph.add_node((str(value.kind), value.id), node=value)
        case Vertex():
            graph.add_node(_vertex_key(value), node=value)
        case Event():
            (source, a), (target, b) = value.source, value.target
            key = (str(value.type), value.path)
            graph.add_edge((str(source), a), (str(target), b), key, event=value)
        case Link(type, start, end):
            _draw(graph, start)
            _draw(graph, end)
            graph.add_edge(_key(start), _key(end), type, link=value)
        case Walk(nodes, links):
            for part in (*nodes, *links):
                _draw(graph, part)
        case Mapping():
            for item in value.values():
                _draw(graph, item)
        case list() | tuple():
            for item in value:
                _draw(graph, item)


def _key(node: Node | Vertex) -> tuple[str, Any]:
    return _vertex_key(node) if isinstance(node, Vertex) else (str(node.kind), node.id)


def _vertex_key(vertex: Vertex) -> tuple[str, Any]:
    found = vertex.properties
    named = found.get("id", found.get("name", found.get("key")))
    return (":".join(vertex.labels), named)
