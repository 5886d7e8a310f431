"""What a capture could not see: part of the record, as `complete` is part of an answer."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage.recording.capture.file_events import Seen, Started
from lineage.recording.redaction import redact_arguments, redact_text

# Packages with compiled parts that open files only through Python, where audit hooks see it.
_THROUGH_PYTHON = frozenset(
    """
    PIL _cffi_backend _yaml aiohttp bottleneck brotli cffi charset_normalizer contourpy coverage
    cryptography cython cytoolz dateutil dulwich frozenlist google greenlet grpc hypothesis joblib
    kiwisolver lz4 lxml markupsafe matplotlib mmh3 msgpack multidict mypy mypyc numexpr numpy
    orjson pandas patsy propcache psutil psycopg2 pydantic_core regex rpds ruamel_yaml scipy
    simplejson sklearn skimage snappy sqlalchemy statsmodels tokenizers tornado ujson umap
    uvloop wcwidth websockets wrapt xxhash yaml yarl zmq zstandard
    """.split()  # noqa: SIM905
)
# Packages that have their compiled parts in another one.
_COMPILED_FOR = {
    "_duckdb": "duckdb",
    "_polars_runtime_32": "polars",
    "_polars_runtime_64": "polars",
    "_polars_runtime_compat": "polars",
}
_MOST_SHOWN = 20


@dataclass(slots=True)
class CaptureReport:
    """How a run was seen.

    Attributes
    ----------
    layer
        `trace`, `audit` or `none`.
    may_lack
        What could not be seen, each in words; empty where all was.
    """

    layer: str
    may_lack: list[str] = field(default_factory=list)

    def as_properties(self) -> dict[str, Any]:
        """Return the properties of the recorded run."""
        found: dict[str, Any] = {"capture": self.layer}
        if self.may_lack:
            shown = self.may_lack[:_MOST_SHOWN]
            if len(self.may_lack) > _MOST_SHOWN:
                shown.append(f"and {len(self.may_lack) - _MOST_SHOWN} more")
            found["may_lack"] = shown
        return found


def report_trace(seen: Seen) -> CaptureReport:
    """Return what a system-call trace could not see."""
    report = CaptureReport("trace")
    report.may_lack += _of_sockets(seen.sockets)
    report.may_lack += [
        f"{_named(program)} was still running when the command had ended"
        for program in seen.running
    ]
    report.may_lack += sorted(set(seen.unseen))
    return report


def report_audit(seen: Seen, command: tuple[str, ...]) -> CaptureReport:
    """Return what the audit hooks of Python could not see.

    Parameters
    ----------
    seen
        What they saw.
    command
        The program, which may be no Python.
    """
    report = CaptureReport("audit")
    report.may_lack += _of_programs(seen, command)
    hooked = {_COMPILED_FOR.get(name, name) for name in seen.libraries} & seen.hooked
    libraries = sorted(
        name
        for name in seen.libraries - _THROUGH_PYTHON
        if _COMPILED_FOR.get(name, name) not in hooked
    )
    report.may_lack += [
        f"files that {name} opened itself: there is no hook for it" for name in libraries
    ]
    report.may_lack += _of_sockets(seen.sockets)
    report.may_lack += sorted(set(seen.unseen))
    return report


def _of_programs(seen: Seen, command: tuple[str, ...]) -> list[str]:
    started = [Started(command[0], command), *seen.started]
    others = [each for each in started if not is_python(each.program)]
    pythons = len(started) - len(others)
    lacking = [
        f"what {_shown(each)} opened: it is no Python program"
        for each in dict.fromkeys(others)
        if Path(each.program).name not in ("uname", "true", "false", "lscpu")
    ]
    # A shell starts interpreters that nobody announced, so that more may have begun than that.
    if len(seen.interpreters) < pythons:
        lacking.append(
            f"{pythons - len(seen.interpreters)} Python interpreter(s) that kept no log: "
            "they were isolated (-I, -E, -S), or given an environment of their own"
        )
    return lacking


def is_python(program: str) -> bool:
    """Return whether a program is a Python interpreter, or a script that names one."""
    import shutil

    name = Path(program).name
    if name.startswith(("python", "pypy")):
        return True
    path = program if os.sep in program else shutil.which(program)
    if path is None:
        return False
    try:
        with open(path, "rb") as file:
            first = file.readline(256)
    except OSError:
        return False
    return first.startswith(b"#!") and b"python" in first


def _of_sockets(sockets: list[str]) -> list[str]:
    return [f"what went through the connection to {redact_text(each)}" for each in sockets]


def _shown(started: Started) -> str:
    words = redact_arguments(list(started.arguments or (started.program,)))
    return " ".join(word if len(word) < 60 else f"{word[:57]}..." for word in words)


def _named(program: str) -> str:
    return Path(program).name or "a process"
