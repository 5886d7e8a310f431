"""Events in files: one JSON object, a list of them, or one a line."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lineage.errors import InvalidValue, LineageError, NotFound
from lineage.formats.openlineage_events.receiver import Received, receive_all
from lineage.store import Store

_TOGETHER = 200
_ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Invalid:
    """An event that was refused: where it stands, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """How many events were recorded, and those that were left out."""

    events: int
    invalid: tuple[Invalid, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return {
            "events": self.events,
            "invalid": [{"where": each.where, "reason": each.reason} for each in self.invalid],
        }


def import_files(
    store: Store,
    files: Iterable[Path],
    *,
    skip_invalid: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Record the events of files, and of all event files below folders.

    Parameters
    ----------
    store
        Where they are recorded.
    files
        Files and folders; `-` is standard input.
    skip_invalid
        Leave out what is no valid event, and say so in the answer.
    progress
        Called with the number of events that are done, and None.

    Raises
    ------
    InvalidValue
        At the first invalid event, named by file and line; those before it stay recorded.
    NotFound
        Where a file is not there.
    """
    done = 0
    invalid: list[Invalid] = []
    for chunk in _gather(read_events(files)):
        answers = iter(receive_all(store, (event for _, event in chunk if _is_read(event))))
        for where, event in chunk:
            answer: Received | LineageError = next(answers) if _is_read(event) else event  # type: ignore[assignment]
            if isinstance(answer, LineageError):
                if not skip_invalid:
                    stays = f" ({done} before it stay recorded)" if done else ""
                    raise type(answer)(f"{where}{stays}: {answer}") from answer
                invalid.append(Invalid(where, str(answer)))
            else:
                done += 1
        if progress is not None:
            progress(done, None)
    return Imported(done, tuple(invalid))


def read_events(files: Iterable[Path]) -> Iterator[tuple[str, object]]:
    """Yield where each event stands, and the event; an InvalidValue for what is no JSON."""
    for file in files:
        for path in _find_files(file):
            with _open(path) as text:
                try:
                    yield from _read(str(path), text)
                except UnicodeDecodeError as error:
                    yield str(path), InvalidValue(f"this is not UTF-8 text: {error}")


def _is_read(event: object) -> bool:
    return not isinstance(event, LineageError)


def _gather(events: Iterator[tuple[str, object]]) -> Iterator[list[tuple[str, object]]]:
    chunk: list[tuple[str, object]] = []
    for each in events:
        chunk.append(each)
        if len(chunk) == _TOGETHER or not _is_read(each[1]):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _find_files(path: Path) -> list[Path]:
    if str(path) == "-" or path.is_file():
        return [path]
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.name.endswith(_ENDINGS) and p.is_file())
    raise NotFound(f"there is no file {str(path)!r}; give event files, folders of them, or -")


def _open(path: Path) -> IO[str]:
    if str(path) == "-":
        return open(sys.stdin.fileno(), encoding="utf-8-sig", closefd=False)
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig")
    return open(path, encoding="utf-8-sig")


def _read(name: str, text: IO[str]) -> Iterator[tuple[str, object]]:
    first, skipped = "", 0
    for first in text:
        if first.strip():
            break
        skipped += 1
    if not first.strip():
        return
    head = _parse(first)
    if isinstance(head, dict):
        yield f"{name}:{skipped + 1}", head
        for number, line in enumerate(text, skipped + 2):
            if line.strip():
                yield f"{name}:{number}", _parse(line)
        return
    rest = text.read()
    document = head if isinstance(head, list) and not rest.strip() else _parse(first + rest)
    if isinstance(document, LineageError):
        numbered = enumerate((first + rest).split("\n"), skipped + 1)
        lines = [(number, _parse(line)) for number, line in numbered if line.strip()]
        if any(isinstance(event, dict) for _, event in lines):
            yield from ((f"{name}:{number}", event) for number, event in lines)
            return
    if isinstance(document, list):
        for at, event in enumerate(document):
            yield f"{name}[{at}]", event
    else:
        yield name, document


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return InvalidValue(f"this is not JSON: {error}")
