"""What commands print: tables for people, JSON for machines."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lineage.printing import printable

if TYPE_CHECKING:
    from lineage.model import Node


# Of what is longer, a list of nodes shows the beginning: room for a digest, not for a program.
_LONG = 72


def print_json(answer: Any) -> None:
    """One JSON value on standard output."""
    json.dump(answer, sys.stdout, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
    sys.stdout.write("\n")


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    empty: str = "nothing",
    as_written: bool = False,
) -> None:
    """Aligned columns; the last one wraps at spaces, and no word is cut.

    Headings are in capitals, unless they are `as_written` by the user.
    """
    texts = [[one_line(cell) for cell in row] for row in rows]
    if not texts:
        print(empty)
        return
    widths = [
        max(len(headings[at]), *(len(row[at]) for row in texts)) for at in range(len(headings))
    ]
    room = shutil.get_terminal_size((80, 24)).columns
    before_last = sum(widths[:-1]) + 2 * (len(widths) - 1)
    last = max(room - before_last, 20)
    titles = headings if as_written else [heading.upper() for heading in headings]
    print("  ".join(h.ljust(w) for h, w in zip(titles, widths, strict=True)).rstrip())
    for row in texts:
        first, *rest = _wrapped(row[-1], last)
        cells = [cell.ljust(w) for cell, w in zip(row, widths, strict=True)][:-1]
        print("  ".join([*cells, first]).rstrip())
        for line in rest:
            print(" " * before_last + line)


def print_fields(fields: Iterable[tuple[str, object]], *, wrap: bool = False) -> None:
    """One `name  value` a line, aligned; what is None or empty is left out.

    With `wrap`, values go on below themselves where the line is full.
    """
    shown = [(name, one_line(value)) for name, value in fields if value not in (None, "", {})]
    width = max((len(name) for name, _ in shown), default=0)
    room = max(shutil.get_terminal_size((80, 24)).columns - width - 2, 20)
    for name, value in shown:
        first, *rest = _wrapped(value, room) if wrap else [value]
        print(f"{name.ljust(width)}  {first}")
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


def one_line(value: object) -> str:
    """A value on one line, with nothing in it that a terminal would act on."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e15 else repr(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    text = str(value)
    if "\n" in text:
        text = " ".join(text.split())
    return printable(text)


def at(milliseconds: int | None) -> str:
    """A time, UTC, to the second."""
    if not milliseconds:
        return "-"
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)


def named(node: Node) -> str:
    """`artifact:42`, by which every command finds it again."""
    return f"{node.kind}:{node.id}"


def type_of(node: Node) -> str:
    """Its type's name; of a long dotted one, such as TFX's components have, the last part."""
    return node.type.rpartition(".")[2] if node.type.count(".") > 1 else node.type


def titled(node: Node) -> str:
    """What a person calls it, beside its id: `Model:churn`, or only what it is."""
    return f"{type_of(node)}:{node.name}" if node.name else type_of(node)


def properties(node: Node) -> str:
    """The properties in one line; `lineage show` has the long ones whole."""
    both = {**node.properties, **node.custom_properties}
    return " ".join(f"{name}={_short(one_line(value))}" for name, value in both.items())


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."


def dotted(path: Sequence[str | int]) -> str:
    """An event's path."""
    return ".".join(map(str, path))


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False) or [""]
