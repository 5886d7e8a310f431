"""How a query is answered, as EXPLAIN and PROFILE show it: an object, JSON, or a table."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from lineage.captions import printable
from lineage.errors import Unsupported
from lineage.model.query_plan import Operator

# With less room than this beside the numbers, details stand on lines of their own.
_BESIDE = 24
# JSON is written and read with a stack, of which each operator needs some.
_DEEPEST = 300
_Cell = Callable[[Operator], str]


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """The plan of a query: what would be done (EXPLAIN), or what was (PROFILE).

    root: the operator that gives the rows; below it, `Operator.children`. row_count: how many rows
    came, None where the query was not run. complete: False where a limit cut them off.
    """

    root: Operator
    row_count: int | None = None
    complete: bool = True

    @property
    def profiled(self) -> bool:
        """Whether the query was run."""
        return self.row_count is not None

    def __iter__(self) -> Iterator[Operator]:
        """All operators, the root first."""
        return iter(self.root)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.to_text(120))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON has it: operators hold their children.

        Raises Unsupported for one that is too deep to be written so.
        """
        if _depth(self.root) > _DEEPEST:
            raise Unsupported(
                f"the plan is more than {_DEEPEST} operators deep, too deep for JSON; the table "
                "shows it"
            )
        return {
            "profiled": self.profiled,
            "row_count": self.row_count,
            "complete": self.complete,
            "plan": _as_json(self.root),
        }

    def to_json(self) -> str:
        """One JSON object: `profiled`, `row_count`, `complete`, `plan`."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_text(self, width: int = 80) -> str:
        """An aligned table, no wider than `width`: the last step first, each above the one that
        its rows come from; what is run beside these is indented."""
        lines = list(_lines(self.root, ""))
        columns = [
            (heading, [cell(operator) for operator, _ in lines])
            for heading, cell in _NUMBERS
            if any(cell(operator) for operator, _ in lines)
        ]
        titles = [f"{tree}+{_one_line(operator.name)}" for operator, tree in lines]
        first = max(len("OPERATOR"), *map(len, titles))
        sizes = [max(len(heading), *map(len, cells)) for heading, cells in columns]
        room = width - first - sum(2 + size for size in sizes) - 2
        beside = room >= _BESIDE
        heading = "".join(f"  {h.rjust(s)}" for (h, _), s in zip(columns, sizes, strict=True))
        written = [f"{'OPERATOR'.ljust(first)}{heading}" + ("  DETAILS" if beside else "")]
        for place, (operator, tree) in enumerate(lines):
            numbers = "".join(
                f"  {cells[place].rjust(size)}"
                for (_, cells), size in zip(columns, sizes, strict=True)
            )
            line = titles[place].ljust(first) + numbers
            # Whatever stands below goes on in the tree.
            below = tree + ("|" if operator.children else " ")
            details = _one_line(operator.details)
            if beside:
                some, *more = _wrap(details, room) or [""]
                written.append(f"{line}  {some}")
                margin = below.ljust(first + len(numbers) + 2)
            else:
                written.append(line)
                margin = f"{below}   "
                more = _wrap(details, max(width - len(margin), 20))
            written += [margin + text for text in more]
        return "\n".join(line.rstrip() for line in written)


def _depth(root: Operator) -> int:
    depth, level = 0, [root]
    while level:
        depth += 1
        level = [child for operator in level for child in operator.children]
    return depth


def _lines(operator: Operator, tree: str) -> Iterator[tuple[Operator, str]]:
    """Each operator with what stands before it: a bar for each branch that it is inside of."""
    waiting = [(operator, tree)]
    while waiting:
        taken, before = waiting.pop()
        yield taken, before
        for place, child in enumerate(taken.children):
            waiting.append((child, before + "| " * place))


def _as_json(root: Operator) -> dict[str, Any]:
    made: dict[int, dict[str, Any]] = {}
    for operator in reversed(list(root)):
        made[id(operator)] = {
            "operator": operator.name,
            "details": operator.details,
            "estimated_rows": operator.estimated_rows,
            "rows": operator.rows,
            "hits": operator.hits,
            "milliseconds": operator.milliseconds,
            "children": [made[id(child)] for child in operator.children],
        }
    return made[id(root)]


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def _number(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.1f}" if 0 < number < 10 and number % 1 else f"{number:,.0f}"


def _time(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:,.1f}"


_NUMBERS: tuple[tuple[str, _Cell], ...] = (
    ("EST. ROWS", lambda operator: _number(operator.estimated_rows)),
    ("ROWS", lambda operator: _number(operator.rows)),
    ("HITS", lambda operator: _number(operator.hits)),
    ("MS", lambda operator: _time(operator.milliseconds)),
)


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False)
