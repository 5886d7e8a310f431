"""Expressions have the values that Neo4j gives them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.neo4j_for_tests import Neo4jForTests
from tools.tck.canonical import Form
from tools.tck.evaluator_target import EvaluatorTarget
from tools.tck.neo4j_target import Neo4jTarget
from tools.tck.runner import Failed, Target

EXPRESSIONS = [
    line
    for line in Path(__file__).with_name("expressions.txt").read_text().splitlines()
    if line and not line.startswith("//")
]
# What Neo4j 5.26 does otherwise, and why we don't.
OTHERWISE: dict[str, str] = {}


@pytest.fixture(scope="module")
def neo4j(neo4j_server: Neo4jForTests) -> Iterator[Neo4jTarget]:
    target = Neo4jTarget(neo4j_server.url)
    yield target
    target.close()


def value(target: Target, expression: str) -> Form:
    """The value, or that there is none."""
    try:
        answer = target.run(f"RETURN {expression} AS value", {})
    except Failed:
        return "an error"
    return answer.rows[0][0]


def test_expressions_have_the_values_that_neo4j_gives(neo4j: Neo4jTarget) -> None:
    ours = EvaluatorTarget()
    found = {
        expression: (value(ours, expression), value(neo4j, expression))
        for expression in EXPRESSIONS
    }
    different = {text: both for text, both in found.items() if both[0] != both[1]}
    assert different.keys() == OTHERWISE.keys(), different
