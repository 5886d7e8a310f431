"""`record`: steps from JSON or JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.files import open_text, translate_read_errors
from lineage.cli.output import echo, print_json, progress_bar

if TYPE_CHECKING:
    from lineage.model import Step
    from lineage.store import Store

_EXAMPLE = """Example: echo '{"execution": {"type": "Train"}, "inputs": {"examples": {"type":
"Dataset", "name": "raw"}}, "outputs": {"model": {"type": "Model", "name": "churn"}}}' |
lineage record -"""
_TOGETHER = 500


@app.command(epilog=_EXAMPLE)
def record(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON or JSONL; - is standard input.")
    ] = Path("-"),
    pending: Annotated[
        bool,
        typer.Option(
            "--pending",
            help="Bring in the runs that were kept while the store could not be reached; "
            "FILE is their folder (default: .lineage/pending).",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Record steps: one JSON object, a list of them, or one a line.

    A step has an `execution`, `inputs` and `outputs` by path, `contexts` and `types`. A JSON
    document is recorded whole or not at all. Of JSON lines, each is recorded soon after it comes,
    so that a pipe may stay open; those before a wrong line stay.
    """
    store = open_store(context, create=True)
    if pending:
        _bring_in(store, None if file == Path("-") else file, json)
        return
    text = open_text(file)
    piped = text is sys.stdin
    size = None if piped else file.stat().st_size
    recorded = read = 0
    with (
        translate_read_errors(file),
        _own_stdin() if piped else text as text,
        progress_bar("recorded", show=not json) as advance,
    ):
        for batch in _batches(text):
            recorded += _record(store, batch, recorded)
            read += sum(line.size for line in batch)
            advance(recorded if size is None else read, size)
    if json:
        print_json({"recorded": recorded})
    else:
        echo(f"recorded {recorded} step{'' if recorded == 1 else 's'} in {store.url}")


def _bring_in(store: Store, folder: Path | None, json: bool) -> None:
    """Bring the journal of a folder into a store; exit with 1 where a run of it is refused."""
    from lineage.errors import NotFound
    from lineage.recording.journal import bring_in, journal_folder

    if folder is not None and not folder.is_dir():
        raise NotFound(f"there is no folder {str(folder)!r} with runs that were kept")
    done = bring_in(store, folder or journal_folder())
    if json:
        refused = [{"file": str(file), "reason": reason} for file, reason in done.refused]
        print_json({"recorded": done.runs, "refused": refused})
    else:
        echo(f"recorded {done.runs} run{'' if done.runs == 1 else 's'} in {store.url}")
        for file, reason in done.refused:
            echo(f"{file} stays: {reason}", file=sys.stderr)
    if done.refused:
        raise typer.Exit(1)


def _own_stdin() -> Any:
    """Standard input, but not `sys.stdin`: a thread that waits on that would hinder the end of the
    process, and whoever closes it."""
    import io
    from contextlib import nullcontext

    try:
        return nullcontext(open(sys.stdin.fileno(), encoding="utf-8-sig", closefd=False))
    except io.UnsupportedOperation:
        return nullcontext(sys.stdin)


class _Line(NamedTuple):
    """A step of JSON lines with its number (0 for one of a JSON document), or what is wrong."""

    step: Step | None
    number: int = 0
    size: int = 0
    wrong: Exception | None = None


def _record(store: Store, batch: list[_Line], before: int) -> int:
    """Record a batch in one transaction; where a line is refused, those before it, and raise."""
    from lineage.errors import LineageError, StoreError

    steps = [line.step for line in batch if line.step is not None]
    wrong = batch[-1].wrong
    try:
        done = store.record_steps(steps, batch_size=max(1, len(steps)))
    except StoreError:
        raise
    except LineageError as error:
        if not batch[0].number:
            raise
        if len(steps) == 1:
            raise _at(batch[0], error, before) from error
        # One by one, to find which it was.
        for done, line in enumerate(batch):
            if line.wrong is None:
                _record(store, [line], before + done)
        done = len(steps)
    if wrong is not None:
        raise _at(batch[-1], wrong, before + done) from None
    return done


def _at(line: _Line, error: Exception, before: int) -> Exception:
    """The same error with its line, and what became of those before it."""
    stays = f" ({before} before it {'is' if before == 1 else 'are'} recorded)" if before else ""
    return type(error)(f"line {line.number}{stays}: {error}")


def _batches(text: Any) -> Iterator[list[_Line]]:
    """Steps to be recorded together: of a JSON document all, of lines those that are there."""
    import json
    from itertools import chain

    from lineage.rules.json_text import parse_json

    first = ""
    skipped = 0
    for first in text:
        if first.strip():
            break
        skipped += 1
    try:
        head = json.loads(first or "[]")
        lines = not isinstance(head, list)
    except (ValueError, RecursionError):
        lines = False
    if lines:
        yield from _stream(_parse(chain([first], text), skipped + 1))
        return
    document = parse_json(first + text.read(), "this, as one document,")
    steps = document if isinstance(document, list) else [document]
    if steps:
        yield [_Line(_step(step, f"step {at}")) for at, step in enumerate(steps, 1)]


def _stream(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    """Lists of the lines that have come by now, so that a slow pipe is not waited for."""
    import queue
    import threading

    come: queue.Queue[_Line | Exception | None] = queue.Queue(2 * _TOGETHER)

    def read() -> None:
        try:
            for line in lines:
                come.put(line)
            come.put(None)
        except Exception as error:
            come.put(error)

    threading.Thread(target=read, name="lineage-record", daemon=True).start()
    while True:
        batch: list[_Line] = []
        ended: Exception | bool | None = None
        while ended is None and len(batch) < _TOGETHER:
            try:
                found = come.get(block=not batch)
            except queue.Empty:
                break
            if isinstance(found, _Line):
                batch.append(found)
            else:
                ended = found or True
        if batch:
            yield batch
        if isinstance(ended, Exception):
            raise ended
        if ended:
            return


def _parse(lines: Iterable[str], first: int) -> Iterator[_Line]:
    """The steps of the lines, up to the first that is none."""

    from lineage.errors import InvalidValue
    from lineage.model import Step
    from lineage.rules.json_text import parse_json

    for number, text in enumerate(lines, first):
        if not text.strip():
            continue
        size = len(text.encode(errors="replace"))
        try:
            yield _Line(Step.parse(parse_json(text, "this")), number, size)
        except InvalidValue as error:
            yield _Line(None, number, size, error)
            return


def _step(data: object, where: str) -> Step:
    from lineage.errors import InvalidValue
    from lineage.model import Step

    try:
        return Step.parse(data)
    except InvalidValue as error:
        raise InvalidValue(f"{where}: {error}") from None
