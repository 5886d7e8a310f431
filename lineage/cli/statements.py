"""Where a query ends in what is typed: at a semicolon that is in no text, name or comment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_PART = re.compile(
    r"""'(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" | `[^`]*` | //[^\n]* | /\*.*?\*/
    | (?P<end>;) | (?P<open>['"`]|/\*) | [^;'"`/]+ | /""",
    re.DOTALL | re.VERBOSE,
)
_NOTHING = re.compile(r"(?>\s+|;|//[^\n]*|/\*.*?\*/)*+\Z", re.DOTALL)


def is_whole(text: str) -> bool:
    """Whether all that was typed so far can be done."""
    return not split_statements(text)[1]


def statements(lines: Iterable[str]) -> Iterator[str]:
    """The commands and queries in lines of text; the last one may lack its semicolon."""
    waiting = ""
    for line in lines:
        done, waiting = split_statements(waiting + line)
        yield from done
    if waiting:
        yield waiting


def split_statements(text: str) -> tuple[list[str], str]:
    """The commands (`:limit 5`, a line each) and queries that are whole, and what is not yet."""
    done: list[str] = []
    while not _NOTHING.match(text):
        text = text.lstrip()
        if text.startswith(":"):
            line, _, text = text.partition("\n")
        else:
            end = _end(text)
            if end is None:
                return done, text
            line, text = text[:end], text[end:]
        if not _NOTHING.match(line):
            done.append(line)
    return done, ""


def _end(text: str) -> int | None:
    """Where the first query ends, behind its semicolon; None where it goes on."""
    for part in _PART.finditer(text):
        if part["open"]:
            return None
        if part["end"]:
            return part.end()
    return None
