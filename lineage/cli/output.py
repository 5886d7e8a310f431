"""What commands print: tables for people, JSON for machines."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from lineage.captions import (
    Named,
    brief_properties,
    pad,
    printable,
    short_type,
    width_of,
)
from lineage.captions import (
    measure as measure,
)
from lineage.captions import (
    to_one_line as to_one_line,
)

if TYPE_CHECKING:
    from lineage.model import Node


# Of what is longer, a list of nodes shows the beginning: room for a digest, not for a program.
_LONG = 72
# With less room than this, and where it doesn't fit, a last column stands below the others.
_BESIDE = 24
_INDENT = 4
_NARROWEST = 20


def print_json(answer: Any) -> None:
    """One JSON value on standard output."""
    ascii = not (sys.stdout.encoding or "").lower().startswith("utf")
    json.dump(answer, sys.stdout, ensure_ascii=ascii, indent=2 if sys.stdout.isatty() else None)
    sys.stdout.write("\n")


def available_width() -> int:
    """How many columns a line may have: those of the terminal, or as `COLUMNS` says.

    In a pipe or a file a line has no end: a row that was wrapped there is one that grep misses.
    """
    if "COLUMNS" not in os.environ and not sys.stdout.isatty():
        return sys.maxsize
    return shutil.get_terminal_size((80, 24)).columns


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    empty: str = "nothing",
    as_written: bool = False,
) -> None:
    """Aligned columns; the last one wraps at spaces, and no word is cut.

    Where there is too little room beside the others, it stands below them. Headings are in
    capitals, unless they are `as_written` by the user.
    """
    headings = [to_one_line(heading) for heading in headings]
    texts = [[to_one_line(cell) for cell in row] for row in rows]
    if not texts:
        print(empty)
        return
    widths = [
        max(width_of(headings[at]), *(width_of(row[at]) for row in texts))
        for at in range(len(headings))
    ]
    before_last = sum(widths[:-1]) + 2 * (len(widths) - 1)
    beside = available_width() - before_last
    below = len(headings) > 1 and beside < min(_BESIDE, widths[-1])
    titles = headings if as_written else [heading.upper() for heading in headings]
    print("  ".join(pad(h, w) for h, w in zip(titles, widths, strict=True)).rstrip())
    for row in texts:
        cells = [pad(cell, w) for cell, w in zip(row, widths, strict=True)][:-1]
        if below and width_of(row[-1]) > beside:
            first, indent = "", _INDENT
            rest = _wrap(row[-1], available_width() - indent)
        else:
            indent = before_last
            first, *rest = _wrap(row[-1], beside)
        print("  ".join([*cells, first]).rstrip())
        for line in rest:
            print(" " * indent + line)


def print_fields(fields: Iterable[tuple[str, object]], *, wrap: bool = False) -> None:
    """One `name  value` a line, aligned; what is None or empty is left out.

    With `wrap`, values go on below themselves where the line is full.
    """
    shown = [
        (to_one_line(name), to_one_line(value))
        for name, value in fields
        if value not in (None, "", {})
    ]
    width = max((width_of(name) for name, _ in shown), default=0)
    for name, value in shown:
        first, *rest = _wrap(value, available_width() - width - 2) if wrap else [value]
        print(f"{pad(name, width)}  {first}")
        for line in rest:
            print(" " * (width + 2) + line)


@contextmanager
def progress_bar(what: str, *, show: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on standard error, where that is a terminal."""
    if not (show and sys.stderr.isatty()):
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def echo(text: str = "", *, end: str = "\n", file: TextIO | None = None) -> None:
    """Print lines of ours with names of theirs in them, and nothing that a terminal acts on.

    A name that holds a line feed, an escape sequence or an override of the writing direction is
    shown with spaces in their places. Line feeds that begin the text are ours.
    """
    ours = len(text) - len(text.lstrip("\n"))
    print(text[:ours] + printable(text[ours:]), end=end, file=file)


def note(text: str) -> None:
    """Say on standard error what a person should know beside an answer."""
    print(f"lineage: {to_one_line(text)}", file=sys.stderr)


def format_time(milliseconds: int | None) -> str:
    """A time, in the reader's zone, to the second."""
    # Help must not wait for the model.
    from lineage.model.times import format_time

    return format_time(milliseconds)


def name_node(node: Named) -> str:
    """`artifact:42`, by which every command finds it again."""
    return f"{node.kind}:{node.id}"


def type_of(node: Named) -> str:
    """Its type's name, as lists show it."""
    return short_type(node.type)


def state_of(node: Node) -> str | None:
    """Its state, where one was given."""
    state = getattr(node, "state", None)
    return None if state is None or state == "UNKNOWN" else str(state)


def title(node: Named) -> str:
    """What a person calls it, beside its id: `Model:churn`, or only what it is."""
    return f"{type_of(node)}:{node.name}" if node.name else type_of(node)


def properties(node: Node) -> str:
    """The properties in one line; `lineage show` has the long ones whole, and digests too."""
    return " ".join(f"{name}={_short(measure(v))}" for name, v in brief_properties(node).items())


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."


def join_path(path: Sequence[str | int]) -> str:
    """An event's path."""
    return ".".join(map(str, path))


def _wrap(text: str, width: int) -> list[str]:
    width = max(width, _NARROWEST)
    if width_of(text) <= width:
        return [text.rstrip()]
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and width_of(longer.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append(word)
        else:
            lines[-1] = longer
    return [line for line in lines if line] or [""]
