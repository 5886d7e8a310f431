"""Record one run of a program that knows nothing of Lineage: `lineage exec`."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import os
import socket
import stat
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage.errors import InvalidInput, InvalidValue, LineageError
from lineage.model import ExecutionState, Kind, Type
from lineage.model.type_catalog import well_known
from lineage.questions.capture_gaps import GAPS_KEY
from lineage.recording.autolog import inject
from lineage.recording.capture.capture import Capture, CaptureMode, Observed
from lineage.recording.capture.exclusions import Selection
from lineage.recording.capture.file_events import Access, FileEvent
from lineage.recording.capture.footprint import Version
from lineage.recording.command_cache import CommandCache, build_command_key
from lineage.recording.content import Content, ContentCache, Fingerprint, digest_paths, local_path
from lineage.recording.file_type import read_metrics, type_of_file
from lineage.recording.git import read_git
from lineage.recording.identity import ArtifactDraft
from lineage.recording.journal import journal_folder, keep_run
from lineage.recording.lease import LEASE_MS, lease_until
from lineage.recording.memo import CacheKey
from lineage.recording.parent_run import PARENT
from lineage.recording.process import Ended, add_interpreter, find_program, run_program
from lineage.recording.redaction import redact_arguments, redact_text
from lineage.recording.run_draft import ContextDraft, RunDraft
from lineage.recording.sink import Sink, open_sink

_ASKED_TO_STOP = frozenset(("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"))
_LONGEST_TRACEBACK = 8_000
_LONGEST_ERROR = 2_000


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """How a command is recorded.

    Attributes
    ----------
    roots
        The folders below which files are data; the working directory by default.
    capture
        Which layer sees the run.
    name, type, pipeline
        Of the recorded run.
    exclude, include
        Patterns of files that are left out, or captured though they are left out by default.
    types
        Patterns of files with the types of artifact that they are.
    sketch
        Whether sketches of the tables are kept, by which copies are found.
    cache
        Whether the result of an earlier run is used where nothing that it depends on has changed.
    autolog
        Whether the libraries of each Python that is started tell what they do.
    """

    roots: Sequence[str] = ()
    capture: CaptureMode = CaptureMode.AUTO
    name: str | None = None
    type: str = "Command"
    pipeline: str | None = None
    exclude: Sequence[str] = ()
    include: Sequence[str] = ()
    types: Sequence[tuple[str, str]] = ()
    sketch: bool = True
    cache: bool = False
    autolog: bool = False


@dataclass(slots=True)
class CommandRun:
    """What came of running and recording a command.

    Attributes
    ----------
    execution
        The id of the recorded run; None where it is kept in the journal.
    inputs, outputs
        The paths of what it read and made, relative to their root.
    warnings
        What is wrong with the record; the program was not affected.
    """

    ended: Ended | None
    state: ExecutionState
    execution: int | None = None
    capture: str = "none"
    may_lack: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The program's; 0 where the result of an earlier run was used."""
        return 0 if self.ended is None else self.ended.exit_code

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "execution": None if self.execution is None else f"execution:{self.execution}",
            "state": self.state.value,
            "exit_code": self.exit_code,
            "capture": self.capture,
            "may_lack": self.may_lack,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "warnings": self.warnings,
        }


