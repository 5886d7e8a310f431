"""Where functions are registered and found.

A scalar function is a plain callable over evaluated values:

    @function("toUpper", 1)
    def to_upper(context: Context, text: Value) -> Value: ...

The first argument is always the query's `Context`. With `nulls=False` (the default) the callable
is not called when an argument is null: the answer is null. A wrong value raises CypherTypeError or
CypherArgumentError, without a position: the evaluator adds the position of the call.

An aggregate is a class with `add` and `result`, made anew for each group; `add` is never given a
null first argument, and DISTINCT is done by the evaluator.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from lineage.opencypher.values.budget import Budget
from lineage.opencypher.values.graph import Graph

Value = Any
F = TypeVar("F", bound=Callable[..., Any])
A = TypeVar("A", bound=type)


@dataclass(slots=True)
class Context:
    """What a function may know of the query that calls it.

    `now` is the clock of the statement (aware), the same however often it is asked for. `budget`
    stops long work: `budget.step(n)` before looking at n values, `budget.make(n)` before making
    n, `budget.hold(n)` for n that are kept from row to row.
    """

    graph: Graph
    budget: Budget
    now: datetime
    random: random.Random = field(default_factory=random.Random)


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A scalar function. `accepts`: for each argument, the static kinds that it may have, or None
    for any; a variable or literal of another kind is a SyntaxError (InvalidArgumentType) at
    compile time. Static kinds: "node", "relationship", "path", "list", "map", "string", "integer",
    "float", "boolean"."""

    name: str
    minimum: int
    maximum: int | None
    call: Callable[..., Value]
    nulls: bool
    accepts: tuple[frozenset[str] | None, ...]
    is_deterministic: bool


class Accumulator(Protocol):
    """The state of one aggregate in one group. One that keeps values has counted them with the
    budget, and has their number in `held`."""

    def add(self, value: Value, *rest: Value) -> None:
        """One more row's value; `rest` are the further arguments."""

    def result(self) -> Value:
        """The answer for the group."""


@dataclass(frozen=True, slots=True)
class AggregateSpec:
    """An aggregating function: `make(context)` gives a fresh accumulator."""

    name: str
    arity: int
    make: Callable[[Context], Accumulator]


_FUNCTIONS: dict[str, FunctionSpec] = {}
_AGGREGATES: dict[str, AggregateSpec] = {}


def function(
    name: str,
    minimum: int,
    maximum: int | None = -1,
    *,
    nulls: bool = False,
    accepts: tuple[frozenset[str] | None, ...] = (),
    deterministic: bool = True,
) -> Callable[[F], F]:
    """Register a scalar function; it takes `minimum` to `maximum` arguments (None: any number;
    left out: exactly `minimum`). Names are found whatever their case. A decorator may be repeated
    for several names of one function."""

    def register(call: F) -> F:
        most = minimum if maximum == -1 else maximum
        _FUNCTIONS[name.lower()] = FunctionSpec(
            name, minimum, most, call, nulls, accepts, deterministic
        )
        return call

    return register


def aggregate(name: str, arity: int = 1) -> Callable[[A], A]:
    """Register an aggregate: a class whose instances are made with the Context."""

    def register(made: A) -> A:
        _AGGREGATES[name.lower()] = AggregateSpec(name, arity, made)
        return made

    return register


def find_function(name: str) -> FunctionSpec | None:
    """The scalar function of that name, whatever its case."""
    return _FUNCTIONS.get(name.lower())


def find_aggregate(name: str) -> AggregateSpec | None:
    """The aggregate of that name, whatever its case."""
    return _AGGREGATES.get(name.lower())
