"""What a function's result depends on besides its arguments: its code and all that this refers to.

The walk starts at a function and goes on through what it names: other functions of the project,
their defaults and closures, classes with their methods and bases, constants and other module
globals, modules that are imported inside. Each is a part of its own, under a name such as
`code prepare.clean` or `constant prepare.LIMIT`, so that two runs can be compared part by part.
A library is one part, its version, along with the versions of what it requires.

Code is compared by what it does: comments, line numbers and docstrings do not count.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import importlib.util
import io
import logging
import pickle
import re
import sys
import threading
import types
import typing
import weakref
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from importlib import metadata
from os import PathLike, fspath
from typing import Any

from lineage.errors import InvalidValue, LineageError
from lineage.recording.bytecode import (
    hash_code,
    imported_by,
    imports_in,
    references_in,
    texts_in,
)
from lineage.recording.content import digest_path
from lineage.recording.environment import distribution_version, distributions_of, version_of
from lineage.recording.project import is_project_file, is_project_module
from lineage.recording.value_hash import hash_table, hash_texts

_SCALARS = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType,
              types.WrapperDescriptorType, types.MethodWrapperType,
              types.ClassMethodDescriptorType)  # fmt: skip
# They take part in how a result is made, and never in which.
_NEUTRAL = (logging.Logger, logging.Handler, io.TextIOBase, ContextVar, type(threading.Lock()),
            type(threading.RLock()), threading.Event, threading.Condition, types.GenericAlias,
            types.GetSetDescriptorType, types.MemberDescriptorType, weakref.ref,
            weakref.WeakKeyDictionary, weakref.WeakValueDictionary, weakref.WeakSet)  # fmt: skip
_DYNAMIC = frozenset({"globals", "eval", "exec", "vars", "__import__", "import_module"})
# What Python and pydantic make of a class by themselves; the rest of it says the same.
_NOT_STATE = re.compile(
    r"__(dict|weakref|doc|module|firstlineno|abstractmethods|static_attributes|qualname|slotnames"
    r"|cached|dataclass_fields|dataclass_params|signature|pydantic_(?!fields).*|class_vars"
    r"|private_attributes)__|_abc_impl"
)


class NotComparable(LineageError):
    """A value that can't be compared between runs, such as an open connection."""


