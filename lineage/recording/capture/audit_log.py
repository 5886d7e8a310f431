"""Read the logs that `injected/lineage_audit_log.py` keeps in each Python interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from lineage.recording.capture.file_events import Access, FileEvent, Seen, Started
from lineage.recording.content import Fingerprint

INJECTED = Path(__file__).parent / "injected"
_OPENED = {"r": Access.READ, "w": Access.REPLACE, "u": Access.UPDATE, "a": Access.APPEND}


def prepare_environment(
    environment: dict[str, str], folder: Path, *, library_hooks: bool
) -> dict[str, str]:
    """Return the environment in which Python interpreters log to a folder."""
    _compile_injected()
    before = environment.get("PYTHONPATH")
    path = f"{INJECTED}{os.pathsep}{before}" if before else str(INJECTED)
    added = {"PYTHONPATH": path, "LINEAGE_CAPTURE_LOG": str(folder)}
    if library_hooks:
        added["LINEAGE_CAPTURE_HOOKS"] = "1"
    return {**environment, **added}


def _compile_injected() -> None:
    """Compile what each interpreter imports first, as the program may be told to keep nothing."""
    from importlib.util import cache_from_source

    for source in INJECTED.glob("*.py"):
        try:
            compiled = Path(cache_from_source(str(source)))
            if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
                continue
            import py_compile

            py_compile.compile(str(source), quiet=2)
        except (NotImplementedError, OSError):
            # Where it can't be kept, it is compiled each time.
            return


def read_logs(folder: Path) -> Seen:
    """Return what all logs in a folder say, the accesses in the order of their times."""
    seen = Seen.nothing()
    for path in sorted(folder.iterdir(), key=_start_of):
        for time_ns, letter, fields in _entries(_written(path)):
            _add(seen, time_ns, letter, fields)
    seen.files.sort(key=lambda event: event.time_ns)
    return seen


def _start_of(path: Path) -> tuple[int, int]:
    _, started, number = path.name.split("-")
    return int(started), int(number)


def _written(path: Path) -> bytes:
    """Return the beginning of a log that was written to; the rest of it is a hole."""
    parts: list[bytes] = []
    with path.open("rb") as file:
        while part := file.read(1 << 16):
            parts.append(part)
            if part.endswith(b"\0\0\0\0"):
                break
    return b"".join(parts)


def _entries(data: bytes) -> Iterator[tuple[int, str, list[str]]]:
    fields = iter(data.rstrip(b"\0").decode("utf-8", "surrogateescape").split("\0"))
    for head in fields:
        count, _, time_ns = head[1:].partition(" ")
        # The last entry of a process that was killed may lack its end.
        if not (count.isdigit() and time_ns.isdigit()):
            return
        values = [value for _, value in zip(range(int(count)), fields, strict=False)]
        yield int(time_ns), head[0], values + [""] * (int(count) - len(values))


def _add(seen: Seen, time_ns: int, letter: str, fields: list[str]) -> None:
    if letter in _OPENED:
        existed, before = _before(fields[1]) if len(fields) > 1 else (None, None)
        seen.files.append(
            FileEvent(time_ns, _OPENED[letter], fields[0], existed=existed, before=before)
        )
    elif letter in ("m", "k"):
        access = Access.MOVE if letter == "m" else Access.LINK
        existed, before = _before(fields[2])
        if existed:
            seen.files.append(
                FileEvent(
                    time_ns,
                    access,
                    fields[0],
                    fields[1],
                    existed=True,
                    before=before,
                    is_folder=fields[2] == "/",
                )
            )
    elif letter == "d":
        existed, before = _before(fields[1])
        if existed:
            seen.files.append(
                FileEvent(time_ns, Access.REMOVE, fields[0], existed=True, before=before)
            )
    else:
        _OTHERS[letter](seen, fields)


def _before(text: str) -> tuple[bool, Fingerprint | None]:
    if text == "-":
        return False, None
    if text == "/":
        return True, None
    return True, Fingerprint(*map(int, text.split(",")))


def _add_interpreter(seen: Seen, fields: list[str]) -> None:
    seen.interpreters[int(fields[0])] = int(fields[1])
    seen.left_out.update(fields[2:4])


def _add_fork(seen: Seen, fields: list[str]) -> None:
    seen.interpreters[int(fields[0])] = int(fields[1])


def _add_started(seen: Seen, fields: list[str]) -> None:
    seen.started.append(Started(fields[0], tuple(fields[1:])))


def _add_socket(seen: Seen, fields: list[str]) -> None:
    if fields[0] not in seen.sockets:
        seen.sockets.append(fields[0])


def _add_library(seen: Seen, fields: list[str]) -> None:
    seen.libraries.add(fields[0])


def _add_hook(seen: Seen, fields: list[str]) -> None:
    seen.hooked.add(fields[0].partition(".")[0])


def _add_error(seen: Seen, fields: list[str]) -> None:
    seen.error = fields[0]


_OTHERS: dict[str, Callable[[Seen, list[str]], None]] = {
    "h": _add_interpreter,
    "f": _add_fork,
    "x": _add_started,
    "n": _add_socket,
    "l": _add_library,
    "o": _add_hook,
    "e": _add_error,
}
