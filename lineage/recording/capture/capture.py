"""Watch one run of a program by the layers that are there, and say what it read and made."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from lineage.errors import InvalidValue
from lineage.recording.capture import audit_log, strace
from lineage.recording.capture.exclusions import Selection
from lineage.recording.capture.file_events import FileEvent
from lineage.recording.capture.footprint import Before, Footprint, trace_footprint
from lineage.recording.capture.report import CaptureReport, report_audit, report_trace


class CaptureMode(StrEnum):
    """Which layer is to see a run."""

    AUTO = "auto"
    AUDIT = "audit"
    TRACE = "trace"


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of a run that has ended.

    Attributes
    ----------
    footprint, report, error
        What it read and made, what could not be seen, and the end of its traceback.
    looked_at, listed
        Paths that it looked at or for, and folders whose names it read, where that was asked for.
    prefixes
        Where the Python interpreters that it ran are installed.
    """

    footprint: Footprint
    report: CaptureReport
    error: str | None = None
    looked_at: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()


class Capture:
    """The watch over one run.

    Parameters
    ----------
    mode
        AUTO traces where that can be done, and else takes the audit hooks of Python.
    selection
        Which files are captured.
    folder
        The working directory of the run.
    looking
        Whether what it only looks at is of interest; that takes a trace.

    Raises
    ------
    InvalidValue
        TRACE was asked for, and can't be done here.
    """

    def __init__(
        self, mode: CaptureMode, selection: Selection, folder: str, *, looking: bool = False
    ) -> None:
        self._looking = looking
        self._strace = None if mode is CaptureMode.AUDIT else strace.find_strace()
        if mode is CaptureMode.TRACE and self._strace is None:
            raise InvalidValue(
                "--capture trace needs strace (the package of that name) and the right to trace; "
                "--capture audit sees what Python opens"
            )
        self.layer = "trace" if self._strace else "audit"
        self._selection = selection
        self._folder = folder
        self._kept = Path(tempfile.mkdtemp(prefix="lineage-capture-"))
        self._logs = self._kept / "python"
        self._logs.mkdir()
        self._before: Before | None = None
        self._started_ns = 0
        self._command: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._kept, ignore_errors=True)

    def begin(
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[list[str], dict[str, str]]:
        """Look at the files as they are; return the command line and environment to start."""
        self._command = tuple(command)
        self._before = Before(self._selection)
        self._started_ns = time.time_ns()
        prepared = audit_log.prepare_environment(
            dict(environment), self._logs, library_hooks=self._strace is None
        )
        arguments = list(command)
        if self._strace is not None:
            arguments = strace.trace_arguments(
                self._strace, self._kept / "trace", command, looking=self._looking
            )
        return arguments, prepared

    def finish(self, pid: int, streams: Sequence[FileEvent] = ()) -> Observed:
        """Return what was seen, when the process has ended.

        Parameters
        ----------
        pid
            The process.
        streams
            Files that were open for it when it started.
        """
        assert self._before is not None
        audit = audit_log.read_logs(self._logs)
        self._selection.leave_out(audit.left_out)
        if self._strace is not None:
            seen = strace.read_trace(self._kept / "trace", pid, self._folder)
            report = report_trace(seen)
        else:
            seen = audit
            report = report_audit(seen, self._command)
        events = [*streams, *seen.files]
        footprint = trace_footprint(events, self._selection, self._before, self._started_ns)
        report.may_lack += footprint.unsure
        return Observed(
            footprint,
            report,
            audit.error,
            frozenset(seen.looked_at),
            frozenset(seen.listed),
            frozenset(audit.left_out),
        )
