"""Values of the Python API as JSON and back, exactly: what a client and a server say to each other.

JSON alone loses what the API's answers are made of: tuples, bytes, NaN, maps whose keys are no
texts, and above all the classes. Here a value is `[table, root]`. Each instance of one of our
classes stands once in the table, after the instances that it holds, as `[class, fields]`; whoever
refers to it says `{"$": place}`. So a node that many rows name is sent once, and a chain of a
million links is no recursion.

Only our own data classes are ever made of what was received: records, dataclasses, named tuples
and enums below `lineage`; nothing that is received is run.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any, cast

from lineage.errors import InvalidValue
from lineage.model.record import Record
from lineage.rules.values import to_plain

# The form that is spoken; a client and a server of two forms refuse each other.
VERSION = 1
_MAX_DEPTH = 150
_AS_THEY_ARE = (str, int, bool, type(None))


def encode(value: Any) -> list[Any]:
    """Return a value as JSON has it: `[table, root]`."""
    table: list[Any] = []
    places: dict[int, int] = {}
    # Instances still to be written; each comes a second time, after what it holds.
    stack: list[tuple[Any, bool]] = [(found, False) for found in _instances(value)]
    while stack:
        instance, ready = stack.pop()
        if id(instance) in places:
            continue
        if not ready:
            stack.append((instance, True))
            held = _instances(list(_state(instance).values()))
            stack.extend((found, False) for found in held if id(found) not in places)
            continue
        state = {name: _encode(item, places) for name, item in _state(instance).items()}
        places[id(instance)] = len(table)
        table.append([_name_of(instance.__class__), state])
    return [table, _encode(value, places)]


def decode(written: Any, *, trusted: bool = False, batches: bool = False) -> Any:
    """Return the value that was encoded.

    Parameters
    ----------
    written: what `encode` made, after a way through JSON.
    trusted: it comes from a store, so that its records are right, and are not checked again.
        What comes from elsewhere can only be made of records, enums and filters.
    batches: it may also have what the ports of backends take, which nothing checks.

    Raises
    ------
    InvalidValue: it is not what `encode` makes, or a record has a wrong value.
    """
    try:
        table, root = written
        made: list[Any] = []
        for name, state in table:
            decoded = {field: _decode(item, made) for field, item in state.items()}
            kind = _class_of(name)
            home = name.partition(".")[0].partition(":")[0]
            if not trusted and name == _ROWS:
                # The rows of an answer, asked with again: a list.
                made.append(list(decoded["items"]))
                continue
            if not trusted and home not in (_PORTS if batches else _ASKED_WITH):
                raise InvalidValue(f"{name} is no part of a question")
            made.append(_make(kind, decoded, trusted))
        return _decode(root, made)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise InvalidValue(f"the message can't be read: {type(error).__name__}: {error}") from None


def _instances(value: Any, depth: int = 0) -> Iterable[Any]:
    """The instances of our classes in a value, not looking into them."""
    if value.__class__ in _AS_THEY_ARE or isinstance(value, bytes | float | Enum | datetime):
        return
    if _is_ours(value.__class__):
        yield value
    elif depth > _MAX_DEPTH:
        return
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _instances(key, depth + 1)
            yield from _instances(item, depth + 1)
    elif isinstance(value, Sequence | set | frozenset) and not isinstance(value, str):
        for item in value:
            yield from _instances(item, depth + 1)


def _encode(value: Any, places: Mapping[int, int], depth: int = 0) -> Any:
    kind: Any = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if depth > _MAX_DEPTH:
        return _opaque(value)
    if kind is float:
        return value if math.isfinite(value) else {"$f": repr(value)}
    if isinstance(value, Enum) and _is_home(kind):
        return {"$e": _name_of(kind), "v": value.value}
    if id(value) in places and _is_ours(kind):
        return {"$": places[id(value)]}
    if isinstance(value, bytes):
        return {"$b": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"$d": value.isoformat()}
    if isinstance(value, Mapping):
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: _encode(item, places, depth + 1) for key, item in value.items()}
        pairs = [
            [_encode(k, places, depth + 1), _encode(v, places, depth + 1)] for k, v in value.items()
        ]
        return {"$m": pairs}
    if isinstance(value, tuple) and not hasattr(value, "_asdict"):
        return {"$t": [_encode(item, places, depth + 1) for item in value]}
    if isinstance(value, set | frozenset):
        items = [_encode(item, places, depth + 1) for item in value]
        return {"$s" if isinstance(value, set) else "$z": items}
    if isinstance(value, str):
        # str() of an enum that is also a str is its name, not its text.
        return str.__str__(value)
    if isinstance(value, Sequence) and not isinstance(value, tuple):
        return [_encode(item, places, depth + 1) for item in value]
    for plain in (int, float):
        if isinstance(value, plain):
            return _encode(plain(value), places)
    # What a property may be given as becomes here what it is kept as: the other side has no numpy.
    plain_value = to_plain(value)
    return _opaque(value) if plain_value is value else _encode(plain_value, places, depth + 1)


class Opaque:
    """What stands on the other side for a value that has no place on the wire.

    The rules refuse it there, as they refuse the value itself, in the same words.
    """

    def __init__(self, shown: str) -> None:
        self.shown = shown

    def __repr__(self) -> str:
        return self.shown


def _opaque(value: Any) -> Any:
    try:
        shown = repr(value)[:200]
    except Exception as error:
        shown = f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
    return {"$o": shown, "type": type(value).__name__}


def _read_opaque(written: Any, made: Sequence[Any]) -> Any:
    name = str(written["type"])
    return type(name if name.isidentifier() else "object", (Opaque,), {})(str(written["$o"])[:200])


def _decode(written: Any, made: Sequence[Any]) -> Any:
    if isinstance(written, list):
        return [_decode(item, made) for item in written]
    if not isinstance(written, dict):
        return written
    if len(written) in (1, 2):
        tag = next(iter(written))
        if tag.startswith("$"):
            return _TAGS[tag](written, made)
    return {key: _decode(item, made) for key, item in written.items()}


def _plain_enum(written: Any, made: Sequence[Any]) -> Any:
    found = _class_of(written["$e"])
    if not issubclass(found, Enum):
        raise InvalidValue(f"{written['$e']} is no enum")
    return found(written["v"])


_TAGS: dict[str, Callable[[Any, Sequence[Any]], Any]] = {
    "$": lambda w, made: made[w["$"]],
    "$f": lambda w, made: float(w["$f"]),
    "$b": lambda w, made: base64.b64decode(w["$b"], validate=True),
    "$d": lambda w, made: datetime.fromisoformat(w["$d"]),
    "$e": _plain_enum,
    "$o": _read_opaque,
    "$m": lambda w, made: {_decode(k, made): _decode(v, made) for k, v in w["$m"]},
    "$t": lambda w, made: tuple([_decode(item, made) for item in w["$t"]]),
    "$s": lambda w, made: {_decode(item, made) for item in w["$s"]},
    "$z": lambda w, made: frozenset(_decode(item, made) for item in w["$z"]),
}


def _state(instance: Any) -> dict[str, Any]:
    """The fields of an instance by name; of a record those that were set."""
    kind: Any = type(instance)
    if issubclass(kind, Record):
        given = instance.model_fields_set
        return {name: item for name, item in instance.__dict__.items() if name in given}
    if is_dataclass(kind):
        return {f.name: getattr(instance, f.name) for f in dataclass_fields(kind)}
    if issubclass(kind, tuple):
        return dict(instance._asdict())
    return {"items": list(instance), **vars(instance)}


def _make(kind: Any, state: dict[str, Any], trusted: bool) -> Any:
    if issubclass(kind, Record):
        if trusted and state.keys() == kind.model_fields.keys():
            return kind.trusted(state)
        return kind(**state)
    if is_dataclass(kind):
        made: Any = object.__new__(cast(type, kind))
        for field in dataclass_fields(kind):
            object.__setattr__(made, field.name, state[field.name])
        return made
    if issubclass(kind, tuple):
        return kind(**state)
    made = kind.__new__(kind)
    items = state.pop("items")
    made.extend(items)
    made.__dict__.update(state)
    return made


@cache
def _is_home(kind: Any) -> bool:
    """Tell whether a class is one of those that are sent by name."""
    module = kind.__module__.split(".")
    return len(module) > 1 and module[0] == "lineage" and module[1] in _HOMES


@cache
def _is_ours(kind: Any) -> bool:
    """Tell whether a class is one of our data classes."""
    if not _is_home(kind) or issubclass(kind, Enum):
        return False
    return (
        issubclass(kind, Record)
        or is_dataclass(kind)
        or (issubclass(kind, tuple) and hasattr(kind, "_fields"))
        or issubclass(kind, list)
    )


@cache
def _name_of(kind: Any) -> str:
    return f"{kind.__module__.removeprefix('lineage.')}:{kind.__qualname__}"


@cache
def _class_of(name: str) -> Any:
    """The class of a name. Raises InvalidValue for what is no data class of ours."""
    module, colon, qualified = name.partition(":")
    parts = module.split(".")
    if not colon or not all(part.isidentifier() for part in [*parts, qualified]):
        raise InvalidValue(f"{name[:200]!r} names no class")
    if parts[0] not in _HOMES:
        raise InvalidValue(f"{name[:200]!r} names no class that is sent")
    try:
        found = getattr(import_module(f"lineage.{module}"), qualified)
    except (ImportError, AttributeError):
        raise InvalidValue(
            f"{name[:200]!r} is not known here: the client and the server are of two versions"
        ) from None
    ours = isinstance(found, type) and found.__module__ == f"lineage.{module}"
    if ours and (issubclass(found, Enum) or _is_ours(found)):
        return found
    raise InvalidValue(f"{name[:200]!r} names no class that is sent")


_HOMES = frozenset(
    {"algorithms", "backends", "filters", "model", "opencypher", "ports", "queries", "questions",
     "rules", "session", "store"}
)  # fmt: skip
_ROWS = "questions.answer:Rows"
# Whose classes the arguments of a question are made of.
_ASKED_WITH = frozenset({"filters", "model"})
_PORTS = _ASKED_WITH | {"backends", "ports"}