class Parts:
    """Collects the parts that a result depends on.

    Parameters
    ----------
    loaded
        The modules that count as imported, where others were imported since; all without it.

    Attributes
    ----------
    found
        The digest of each part by its name.
    """

    def __init__(self, loaded: Collection[str] | None = None) -> None:
        self._loaded = loaded
        self.found: dict[str, str] = {}
        self._active: dict[int, str] = {}
        # What was visited stays alive, so that no id passes to something else.
        self._done: dict[int, tuple[Any, str]] = {}

    def add(self, name: str, value: Any) -> None:
        """Add a value as a part of its own.

        Raises
        ------
        NotComparable
            It can't be compared between runs.
        """
        self.found[name] = self.digest(value, name)

    def add_function(self, function: Callable[..., Any]) -> None:
        """Add a function with all that it refers to."""
        self.digest(function, getattr(function, "__qualname__", "function"))

    def digest(self, value: Any, name: str) -> str:
        """Return the digest of a value; what it refers to in the project is added."""
        if isinstance(value, _SCALARS):
            return hash_texts(type(value).__name__, repr(value))
        known = self._done.get(id(value))
        if known is not None:
            return known[1]
        if id(value) in self._active:
            return f"again {self._active[id(value)]}"
        # By a name that doesn't depend on the way here.
        self._active[id(value)] = str(getattr(value, "__qualname__", name))
        try:
            found = self._digest(value, name)
        finally:
            del self._active[id(value)]
        self._done[id(value)] = (value, found)
        return found

    def _digest(self, value: Any, name: str) -> str:
        if isinstance(value, types.ModuleType):
            return self._module(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, _FUNCTIONS):
            return self._function(value)
        if isinstance(value, types.MethodType):
            return hash_texts(
                "method", self._function(value.__func__), self.digest(value.__self__, name)
            )
        if isinstance(value, functools.partial):
            return hash_texts(
                "partial",
                self.digest(value.func, name),
                self.digest(value.args, name),
                self.digest(value.keywords, name),
            )
        if isinstance(value, staticmethod | classmethod):
            return hash_texts(type(value).__name__, self.digest(value.__func__, name))
        if isinstance(value, property):
            return hash_texts("property", *(self.digest(f, name) for f in (value.fget, value.fset)))
        if isinstance(value, functools.cached_property):
            return hash_texts("cached_property", self.digest(value.func, name))
        if isinstance(value, tuple | list):
            return hash_texts(type(value).__name__, *(self.digest(v, name) for v in value))
        if isinstance(value, set | frozenset):
            return hash_texts(type(value).__name__, *sorted(self.digest(v, name) for v in value))
        if type(value) in (dict, types.MappingProxyType):
            # Its order may show in a result.
            return hash_texts(
                "dict", *(self.digest(p, name) for item in value.items() for p in item)
            )
        if isinstance(value, enum.Enum):
            return hash_texts("enum", self.digest(type(value), name), value.name)
        if isinstance(value, re.Pattern):
            return hash_texts("pattern", repr(value.pattern), str(value.flags))
        if isinstance(value, PathLike):
            return hash_texts("path", str(fspath(value)))
        if isinstance(value, _NEUTRAL) or _is_typing(value) or _is_ours(value):
            return hash_texts("neutral", type(value).__qualname__)
        wrapped = getattr(value, "__wrapped__", None)
        if callable(value) and callable(wrapped):
            # functools.lru_cache and its kind, which are pickled by name.
            self._library(type(value).__module__)
            return hash_texts("wrapper", type(value).__qualname__, self.digest(wrapped, name))
        return self._object(value, name)

    # Functions

    def _function(self, function: Any) -> str:
        """Return how a function is known, and add its code and what that refers to."""
        wrapped = getattr(function, "__wrapped__", None)
        if not isinstance(function, types.FunctionType):
            self._library(getattr(function, "__module__", None))
            if callable(wrapped):
                return hash_texts(
                    "wrapper", type(function).__name__, self.digest(wrapped, "wrapped")
                )
            owner = getattr(function, "__self__", None)
            bound = (
                self.digest(owner, "self")
                if owner is not None and not isinstance(owner, types.ModuleType | type)
                else ""
            )
            return hash_texts("builtin", str(getattr(function, "__qualname__", function)), bound)
        label = f"{function.__module__}.{function.__qualname__}"
        if not is_project_file(function.__code__.co_filename):
            self._library(function.__module__)
            found = hash_texts("library", label)
            if callable(wrapped):
                # A library's decorator, with what it was told.
                told = (
                    [] if _is_ours(function) else [self.digest(c, label) for c in _told(function)]
                )
                found = hash_texts("wrapper", label, self.digest(wrapped, label), *told)
            return found
        number = self._label(f"code {label}", hash_code(function.__code__))
        self._follow(function, label + number)
        return hash_texts("function", label, self.found[f"code {label}{number}"])

    def _label(self, name: str, digest: str) -> str:
        """Two functions may have one name, such as lambdas: they are numbered."""
        number = ""
        while self.found.get(name + number, digest) != digest:
            number = f"#{int(number[1:] or 1) + 1}" if number else "#2"
        self.found[name + number] = digest
        return number

    def _follow(self, function: types.FunctionType, label: str) -> None:
        """Add what a function refers to."""
        for flow, values in (
            ("default", _defaults(function)),
            ("closure", _closure(function)),
        ):
            for name, value in values.items():
                self.found[f"{flow} {label}.{name}"] = self.digest(value, f"{label}.{name}")
        space = function.__globals__
        for path in references_in(function.__code__):
            self._reference(space, path)
        for name, level, names in imports_in(function.__code__):
            self._import(space, name, level, names)
        dynamic = {path[0] for path in references_in(function.__code__)} | {
            part for path in references_in(function.__code__) for part in path[1:]
        }
        if dynamic & _DYNAMIC:
            home = sys.modules.get(function.__module__)
            if home is not None and vars(home) is space:
                self.digest(home, label)
            for text in texts_in(function.__code__):
                self._named_module(text)

    def _reference(self, space: Mapping[str, Any], path: tuple[str, ...]) -> None:
        """Follow a dotted name as far as it leads through modules."""
        first = path[0]
        if first not in space:
            return  # a builtin, or not there yet
        value, walked = space[first], [str(space.get("__name__", "")), first]
        rest = list(path[1:])
        while rest and isinstance(value, types.ModuleType):
            if not is_project_module(value):
                self._library(value.__name__)
                return
            walked = [value.__name__, rest[0]]
            if not hasattr(value, rest[0]):
                self.found[f"constant {'.'.join(walked)}"] = "missing"
                return
            value = getattr(value, rest.pop(0))
        name = ".".join(walked)
        if isinstance(value, (*_FUNCTIONS, type, types.ModuleType)):
            self.digest(value, name)
        else:
            self.found[f"constant {name}"] = self.digest(value, name)

    def _import(
        self, space: Mapping[str, Any], name: str, level: int, names: tuple[str, ...]
    ) -> None:
        """Follow an import inside of a function."""
        package = str(space.get("__package__") or "")
        try:
            full = importlib.util.resolve_name("." * level + name, package) if level else name
        except ImportError:
            return
        module = self._module_named(full)
        if module is None:
            self._named_module(full)
            return
        if not is_project_module(module):
            self._library(full)
            return
        for part in names:
            if part == "*" or not hasattr(module, part):
                self._named_module(f"{full}.{part}")
            else:
                self._reference({"__name__": full, part: getattr(module, part)}, (part,))
        if not names or "*" in names:
            self.digest(module, full)

    def _module_named(self, name: str) -> types.ModuleType | None:
        if self._loaded is not None and name not in self._loaded:
            return None
        return sys.modules.get(name)

    def _named_module(self, name: str) -> None:
        """Add a module that is not imported yet, by its file and those that it imports."""
        if not re.fullmatch(r"[A-Za-z_][\w.]*", name):
            return
        module = self._module_named(name)
        if module is not None:
            if is_project_module(module):
                self.digest(module, name)
            return
        try:
            found = importlib.util.find_spec(name)
        except (ImportError, AttributeError, ValueError):
            return
        origin = found.origin if found is not None else None
        if origin is None or not origin.endswith(".py"):
            return
        if not is_project_file(origin):
            self._library(name)
            return
        label = f"module {name}"
        if label in self.found:
            return
        with open(origin, "rb") as file:
            source = file.read()
        self.found[label] = hash_texts("file", hashlib.sha256(source).hexdigest())
        for imported in imported_by(source, name):
            self._named_module(imported)

    # Classes, modules, objects

    def _class(self, cls: type) -> str:
        label = f"{cls.__module__}.{cls.__qualname__}"
        module = sys.modules.get(cls.__module__)
        if module is None or not is_project_module(module):
            self._library(cls.__module__)
            return hash_texts("class", label)
        state: list[str] = []
        for name, value in sorted(vars(cls).items()):
            if _NOT_STATE.fullmatch(name):
                continue
            if name in ("__annotations__", "__annotate_func__", "__annotate__"):
                state.append(hash_texts("annotations", repr(value)[:10_000]))
                continue
            inner = value.__func__ if isinstance(value, staticmethod | classmethod) else value
            if isinstance(inner, (*_FUNCTIONS, property, functools.cached_property)):
                state.append(hash_texts(name, self.digest(value, f"{label}.{name}")))
            else:
                self.found[f"constant {label}.{name}"] = self.digest(value, f"{label}.{name}")
        for base in (*cls.__bases__, type(cls)):
            if base not in (object, type):
                state.append(self.digest(base, label))
        number = self._label(f"code {label}", hash_texts("class", label, *state))
        return hash_texts("class", label, self.found[f"code {label}{number}"])

    def _module(self, module: types.ModuleType) -> str:
        """A module that is handed on as it is: anything in it may be used."""
        if not is_project_module(module):
            self._library(module.__name__)
            return hash_texts("module", module.__name__)
        for name, value in list(vars(module).items()):
            if name.startswith("__") or isinstance(value, types.ModuleType):
                if isinstance(value, types.ModuleType) and not is_project_module(value):
                    self._library(value.__name__)
                continue
            self._reference(vars(module), (name,))
        return hash_texts("module", module.__name__)

    def _object(self, value: Any, name: str) -> str:
        """An instance: of the project by class and state, of a library as it would be pickled."""
        cls = type(value)
        if is_project_module(sys.modules.get(cls.__module__)):
            state: dict[str, Any] = dict(getattr(value, "__dict__", None) or {})
            for base in cls.__mro__:
                slots = base.__dict__.get("__slots__", ())
                for slot in (slots,) if isinstance(slots, str) else slots:
                    if hasattr(value, slot) and slot not in ("__dict__", "__weakref__"):
                        state[slot] = getattr(value, slot)
            parts = [hash_texts(k, self.digest(v, f"{name}.{k}")) for k, v in sorted(state.items())]
            inherited = [b for b in cls.__mro__ if b in (dict, list, tuple, set, str, int, float)]
            if inherited:
                parts.append(self.digest(inherited[0](value), name))
            return hash_texts("object", self.digest(cls, name), *parts)
        try:
            array = hash_table(value)
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError):
            array = None  # objects in it that are compared one by one, or not at all
        if array is not None:
            self._library(type(value).__module__)
            return array
        return self._pickled(value, name)

    def _pickled(self, value: Any, name: str) -> str:
        for fast in (True, False):
            sink = io.BytesIO()
            pickler = _Pickler(sink, self, name)
            # Without a memo, that equal strings are one object doesn't show.
            pickler.fast = fast
            try:
                pickler.dump(value)
            except NotComparable:
                raise
            except (RecursionError, ValueError):
                continue
            except Exception as error:
                raise NotComparable(
                    f"{name} is a {type(value).__module__}.{type(value).__qualname__}, which can't "
                    f"be compared between runs ({type(error).__name__}: {error})"
                ) from None
            self._library(type(value).__module__)
            return hash_texts("pickle", sink.getvalue().hex(), *pickler.references)
        raise NotComparable(f"{name} refers to itself too deeply to be compared between runs")

    # Libraries

    def _library(self, module: str | None) -> None:
        """Add the version of a library, and of what it requires."""
        name = (module or "").partition(".")[0]
        if not name or name in sys.stdlib_module_names or name in ("__main__", "lineage"):
            return
        if f"library {name}" in self.found or is_project_module(sys.modules.get(name)):
            return
        self.found[f"library {name}"] = library_version(name)
        for required in _requirements(name):
            self.found.setdefault(f"library {required}", distribution_version(required) or "absent")


