"""Every recipe of the cookbook runs on every backend, with the answer that the page shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import lineage
from tests.opencypher.asking import Asker, Evaluated, asking, same
from tests.opencypher.cookbook import recipes, table
from tests.opencypher.lineage_graphs import Clock, story


@pytest.fixture(scope="module")
def shown() -> Iterator[Evaluated]:
    """What the page was written from."""
    with lineage.connect("memory://cookbook-shown") as opened:
        store = lineage.Store(opened.backend, clock=Clock())
        story(store)
        yield Evaluated(store)


@pytest.fixture
def asker(url: str) -> Iterator[Asker]:
    with lineage.connect(url) as opened:
        store = lineage.Store(opened.backend, clock=Clock())
        story(store)
        with asking(url, store) as found:
            yield found


def test_there_are_enough_recipes_and_all_are_read() -> None:
    from tests.opencypher.cookbook import PAGE

    assert len(recipes()) >= 30
    assert len(recipes()) == PAGE.read_text().count("```cypher")


def test_the_page_shows_what_is_answered(shown: Evaluated) -> None:
    for recipe in recipes():
        answer = table(*shown.table(recipe.query, recipe.parameters))
        assert answer == recipe.answer, recipe.title
        assert answer.count("\n") > 1, f"{recipe.title}: nothing is found"


def test_all_backends_answer_the_same(asker: Asker, shown: Evaluated) -> None:
    for recipe in recipes():
        mine = asker.forms(recipe.query, recipe.parameters)
        theirs = shown.forms(recipe.query, recipe.parameters)
        assert same(mine, theirs, recipe.query), recipe.title
