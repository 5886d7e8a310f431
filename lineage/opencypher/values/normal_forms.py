"""What may be brought into a Unicode normal form in time."""

from __future__ import annotations

import regex

from lineage.errors import QueryStopped
from lineage.opencypher.values.budget import Budget

# Marks on one letter are sorted, which takes time by the square of their number. Unicode's
# stream-safe texts have no more than 30.
_MOST_MARKS = 1_000
_MARKS = regex.compile(rf"\p{{M}}{{{_MOST_MARKS + 1}}}")


def check_normalizable(budget: Budget, text: str) -> None:
    """Raise QueryStopped for a text with more marks on one letter than can be sorted in time."""
    budget.step(1 + len(text) // 1000)
    if len(text) > _MOST_MARKS and _MARKS.search(text) is not None:
        raise QueryStopped(
            f"a text has more than {_MOST_MARKS:,} combining marks in a row, which are too many "
            "to be normalized"
        )
