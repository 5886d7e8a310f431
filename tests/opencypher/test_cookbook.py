"""Every recipe of the cookbook runs on every backend, with the answer that the page shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import lineage
from lineage import Store
from tests.opencypher.asking import same
from tests.opencypher.cookbook import PAGE, Recipe, answered, recipes
from tests.opencypher.lineage_graphs import Clock, story
from tools.tck.canonical import Form, form_of


@pytest.fixture(scope="module")
def shown() -> Iterator[Store]:
    """What the page was written from."""
    with lineage.connect("memory://cookbook-shown") as opened:
        store = Store(opened.backend, clock=Clock())
        story(store)
        yield store


def forms(store: Store, recipe: Recipe) -> list[tuple[Form, ...]]:
    result = store.query(recipe.query, recipe.parameters)
    return [tuple(map(form_of, row)) for row in result.rows]


def test_there_are_enough_recipes_and_all_are_read() -> None:
    assert len(recipes()) >= 30
    assert len(recipes()) == PAGE.read_text().count("```cypher")


def test_the_page_shows_what_is_answered(shown: Store) -> None:
    for recipe in recipes():
        answer = answered(shown, recipe)
        assert answer == recipe.answer, recipe.title
        assert answer.count("\n") > 1, f"{recipe.title}: nothing is found"


def test_all_backends_answer_the_same(url: str, shown: Store) -> None:
    with lineage.connect(url) as opened:
        store = Store(opened.backend, clock=Clock())
        story(store)
        for recipe in recipes():
            mine, theirs = forms(store, recipe), forms(shown, recipe)
            assert same(mine, theirs, recipe.query), recipe.title