class _Pickler(pickle.Pickler):
    """Pickles a library's object; functions and classes in it are compared by their code."""

    def __init__(self, file: io.BytesIO, parts: Parts, name: str) -> None:
        super().__init__(file, protocol=4)
        self.references: list[str] = []
        self._parts = parts
        self._name = name

    def reducer_override(self, value: Any) -> Any:
        """Take in what is pickled by its name alone."""
        if isinstance(value, types.FunctionType | type) and value is not _stand_for:
            # Nobody reads the pickle; a function within another one has no name to be found by.
            found = self._parts.digest(value, self._name)
            self.references.append(found)
            return (_stand_for, (found,))
        if isinstance(value, types.MappingProxyType):
            return (_stand_for, (dict(value),))
        array = hash_table(value)
        if array is not None:
            return (_stand_for, (array,))
        return NotImplemented


def _stand_for(value: Any) -> Any:
    """Stands in a pickle for what can't be pickled by its content."""
    return value


def library_version(name: str) -> str:
    """Return a library's version; of one that has none, the digest of its files."""
    version = version_of(name)
    if version is not None:
        return version
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file is None:
        return "unknown"
    place = file.rpartition("/")[0] if file.endswith("__init__.py") else file
    try:
        return digest_path(place).digest
    except LineageError:
        return "unknown"


