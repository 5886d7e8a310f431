"""Functions of lists and maps, and those that take anything."""

from __future__ import annotations

from lineage.opencypher.errors import CypherArgumentError, CypherTypeError
from lineage.opencypher.functions.registry import Context, function
from lineage.opencypher.values.comparison import equal
from lineage.opencypher.values.entities import Node, Path, Relationship, Value
from lineage.opencypher.values.kinds import Temporal, kind_of

_LIST = frozenset({"list"})
_SIZED = frozenset({"list", "string"})


def _items(value: Value, name: str) -> list[Value]:
    if not isinstance(value, list):
        raise CypherTypeError(f"{name}() takes a list, not a {kind_of(value)}")
    return value


@function("size", 1, accepts=(_SIZED,))
def size(context: Context, value: Value) -> Value:
    """How many items, or characters."""
    if isinstance(value, list | str):
        return len(value)
    raise CypherTypeError(f"size() takes a list or a string, not a {kind_of(value)}")


@function("isEmpty", 1, accepts=(frozenset({"list", "string", "map"}),))
def is_empty(context: Context, value: Value) -> Value:
    """Whether a list, a map or a string has nothing in it."""
    if isinstance(value, list | str | dict):
        return not value
    raise CypherTypeError(f"isEmpty() takes a list, a map or a string, not a {kind_of(value)}")


@function("head", 1, accepts=(_LIST,))
def head(context: Context, value: Value) -> Value:
    """The first item; null of an empty list."""
    items = _items(value, "head")
    return items[0] if items else None


@function("last", 1, accepts=(_LIST,))
def last(context: Context, value: Value) -> Value:
    """The last item; null of an empty list."""
    items = _items(value, "last")
    return items[-1] if items else None


@function("tail", 1, accepts=(_LIST,))
def tail(context: Context, value: Value) -> Value:
    """All but the first item."""
    return _items(value, "tail")[1:]


@function("reverse", 1, accepts=(_SIZED,))
def reverse(context: Context, value: Value) -> Value:
    """The items, or characters, from the last to the first."""
    if isinstance(value, list | str):
        return value[::-1]
    raise CypherTypeError(f"reverse() takes a list or a string, not a {kind_of(value)}")


@function("range", 2, 3)
def range_(context: Context, start: Value, end: Value, step: Value = 1) -> Value:
    """From start to end, both included."""
    for given in (start, end, step):
        if given.__class__ is not int:
            raise CypherArgumentError(
                f"range() takes integers, not a {kind_of(given)}", detail="InvalidArgumentType"
            )
    if step == 0:
        raise CypherArgumentError("range() takes no step of 0")
    numbers = range(start, end + 1, step) if step > 0 else range(start, end - 1, step)
    # len() itself fails past 64 bits.
    count = max(0, (numbers.stop - numbers.start - (1 if step > 0 else -1)) // step + 1)
    context.budget.make(count)
    return list(numbers)


@function("coalesce", 1, None, nulls=True)
def coalesce(context: Context, *values: Value) -> Value:
    """The first that is not null."""
    return next((value for value in values if value is not None), None)


@function("nullIf", 2, nulls=True)
def null_if(context: Context, value: Value, other: Value) -> Value:
    """Null where the two are equal, else the first."""
    return None if equal(value, other) is True else value


@function("exists", 1, nulls=True)
def exists(context: Context, value: Value) -> Value:
    """Whether it is not null."""
    return value is not None


@function("valueType", 1, nulls=True)
def value_type(context: Context, value: Value) -> Value:
    """The name of its type, as GQL has it: `LIST<INTEGER NOT NULL> NOT NULL`."""
    return _type_name(value)


_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "BOOLEAN"),
    (str, "STRING"),
    (int, "INTEGER"),
    (float, "FLOAT"),
    (Node, "NODE"),
    (Relationship, "RELATIONSHIP"),
    (dict, "MAP"),
    (Path, "PATH"),
    (bytes, "BYTEARRAY"),
)


def _type_name(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, Temporal):
        return f"{value.kind} NOT NULL"
    if isinstance(value, list):
        names = sorted(set(map(_type_name, value)), key=lambda name: (_place(name), name))
        return f"LIST<{' | '.join(names) or 'NOTHING'}> NOT NULL"
    return next(f"{name} NOT NULL" for kind, name in _TYPE_NAMES if isinstance(value, kind))


def _place(name: str) -> int:
    for place, (_, known) in enumerate(_TYPE_NAMES):
        if name.startswith(known):
            return place
    return len(_TYPE_NAMES)
