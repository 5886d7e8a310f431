"""The regular expressions of `=~`, which are Java's, as the `regex` module has them.

Its version 1 has Java's nested and intersected classes, and flags that count from where they stand.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import regex

from lineage.opencypher.errors import CypherArgumentError, shorten
from lineage.opencypher.values.regex_cost import (
    DEEPEST_REPETITION,
    LONGEST_PATTERN,
    MOST_REPETITIONS,
    measure_repetition,
)

_WRITTEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)|\\k<(?P<group>\w+)>|\\x\{(?P<hex>[0-9a-fA-F]{1,6})\}"
    r"|\\(?P<letter>.)",
    re.DOTALL,
)
# Without (?U), Java's classes are those of ASCII.
_CLASSES = {
    "w": "[a-zA-Z0-9_]", "W": "[^a-zA-Z0-9_]", "d": "[0-9]", "D": "[^0-9]",
    "s": r"[ \t\n\x0b\f\r]", "S": r"[^ \t\n\x0b\f\r]",
}  # fmt: skip
# Where one of these stands, all of Unicode is meant; else (?i) is for ASCII alone, as in Java.
_UNICODE = re.compile(r"\\[pPbBX]|\(\?[a-zA-Z]*[uU]")


@lru_cache(maxsize=256)
def compile_java_regex(text: str) -> Any:
    """What matches as Java's regular expression does. Raises CypherArgumentError."""
    _check_cost(text)
    flags = regex.VERSION1 if _UNICODE.search(text) else regex.VERSION1 | regex.ASCII
    try:
        return regex.compile(_WRITTEN.sub(_translate, text), flags)
    except (regex.error, ValueError, OverflowError) as error:
        raise CypherArgumentError(
            f"{shorten(text)} is no regular expression: {error}", detail="InvalidArgumentValue"
        ) from None


def _check_cost(text: str) -> None:
    """Raise CypherArgumentError for an expression that takes too long to be made ready."""
    cost = measure_repetition(text) if len(text) <= LONGEST_PATTERN else None
    if cost is None:
        said = f"is longer than {LONGEST_PATTERN:,} characters"
    elif cost.depth > DEEPEST_REPETITION:
        said = f"repeats repetitions more than {DEEPEST_REPETITION} deep"
    elif cost.times > MOST_REPETITIONS:
        said = f"repeats something more than {MOST_REPETITIONS:,} times by numbers in braces"
    else:
        return
    raise CypherArgumentError(
        f"the regular expression {shorten(text)} {said}; write it without",
        detail="InvalidArgumentValue",
    )


def _translate(found: re.Match[str]) -> str:
    if found["quoted"] is not None:
        return str(regex.escape(found["quoted"]))
    if found["group"] is not None:
        return f"(?P={found['group']})"
    if found["hex"] is not None:
        return str(regex.escape(chr(int(found["hex"], 16))))
    return _CLASSES.get(found["letter"], found[0])
