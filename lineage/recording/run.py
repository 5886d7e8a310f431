"""Runs: one execution, recorded while it goes on.

A run is RUNNING from its first moment, and COMPLETE, FAILED or CANCELED in the end. What can't be
recorded is a warning and never an error of the program, unless the run is `strict`.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self, TypeVar

from lineage.errors import InvalidValue, LineageError
from lineage.model import ExecutionState
from lineage.recording import lease, parent_run
from lineage.recording.description import (
    describe_error,
    describe_object,
    is_place,
    port_of,
    type_of_object,
)
from lineage.recording.environment import capture_environment, capture_program, capture_use
from lineage.recording.file_type import read_metrics
from lineage.recording.identity import ArtifactDraft, draft_file, type_of_file, uri_of
from lineage.recording.journal import journal_folder, keep_run
from lineage.recording.origin import Origin, keep_origin, origin_of
from lineage.recording.property_value import (
    describe,
    to_number,
    to_parameters,
    to_properties,
)
from lineage.recording.run_draft import ContextDraft, Ended, PortPath, RunDraft
from lineage.recording.sink import Sink, explain, open_sink, warn
from lineage.recording.trace import suspend_tracing
from lineage.store import Store

T = TypeVar("T")

_current: ContextVar[Run | None] = ContextVar("lineage_run", default=None)
# The outermost runs that are going on, for threads that were started inside of one.
_roots: list[Run] = []


def current_run() -> Run | None:
    """Return the run that this code is in: of this context, else the one that it was started in.

    A thread has a context of its own: it is in the only run that other threads have.
    """
    found = _current.get()
    if found is not None and found.is_running and not found.is_of_a_parent_process:
        return found
    here = threading.get_ident()
    there = [r for r in _roots if r.is_running and not r.is_of_a_parent_process]
    return there[0] if len(there) == 1 and there[0].thread != here else None


class Run:
    """One execution while it goes on. Made by `lineage.run` and `lineage.step`.

    Attributes
    ----------
    key
        The external id of its execution: `store.execution(run.key)`.
    """

    def __init__(
        self,
        name: str | None,
        type: str,
        *,
        store: Store | str | None = None,
        pipeline: str | None = None,
        pipeline_run: str | None = None,
        parent: Run | None = None,
        strict: bool = False,
        key: str | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        self.key = key or f"run/{uuid.uuid4()}"
        self.name = name
        self.type = type
        self.strict = strict
        self._given_store = store
        self._pipeline = pipeline
        self._pipeline_run = pipeline_run
        self._parent = parent
        self._draft = RunDraft(key=self.key, type=type, name=name)
        self._metrics: dict[str, float | int] = {}
        self._written: dict[PortPath, tuple[str, str, str | None, dict[str, Any]]] = {}
        self._given = dict(properties or {})
        self._acknowledged: set[tuple[str | int, ...]] = set()
        self._journaled = False
        # The program may change its directory.
        self._journal = journal_folder()
        self._lock = threading.RLock()
        self._sink: Sink | None = None
        self._token: Token[Run | None] | None = None
        self._started = (0.0, 0.0)
        self._pid = os.getpid()
        self.thread = threading.get_ident()
        self._reads: dict[ArtifactDraft, None] = {}
        self._passing: set[str] = set()
        self._context: ContextDraft | None = None
        # How many estimators were fitted in it.
        self.fits = 0
        self._finders: tuple[Callable[[Run], None], ...] = ()

    # What it is

    @property
    def state(self) -> ExecutionState:
        """How it stands."""
        return self._draft.state

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._draft.state not in Ended

    @property
    def is_of_a_parent_process(self) -> bool:
        """Whether it was started by the process that this one was forked from."""
        return self._pid != os.getpid()

    @property
    def id(self) -> int | None:
        """The id of its execution, once a store has it."""
        return self._draft.execution

    def __repr__(self) -> str:
        return f"<Run {self.type}:{self.name or self.key} {self.state}>"

    # What the program says

    def input(
        self,
        value: T,
        *,
        type: str | None = None,
        name: str | None = None,
        port: str | None = None,
        **properties: Any,
    ) -> T:
        """Record that this run reads a file, a directory, a url or an object; returns it.

        Parameters
        ----------
        value
            A path or url, hashed as it is at this moment; or an object that another step made.
        type, name
            Of the artifact, should it not be known yet.
        port
            Under which name the run reads it.
        """

        def read() -> None:
            self._read(value, type, name, port, properties)
            self._send()

        self.guard(read)
        return value

    def output(
        self,
        value: T,
        *,
        type: str | None = None,
        name: str | None = None,
        port: str | None = None,
        **properties: Any,
    ) -> T:
        """Record that this run writes a file, a directory, a url or an object; returns it.

        A path is hashed when the run ends; what isn't there any more by then is left out.
        """
        self.guard(lambda: self._write_later(value, type, name, port, properties))
        return value

    def note_write(self, place: str, type: str, properties: Mapping[str, Any]) -> None:
        """Take in that a library wrote a file; one that is gone in the end does not count."""
        if not any(uri_of(written[0]) == uri_of(place) for written in self._written.values()):
            self._passing.add(uri_of(place))
        self.guard(lambda: self._write_later(place, type, None, None, properties))

    def note_move(self, source: str, target: str) -> None:
        """Take in that a file that it wrote has another name."""
        with self._lock:
            for path, (place, *rest) in list(self._written.items()):
                if os.path.realpath(place) == source:
                    self._written[path] = (target, *rest)  # type: ignore[assignment]
                    self._passing.discard(uri_of(place))
                    self._passing.add(uri_of(target))

    def params(self, values: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Record parameters of this run."""
        self.guard(lambda: self._say(to_parameters({**(values or {}), **more})))

    def metrics(self, values: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Record what was measured; a metric that is given again takes its last value."""

        def keep() -> None:
            for name, value in {**(values or {}), **more}.items():
                number = to_number(value)
                if number is None:
                    raise InvalidValue(
                        f"metric {name!r} is {describe(value)}, which is no number; "
                        "give it to run.params"
                    )
                self._metrics[str(name)] = number

        self.guard(keep)

    def set(self, properties: Mapping[str, Any]) -> None:
        """Set properties, to be written with what else is known of the run."""
        self.guard(lambda: self._set(properties))

    def add_output(self, draft: ArtifactDraft, *path: str | int) -> None:
        """Add an artifact as an output."""
        with self._lock:
            self._draft.outputs[free_path(self._draft.outputs, *path)] = draft

    @property
    def inputs(self) -> Mapping[PortPath, ArtifactDraft]:
        """What it read, by port."""
        return self._draft.inputs

    @property
    def sink(self) -> Sink | None:
        """Where it is written, once it has started."""
        return self._sink

    def read(self, value: Any, *, type: str | None = None, port: str | None = None) -> None:
        """Add an input, to be written with what else is known of the run."""
        self.guard(lambda: self._read(value, type, None, port, {}))

    def give(
        self,
        properties: Mapping[str, Any],
        inputs: Callable[[Run], None],
        outputs: Callable[[Run], None],
    ) -> None:
        """Say before the start what its parameters are, and how its ports are found."""
        self._given.update(properties)
        self._finders = (inputs, outputs)

    # Beginning and end

    def __enter__(self) -> Self:
        self.start()
        self.activate()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.deactivate()
        self.finish(error)

    def start(self, *, cached: Mapping[PortPath, ArtifactDraft] | None = None) -> None:
        """Record it as RUNNING; with `cached`, as CACHED with the outputs of an earlier run."""
        if cached is not None:
            self._draft.outputs = dict(cached)
            self._draft.state = ExecutionState.CACHED
        self._started = (time.monotonic(), time.process_time())
        self.guard(self._start)

    def activate(self) -> None:
        """Make it the run that the code which follows in this context is in."""
        self._token = _current.set(self)
        self.thread = threading.get_ident()
        if self._parent is None:
            _roots.append(self)
            if threading.current_thread() is threading.main_thread():
                parent_run.announce(self.key)

    def deactivate(self) -> None:
        """Leave it."""
        token, self._token = self._token, None
        if token is not None:
            try:
                _current.reset(token)
            except ValueError:
                # Left in another context than it was entered in, as generators may be.
                _current.set(None)
        if self in _roots:
            _roots.remove(self)
            parent_run.withdraw(self.key)

    def finish(self, error: BaseException | None = None) -> None:
        """Record how it ended: COMPLETE, FAILED with the traceback, or CANCELED."""
        if self.is_of_a_parent_process:
            return
        lease.heartbeat.remove(self)
        if error is not None:
            # The program's own exception is what is to be raised.
            self.strict = False
        self.guard(lambda: self._finish(error))

    def extend_lease(self) -> None:
        """Say that it is still going on."""
        with self._lock:
            if not self.is_running or self._journaled or self.is_of_a_parent_process:
                return
            self._draft.properties[lease.PROPERTY] = lease.lease_until()
            self._send()

    # Inside

    def guard(self, work: Callable[[], None]) -> None:
        """Do what belongs to recording; what goes wrong is a warning, unless the run is strict."""
        try:
            with self._lock, suspend_tracing():
                work()
        except Exception as error:
            if self.strict:
                raise
            warn(f"{self.type} {self.name or self.key} is not recorded whole: {explain(error)}")

    def _start(self) -> None:
        parent = self._parent
        self._sink = (
            parent._sink
            if parent is not None and parent._sink is not None and self._given_store is None
            else open_sink(self._given_store)
        )
        draft = self._draft
        draft.properties = {
            **self._given,
            **_captured(capture_program),
            "environment": _captured(capture_environment),
            lease.PROPERTY: lease.lease_until(),
        }
        if self.name is not None:
            draft.properties["step_name"] = self.name
        if parent is not None:
            draft.properties["parent_run"] = parent.key
        elif (started_in := parent_run.find_inherited()) is not None:
            draft.properties["parent_run"] = started_in
        context = self._contexts()
        draft.contexts = () if context is None else (context,)
        for find in self._finders:
            find(self)
        if not self.is_running:
            self._written.clear()
            draft.properties.pop(lease.PROPERTY)
        self._send()
        if self.is_running:
            lease.heartbeat.add(self)

    def _contexts(self) -> ContextDraft | None:
        """The pipeline run that it is in: its own, or that of the run around it."""
        if self._context is not None:
            return self._context
        parent = self._parent
        if parent is not None and self._pipeline is None:
            return parent._contexts()
        if self._pipeline is not None:
            number = self.key.rpartition("/")[2][:8]
            name = self._pipeline_run or f"{self._pipeline}-{number}"
            self._context = ContextDraft("PipelineRun", name, (("Pipeline", self._pipeline),))
        return self._context

    def _set(self, properties: Mapping[str, Any]) -> None:
        self._draft.properties.update(properties)

    def _say(self, properties: Mapping[str, Any]) -> None:
        self._check_started()
        self._set(properties)
        self._send()

    def _check_started(self) -> None:
        if self._sink is None:
            raise InvalidValue("it has not started: use it in a with statement")

    def _read(
        self,
        value: Any,
        type: str | None,
        name: str | None,
        port: str | None,
        properties: Mapping[str, Any],
    ) -> None:
        if is_place(value):
            if self._is_own_output(value):
                return
            draft = self.draft_place(value, type, name, port, properties)
            self.add_inputs([draft], port or port_of(value))
            return
        found = origin_of(value)
        if found is not None and found.artifacts:
            self.add_inputs(found.artifacts, port or "input")
            return
        draft = self._draft_object(value, type, name, ("input", port or "input"), properties)
        self.add_inputs([draft], port or "input")
        keep_origin(value, Origin((draft,), itself=True))

    def add_inputs(self, drafts: Iterable[ArtifactDraft], port: str) -> None:
        """Add artifacts as inputs; one that is an input already stays where it is."""
        with self._lock:
            fresh = [
                d for d in drafts
                if d not in self._draft.inputs.values() and d not in self._draft.outputs.values()
            ]  # fmt: skip
            for draft in fresh:
                self._reads[draft] = None
                self._draft.inputs[free_path(self._draft.inputs, port)] = draft

    def note_read(self, draft: ArtifactDraft) -> None:
        """Remember what was read, for objects of which nobody knows what they were made of."""
        with self._lock:
            self._reads[draft] = None

    @property
    def reads(self) -> tuple[ArtifactDraft, ...]:
        """All that was read so far."""
        with self._lock:
            return tuple(self._reads)

    def _write_later(
        self,
        value: Any,
        type: str | None,
        name: str | None,
        port: str | None,
        properties: Mapping[str, Any],
    ) -> None:
        if is_place(value):
            uri = uri_of(value)
            port = port or port_of(value)
            for path, written in self._written.items():
                if uri_of(written[0]) == uri:
                    # Written again: what was said of it before holds, but for what is said better.
                    kept = {**written[3], **properties}
                    self._written[path] = (
                        written[0], type or written[1], name or written[2], kept
                    )  # fmt: skip
                    return
            path = free_path(self._written, port)
            given = type or type_of_file(value, port)
            self._written[path] = (os.fspath(value), given, name, dict(properties))
            return
        self.add_object(value, port or "output", type=type, name=name, properties=properties)

    def add_object(
        self,
        value: Any,
        port: str,
        *,
        type: str | None = None,
        name: str | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> ArtifactDraft:
        """Add an object in memory as an output; later steps that are given it read it."""
        with self._lock:
            path = free_path(self._draft.outputs, port)
            known = origin_of(value)
            if (
                known is not None
                and known.itself
                and known.artifacts[0] not in self._draft.inputs.values()
            ):
                # A step within this one made it.
                draft = known.artifacts[0]
            else:
                draft = self._draft_object(value, type, name, ("output", *path), properties or {})
            self._draft.outputs[path] = draft
            fits = known.fits if known is not None else ()
            keep_origin(value, Origin((draft,), fits, itself=True))
            for fit in fits:
                fit.adopt(value, draft)
            return draft

    def draft_place(
        self,
        value: Any,
        type: str | None,
        name: str | None,
        port: str | None,
        properties: Mapping[str, Any],
    ) -> ArtifactDraft:
        """Return the artifact at a path, hashed."""
        cache = self._sink.cache if self._sink is not None else None
        type = type or type_of_file(value, port or "")
        measured = read_metrics(os.fspath(value)) if type == "Metrics" else {}
        return draft_file(
            value,
            type=type,
            name=name,
            properties=to_properties({**measured, **properties}),
            cache=cache,
        )

    def _draft_object(
        self,
        value: Any,
        type: str | None,
        name: str | None,
        path: tuple[str | int, ...],
        properties: Mapping[str, Any],
    ) -> ArtifactDraft:
        found = {**describe_object(value), **to_properties(properties)}
        key = "/".join(map(str, (self.key, *path)))
        return ArtifactDraft(type or type_of_object(value), None, None, None, name, key, found)

    def _is_own_output(self, value: Any) -> bool:
        uri = uri_of(value)
        return any(uri_of(written[0]) == uri for written in self._written.values())

    def _finish(self, error: BaseException | None) -> None:
        draft = self._draft
        if not self.is_running:
            return
        state = _state_after(error)
        draft.properties.update(_captured(lambda: capture_use(self._started)))
        if error is not None and state is not ExecutionState.COMPLETE:
            draft.properties.update(describe_error(error))
        problems = self._settle_outputs()
        if problems or state is not ExecutionState.COMPLETE:
            # Half of a result is none.
            draft.properties.pop("cache_return", None)
        if self._metrics:
            draft.outputs[free_path(draft.outputs, "metrics")] = draft_metrics(self, self._metrics)
        draft.state = state
        self._send()
        if problems and state is ExecutionState.COMPLETE:
            raise InvalidValue("; ".join(problems))

    def _settle_outputs(self) -> list[str]:
        """Hash what was written; returns what could not be."""
        problems: list[str] = []
        for path, (place, type, name, properties) in self._written.items():
            try:
                found = self.draft_place(place, type, name, str(path[0]), properties)
            except LineageError as wrong:
                if uri_of(place) in self._passing:
                    continue
                problems.append(f"output {path[0]!r}: {wrong}")
                continue
            self._draft.outputs[free_path(self._draft.outputs, *path)] = found
        self._written.clear()
        return problems

    def _send(self) -> None:
        """Write what is known by now: into the store, or into the journal."""
        self._check_started()
        assert self._sink is not None
        if not self._journaled:
            try:
                done = self._sink.write(self._draft, self._acknowledged)
                self._draft.execution = done.execution
                return
            except Exception as error:
                if self.strict:
                    raise
                self._journaled = True
                where = keep_run(self._draft, self._journal)
                warn(
                    f"{self.type} {self.name or self.key} could not be recorded in "
                    f"{self._sink.url}: {explain(error)}. It is kept in {where.parent}; "
                    "'lineage record --pending' brings it in"
                )
                return
        keep_run(self._draft, self._journal)

    def amend(
        self,
        *,
        inputs: Mapping[PortPath, ArtifactDraft] | None = None,
        outputs: Mapping[PortPath, ArtifactDraft] | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        """Add to a run what became known after its end, such as where its model was put."""

        def add() -> None:
            self._acknowledged -= {("input", *path) for path in inputs or {}}
            self._acknowledged -= {("output", *path) for path in outputs or {}}
            self._draft.inputs.update(inputs or {})
            self._draft.outputs.update(outputs or {})
            self._set(to_properties(properties or {}))
            self._send()

        self.guard(add)


def run(
    name: str | None = None,
    *,
    type: str = "Process",
    pipeline: str | None = None,
    pipeline_run: str | None = None,
    store: Store | str | None = None,
    params: Mapping[str, Any] | None = None,
    strict: bool = False,
) -> Run:
    """Record the code of a `with` block as one execution.

    Parameters
    ----------
    name
        What the step is called.
    type
        The execution's type: `Train`, `Evaluate`, `Process` …
    pipeline
        The pipeline that this is a run of; steps inside of it are in the same pipeline run.
    pipeline_run
        What that run of the pipeline is called, such as an orchestrator's number for it.
    store
        An open store, or a url; without it the default store, as `lineage.connect` has it.
    params
        Parameters, as `run.params` takes them.
    strict
        Whether failing to record is an error. Otherwise it is a warning, and the run is kept in a
        local journal, which `lineage record --pending` brings in.

    Returns
    -------
    Run
        To be used in a `with` statement.

    Examples
    --------
    >>> import lineage
    >>> store = lineage.connect("memory://")
    >>> with lineage.run("fit", type="Train", store=store) as run:
    ...     run.params(lr=0.1)
    ...     run.metrics(accuracy=0.97)
    >>> store.execution(run.key).state.value
    'COMPLETE'
    """
    return Run(
        name,
        type,
        pipeline=pipeline,
        pipeline_run=pipeline_run,
        store=store,
        strict=strict,
        parent=current_run(),
        properties=to_parameters(params or {}),
    )


def _captured(capture: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is captured; what goes wrong in that must not cost the rest of the record."""
    try:
        return capture()
    except Exception as error:
        warn(f"not all of the environment could be captured: {explain(error)}")
        return {}


def draft_metrics(run: Run, metrics: Mapping[str, float | int]) -> ArtifactDraft:
    """Return the artifact that holds what a run measured."""
    return ArtifactDraft("Metrics", key=f"{run.key}/metrics", properties=dict(metrics))


def _state_after(error: BaseException | None) -> ExecutionState:
    if error is None:
        return ExecutionState.COMPLETE
    if isinstance(error, SystemExit):
        return ExecutionState.COMPLETE if error.code in (None, 0) else ExecutionState.FAILED
    if isinstance(error, KeyboardInterrupt | asyncio.CancelledError | GeneratorExit):
        return ExecutionState.CANCELED
    return ExecutionState.FAILED


def free_path(taken: Mapping[PortPath, Any], *path: str | int) -> PortPath:
    """Return the path, or the next one beside it that nothing lies under."""
    if path not in taken:
        return path
    number = 1
    while (*path, number) in taken:
        number += 1
    return (*path, number)