def run_command(
    command: Sequence[str],
    options: CommandOptions,
    store_url: str | None = None,
    *,
    warn: Callable[[str], None],
) -> CommandRun:
    """Run a command and record what it read and made.

    Parameters
    ----------
    command
        The program and its arguments.
    options
        How it is recorded.
    store_url
        The store; the default one where None.
    warn
        Told at once of what can't be recorded.

    Raises
    ------
    InvalidInput
        The options are wrong, or the program can't be run; nothing was run.
    NotFound
        There is no such program.
    """
    program = find_program(command[0])
    folder = os.getcwd()
    roots = [os.path.abspath(root) for root in options.roots] or [folder]
    sink = open_sink(store_url)
    selection = Selection(
        roots, exclude=options.exclude, include=options.include, own=_files_of(sink)
    )
    draft = _draft(command, options, folder)
    record = _Record(sink, draft, warn, sketching=options.sketch)
    files = _Files(selection, options, sink.cache)
    with Capture(options.capture, selection, folder, looking=options.cache) as capture:
        if options.cache:
            if capture.layer != "trace":
                raise InvalidValue(
                    "--cache needs a trace, which sees all that a result depends on: install "
                    "strace, and leave --capture out"
                )
            key = build_command_key(
                options.name, command, program, folder, _settings(roots, options), os.environ,
                sink.cache,
            )  # fmt: skip
            used = record.use_cache(options, key)
            if used is not None:
                return used
        record.begin(options)
        streams = _redirected()
        inherited = {**os.environ, PARENT: draft.key}
        if options.autolog:
            inherited = inject(inherited, sink.url)
        arguments, environment = capture.begin(add_interpreter(program, command[1:]), inherited)
        # A shell tells a program its name as it was typed.
        shown = list(command) if arguments[0] == program else arguments
        ended = run_program(
            arguments[0], shown, environment, every=LEASE_MS / 3000, beat=record.renew
        )
        observed = capture.finish(ended.pid, streams)
        return record.end(ended, observed, files)


class _Record:
    """The record of one run: begun, renewed, ended; never the program's trouble."""

    def __init__(
        self, sink: Sink, draft: RunDraft, warn: Callable[[str], None], *, sketching: bool
    ) -> None:
        self._sink = sink
        self._draft = draft
        self._warn = warn
        self._sketching = sketching
        self._cache: CommandCache | None = None
        self._known: set[tuple[str | int, ...]] = set()
        self._warnings: list[str] = []

    def use_cache(self, options: CommandOptions, key: CacheKey) -> CommandRun | None:
        """Return the result of an earlier run, recorded; None where it is to be computed."""
        try:
            self._declare(options)
            self._cache = CommandCache.open(self._sink, key)
            found = self._cache.prepare(self._draft)
            if found is None:
                return None
            self._draft.properties.pop("lease_until", None)
            self._draft.properties |= {"capture": "cache"}
            return CommandRun(
                None,
                self._draft.state,
                self._write(),
                capture="cache",
                inputs=[str(path[0]) for path in self._draft.inputs],
                outputs=[str(path[0]) for path in self._draft.outputs],
            )
        except InvalidInput:
            raise
        except LineageError as error:
            self._keep(error)
            return None

    def begin(self, options: CommandOptions) -> None:
        """Write that it runs. Raises InvalidInput where the store refuses how it is described."""
        try:
            self._declare(options)
            self._write()
        except InvalidInput:
            raise
        except LineageError as error:
            self._keep(error)

    def renew(self) -> None:
        """Write that it still runs."""
        self._draft.properties["lease_until"] = lease_until()
        try:
            self._write()
        except LineageError as error:
            self._keep(error)

    def end(self, ended: Ended, observed: Observed, files: _Files) -> CommandRun:
        """Write what came of it."""
        draft = self._draft
        draft.state = _state_of(ended)
        draft.properties.pop("lease_until", None)
        draft.properties |= _properties_of(ended, observed.error, draft.state)
        run = CommandRun(ended, draft.state, capture=observed.report.layer)
        lacking = observed.report.may_lack
        drafts = files.draft(observed)
        for place, found in drafts.inputs.items():
            draft.inputs[(files.name_of(place),)] = found
        for place, found in drafts.outputs.items():
            draft.outputs[(files.name_of(place),)] = found
        lacking += drafts.unsure
        draft.properties |= observed.report.as_properties()
        if self._cache is not None:
            self._cache.keep(draft, observed, files.selection)
        try:
            run.execution = self._write()
        except LineageError as error:
            self._keep(error)
        else:
            self._sketch(draft)
            if lacking:
                self._note_gaps()
        run.may_lack = lacking
        run.inputs = [files.name_of(place) for place in drafts.inputs]
        run.outputs = [files.name_of(place) for place in drafts.outputs]
        run.warnings = self._warnings
        return run

    def _note_gaps(self) -> None:
        """Have the store say that it has a run of which not all was seen."""
        with contextlib.suppress(LineageError):
            self._sink.store.mirror(progress=(GAPS_KEY, "1"))

    def _sketch(self, draft: RunDraft) -> None:
        """Keep sketches of the tables that were read and made."""
        if not self._sketching:
            return
        from lineage.recording.overlap import keep_sketches

        files = [
            (local_path(found.uri), found.digest, found.size or 0)
            for found in (*draft.inputs.values(), *draft.outputs.values())
            if found.uri is not None and found.digest is not None
        ]
        try:
            keep_sketches(self._sink.store, files)
        except LineageError as error:
            self._warnings.append(f"tables were not sketched: {redact_text(str(error))}")

    def _write(self) -> int:
        return self._sink.write(self._draft, self._known).execution

    def _declare(self, options: CommandOptions) -> None:
        """Put the types that the user names and nobody has declared."""
        named = [(Kind.EXECUTION, options.type)]
        named += [(Kind.ARTIFACT, type) for _, type in options.types]
        store = self._sink.store
        there = {(type.kind, type.name) for type in store.types()}
        for kind, name in named:
            if (kind, name) not in there and well_known(kind, name) is None:
                store.put_type(Type(kind=kind, name=name), extend=True)

    def _keep(self, error: LineageError) -> None:
        """Keep the run in the journal, and say so once."""
        try:
            kept = keep_run(self._draft, journal_folder())
            told = f"kept in {kept.parent}; `lineage record --pending` brings it in"
        except OSError as full:
            told = f"and could not be kept either: {full}"
        message = redact_text(f"the run could not be recorded ({error}); it is {told}")
        if message not in self._warnings:
            self._warnings.append(message)
            if len(self._warnings) == 1:
                self._warn(message)


