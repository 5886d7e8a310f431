"""Keep former names of arguments for one version."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def rename_arguments(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take arguments by their former names, with a DeprecationWarning.

    Examples
    --------
    >>> @rename_arguments(colour="color")
    ... def paint(*, color: str) -> str:
    ...     return color
    >>> paint(color="red")
    'red'
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given: dict[str, Any] = kwargs
            for former in names.keys() & given.keys():
                name = names[former]
                if name in given:
                    raise TypeError(f"{former!r} is the former name of {name!r}; give one of them")
                warnings.warn(
                    f"{function.__name__}({former}=) is {function.__name__}({name}=)",
                    DeprecationWarning,
                    stacklevel=2,
                )
                given[name] = given.pop(former)
            return function(*args, **kwargs)

        return call

    return decorate
