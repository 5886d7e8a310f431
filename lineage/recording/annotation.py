"""`Input[…]` and `Output[…]`: what a step's parameters are to it."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PortMarker:
    """Says in an annotation that a parameter is read or written."""

    flow: Literal["input", "output"]


# `Input[Path]` is a Path to type checkers.
Input = Annotated[T, PortMarker("input")]
Output = Annotated[T, PortMarker("output")]


def ports_of(function: Callable[..., Any]) -> dict[str, Literal["input", "output"]]:
    """Return which parameters of a function are annotated as inputs and outputs.

    Examples
    --------
    >>> def fit(examples: Input[str], model: Output[str], lr: float): ...
    >>> ports_of(fit)
    {'examples': 'input', 'model': 'output'}
    """
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception:  # a name that exists for type checkers alone
        return _ports_by_text(function)
    found: dict[str, Literal["input", "output"]] = {}
    for name, hint in hints.items():
        marker = _marker_in(hint)
        if marker is not None and name != "return":
            found[name] = marker.flow
    return found


def _marker_in(hint: Any) -> PortMarker | None:
    for part in getattr(hint, "__metadata__", ()):
        if isinstance(part, PortMarker):
            return part
    for inner in typing.get_args(hint):
        # `Input[Path] | None`, `list[Input[Path]]`
        marker = _marker_in(inner)
        if marker is not None:
            return marker
    return None


def _ports_by_text(function: Callable[..., Any]) -> dict[str, Literal["input", "output"]]:
    found: dict[str, Literal["input", "output"]] = {}
    for name, hint in inspect.get_annotations(function).items():
        first = str(hint).partition("[")[0].rpartition(".")[2]
        if first in ("Input", "Output") and name != "return":
            found[name] = "input" if first == "Input" else "output"
    return found
