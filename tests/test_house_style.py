"""What of the house style can be checked: names, docstrings, the facade, and their examples."""

from __future__ import annotations

import ast
import doctest
import inspect
import subprocess
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import lineage
from lineage.store import Store
from tests.test_architecture import MODULES, ROOT, in_words

# Modules whose names end like a gerund or a participle, and why each is a noun of its field.
_NOUNS = {
    "boosting": "gradient boosting, as its libraries call it",
    "drawing": "a drawing: boxes and arrows",
    "escaping": "the field's term for making a name safe",
    "fitting": "the fitting of an estimator",
    "grouping": "a grouping of nodes",
    "mapping": "a mapping from another system's records to ours",
    "row_mapping": "a mapping from rows to records",
    "testing": "the suite for other people, named as in numpy.testing",
    "typed": "the endpoint whose values keep their types",
}
# Functions whose names begin so and are no participle, or are somebody else's word.
_VERBS_AND_TERMS = {
    "bring_in": "a verb",
    "imported_by": "a relation, as Python's own importlib names it",
    "substring": "a function of Cypher",
    "trained_on": "a command, named as the method of `Store`",
}
# Parts with a vocabulary of their own: a language's tree, or another system's records.
_OWN_WORDS = ("opencypher", "filters", "formats", "server", "cli", "client", "recording")
_MOST_LINES = 5


def endings(name: str) -> bool:
    return name.endswith(("ing", "ed")) and name not in ("string",)


def functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield path, node


def test_modules_are_nouns() -> None:
    wrong = {path.stem for path in MODULES if endings(path.stem)} - _NOUNS.keys()
    assert not wrong, f"name these after a thing, or say in this test why they are one: {wrong}"


def test_functions_are_verbs() -> None:
    wrong = [
        in_words(path, node.lineno, node.name)
        for path, node in functions()
        if endings(node.name.partition("_")[0]) and node.name not in _VERBS_AND_TERMS
    ]
    assert not wrong, "begin these with a verb in the imperative:\n" + "\n".join(wrong)


def test_no_exception_is_left_over() -> None:
    there = {node.name for _, node in functions()}
    assert there >= _VERBS_AND_TERMS.keys()
    assert _NOUNS.keys() <= {path.stem for path in MODULES}


def test_no_class_of_the_domain_has_the_name_of_another() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        if path.relative_to(ROOT / "lineage").parts[0] in _OWN_WORDS:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path.relative_to(ROOT)))
    twice = {name: places for name, places in homes.items() if len(places) > 1}
    # The counts of a store, and the counts that a suspect's score is computed from.
    assert twice.keys() <= {"Counts"}, twice


def test_what_is_exported_is_one_thing() -> None:
    for name in lineage.__all__:
        assert getattr(lineage, name) is not None
    assert len(set(lineage.__all__)) == len(lineage.__all__)


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "lineage" / "py.typed").exists()


def methods() -> list[str]:
    return [
        name
        for name, member in vars(Store).items()
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
    ]


def _function(name: str) -> ast.FunctionDef:
    member = vars(Store)[name]
    function = member.fget if isinstance(member, property) else member
    [node] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    return node


def test_the_store_is_one_class_in_one_file() -> None:
    assert Store.__bases__ == (object,)
    classes = [
        node.name
        for node in ast.parse((ROOT / "lineage" / "store.py").read_text()).body
        if isinstance(node, ast.ClassDef)
    ]
    assert classes == ["Store"]


@pytest.mark.parametrize("name", methods())
def test_a_method_of_the_store_only_points_to_where_it_is_done(name: str) -> None:
    node = _function(name)
    lines = [
        line
        for statement in node.body[1:]
        for line in range(statement.lineno, (statement.end_lineno or 0) + 1)
    ]
    assert len(lines) <= _MOST_LINES


# Its signature says all that there is to say of these.
_FORMER = {"note", "rebuild_plan", "view"}


@pytest.mark.parametrize("name", sorted({*methods()} - _FORMER))
def test_a_method_of_the_store_has_its_whole_docstring(name: str) -> None:
    text = inspect.getdoc(vars(Store)[name]) or ""
    node = _function(name)
    takes = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)][1:]
    takes += [a.arg for a in (node.args.vararg, node.args.kwarg) if a is not None]
    assert not takes or "Parameters\n----------" in text
    unsaid = [argument for argument in takes if argument not in text]
    assert not unsaid
    returns = node.returns is not None and ast.unparse(node.returns) != "None"
    assert not returns or "Returns\n-------" in text
    assert doctest.DocTestParser().get_examples(text), "it has no example"
    first = text.partition(" ")[0]
    assert not first.endswith(("ing", "ed", "s")) or first in {"Does"}, f"{first!r} is no verb"


def test_python_runs_it_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lineage", "--version"], capture_output=True, text=True, check=True
    )
    assert lineage.__version__ in done.stdout
