"""The whole TCK on the plain graph: what does not pass is listed here, with the reason, and is
refused. Nothing is answered wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.tck.evaluator_target import EvaluatorTarget
from tools.tck.runner import Outcome, Verdict, judge
from tools.tck.scenarios import Error, read_scenarios

PAGE = Path(__file__).parents[2] / "docs" / "cypher-tck.md"
# Scenarios that are refused, by the reason.
REFUSED: dict[str, str] = {}


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    target = EvaluatorTarget()
    return [judge(scenario, target) for scenario in read_scenarios()]


def test_the_selection_is_the_one_that_the_figure_is_about() -> None:
    assert len(read_scenarios()) == 3528
    assert len({scenario.id for scenario in read_scenarios()}) == 3528


def test_nothing_is_answered_wrongly(outcomes: list[Outcome]) -> None:
    wrong = [f"{o.scenario.id}: {o.why}" for o in outcomes if o.verdict is Verdict.WRONG]
    assert not wrong, "\n".join(wrong)


def test_what_is_refused_is_known_and_why(outcomes: list[Outcome]) -> None:
    refused = {o.scenario.id: o.why for o in outcomes if o.verdict is Verdict.REFUSED}
    assert refused.keys() == REFUSED.keys()
    assert all(REFUSED[name] in why for name, why in refused.items())


def test_the_page_keeps_the_figure(outcomes: list[Outcome]) -> None:
    passed = sum(o.verdict is Verdict.PASSED for o in outcomes)
    assert f"passes {passed:,} of the {len(outcomes):,} scenarios" in PAGE.read_text()


def test_errors_are_told_apart() -> None:
    """Whoever always fails would else pass every scenario that expects an error."""
    expected = {
        (scenario.expected.kind, scenario.expected.phase, scenario.expected.detail)
        for scenario in read_scenarios()
        if isinstance(scenario.expected, Error)
    }
    assert len(expected) > 20
