"""Results that are used again: which earlier call of a step gives the same, and may still be used.

A call is known by its **key**: the digest of the function's code and all that it refers to, of its
parameters, of what its inputs hold, and of the variables that it declares. What it read besides
these, as it ran, is kept with the result and compared before the result is used.

The executions of one key are numbered, and each has an external id of its own, which only one
process can take: who takes it computes, others wait for it. A result is used where its execution is
COMPLETE, all that it wrote is live, clean of every label in force, not expired, and lies where it
was with the same bytes. Where it is not, the next number is taken.
"""

from __future__ import annotations

import os
import pickle
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lineage.errors import AlreadyExists, LineageError, NotFound
from lineage.model import Artifact, Event, Execution, ExecutionState, Flow
from lineage.recording import lease
from lineage.recording.code_hash import Parts, hash_parts
from lineage.recording.content import ContentCache, digest_path, is_url
from lineage.recording.identity import ArtifactDraft, digest_of
from lineage.recording.trace import digest_place, digest_variable
from lineage.rules.liveness import is_live
from lineage.store import Store

# What stands in `cache_return` for a call that returned None.
NOTHING = "None"
_SHORT = 16
# Results of one key that differ by what else was read, of which none fits.
_MOST = 64
_NEAREST = 200
_WAIT_S = 0.05
_LONGEST_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What a call of a step is known by: each part of it, and the digest of all."""

    step: str
    parts: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The digest of all parts."""
        return hash_parts({**self.parts, "step": self.step})

    def external_id(self, number: int) -> str:
        """The external id of the execution of this key with a number."""
        return f"memo:{self.digest}:{number}"

    def to_property(self) -> dict[str, str]:
        """Return the parts as they are kept with an execution."""
        return {name: _shorten(digest) for name, digest in sorted(self.parts.items())}


@dataclass(frozen=True, slots=True)
class Hit:
    """An earlier execution whose result may be used."""

    execution: Execution
    outputs: tuple[tuple[Event, Artifact], ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to compute: the external id that was taken, and why no earlier result was used."""

    key: str
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between the newest call of a step and the nearest one before."""

    what: str
    now: str | None
    before: str | None

    def to_dict(self) -> dict[str, str | None]:
        """The row as JSON has it."""
        return {"what": self.what, "now": self.now, "before": self.before}


@dataclass(frozen=True, slots=True)
class CacheAnswer:
    """Why the newest call of a step was computed, or which result it used.

    Attributes
    ----------
    execution
        The newest call.
    nearest
        The earlier call that has most in common with it; None where there is none.
    differences
        What differs.
    refused
        Why results of calls that were the same were not used.
    used
        The execution whose result it used, by its label.
    """

    execution: Execution
    nearest: Execution | None = None
    differences: tuple[Difference, ...] = ()
    refused: tuple[str, ...] = ()
    used: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "execution": f"execution:{self.execution.id}",
            "nearest": None if self.nearest is None else f"execution:{self.nearest.id}",
            "differences": [row.to_dict() for row in self.differences],
            "refused": list(self.refused),
            "used": self.used,
        }


