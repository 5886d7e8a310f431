"""The parameters of an endpoint, made from the signature of the method that answers it."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from os import PathLike
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, create_model

from lineage import model
from lineage.model import Context, Execution, Retention

# What stands for a node in a question, as docs/cli.md has it.
_REFERENCE = "A node: `artifact:42`, `Model:churn`, an external id or a uri."
_TIME = (
    "ISO 8601, `yesterday`, `2 days ago`, or milliseconds since 1970. Without a zone it is of the "
    "server's."
)
_LONGEST = 4_096
_MOST = 10_000


class Parameter(typing.NamedTuple):
    """A parameter of a method, as HTTP has it.

    `many`: it takes a list; `spread`: the method takes the list as its positional arguments.
    """

    name: str
    type: Any
    default: Any
    many: bool
    spread: bool
    positional: bool
    description: str | None


def read_parameters(method: Callable[..., Any]) -> list[Parameter]:
    """Return the parameters of a method that can be said in a query or in a JSON body."""
    found = []
    for name, parameter in inspect.signature(method).parameters.items():
        if name == "self" or parameter.kind is parameter.VAR_KEYWORD:
            continue
        annotation = resolve_annotation(method, parameter.annotation)
        spread = parameter.kind is parameter.VAR_POSITIONAL
        form = _form(annotation)
        if form is None:
            continue
        type_, many, description = form
        default = parameter.default
        if spread:
            # A question without nodes is refused by the question itself, in its own words.
            default = None
        elif many and default == ():
            default = None
        found.append(
            Parameter(
                name.removesuffix("s") if spread and name == "refs" else name,
                type_,
                default,
                many or spread,
                spread,
                parameter.kind is parameter.POSITIONAL_OR_KEYWORD,
                description,
            )
        )
    return found


def resolve_annotation(method: Callable[..., Any], annotation: Any) -> Any:
    """Return an annotation as a type; Any where its names are known to type checkers alone."""
    if not isinstance(annotation, str):
        return annotation
    names = {**vars(model), **getattr(method, "__globals__", {})}
    try:
        return eval(annotation, names)
    except NameError:
        return Any


def _form(annotation: Any) -> tuple[Any, bool, str | None] | None:
    """How a parameter of a type is said: its type, whether as a list, and what it is."""
    members = _members(annotation)
    # A path is one of the server's machine: nothing that a client may name.
    kinds = {typing.get_origin(member) or member for member in members} - {PathLike}
    if kinds & {Execution, Context, model.Artifact} or kinds == {int, str}:
        return str, bool(kinds & {Sequence}), _REFERENCE
    if datetime in kinds:
        return str, False, _TIME
    if annotation is Any or not kinds:
        return None
    for member in members:
        origin = typing.get_origin(member)
        if origin is not None and isinstance(origin, type) and issubclass(origin, Sequence):
            (item, *_) = typing.get_args(member)
            inner = _form(item)
            return None if inner is None else (inner[0], True, inner[2])
    enums = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum)]
    if enums:
        return enums[0], False, None
    for plain in (bool, int, float, str, Retention):
        if kinds == {plain}:
            return plain, False, None
    return None


def _members(annotation: Any) -> list[Any]:
    """The members of a union, without None; unions in it, too."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [
            inner
            for member in typing.get_args(annotation)
            if member is not type(None)
            for inner in _members(member)
        ]
    return [annotation]


def query_signature(
    parameters: Sequence[Parameter], first: Sequence[inspect.Parameter]
) -> inspect.Signature:
    """Return the signature of an endpoint that takes its parameters in the query."""
    made = list(first)
    for parameter in parameters:
        type_, limits = _limited(parameter)
        if parameter.many:
            item = Annotated[type_, Field(**limits)] if limits else type_
            type_ = list[item]  # type: ignore[valid-type]
            limits = {"max_length": _MOST}
        required = parameter.default is inspect.Parameter.empty
        if not required and parameter.default is None:
            type_ = type_ | None if isinstance(type_, type) else typing.Optional[type_]  # noqa: UP045
        query = Query(description=parameter.description, **limits)
        made.append(
            inspect.Parameter(
                parameter.name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=Annotated[type_, query],
                default=inspect.Parameter.empty if required else parameter.default,
            )
        )
    return inspect.Signature(made)


def body_model(name: str, parameters: Sequence[Parameter]) -> type[BaseModel]:
    """Return a model of a body that has these parameters."""
    fields: dict[str, Any] = {}
    for parameter in parameters:
        type_, limits = _limited(parameter)
        # In JSON a number is no truth value; in a query, all is text.
        type_ = {bool: StrictBool, int: StrictInt}.get(type_, type_)
        if parameter.many:
            item = Annotated[type_, Field(**limits)] if limits else type_
            type_ = list[item]  # type: ignore[valid-type]
            limits = {"max_length": _MOST}
        if parameter.default is None:
            type_ = typing.Optional[type_]  # noqa: UP045
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[plural(parameter)] = (
            type_, Field(default, description=parameter.description, **limits)
        )  # fmt: skip
    title = "".join(word.capitalize() for word in re.split(r"[_\W]+", name))
    return create_model(title, __config__=ConfigDict(extra="forbid"), **fields)


def plural(parameter: Parameter) -> str:
    """Return the name of a parameter in a body, where a list stands under one key."""
    return "refs" if parameter.spread and parameter.name == "ref" else parameter.name


def arguments(
    parameters: Sequence[Parameter], given: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return what the method is called with."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for parameter in parameters:
        value = given.get(parameter.name, given.get(plural(parameter)))
        if parameter.description is _TIME and isinstance(value, str):
            value = _as_number(value)
        if parameter.spread:
            positional.extend(value or ())
        elif value is None and parameter.default is not inspect.Parameter.empty:
            continue
        else:
            keywords[parameter.name] = value
    return positional, keywords


def _as_number(text: str) -> int | str:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else text


def _limited(parameter: Parameter) -> tuple[Any, dict[str, Any]]:
    if parameter.type is str:
        return str, {"max_length": _LONGEST}
    if parameter.type is int:
        return int, {"ge": -(2**63), "le": 2**63 - 1}
    return parameter.type, {}
