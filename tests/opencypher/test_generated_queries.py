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
from tests.neo4j_for_tests import Neo4jForTests, driver, emptied
from tests.opencypher.asking import Asker, Evaluated, Native, same
from tests.opencypher.generated_queries import QueryMaker
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
            found["neo4j"] = Native(stack.enter_context(driver(neo4j_url)))
        yield found


def differences(found: dict[str, Asker], seed: int) -> list[str]:
    """The queries that not all askers answer the same."""
    maker, said = QueryMaker(seed), []
    for _ in range(QUERIES):
        query = maker.query()
        answers = {name: asker.forms(query) for name, asker in found.items()}
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


def test_queries_are_many_and_most_find_something(tmp_path: Path) -> None:
    maker = QueryMaker(0)
    queries = [maker.query() for _ in range(300)]
    assert len(set(queries)) > 290
    with askers(0, tmp_path, None) as found:
        answered = sum(bool(found["memory"].forms(query)) for query in queries)
    assert answered > 100
