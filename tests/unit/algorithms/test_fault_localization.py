"""How suspicious each formula finds a suspect."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.algorithms.fault_localization import FORMULAS, Counts, validate_formula
from lineage.errors import InvalidValue

_many = st.integers(0, 50)
_formulas = pytest.mark.parametrize("name", FORMULAS)


@_formulas
def test_a_suspect_of_no_bad_outcome_is_none(name: str) -> None:
    assert FORMULAS[name](Counts(0, 3, 2, 1)) == 0
    assert FORMULAS[name](Counts(0, 0, 0, 0)) == 0


@_formulas
@given(bad=st.integers(1, 50), others=_many)
def test_what_all_bad_outcomes_have_alone_is_the_most_suspicious(
    name: str, bad: int, others: int
) -> None:
    most = FORMULAS[name](Counts(bad, 0, 0, others))
    assert most == (math.inf if name == "dstar" else pytest.approx(1))


@_formulas
@given(bad=_many, lacking=_many, good=_many, others=st.integers(1, 50))
def test_a_good_outcome_more_makes_it_no_more_suspicious(
    name: str, bad: int, lacking: int, good: int, others: int
) -> None:
    formula = FORMULAS[name]
    before = formula(Counts(bad, lacking, good, others))
    assert formula(Counts(bad, lacking, good + 1, others - 1)) <= before * (1 + 1e-12)


def test_an_unknown_formula_is_refused_by_name() -> None:
    with pytest.raises(InvalidValue, match="'jaccard'; there are ochiai"):
        validate_formula("jaccard")
