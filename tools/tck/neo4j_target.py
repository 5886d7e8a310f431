"""Neo4j as a target: the yardstick."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import neo4j
from neo4j import exceptions, graph, time

from lineage.opencypher.values.temporal import Duration
from tools.tck.canonical import (
    Form,
    list_form,
    map_form,
    node_form,
    path_form,
    scalar_form,
    temporal_text,
    text_form,
)
from tools.tck.runner import DEADLINE, Answer, Failed, Target

# What marks a temporal value that the server wrote as text.
_ZONED = "zoned: "
# The driver fills fractions of a second up to nine digits, and writes no Z.
_ZEROS = re.compile(r"\.(\d*?)0*(?=\D|$)")
_NO_OFFSET = re.compile(r"\+00:00$")


class Neo4jTarget(Target):
    """A server that may be emptied. It names the kind of an error, not its phase nor detail."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._driver = neo4j.GraphDatabase.driver(
            f"{parts.scheme}://{parts.hostname}:{parts.port}",
            auth=(parts.username or "", parts.password or ""),
            notifications_min_severity="OFF",
        )
        self._empty = False

    def prepare(self, statements: Sequence[str], parameters: Mapping[str, Any]) -> None:
        with self._driver.session() as session:
            if not self._empty:
                session.run(_in_time("MATCH (n) DETACH DELETE n")).consume()
            for statement in statements:
                session.run(_in_time(statement), dict(parameters)).consume()
        self._empty = not statements

    def run(self, query: str, parameters: Mapping[str, Any]) -> Answer:
        try:
            with self._driver.session(default_access_mode=neo4j.READ_ACCESS) as session:
                result = session.run(_in_time(query), dict(parameters))
                columns, rows = result.keys(), [record.values() for record in result]
                if any(_is_zoned(value) for row in rows for value in row):
                    rows = _in_text(session, query, parameters, columns)
                return Answer(columns, [tuple(map(driver_form, row)) for row in rows])
        except exceptions.Neo4jError as error:
            kind = (error.code or "").rpartition(".")[2]
            raise Failed(kind, None, None, error.message or "") from error

    @property
    def version(self) -> str:
        """Of the server."""
        return str(self._driver.get_server_info().agent.removeprefix("Neo4j/"))

    def close(self) -> None:
        """Let go of the connections."""
        self._driver.close()


def _in_time(text: str) -> neo4j.Query:
    return neo4j.Query(text, timeout=DEADLINE)


def _shorter(fraction: re.Match[str]) -> str:
    return f".{fraction[1]}" if fraction[1] else ""


def _is_zoned(value: Any) -> bool:
    return isinstance(value, time.Time | time.DateTime) and value.tzinfo is not None


def _in_text(
    session: neo4j.Session, query: str, parameters: Mapping[str, Any], columns: Sequence[str]
) -> list[list[Any]]:
    """The rows with temporal values as the server writes them: the driver rounds offsets."""
    names = [f"`{column.replace('`', '``')}`" for column in columns]
    asked = ", ".join(
        f"CASE WHEN valueType({name}) STARTS WITH 'ZONED' "
        f"THEN '{_ZONED}' + toStringOrNull({name}) ELSE {name} END"
        f" AS {name}"
        for name in names
    )
    whole = f"CALL () {{ {query} }} RETURN {asked}"
    return [record.values() for record in session.run(_in_time(whole), dict(parameters))]


def driver_form(value: Any) -> Form:
    """The form of a value of the driver's, lists in their order."""
    if isinstance(value, graph.Node):
        return node_form(value.labels, map_form(dict(value), driver_form))
    if isinstance(value, graph.Relationship):
        return "relationship", value.type, map_form(dict(value), driver_form)
    if isinstance(value, graph.Path):
        steps = [
            (relationship.start_node == node, driver_form(relationship), driver_form(after))
            for node, relationship, after in zip(
                value.nodes, value.relationships, value.nodes[1:], strict=False
            )
        ]
        return path_form(driver_form(value.nodes[0]), steps)
    if isinstance(value, time.Duration):
        nanos = value.seconds * 1_000_000_000 + value.nanoseconds
        return text_form(str(Duration.of(value.months, value.days, nanos)))
    if isinstance(value, time.Date | time.Time | time.DateTime):
        text = _ZEROS.sub(_shorter, str(value.iso_format()))
        return text_form(temporal_text(_NO_OFFSET.sub("Z", text)))
    if isinstance(value, str) and value.startswith(_ZONED):
        return text_form(temporal_text(value.removeprefix(_ZONED)))
    if isinstance(value, list):
        return list_form(map(driver_form, value), in_order=True)
    if isinstance(value, dict):
        return map_form(value, driver_form)
    if isinstance(value, bytearray):
        return scalar_form(bytes(value))
    return scalar_form(value)
