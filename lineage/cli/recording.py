"""`record`: steps from JSON or JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage.cli.app import Json, app, opened
from lineage.cli.output import print_json

if TYPE_CHECKING:
    from lineage.model import Step

_EXAMPLE = """Example: echo '{"execution": {"type": "Train"}, "inputs": {"examples": {"type":
"Dataset", "name": "raw"}}, "outputs": {"model": {"type": "Model", "name": "churn"}}}' |
lineage record -"""


@app.command(epilog=_EXAMPLE)
def record(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="JSON or JSONL; - is standard input.")
    ] = Path("-"),
    json: Json = False,
) -> None:
    """Record steps: one JSON object, a list of them, or one a line.

    A step has an `execution`, `inputs` and `outputs` by path, `contexts` and `types`. All of a
    file is recorded or nothing; of a stream of lines, what came before a wrong line stays.
    """
    store = opened(context, create=True)
    text = open_text(file)
    count = 0
    with text:
        for steps in _batches(text):
            count += store.record_steps(steps, batch_size=len(steps))
    if json:
        print_json({"recorded": count})
    else:
        print(f"recorded {count} step{'' if count == 1 else 's'} in {store.url}")


def open_text(file: Path) -> Any:
    """A text file to read; `-` is standard input. Raises NotFound."""
    from lineage.errors import NotFound

    if str(file) == "-":
        return sys.stdin
    try:
        return file.open(encoding="utf-8")
    except OSError as error:
        raise NotFound(f"{file}: {error.strerror}") from None


def _batches(text: Any, size: int = 500) -> Iterator[list[Step]]:
    """Lists of steps: of a JSON document all at once, of lines `size` at a time."""
    import json
    from itertools import chain

    from lineage.backends.base import in_chunks
    from lineage.errors import InvalidValue

    first = ""
    for first in text:
        if first.strip():
            break
    try:
        head = json.loads(first or "[]")
        lines = not isinstance(head, list)
    except json.JSONDecodeError:
        lines = False
    if not lines:
        try:
            document = json.loads(first + text.read())
        except json.JSONDecodeError as error:
            raise InvalidValue(f"this is neither JSON nor JSON lines: {error}") from None
        steps = document if isinstance(document, list) else [document]
        if steps:
            yield [_step(step, f"step {at}") for at, step in enumerate(steps, 1)]
        return
    numbered = enumerate(chain([first], text), 1)
    parsed = (_parsed(line, number) for number, line in numbered if line.strip())
    yield from in_chunks(parsed, size)


def _parsed(line: str, number: int) -> Step:
    import json

    from lineage.errors import InvalidValue

    try:
        return _step(json.loads(line), f"line {number}")
    except json.JSONDecodeError as error:
        raise InvalidValue(f"line {number} is not JSON: {error}") from None


def _step(data: object, where: str) -> Step:
    from lineage.errors import InvalidValue
    from lineage.model import Step

    try:
        return Step.parse(data)
    except InvalidValue as error:
        raise InvalidValue(f"{where}: {error}") from None
