"""A scenario is run on a target, and what came of it is compared with what should have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tools.tck.canonical import Form, without_list_order
from tools.tck.expected import expected_form, parameter_value
from tools.tck.scenarios import Error, Rows, Scenario

# No query of the kit needs more; one that does is wrong, and doesn't stop the others. In seconds.
DEADLINE = 60.0


class Refused(Exception):
    """The target does not do this, and says so."""


@dataclass(frozen=True, slots=True)
class Failed(Exception):
    """The query failed; what the target does not tell is None."""

    kind: str
    phase: str | None
    detail: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query answered: forms of values, lists in their order."""

    columns: Sequence[str]
    rows: Sequence[tuple[Form, ...]]


class Target(ABC):
    """Something that runs Cypher."""

    @abstractmethod
    def prepare(self, statements: Sequence[str], parameters: Mapping[str, Any]) -> None:
        """From an empty graph, run these statements, whatever they are."""

    @abstractmethod
    def run(self, query: str, parameters: Mapping[str, Any]) -> Answer:
        """The answer to a query. Raises Refused or Failed."""


class Verdict(StrEnum):
    """What a scenario says of a target."""

    PASSED = "passed"
    REFUSED = "refused"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, and how what came differs from what should have."""

    scenario: Scenario
    verdict: Verdict
    why: str = ""
    other_error: bool = False  # an error was right, but not this one


def judge(scenario: Scenario, target: Target) -> Outcome:
    """Run one scenario."""
    parameters = {name: parameter_value(text) for name, text in scenario.parameters}
    other_error = False
    target.prepare(scenario.set_up, parameters)
    try:
        answer = target.run(scenario.query, parameters)
    except Refused as refusal:
        return Outcome(scenario, Verdict.REFUSED, str(refusal))
    except Failed as failure:
        why = _wrong_failure(scenario.expected, failure)
        other_error = isinstance(scenario.expected, Error)
    else:
        why = _wrong_answer(scenario.expected, answer)
    if not why:
        return Outcome(scenario, Verdict.PASSED)
    return Outcome(scenario, Verdict.WRONG, why, other_error)


def _wrong_failure(expected: Rows | Error, failure: Failed) -> str:
    said = f"{failure.kind} at {failure.phase}: {failure.detail} ({failure.message})"
    if isinstance(expected, Rows):
        return f"expected rows, but failed with {said}"
    pairs = (
        (expected.kind, failure.kind, ()),
        (expected.phase, failure.phase, ("any time",)),
        (expected.detail, failure.detail, ("*",)),
    )
    if all(came in (None, wanted) or wanted in any_ for wanted, came, any_ in pairs):
        return ""
    return f"expected {expected.kind} at {expected.phase}: {expected.detail}, but came {said}"


def _wrong_answer(expected: Rows | Error, answer: Answer) -> str:
    if isinstance(expected, Error):
        return f"expected {expected.kind}: {expected.detail}, but {len(answer.rows)} rows came"
    rows = list(answer.rows)
    if not expected.lists_in_order:
        rows = [tuple(map(without_list_order, row)) for row in rows]
    wanted = [
        tuple(expected_form(cell, lists_in_order=expected.lists_in_order) for cell in row)
        for row in expected.rows
    ]
    if expected.columns and list(answer.columns) != list(expected.columns):
        return f"expected columns {expected.columns}, but came {tuple(answer.columns)}"
    same = rows == wanted if expected.in_order else Counter(rows) == Counter(wanted)
    return "" if same else f"expected {_short(wanted)}, but came {_short(rows)}"


def _short(rows: object) -> str:
    text = repr(rows)
    return text if len(text) <= 600 else f"{text[:600]}…"