@dataclass(slots=True)
class _Drafts:
    """The artifacts of a run by their places."""

    inputs: dict[str, ArtifactDraft] = field(default_factory=dict)
    outputs: dict[str, ArtifactDraft] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)


class _Files:
    """Turns the files of a run into artifacts."""

    def __init__(self, selection: Selection, options: CommandOptions, cache: ContentCache) -> None:
        self.selection = selection
        self._options = options
        self._cache = cache

    def name_of(self, place: str) -> str:
        """Return the path that a file's event has: relative to its root."""
        return self.selection.name_of(place)

    def draft(self, observed: Observed) -> _Drafts:
        """Return the artifacts that a run read and made."""
        footprint = observed.footprint
        drafts = _Drafts()
        there = [v.path for v in footprint.outputs] + [
            v.path for v in footprint.inputs if not v.gone
        ]
        found = digest_paths(there, cache=self._cache)
        digests: dict[Version, Content | None] = {}
        for version in (*footprint.outputs, *footprint.inputs):
            content = found.get(version.path) if not version.gone else None
            if isinstance(content, LineageError):
                drafts.unsure.append(f"the content of {version.path}: {content}")
                content = None
            digests[version] = content if isinstance(content, Content) else None
        copies = {v.copy: v for v in footprint.outputs if v.copy is not None}
        for version in footprint.inputs:
            content = self._content_before(version, digests, copies)
            if content is None and not any(version.path in text for text in drafts.unsure):
                drafts.unsure.append(
                    f"the content of {self.name_of(version.path)} as it was read: the run changed "
                    "or removed it, and nobody had hashed it before"
                )
            drafts.inputs[version.path] = self._artifact(version.path, content)
        for version in footprint.outputs:
            made = self._artifact(version.path, digests[version])
            # Opened for writing, and left as it was.
            if made.digest is None or made != drafts.inputs.get(version.path):
                drafts.outputs[version.path] = made
        return drafts

    def _content_before(
        self,
        version: Version,
        digests: Mapping[Version, Content | None],
        copies: Mapping[Version, Version],
    ) -> Content | None:
        """Return the content that was read, which need not be there any more."""
        if not version.gone:
            now = digests[version]
            if version.before is None or _fingerprint(version.path) == version.before:
                return now
        if version in copies and (moved := digests.get(copies[version])) is not None:
            return moved
        if version.before is not None:
            known = self._cache.find(version.before)
            if known is not None:
                return Content(known, version.before.size)
        return None

    def _artifact(self, path: str, content: Content | None) -> ArtifactDraft:
        type = type_of_file(path, self._options.types, self.name_of(path))
        return ArtifactDraft(
            type,
            uri=Path(path).as_uri(),
            digest=None if content is None else content.digest,
            size=None if content is None else content.size,
            properties=read_metrics(path) if type == "Metrics" else {},
        )