@dataclass(slots=True)
class Memo:
    """The results of steps in one store.

    Attributes
    ----------
    folder
        Where returned values are kept.
    expires_s
        After how many seconds a result is computed again; None for never.
    """

    store: Store
    folder: Path
    cache: ContentCache | None = None
    expires_s: float | None = None
    _labels: tuple[str, ...] | None = field(default=None, init=False)

    def find(self, key: CacheKey, type: str, name: str | None = None) -> Hit | Claim:
        """Return a result that may be used, or the right to compute it.

        Where another process computes the same at this moment, it is waited for. `type` and `name`
        are those of the execution.
        """
        self._labels = None
        pause = _WAIT_S
        while True:
            there = self._numbered(key)
            if there and self._is_going_on(there[-1]):
                time.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_WAIT_S)
                continue
            refused: list[str] = []
            for execution in reversed(there):
                found = self._check(execution)
                if isinstance(found, Hit):
                    return found
                refused.append(f"{_name(execution)}: {found}")
            taken = self._take(key, there, type, name)
            if taken is not None:
                return Claim(taken, tuple(refused[:8]))

    def _numbered(self, key: CacheKey) -> list[Execution]:
        """The executions of a key, oldest first."""
        found: list[Execution] = []
        number = 1
        while (execution := self._get(key.external_id(number))) is not None:
            found.append(execution)
            number += 1
        return found[-_MOST:]

    def _get(self, external_id: str) -> Execution | None:
        there = self.store.executions(external_id=external_id)
        return there[0] if there else None

    def _take(
        self, key: CacheKey, there: list[Execution], type: str, step: str | None
    ) -> str | None:
        last = int((there[-1].external_id or "").rpartition(":")[2]) if there else 0
        name = key.external_id(last + 1)
        try:
            self.store.put(
                Execution(
                    type=type,
                    name=step,
                    external_id=name,
                    state=ExecutionState.NEW,
                    custom_properties=_holder(),
                )
            )
        except AlreadyExists:
            return None
        return name

    def _is_going_on(self, execution: Execution) -> bool:
        """Whether a process computes at this moment; one that is gone is said to be so."""
        if execution.state not in (ExecutionState.NEW, ExecutionState.RUNNING):
            return False
        if not lease.is_stale(execution) and not _is_dead(execution):
            return True
        self.store.record(
            Execution(
                type=execution.type,
                external_id=execution.external_id,
                state=ExecutionState.CANCELED,
                custom_properties={"error": "its process ended before it did"},
            )
        )
        return False

    # May it be used?

    def _check(self, execution: Execution) -> Hit | str:
        """Return what a call may use of an execution, or why it may not."""
        if execution.state is not ExecutionState.COMPLETE:
            return f"it is {execution.state}"
        kept = execution.get("cache_return")
        if kept is None:
            return "what it returned could not be kept"
        ended = execution.updated_ms or 0
        if self.expires_s is not None and lease.now_ms() - ended > self.expires_s * 1000:
            return "it has expired"
        changed = self._changed(execution)
        if changed is not None:
            return changed
        outputs = self._outputs(execution)
        for event, artifact in outputs:
            wrong = self._wrong(artifact)
            if wrong is not None:
                return f"output {'.'.join(map(str, event.path))!r} {wrong}"
        try:
            value = self._load(execution)
        except Exception as error:  # whatever unpickling may raise
            return f"what it returned can't be loaded: {error}"
        return Hit(execution, tuple(outputs), value)

    def _changed(self, execution: Execution) -> str | None:
        """What it read besides its inputs, and is not as it was."""
        own = frozenset(execution.get("cache_writes") or ())
        for path, digest in dict(execution.get("cache_reads") or {}).items():
            if digest_place(path, self.cache, without=own) != digest:
                return f"it also read {path}, which has changed"
        for name, digest in dict(execution.get("cache_variables") or {}).items():
            if digest_variable(name) != digest:
                return f"it also looked up the variable {name}, which has changed"
        return None

    def _outputs(self, execution: Execution) -> list[tuple[Event, Artifact]]:
        assert execution.id is not None
        events = [
            e for e in self.store.events(execution=execution.id) if e.type.flow is Flow.OUTPUT
        ]
        return [(event, self.store.artifact(event.artifact_id)) for event in events]

    def _wrong(self, artifact: Artifact) -> str | None:
        if not is_live(artifact):
            return f"is {artifact.state}"
        for label in self._in_force():
            if not self.store.check(f"artifact:{artifact.id}", label=label).clean:
                return f"is not clean of {label}"
        digest = digest_of(artifact)
        if artifact.uri is None or digest is None:
            return None
        place = path_of(artifact.uri)
        try:
            found = digest_path(place, cache=self.cache).digest
        except NotFound:
            return f"is gone from {artifact.uri}"
        except LineageError as error:
            return f"can't be looked at: {error}"
        return None if found == digest else f"has changed at {artifact.uri}"

    def _in_force(self) -> tuple[str, ...]:
        if self._labels is None:
            self._labels = tuple({m.label for m in self.store.marks() if not m.clean})
        return self._labels

    # What was returned

    def keep(self, value: Any) -> ArtifactDraft | None:
        """Keep a returned value; None where it can't be pickled.

        The file is there whole or not at all, under the digest of its bytes.
        """
        import hashlib

        try:
            data = pickle.dumps(value, protocol=5)
            pickle.loads(data)
        except Exception:  # whatever a class may raise
            return None
        digest = hashlib.sha256(data).hexdigest()
        file = self.folder / digest[:2] / f"{digest}.pickle"
        if not file.exists() or file.stat().st_size != len(data):
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f"{file.name}.{os.getpid()}.{time.monotonic_ns()}")
            with part.open("wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            part.replace(file)
        uri = Path(os.path.realpath(file)).as_uri()
        return ArtifactDraft("Object", uri, f"sha256:{digest}", len(data))

    def _load(self, execution: Execution) -> Any:
        kept = str(execution.get("cache_return"))
        return None if kept == NOTHING else pickle.loads(Path(path_of(kept)).read_bytes())


def build_key(
    step: str,
    function: Any,
    parameters: Mapping[str, Any],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    variables: Mapping[str, str],
    loaded: Collection[str] | None = None,
) -> CacheKey:
    """Return the key of a call.

    Parameters
    ----------
    parameters
        Arguments by name, compared by value.
    inputs
        The digests of declared inputs by port.
    outputs
        Where declared outputs go, by port.
    variables
        The digests of declared environment variables by name.
    loaded
        As `Parts` takes it.

    Raises
    ------
    NotComparable
        The function refers to something, or is given something, that can't be compared.
    """
    import platform

    parts = Parts(loaded)
    parts.add_function(function)
    for name, value in parameters.items():
        parts.add(f"parameter {name}", value)
    found = dict(parts.found)
    found |= {f"input {name}": digest for name, digest in inputs.items()}
    found |= {f"output {name}": place for name, place in outputs.items()}
    found |= {f"variable {name}": digest for name, digest in variables.items()}
    found["python"] = f"{platform.python_implementation()} {platform.python_version()}"
    return CacheKey(step, found)


def is_within(path: str, places: Collection[str]) -> bool:
    """Return whether a path is one of several, or lies in one."""
    return any(path == place or path.startswith(place + os.sep) for place in places)


def explain_step(store: Store, step: str) -> CacheAnswer:
    """Return why the newest call of a step was computed, or which result it used.

    Parameters
    ----------
    step
        A step's name, whole or its last part, or a reference of an execution.

    Raises
    ------
    NotFound
        No call of it was recorded with a cache.
    """
    calls = _calls(store, step)
    newest = calls[0]
    used = newest.get("cached_from")
    if used is not None:
        earlier = store.executions(external_id=str(used))
        return CacheAnswer(newest, used=_name(earlier[0]) if earlier else str(used))
    refused = tuple(newest.get("cache_refused") or ())
    parts = dict(newest.get("cache_parts") or {})
    nearest: Execution | None = None
    best: tuple[int, int] = (0, 0)
    for call in calls[1:]:
        theirs = dict(call.get("cache_parts") or {})
        common = sum(1 for name, digest in parts.items() if theirs.get(name) == digest)
        rank = (common - len(theirs.keys() ^ parts.keys()), call.id or 0)
        if nearest is None or rank > best:
            nearest, best = call, rank
    if nearest is None:
        return CacheAnswer(newest, refused=refused)
    theirs = dict(nearest.get("cache_parts") or {})
    differences = tuple(
        Difference(name, parts.get(name), theirs.get(name))
        for name in sorted(parts.keys() | theirs.keys())
        if parts.get(name) != theirs.get(name)
    )
    return CacheAnswer(newest, nearest, differences, refused)


def _calls(store: Store, step: str) -> list[Execution]:
    """The calls of a step that were recorded with a cache, newest first."""
    found: list[Execution] = []
    if step.startswith("execution:"):
        named = store.execution(step)
        step = str(named.get("step_name"))
        limit = named.id
    else:
        limit = None
    for execution in _newest_first(store):
        name = str(execution.get("step_name"))
        fits = name == step or name.endswith(f".{step}")
        if not fits or execution.get("cache_parts") is None:
            continue
        if limit is not None and (execution.id or 0) > limit:
            continue
        found.append(execution)
        if len(found) > _NEAREST:
            break
    if not found:
        raise NotFound(
            f"no call of a step {step!r} was recorded with a cache; "
            "give its name as `lineage ls executions` shows it in step_name"
        )
    return found


def _newest_first(store: Store) -> Iterator[Execution]:
    token: str | None = None
    while True:
        page = store.executions(order_by="id desc", page_size=500, page_token=token)
        yield from page
        token = page.next_page_token
        if token is None:
            return


def path_of(uri: str) -> str:
    """Return the path of a local uri; another uri as it is."""
    if is_url(uri):
        return uri
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme in ("file", "local") else uri


def memo_folder(store_url: str) -> Path:
    """Return where returned values are kept: beside the store's file, else in `.lineage`."""
    prefix = "sqlite:///"
    if store_url.startswith(prefix):
        return Path(store_url.removeprefix(prefix)).parent / "results"
    return Path(".lineage", "results").absolute()


def _holder() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), lease.PROPERTY: lease.lease_until()}


def _is_dead(execution: Execution) -> bool:
    """Whether the process that computes is known to have ended: one of this machine."""
    pid = execution.get("pid")
    if execution.get("host") != socket.gethostname() or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _name(execution: Execution) -> str:
    return f"execution:{execution.id}"


def _shorten(digest: str) -> str:
    """Digests by their first digits; versions and places as they are."""
    return digest[:_SHORT] if len(digest) == 64 else digest
