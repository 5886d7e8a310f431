"""What a regular expression may cost, told from its text: repetitions inside repetitions.

Groups, classes, escapes and quantifiers are those of Java, which all flavours share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# To make an expression ready takes time by powers of 2 in the depth, and by the product of the
# numbers in braces.
LONGEST_PATTERN = 10_000
DEEPEST_REPETITION = 6
MOST_REPETITIONS = 10_000
_TOKEN = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\(?:x\{[^}]*\}|[pP]\{[^}]*\}|k<[^>]*>|.)|\{(?P<braces>\d+(?:,\d*)?)\}"
    r"|(?P<other>.)",
    re.DOTALL,
)


@dataclass(slots=True)
class RepetitionCost:
    """How deep repetitions stand inside each other, and how often the innermost comes by numbers.

    `unbounded` is how many repetitions without an upper bound stand inside each other, `choices`
    whether one of what is repeated without an upper bound has alternatives, `sequence` how many
    unbounded repetitions stand in a row.
    """

    depth: int = 0
    times: int = 1
    unbounded: int = 0
    sequence: int = 0
    choices: bool = False


@dataclass(slots=True)
class _Group:
    cost: RepetitionCost = field(default_factory=RepetitionCost)
    has_choice: bool = False
    # What a quantifier would repeat: the last atom.
    last: RepetitionCost = field(default_factory=RepetitionCost)
    last_has_choice: bool = False
    has_atom: bool = False


def measure_repetition(pattern: str) -> RepetitionCost:
    """Return what a regular expression repeats, as far as its text tells.

    Examples
    --------
    >>> measure_repetition(r"(a+)+b").unbounded
    2
    >>> measure_repetition(r"(\\d{1,3}\\.){3}\\d{1,3}").times
    9
    """
    groups = [_Group()]
    for token in _split(pattern):
        group = groups[-1]
        if token == "(":
            groups.append(_Group())
        elif token == ")" and len(groups) > 1:
            closed = groups.pop()
            _take_last(closed)
            _start_atom(groups[-1], closed.cost, closed.has_choice)
        elif token == "|":
            _take_last(group)
            group.has_choice = True
        elif token[0] in "*+?{" and group.has_atom:
            _repeat(group, token)
        else:
            _start_atom(group, RepetitionCost(), False)
    while len(groups) > 1:
        closed = groups.pop()
        _take_last(closed)
        _start_atom(groups[-1], closed.cost, closed.has_choice)
    _take_last(groups[0])
    return groups[0].cost


def _split(pattern: str) -> Iterator[str]:
    """The signs of an expression; a class is one, and so is what opens a group."""
    at = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        assert found is not None
        at = found.end()
        sign = found[0]
        if found["braces"] is not None:
            yield sign
        elif sign == "[":
            at = _end_of_class(pattern, at)
            yield "["
        elif sign == "(":
            if pattern.startswith("?", at):
                # `?:`, `?=`, `?<name>`, `?i)` …: no quantifier.
                at += 1
            yield "("
        else:
            yield "a" if sign in "{}" else sign


def _end_of_class(pattern: str, at: int) -> int:
    depth = 1
    while at < len(pattern) and depth:
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] == "[":
            depth += 1
        elif pattern[at] == "]":
            depth -= 1
        at += 1
    return at


def _start_atom(group: _Group, cost: RepetitionCost, has_choice: bool) -> None:
    _take_last(group)
    group.last, group.last_has_choice, group.has_atom = cost, has_choice, True


def _take_last(group: _Group) -> None:
    """What comes after is no longer asked to repeat the last atom."""
    mine, last = group.cost, group.last
    mine.depth = max(mine.depth, last.depth)
    mine.times = max(mine.times, last.times)
    mine.unbounded = max(mine.unbounded, last.unbounded)
    mine.sequence += last.sequence
    mine.choices = mine.choices or last.choices
    group.last, group.has_atom = RepetitionCost(), False


def _repeat(group: _Group, token: str) -> None:
    last = group.last
    if token == "?":
        # Also what makes a quantifier reluctant.
        last.depth += last.depth > 0
        return
    first, comma, most = token.strip("{}").partition(",")
    numbered = token[0] == "{"
    last.depth += 1
    if numbered:
        last.times *= max(1, int(most or first))
    if not numbered or (comma and not most):
        last.unbounded += 1
        last.sequence = 1
        last.choices = last.choices or group.last_has_choice