def _settings(roots: Sequence[str], options: CommandOptions) -> dict[str, Sequence[str]]:
    """Return what decides which files are captured, and what they are."""
    return {
        "roots": roots,
        "exclude": options.exclude,
        "include": options.include,
        "types": [f"{pattern}={type}" for pattern, type in options.types],
    }


def _draft(command: Sequence[str], options: CommandOptions, folder: str) -> RunDraft:
    contexts = [] if options.pipeline is None else [ContextDraft("Pipeline", options.pipeline)]
    properties: dict[str, Any] = {
        **read_git(folder),
        "host": socket.gethostname(),
        "user": getpass.getuser(),
        "pid": os.getpid(),
        "command": redact_arguments(command),
        "working_directory": folder,
        "lease_until": lease_until(),
    }
    if options.name is not None:
        properties["step_name"] = options.name
    return RunDraft(
        key=f"exec/{uuid.uuid4()}",
        type=options.type,
        name=options.name,
        state=ExecutionState.RUNNING,
        properties=properties,
        contexts=tuple(contexts),
        time_ms=time.time_ns() // 1_000_000,
    )


def _state_of(ended: Ended) -> ExecutionState:
    if ended.exit_code == 0:
        return ExecutionState.COMPLETE
    asked = ended.signal in _ASKED_TO_STOP
    return ExecutionState.CANCELED if asked else ExecutionState.FAILED


def _properties_of(ended: Ended, error: str | None, state: ExecutionState) -> dict[str, Any]:
    found: dict[str, Any] = {
        "exit_code": ended.exit_code,
        "duration_s": round(ended.seconds, 6),
        "cpu_s": round(ended.user_seconds + ended.system_seconds, 6),
        "peak_memory_bytes": ended.peak_bytes,
    }
    if state is ExecutionState.COMPLETE:
        return found
    if error is not None:
        # The last line of a traceback is what went wrong; a message may have several.
        last = error.rstrip().splitlines()
        start = max((at for at, line in enumerate(last) if line.startswith(" ")), default=-1) + 1
        found["error"] = redact_text("\n".join(last[start:] or last[-1:]))[:_LONGEST_ERROR]
        found["traceback"] = redact_text(error[-_LONGEST_TRACEBACK:])
    elif ended.signal is not None:
        found["error"] = f"ended by {ended.signal}"
    else:
        found["error"] = f"exit code {ended.exit_code}"
    return found


def _redirected() -> list[FileEvent]:
    """Return the files that a shell has opened as standard streams of the program."""
    events: list[FileEvent] = []
    for descriptor in (0, 1, 2):
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                continue
            path = os.readlink(f"/proc/self/fd/{descriptor}")
            flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        except OSError:
            continue
        if descriptor == 0:
            access = Access.READ
        else:
            access = Access.APPEND if flags & os.O_APPEND else Access.REPLACE
        events.append(FileEvent(0, access, path, existed=True))
    return events


def _files_of(sink: Sink) -> Iterable[str]:
    """Return what is the store's own: no program's data."""
    prefix = "sqlite:///"
    own = [str(sink.cache.path), f"{sink.cache.path}-wal", f"{sink.cache.path}-shm"]
    own.append(str(journal_folder()))
    if sink.url.startswith(prefix):
        store = sink.url.removeprefix(prefix)
        own += [f"{store}{end}" for end in ("", "-wal", "-shm", "-journal")]
    return own


def _fingerprint(path: str) -> Fingerprint | None:
    try:
        return Fingerprint.of(os.stat(path))
    except OSError:
        return None
