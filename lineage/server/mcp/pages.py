"""Answers in pages of so many bytes, each of which says what it is a part of.

An answer is taken apart into records: each item of each list in it, and each other part that is no
plain value. A page has as many of them as fit, under the names of their lists, with

- `complete`: whether this page is all of the answer, and the answer is all there is;
- `totals`: how many records of each list the whole answer has; null where a limit of the question
  left that unknown;
- `returned`: how many of each are in this page, and `before`: how many came in earlier pages;
- `next`: a handle by which `more` gives the rest; null at the end;
- `shortened`: how many records of this page were too large for it, and lack something, marked where
  it was.

So a page can't be taken for the whole, and the counts never depend on where it was cut.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage.errors import InvalidValue, NotFound

LEAST_BUDGET = 1_000
MOST_BUDGET = 1_000_000
# Of what else an answer says, so much stands on each page; what is longer is a record.
_PLAIN = 120
_KEPT = 256
_KEPT_SECONDS = 3_600.0


@dataclass(slots=True)
class Answer:
    """An answer taken apart.

    Parameters
    ----------
    plain: what stands on each page.
    records: the name of its list, and the record, in their order.
    totals: how many there are of each list; None where that is not known.
    whole: whether the records are all there is.
    place: how many records were given out.
    """

    plain: dict[str, Any]
    records: list[tuple[str, Any]]
    totals: dict[str, int | None]
    whole: bool
    place: int = 0
    began: float = field(default_factory=time.monotonic)


def take_apart(told: Mapping[str, Any] | list[Any], *, known: bool = True) -> Answer:
    """Return an answer's JSON as records.

    Parameters
    ----------
    told: what `to_dict` gives, or a list of such.
    known: whether it has all its rows; where not, their number is not told.
    """
    parts: Mapping[str, Any] = told if isinstance(told, Mapping) else {"rows": told}
    plain: dict[str, Any] = {}
    records: list[tuple[str, Any]] = []
    totals: dict[str, int | None] = {}
    for name, value in parts.items():
        if name == "complete":
            continue
        if isinstance(value, list):
            totals[name] = len(value)
            records += [(name, _without_nulls(item)) for item in value]
        elif isinstance(value, Mapping) or _size(value) > _PLAIN:
            records.append(("parts", {"part": name, "value": value}))
        else:
            plain[name] = value
    if any(name == "parts" for name, _ in records):
        totals["parts"] = sum(name == "parts" for name, _ in records)
    if not known:
        totals = {name: None if name == "rows" else total for name, total in totals.items()}
    return Answer(plain, records, totals, whole=bool(parts.get("complete", True)) and known)


class Pages:
    """The answers that were begun, by the handle of what is left of them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, answer: Answer, budget: int) -> str:
        """Return the first page of an answer."""
        return self._page(answer, check_budget(budget))

    def more(self, handle: str, budget: int) -> str:
        """Return the next page of the answer that a handle stands for.

        The same handle gives the same page again, so that one that was lost can be asked for.

        Raises
        ------
        NotFound: the handle is of nothing, or of an answer that is no longer kept.
        """
        with self._lock:
            kept = self._kept.get(handle)
        if kept is None or time.monotonic() - kept.began > _KEPT_SECONDS:
            raise NotFound("the handle leads to nothing that is kept: ask the question again")
        copy = Answer(kept.plain, kept.records, kept.totals, kept.whole, kept.place, kept.began)
        return self._page(copy, check_budget(budget))

    def _page(self, answer: Answer, budget: int) -> str:
        taken: list[tuple[str, Any]] = []
        shortened = 0
        handle = secrets.token_hex(8)
        first = answer.place
        size = len(_write(answer, taken, first, handle, shortened))
        while first + len(taken) < len(answer.records):
            name, record = answer.records[first + len(taken)]
            cost = _size(record) + len(name) * 3 + 40
            if size + cost > budget:
                if taken:
                    break
                record = _shorten(record, budget - size - len(name) * 3 - 60)
                cost = _size(record) + len(name) * 3 + 40
                shortened += 1
            taken.append((name, record))
            size += cost
        answer.place = first + len(taken)
        ended = answer.place >= len(answer.records)
        if not ended:
            with self._lock:
                self._kept[handle] = answer
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return _write(answer, taken, first, None if ended else handle, shortened)


def check_budget(budget: int) -> int:
    """Return a budget. Raises InvalidValue where it is too small or too large."""
    if not LEAST_BUDGET <= budget <= MOST_BUDGET:
        raise InvalidValue(
            f"budget is {budget}; it is a number of bytes from {LEAST_BUDGET:,} to {MOST_BUDGET:,}"
        )
    return budget


def _write(
    answer: Answer, taken: list[tuple[str, Any]], first: int, handle: str | None, shortened: int
) -> str:
    before = Counter(name for name, _ in answer.records[:first])
    page: dict[str, Any] = {
        "complete": handle is None and not first and not shortened and answer.whole,
        "totals": answer.totals,
        "returned": dict.fromkeys(answer.totals, 0) | Counter(name for name, _ in taken),
        "before": {name: before[name] for name in answer.totals},
        "next": handle,
        **({"shortened": shortened} if shortened else {}),
        **({} if answer.whole else {"cut": "a limit of the question left out more"}),
        **answer.plain,
    }
    for name, record in taken:
        page.setdefault(name, []).append(record)
    return json.dumps(page, ensure_ascii=False, separators=(",", ":"))


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _without_nulls(record: Any) -> Any:
    """A record without the fields that it lacks: a node has a dozen, and agents pay for each."""
    if isinstance(record, Mapping):
        return {name: item for name, item in record.items() if item is not None and item != {}}
    return record


def _shorten(record: Any, room: int) -> Any:
    """A record that fits, with a mark in place of each part that does not."""
    for longest, most in ((400, 20), (100, 5), (40, 2), (20, 1)):
        shorter = _cut(record, longest, most)
        if _size(shorter) <= room:
            return shorter
    names = record if isinstance(record, Mapping) else {}
    plain = {name: names[name] for name in ("kind", "id") if name in names}
    return {**plain, "cut": f"{_size(record)} bytes"}


def _cut(value: Any, longest: int, most: int) -> Any:
    if isinstance(value, str) and len(value) > longest:
        return {"cut": f"{len(value)} characters", "begins": value[:longest]}
    if isinstance(value, list):
        kept = [_cut(item, longest, most) for item in value[:most]]
        return kept if len(value) <= most else [*kept, {"cut": f"{len(value) - most} more"}]
    if isinstance(value, Mapping):
        names = list(value)
        kept_ones = {name: _cut(value[name], longest, most) for name in names[: most + 12]}
        left = len(names) - most - 12
        return kept_ones if left <= 0 else {**kept_ones, "cut": f"{left} more"}
    return value
