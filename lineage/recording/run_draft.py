"""One run as it is written: its execution, ports and contexts, as JSON has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage.errors import AlreadyExists, InvalidValue, UnknownType
from lineage.model import Context, Execution, ExecutionState, Kind, Port, Step, Type
from lineage.model.type_catalog import well_known
from lineage.recording.identity import ArtifactDraft, resolve
from lineage.store import Recorded, Store

# The types of what a program holds that is neither data nor a model.
TYPES = (Type(kind="artifact", name="Object"),)  # type: ignore[arg-type]
_OWN_TYPES = frozenset(type.name for type in TYPES)

PortPath = tuple[str | int, ...]
Ended = frozenset(
    {
        ExecutionState.COMPLETE,
        ExecutionState.FAILED,
        ExecutionState.CANCELED,
        ExecutionState.CACHED,
    }
)


@dataclass(frozen=True, slots=True)
class ContextDraft:
    """A context, with those above it by name."""

    type: str
    name: str
    parents: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class RunDraft:
    """All that is known of one run.

    Attributes
    ----------
    key
        The external id of its execution: writing it twice makes one execution.
    execution
        The id of the execution, once a store has it.
    """

    key: str
    type: str
    name: str | None = None
    state: ExecutionState = ExecutionState.RUNNING
    properties: dict[str, Any] = field(default_factory=dict)
    inputs: dict[PortPath, ArtifactDraft] = field(default_factory=dict)
    outputs: dict[PortPath, ArtifactDraft] = field(default_factory=dict)
    contexts: tuple[ContextDraft, ...] = ()
    execution: int | None = None
    time_ms: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "key": self.key,
            "type": self.type,
            "name": self.name,
            "state": self.state.value,
            "properties": self.properties,
            "inputs": [[list(path), draft.to_dict()] for path, draft in self.inputs.items()],
            "outputs": [[list(path), draft.to_dict()] for path, draft in self.outputs.items()],
            "contexts": [[c.type, c.name, [list(p) for p in c.parents]] for c in self.contexts],
            "time_ms": self.time_ms,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RunDraft:
        """Return the draft that `to_dict` wrote.

        Raises
        ------
        InvalidValue
            It is none.
        """
        try:
            return cls(
                key=data["key"],
                type=data["type"],
                name=data["name"],
                state=ExecutionState(data["state"]),
                properties=dict(data["properties"]),
                inputs={tuple(p): ArtifactDraft.from_dict(d) for p, d in data["inputs"]},
                outputs={tuple(p): ArtifactDraft.from_dict(d) for p, d in data["outputs"]},
                contexts=tuple(
                    ContextDraft(type, name, tuple((t, n) for t, n in parents))
                    for type, name, parents in data["contexts"]
                ),
                time_ms=data["time_ms"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidValue(
                f"this is no run of a journal: {type(error).__name__}: {error}"
            ) from None


def write_run(store: Store, draft: RunDraft, *, known: Iterable[PortPath] = ()) -> Recorded:
    """Write a run into a store: made, or brought up to date.

    Parameters
    ----------
    known
        Ports that this store has already.

    Returns
    -------
    Recorded
        The ids of what was written.
    """
    done = set(known)
    drafts = [
        (flow, path, found)
        for flow, ports in (("input", draft.inputs), ("output", draft.outputs))
        for path, found in ports.items()
        if (flow, *path) not in done
    ]
    ports: dict[str, list[Port]] = {"input": [], "output": []}
    for flow, path, found in drafts:
        ports[flow].append(Port(artifact=resolve(store, found), path=path))
    types = [t for t in TYPES if any(found.type == t.name for _, _, found in drafts)]
    contexts: list[int | Context] = []
    for wanted in draft.contexts:
        contexts.append(
            _context(store, wanted)
            if wanted.parents
            else Context(type=wanted.type, name=wanted.name)
        )
    step = Step(
        execution=Execution(
            type=draft.type,
            name=draft.name,
            external_id=draft.key,
            state=draft.state,
            custom_properties=draft.properties,
        ),
        inputs=ports["input"],
        outputs=ports["output"],
        contexts=contexts,
        types=types,
        time_ms=draft.time_ms,
    )
    try:
        return _record(store, step)
    except UnknownType:
        # A type of the user's own, which nobody has declared.
        wanted_types = [(Kind.EXECUTION, draft.type)]
        wanted_types += [(Kind.ARTIFACT, found.type) for _, _, found in drafts]
        for kind, name in dict.fromkeys(wanted_types):
            _declare(store, kind, name)
        return _record(store, step)


def _record(store: Store, step: Step) -> Recorded:
    return store.record(
        step.execution,
        inputs=step.inputs,
        outputs=step.outputs,
        contexts=step.contexts,
        types=step.types,
        time_ms=step.time_ms,
    )


def _declare(store: Store, kind: Kind, name: str) -> None:
    if well_known(kind, name) is not None:
        return
    try:
        store.get_type(kind, name)
    except UnknownType:
        store.put_type(Type(kind=kind, name=name), extend=True)


def _context(store: Store, wanted: ContextDraft) -> int:
    """Return the id of a context, made below its parents where it is not there."""
    child = store.put(Context(type=wanted.type, name=wanted.name), reuse=True)
    assert child.id is not None
    for type, name in wanted.parents:
        above = store.put(Context(type=type, name=name), reuse=True)
        assert above.id is not None
        try:
            store.put_parent(child.id, above.id)
        except AlreadyExists:
            continue
    return child.id
