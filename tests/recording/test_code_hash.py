"""What a function's result depends on: its code and all that it refers to."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.recording.code_hash import NotComparable, Parts, hash_function


def made(source: str, name: str = "f", **space: Any) -> Callable[..., Any]:
    """A function from its source."""
    exec(compile(source, "<made>", "exec"), space)
    found: Callable[..., Any] = space[name]
    return found


BASE = "def f(x, k=1):\n    return g(x) + K + k\ndef g(x):\n    return x * 2\nK = 3\n"


@pytest.mark.parametrize(
    "same",
    [
        BASE.replace("return g(x)", "# why\n    return g(x)"),
        BASE.replace("def g(x):", "def g(x):\n    'What it does.'"),
        "\n\n" + BASE,
        BASE.replace("x * 2", "(x  *  2)"),
        BASE + "def unused(): return 1\nUNUSED = 4\n",
    ],
)
def test_what_does_not_matter_does_not_count(same: str) -> None:
    assert hash_function(made(same)) == hash_function(made(BASE))


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("x * 2", "x * 3"),
        BASE.replace("x * 2", "x * 2.0"),
        BASE.replace("x * 2", "x ** 2"),
        BASE.replace("K = 3", "K = 4"),
        BASE.replace("K = 3", "K = 3.0"),
        BASE.replace("K = 3", "K = True"),
        BASE.replace("k=1", "k=2"),
        BASE.replace("+ K + k", "+ k + K"),
        BASE.replace("def f(x, k=1)", "def f(x, *, k=1)"),
    ],
)
def test_what_matters_counts(other: str) -> None:
    assert hash_function(made(other)) != hash_function(made(BASE))


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.tuples(inner, inner),
    ),
    max_leaves=8,
)


def key(value: Any) -> Any:
    """What is equal for two values exactly where a program can't tell them apart."""
    if isinstance(value, dict):
        return ("dict", tuple((key(k), key(v)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, tuple(map(key, value)))
    return (type(value).__name__, repr(value))


@given(VALUES, VALUES)
def test_values_have_one_digest_exactly_where_they_are_the_same(first: Any, second: Any) -> None:
    digests = [Parts().digest(value, "v") for value in (first, second)]
    assert (digests[0] == digests[1]) == (key(first) == key(second))


@given(st.sets(st.integers()), st.frozensets(st.text(max_size=3)))
def test_the_order_of_a_set_does_not_count(numbers: set[int], texts: frozenset[str]) -> None:
    again = set(sorted(numbers, reverse=True)), frozenset(sorted(texts))  # noqa: C414
    for one, other in zip((numbers, texts), again, strict=True):
        assert Parts().digest(one, "v") == Parts().digest(other, "v")


@dataclass
class Options:
    """A class of the project."""

    rate: float = 0.1
    names: list[str] = field(default_factory=list)


@functools.lru_cache
def cached(x: int) -> int:
    """A function behind a library's wrapper."""
    return x + 1


def test_tables_and_arrays_count_by_content() -> None:
    table = pandas.DataFrame({"a": [1, 2], "b": ["x", None]})
    copies = [table.copy(), table.iloc[:], pandas.concat([table.iloc[:1], table.iloc[1:]])]
    digests = {Parts().digest(value, "v") for value in [table, *copies]}
    assert len(digests) == 1
    others = [
        table.rename(columns={"a": "c"}),
        table.astype({"a": "float64"}),
        table.iloc[::-1],
        table.assign(a=[1, 3]),
        table["a"],
    ]
    assert len({Parts().digest(value, "v") for value in others} | digests) == len(others) + 1
    array = numpy.arange(6).reshape(2, 3)
    same = [array.copy(), numpy.asfortranarray(array), numpy.arange(12)[:6].reshape(2, 3)]
    assert len({Parts().digest(value, "v") for value in [array, *same]}) == 1
    assert Parts().digest(array, "v") != Parts().digest(array.T, "v")


def test_estimators_count_by_what_they_learned() -> None:
    from sklearn.linear_model import LinearRegression

    def fitted(by: float) -> Any:
        return LinearRegression().fit([[1.0], [2.0]], [by, 2 * by])

    digests = [Parts().digest(fitted(by), "v") for by in (1.0, 1.0, 2.0)]
    assert digests[0] == digests[1] != digests[2]


def test_objects_count_by_class_and_state() -> None:
    first, same, other = Options(), Options(), Options(names=["a"])
    digests = [Parts().digest(value, "v") for value in (first, same, other)]
    assert digests[0] == digests[1] != digests[2]
    parts = Parts()
    parts.add("v", first)
    assert any(name.startswith("code") and name.endswith("Options") for name in parts.found)


def test_what_a_library_wraps_is_looked_into() -> None:
    parts = Parts()
    parts.add_function(lambda x: cached(x))
    assert any(name.endswith("test_code_hash.cached") for name in parts.found)


def test_the_library_that_is_used_is_named_with_what_it_requires() -> None:
    parts = Parts()
    parts.add_function(lambda x: pandas.DataFrame(x))
    assert parts.found["library pandas"] == pandas.__version__
    assert parts.found["library numpy"] == numpy.__version__


@pytest.mark.parametrize(
    "value", [re.compile("a+"), Path("a"), threading.Lock(), functools.partial(max, 1), range(3)]
)
def test_everyday_values_can_be_compared(value: Any) -> None:
    assert Parts().digest(value, "v") == Parts().digest(value, "v")


def test_what_cannot_be_compared_says_so(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file, pytest.raises(NotComparable, match="BufferedWriter"):
        Parts().digest(file, "v")
    with pytest.raises(NotComparable):
        Parts().digest((n for n in [1]), "v")


def test_functions_that_call_each_other_are_followed_once() -> None:
    source = "def f(x):\n    return g(x)\ndef g(x):\n    return f(x - 1) if x else {}\n"
    assert hash_function(made(source.format(1))) != hash_function(made(source.format(2)))
