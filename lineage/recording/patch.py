"""Functions of other libraries, replaced by ones that also tell what went through them.

What is replaced returns what it returned, raises what it raised, and costs a function call. What
goes wrong in telling is a warning, given once for each function.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FrameType, FunctionType, ModuleType
from typing import Any

from lineage.recording.project import is_project_module
from lineage.recording.sink import explain, warn

# Whether a function that was replaced is at work: what it calls in turn tells nothing.
_inside: ContextVar[bool] = ContextVar("lineage_inside", default=False)
_MARK = "__lineage_observed__"


@dataclass(slots=True)
class Switch:
    """Whether the functions that were replaced tell anything, and of which libraries."""

    libraries: set[str] = field(default_factory=set)


switch = Switch()
_warned: set[str] = set()


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function that was replaced."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def argument(self, at: int, name: str, default: Any = None) -> Any:
        """Return an argument by its place or name."""
        if len(self.args) > at:
            return self.args[at]
        return self.kwargs.get(name, default)

    @property
    def values(self) -> list[Any]:
        """All arguments."""
        return [*self.args, *self.kwargs.values()]


Before = Callable[[Call], Any]
After = Callable[[Call, Any, Any], None]
Failed = Callable[[Call, Any, BaseException], None]


def observe(
    original: Callable[..., Any],
    library: str,
    *,
    before: Before | None = None,
    after: After | None = None,
    failed: Failed | None = None,
    reads_caller: bool = False,
) -> Callable[..., Any]:
    """Return a function that does what another does, and tells of it.

    Parameters
    ----------
    before
        Told of a call before it; what it returns is handed to the others.
    after
        Told of the call, of what `before` returned and of the result.
    failed
        Told of the call, of what `before` returned and of the exception.
    reads_caller
        Whether the function looks at the variables of the code that calls it.
    """
    name = getattr(original, "__name__", str(original))

    @functools.wraps(original)
    def observed(*args: Any, **kwargs: Any) -> Any:
        function = _in_frame(original, sys._getframe(1)) if reads_caller else original
        if library not in switch.libraries or _inside.get():
            return function(*args, **kwargs)
        call = Call(name, args, kwargs)
        token = _inside.set(True)
        try:
            state = tell(library, name, before, call)
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                tell(library, name, failed, call, state, error)
                raise
            tell(library, name, after, call, state, result)
            return result
        finally:
            _inside.reset(token)

    setattr(observed, _MARK, original)
    return observed


def _in_frame(function: Callable[..., Any], frame: FrameType) -> Callable[..., Any]:
    """Return a function that is called as if by the code of a frame, with its variables."""

    def call(*args: Any, **kwargs: Any) -> Any:
        space = {**frame.f_locals, "_f": function, "_args": args, "_kwargs": kwargs}
        return eval("_f(*_args, **_kwargs)", frame.f_globals, space)

    return call


def tell(library: str, name: str, listener: Callable[..., Any] | None, *about: Any) -> Any:
    """Call a listener; what goes wrong in it is a warning."""
    if listener is None:
        return None
    try:
        return listener(*about)
    except Exception as error:
        if name not in _warned:
            _warned.add(name)
            warn(f"autolog missed a call of {library}'s {name}: {explain(error)}")
        return None


@contextmanager
def suppress() -> Iterator[None]:
    """Have functions that were replaced tell nothing, as for what Lineage does itself."""
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


def is_suppressed() -> bool:
    """Return whether a function that was replaced is at work."""
    return _inside.get()


def is_observed(function: Any) -> bool:
    """Return whether a function is one that tells."""
    return hasattr(function, _MARK)


def replace_method(owner: type, name: str, library: str, **listeners: Any) -> None:
    """Replace a method where a class itself defines it."""
    found = vars(owner).get(name)
    if found is None or is_observed(found):
        return
    if isinstance(found, property):
        if found.fget is not None and not is_observed(found.fget):
            getter = observe(found.fget, library, **listeners)
            setattr(owner, name, property(getter, found.fset, found.fdel, found.__doc__))
    elif isinstance(found, classmethod | staticmethod):
        inner = found.__func__
        if not is_observed(inner):
            setattr(owner, name, type(found)(observe(inner, library, **listeners)))
    elif isinstance(found, FunctionType):
        setattr(owner, name, observe(found, library, **listeners))
    elif isinstance(getattr(found, "fn", None), FunctionType):
        # scikit-learn's methods that are there only if something else is.
        if not is_observed(found.fn):
            found.fn = observe(found.fn, library, **listeners)
    elif callable(found) and not isinstance(found, type):
        setattr(owner, name, observe(found, library, **listeners))


def replace_functions(
    module: ModuleType, names: Mapping[str, Mapping[str, Any]], library: str
) -> None:
    """Replace functions of a module wherever its package and the project's modules hold them.

    Parameters
    ----------
    names
        By name, what `observe` is to tell of it.
    """
    replaced: dict[int, tuple[Any, Any]] = {}
    for name, listeners in names.items():
        original = getattr(module, name, None)
        if original is None or is_observed(original) or not callable(original):
            continue
        replaced[id(original)] = (original, observe(original, library, **listeners))
    if not replaced:
        return
    package = module.__name__.partition(".")[0]
    for holder in list(sys.modules.values()):
        if not isinstance(holder, ModuleType):
            continue
        if holder.__name__.partition(".")[0] != package and not is_project_module(holder):
            continue
        for name, value in list(vars(holder).items()):
            found = replaced.get(id(value))
            if found is not None and found[0] is value:
                setattr(holder, name, found[1])