def _requirements(name: str) -> tuple[str, ...]:
    """All distributions that a library requires, directly or not, but for its extras."""
    waiting = list(distributions_of(name))
    seen: dict[str, None] = {}
    while waiting:
        for line in _requires(waiting.pop()):
            if line not in seen:
                seen[line] = None
                waiting.append(line)
    return tuple(seen)


@functools.lru_cache(maxsize=4096)
def _requires(distribution: str) -> tuple[str, ...]:
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return ()
    found = []
    for line in lines:
        requirement, _, marker = line.partition(";")
        match = re.match(r"\s*([A-Za-z0-9._-]+)", requirement)
        if match and "extra" not in marker:
            found.append(re.sub(r"[-_.]+", "-", match[1]).lower())
    return tuple(found)


def _defaults(function: types.FunctionType) -> dict[str, Any]:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    given = function.__defaults__ or ()
    positional = dict(zip(names[len(names) - len(given) :], given, strict=True)) if given else {}
    return {**positional, **(function.__kwdefaults__ or {})}


def _closure(function: types.FunctionType) -> dict[str, Any]:
    cells = function.__closure__ or ()
    return {
        name: _cell(cell) for name, cell in zip(function.__code__.co_freevars, cells, strict=True)
    }


def _told(function: types.FunctionType, depth: int = 4) -> list[Any]:
    """What a library's decorator holds, by itself or by the functions that it is made of."""
    found: list[Any] = []
    for cell in map(_cell, function.__closure__ or ()):
        if not isinstance(cell, types.FunctionType) or is_project_file(cell.__code__.co_filename):
            found.append(cell)
        elif depth:
            found += _told(cell, depth - 1)
    return found


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None  # not set yet


def _is_typing(value: Any) -> bool:
    return type(value).__module__ == "typing" or isinstance(value, types.UnionType | typing.TypeVar)


def _is_ours(value: Any) -> bool:
    """Whether it is Lineage's: a store or a run takes part in recording alone."""
    home = value.__module__ if isinstance(value, types.FunctionType) else type(value).__module__
    return (
        isinstance(home, str)
        and home.startswith("lineage.")
        and not home.startswith("lineage.demo")
    )


def hash_function(function: Callable[..., Any]) -> str:
    """Return one digest of a function's code and all that it refers to.

    Raises
    ------
    NotComparable
        It refers to something that can't be compared between runs.
    InvalidValue
        It is no function.

    Examples
    --------
    >>> def one(): return 1
    >>> def same(): return 1
    >>> hash_function(one) == hash_function(one)
    True
    """
    if not callable(function):
        raise InvalidValue(f"{function!r} is no function")
    parts = Parts()
    parts.add_function(function)
    return hash_parts(parts.found)


def hash_parts(parts: Mapping[str, str]) -> str:
    """Return one digest of parts by name."""
    return hash_texts(*(text for item in sorted(parts.items()) for text in item))
