"""A step as it is handed to `Store.record`: one execution with all that it touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from pydantic import field_validator

from lineage.errors import InvalidValue
from lineage.model.events import EventType, Flow, Path
from lineage.model.nodes import Artifact, Context, Execution
from lineage.model.record import Record
from lineage.model.types import Type

if TYPE_CHECKING:
    Many = Sequence
else:

    class Many:
        """Any sequence, kept as a tuple, which is what pydantic is fastest with."""

        def __class_getitem__(cls, item: Any) -> Any:
            return tuple[item, ...]


# A node by itself, by its id, or by a reference such as "Model:churn" or "artifact:42".
ArtifactRef = Artifact | int | str
ExecutionRef = Execution | int | str
ContextRef = Context | int | str


class Port(Record):
    """One input or output of a step: an artifact under a path, by an event of a type."""

    artifact: ArtifactRef
    path: Path = ()
    type: EventType | None = None
    time_ms: int | None = None


class Step(Record):
    """One execution with its inputs, outputs and contexts, written whole or not at all.

    `inputs` and `outputs` are given as a mapping from path to artifact or list of artifacts
    (`{"examples": dataset, "models": [m1, m2]}` gives the paths `("examples",)`, `("models", 0)`,
    `("models", 1)`), or as a list of artifacts, with the paths `(0,)`, `(1,)` …, or of
    `Port`s. An artifact is given whole (re-used by
    its id, its external id, or its type and name; otherwise made), or by reference.
    The execution and its outputs are put in `contexts`. `types` are declared first, or extended by
    the properties that they lack.
    `time_ms` is when it happened; without it, now.
    """

    execution: ExecutionRef
    inputs: Many[Port] = ()
    outputs: Many[Port] = ()
    contexts: Many[ContextRef] = ()
    types: Many[Type] = ()
    time_ms: int | None = None

    @field_validator("inputs", "outputs", mode="before")
    @classmethod
    def _ports(cls, given: Any) -> Any:
        return ports(given)

    def events(self) -> list[tuple[Port, EventType]]:
        """Each port with the type of its event."""
        return [(p, p.type or EventType.INPUT) for p in self.inputs] + [
            (p, p.type or EventType.OUTPUT) for p in self.outputs
        ]


def ports(given: Any) -> list[Any]:
    """Ports from any of the forms that a step's inputs and outputs may be given in."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        made: list[Any] = []
        for path, value in given.items():
            if isinstance(value, list | tuple):
                made.extend(_port(item, (path, index)) for index, item in enumerate(value))
            else:
                made.append(_port(value, (path,)))
        return made
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        raise InvalidValue(
            f"inputs and outputs are a mapping from path to artifact, or a list; got {given!r}"
        )
    return [_port(item, None, index) for index, item in enumerate(given)]


def _port(item: Any, path: Path | None, index: int = 0) -> Any:
    if isinstance(item, Port):
        return item if path is None else item.model_copy(update={"path": path})
    if isinstance(item, Mapping) and "artifact" in item:
        return item if path is None else {"path": path, **item}
    path = path or (index,)
    known = isinstance(item, Artifact | Mapping | int | str) or hasattr(item, "__index__")
    if not known or isinstance(item, bool):
        raise InvalidValue(_no_artifact(item, path))
    if type(item) in _AS_THEY_ARE and all(type(step) in (str, int) for step in path):
        # Nothing is left to be looked at, and there are several of these in every step.
        return Port.trusted({"artifact": item, "path": path, "type": None, "time_ms": None})
    return {"artifact": item, "path": path}


_AS_THEY_ARE = frozenset({Artifact, int, str})
# Of a longer value, a message shows the beginning.
_LONGEST = 80


def _no_artifact(item: Any, path: Path) -> str:
    shown = " ".join(repr(item).split())
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
    hint = (
        "Artifact(type='Dataset', uri=path.absolute().as_uri()), or str(path) where it is recorded"
        if isinstance(item, PathLike)
        else "an Artifact, its id, or a reference such as 'Dataset:raw'"
    )
    return f"the port {'.'.join(map(str, path))} is no artifact: {shown}; give {hint}"


def check_flow(port: Port, flow: Flow) -> None:
    """Raise InvalidValue where an input has an output's event type, or the other way round."""
    if port.type is not None and port.type.flow not in (flow, None):
        raise InvalidValue(
            f"event type {port.type} does not belong among the {flow.lower()}s of a step"
        )
