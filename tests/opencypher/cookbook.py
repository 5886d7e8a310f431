"""The cookbook's recipes, read from the page, and the page's answers written anew.

python -m tests.opencypher.cookbook writes the answers that the evaluator gives on a memory store.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lineage
from tests.opencypher.lineage_graphs import Clock, story

PAGE = Path(__file__).parents[2] / "docs" / "cookbook.md"
_RECIPE = re.compile(
    r"^### (?P<title>[^\n]+)\n\n```cypher\n(?P<query>.+?)```\n\n```text\n(?P<answer>.*?)```$",
    re.MULTILINE | re.DOTALL,
)
_PARAMETER = re.compile(r"^// \$(\w+) = (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A query of the page, its parameters, and the answer that stands there."""

    title: str
    query: str
    parameters: Mapping[str, Any]
    answer: str


def recipes() -> list[Recipe]:
    """All, in the page's order."""
    return [
        Recipe(found["title"], found["query"], _parameters(found["query"]), found["answer"])
        for found in _RECIPE.finditer(PAGE.read_text())
    ]


def _parameters(query: str) -> dict[str, Any]:
    return {name: ast.literal_eval(value) for name, value in _PARAMETER.findall(query)}


def answered(store: lineage.Store, recipe: Recipe) -> str:
    """What a store answers to a recipe, as the page shows it."""
    result = store.query(recipe.query, recipe.parameters)
    return table(result.columns, result.rows)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """An answer as the page shows it."""
    lines = [list(columns), *([_said(value) for value in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)


def _said(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_said, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_said(item)}" for key, item in sorted(value.items())) + "}"
    return str(value)


def written_anew(answer: Callable[[Recipe], str]) -> str:
    """The page with these answers."""
    answers = iter([answer(recipe) for recipe in recipes()])

    def renewed(found: re.Match[str]) -> str:
        return (
            f"### {found['title']}\n\n```cypher\n{found['query']}```\n\n```text\n{next(answers)}```"
        )

    return _RECIPE.sub(renewed, PAGE.read_text())


def main() -> None:
    """Write the page."""
    with lineage.Store(lineage.connect("memory://cookbook").backend, clock=Clock()) as store:
        story(store)
        PAGE.write_text(written_anew(lambda recipe: answered(store, recipe)))


if __name__ == "__main__":
    main()
