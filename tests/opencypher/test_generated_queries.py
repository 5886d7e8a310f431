"""Generated queries over generated lineage have the same rows from the evaluator, on memory and on
SQLite, as from Neo4j."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import lineage
from lineage.interchange.copying import copy_store
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import walk_parts
from lineage.opencypher.syntax.parser import parse
from tests.neo4j_for_tests import Neo4jForTests, driver, emptied, replanned
from tests.opencypher.asking import Asker, Evaluated, Native, same
from tests.opencypher.generated_queries import QueryMaker
from tests.opencypher.generated_scope import PARAMETERS
from tests.opencypher.lineage_graphs import random_graph

LONG = bool(os.environ.get("LINEAGE_LONG"))
GRAPHS = range(40 if LONG else 4)
QUERIES = 200 if LONG else 80


@contextmanager
def askers(seed: int, folder: Path, neo4j_url: str | None) -> Iterator[dict[str, Asker]]:
    """The same graph on each backend."""
    with ExitStack() as stack:
        memory = stack.enter_context(lineage.connect(f"memory://{folder}"))
        random_graph(memory, seed)
        sqlite = stack.enter_context(lineage.connect(f"sqlite:///{folder}/lineage.db"))
        copy_store(memory, sqlite)
        found: dict[str, Asker] = {"memory": Evaluated(memory), "sqlite": Evaluated(sqlite)}
        if neo4j_url is not None:
            emptied(neo4j_url)
            with lineage.connect(neo4j_url) as native:
                copy_store(memory, native)
            replanned(neo4j_url)
            found["neo4j"] = Native(stack.enter_context(driver(neo4j_url)))
        yield found


def differences(found: dict[str, Asker], seed: int) -> list[str]:
    """The queries that not all askers answer the same."""
    maker, said = QueryMaker(seed), []
    for _ in range(QUERIES):
        query = maker.query()
        answers = {name: asker.forms(query, PARAMETERS) for name, asker in found.items()}
        reference = answers.popitem()[1]
        said += [
            f"{query}\n  {name}: {answer}\n  reference: {reference}"
            for name, answer in answers.items()
            if not same(answer, reference, query)
        ]
    return said


@pytest.mark.parametrize("seed", GRAPHS)
def test_the_evaluator_answers_as_neo4j_does(
    seed: int, tmp_path: Path, neo4j_server: Neo4jForTests
) -> None:
    with askers(seed, tmp_path, neo4j_server.url) as found:
        assert not differences(found, seed)


@pytest.mark.parametrize("seed", GRAPHS)
def test_memory_and_sqlite_answer_the_same(seed: int, tmp_path: Path) -> None:
    with askers(1000 + seed, tmp_path, None) as found:
        assert not differences(found, 1000 + seed)


def parts_of(part: ast.Part) -> Iterator[str]:
    """The names of what a query is made of."""
    for each in walk_parts(part):
        yield type(each).__name__
        for field in ("kind", "operator", "optional", "distinct", "descending", "skip", "limit"):
            value = getattr(each, field, None)
            if isinstance(value, str):
                yield f"{type(each).__name__} {value}"
            elif value:
                yield f"{type(each).__name__} with {field}"
        if isinstance(each, ast.FunctionCall):
            yield f"{each.name.lower()}()"
        if isinstance(each, ast.NodePattern | ast.RelationshipPattern) and each.where:
            yield "predicate in a pattern"
        if isinstance(each, ast.QuantifiedPattern) and len(each.elements) > 3:
            yield "quantified pattern of two relationships"


def test_whatever_the_evaluator_knows_occurs() -> None:
    """In the short form, too."""
    met: set[str] = set()
    for seed in range(6):
        maker = QueryMaker(seed)
        for _ in range(80):
            met.update(parts_of(parse(maker.query())))
    expected = {
        "Match", "Match with optional", "Unwind", "With", "Return", "Union", "CallSubquery",
        "CallSubquery with optional", "Projection with distinct", "Projection with skip",
        "Projection with limit", "SortItem", "SortItem with descending", "Parameter", "Index",
        "Slice", "ListLiteral", "MapLiteral", "MapProjection", "Unary NOT", "Binary AND",
        "Binary OR", "Binary XOR", "Binary IN", "Binary =~", "Binary STARTS WITH", "Comparison",
        "IsNull", "HasLabels", "CountStar", "Case", "ListComprehension", "PatternComprehension",
        "Quantifier all", "Quantifier any", "Quantifier none", "Quantifier single", "Reduce",
        "PatternPredicate", "Subquery exists", "Subquery count", "Subquery collect", "Length",
        "QuantifiedPattern", "quantified pattern of two relationships", "predicate in a pattern",
        "LabelExpression and", "LabelExpression or", "LabelExpression not",
        "Selector shortest", "Selector shortest groups", "Selector all shortest", "Selector any",
        "Selector shortestPath", "Selector allShortestPaths",
        "datetime()", "date()", "localdatetime()", "duration()", "duration.between()",
        "datetime.truncate()", "collect()", "percentiledisc()", "stdevp()", "count()",
    }  # fmt: skip
    assert not expected - met
    assert {"MARKED", "ON", "CHILD_OF", "EXTENDS"} <= {
        word for word in ("MARKED", "ON", "CHILD_OF", "EXTENDS")
        if any(f":{word}" in QueryMaker(seed).query() for seed in range(400))
    }  # fmt: skip


def test_queries_are_many_and_most_find_something(tmp_path: Path) -> None:
    maker = QueryMaker(0)
    queries = [maker.query() for _ in range(300)]
    assert len(set(queries)) > 290
    with askers(0, tmp_path, None) as found:
        answered = sum(bool(found["memory"].forms(query, PARAMETERS)) for query in queries)
    assert answered > 100
