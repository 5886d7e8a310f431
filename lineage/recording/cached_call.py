"""One call of a step whose results are used again: an earlier result, or one to be kept."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from lineage.recording.code_hash import NotComparable
from lineage.recording.content import DigestCache
from lineage.recording.description import is_place, type_of_object
from lineage.recording.identity import ArtifactDraft, digest_of
from lineage.recording.memo import (
    NOTHING,
    CacheKey,
    Claim,
    Hit,
    Memo,
    is_within,
    memo_folder,
    path_of,
)
from lineage.recording.origin import Origin, keep_origin, origin_of
from lineage.recording.run import Run, current_run, free_path
from lineage.recording.run_draft import PortPath
from lineage.recording.sink import Sink, explain, open_sink, warn
from lineage.recording.trace import Trace, suspend_tracing
from lineage.store import Store


class Options(Protocol):
    """What a step says of its cache."""

    @property
    def name(self) -> str:
        """What the step is called."""

    @property
    def type(self) -> str:
        """The type of its executions."""

    @property
    def store(self) -> Store | str | None:
        """Where it is recorded."""

    @property
    def strict(self) -> bool:
        """Whether failing to record is an error."""

    @property
    def expires_s(self) -> float | None:
        """After how many seconds a result is computed again."""


class Call(Protocol):
    """A call of a step."""

    @property
    def options(self) -> Options:
        """How it is recorded."""

    @property
    def name(self) -> str:
        """What its execution is called."""

    def build_key(self, cache: DigestCache, loaded: Collection[str] | None = None) -> CacheKey:
        """Return what an earlier call is to have had in common with it."""

    def declared_inputs(self) -> frozenset[str]:
        """Return the paths of its declared inputs, which the key has by content."""

    def begin(
        self,
        *,
        key: str | None = None,
        properties: Mapping[str, Any] | None = None,
        cached: Mapping[PortPath, ArtifactDraft] | None = None,
    ) -> Run:
        """Start recording it."""

    def returned(self, value: Any) -> Iterable[tuple[str, Any]]:
        """Return the parts of a returned value that are outputs."""


@dataclass(frozen=True, slots=True)
class Used:
    """The result of an earlier call."""

    value: Any


@dataclass(slots=True)
class Computed:
    """A call that is to be computed, with what its result depends on."""

    call: Call
    run: Run
    memo: Memo
    trace: Trace
    key: CacheKey
    loaded: frozenset[str]

    def keep(self, value: Any) -> None:
        """Keep what the call returned, so that later calls may use it."""
        self.run.guard(lambda: self._keep(value))

    def _keep(self, value: Any) -> None:
        run, trace = self.run, self.trace
        # What was read last may have been another content than what was hashed first.
        if self.call.build_key(_sink(self.call).cache, self.loaded).digest != self.key.digest:
            return
        reads = trace.settled_reads()
        if reads is None:
            return
        for path in trace.writes:
            if os.path.isfile(path):
                run.output(path)
        declared = self.call.declared_inputs()
        reads = {path: d for path, d in reads.items() if not is_within(path, declared)}
        # autolog sees what was read past Python.
        for draft in run.inputs.values():
            if draft.uri is not None and draft.digest is not None:
                place = path_of(draft.uri)
                if not is_within(place, {*declared, str(self.memo.folder)}):
                    reads.setdefault(place, draft.digest)
        found = {
            "cache_reads": reads,
            "cache_writes": sorted(trace.writes),
            "cache_variables": trace.variables,
        }
        properties = {name: value for name, value in found.items() if value}
        if len(json.dumps(properties)) > _MOST_BYTES:
            warn(f"{self.call.options.name} read too many files for its result to be kept")
            return
        kept = NOTHING
        if value is not None:
            result = self.memo.keep(value)
            if result is None or result.uri is None:
                warn(f"what {self.call.options.name} returned can't be pickled, and is not cached")
                return
            self._add_result(value, result)
            kept = result.uri
        run.set({**properties, "cache_return": kept})

    def _add_result(self, value: Any, result: ArtifactDraft) -> None:
        parts = list(self.call.returned(value))
        if len(parts) == 1 and parts[0][1] is value and not is_place(value):
            # The object itself is what lies there.
            known = origin_of(value)
            if known is None or not known.itself:
                draft = replace(result, type=type_of_object(value))
                keep_origin(
                    value, Origin((draft,), () if known is None else known.fits, itself=True)
                )
                return
        self.run.add_output(result, "return")


# A property holds no more than a megabyte.
_MOST_BYTES = 900_000
_said: set[str] = set()


def open_result(call: Call) -> Used | Computed | None:
    """Return what an earlier call gave, or what is needed to keep what this one gives.

    None where nothing can be said of earlier calls: the store can't be reached, or something that
    the call depends on can't be compared. It is computed then.
    """
    if os.environ.get("LINEAGE_CACHE") == "0":
        return None
    try:
        with suspend_tracing():
            return _open(call)
    except Exception as error:  # whatever a value of the program does when it is compared
        if call.options.strict:
            raise
        name = call.options.name
        if isinstance(error, NotComparable) and name in _said:
            return None
        _said.add(name)
        warn(f"{name} is computed, whatever earlier calls gave: {explain(error)}")
        return None


def _open(call: Call) -> Used | Computed:
    options = call.options
    sink = _sink(call)
    store = sink.store
    memo = Memo(store, memo_folder(store.url), sink.cache, options.expires_s)
    loaded = frozenset(sys.modules)
    key = call.build_key(sink.cache)
    properties = {"cache_key": key.digest, "cache_parts": key.to_property()}
    found = memo.find(key, options.type, call.name)
    if isinstance(found, Claim):
        if found.refused:
            properties["cache_refused"] = list(found.refused)
        run = call.begin(key=found.key, properties=properties)
        return Computed(call, run, memo, Trace(sink.cache), key, loaded)
    outputs = {
        event.path: ArtifactDraft(artifact.type, artifact.uri, digest_of(artifact), id=artifact.id)
        for event, artifact in found.outputs
    }
    call.begin(
        properties={**properties, "cached_from": found.execution.external_id}, cached=outputs
    )
    _keep_origins(call, found, outputs)
    return Used(found.value)


def _sink(call: Call) -> Sink:
    """Where the run that records it is written: where the run around it is, if nothing is said."""
    around = current_run() if call.options.store is None else None
    if around is not None and around.sink is not None:
        return around.sink
    return open_sink(call.options.store)


def _keep_origins(call: Call, found: Hit, outputs: Mapping[PortPath, ArtifactDraft]) -> None:
    """What is returned again is the artifact that it was."""
    taken: dict[PortPath, None] = {}
    for port, item in call.returned(found.value):
        if is_place(item):
            continue
        path = free_path(taken, port)
        taken[path] = None
        draft = outputs.get(path)
        if draft is not None and origin_of(item) is None:
            keep_origin(item, Origin((draft,), itself=True))


__all__ = ["Computed", "Used", "open_result"]
