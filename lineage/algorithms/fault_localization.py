"""How suspicious a suspect is: spectrum-based fault localisation.

Each suspect is in some bad outcomes and some good ones; a formula makes one number of the four
counts. With `f` bad outcomes that have the suspect of `F`, and `p` good ones of `P`:

- **ochiai**: f / sqrt(F * (f + p)). Abreu, Zoeteweij and van Gemund, An Evaluation of Similarity
  Coefficients for Software Fault Localization, PRDC 2006.
- **tarantula**: (f / F) / (f / F + p / P). Jones and Harrold, Empirical Evaluation of the Tarantula
  Automatic Fault-Localization Technique, ASE 2005.
- **dstar**: f ** 2 / (p + F - f), infinite where only bad outcomes have it, and all of them. Wong,
  Debroy, Gao and Li, The DStar Method for Effective Software Fault Localization, IEEE Transactions
  on Reliability 63(1), 2014; the exponent is 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from lineage.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Counts:
    """How many bad and good outcomes have a suspect, and how many don't."""

    bad_with: int
    bad_without: int
    good_with: int
    good_without: int


Formula = Callable[[Counts], float]


def ochiai(counts: Counts) -> float:
    """From 0 to 1; 1 where all bad outcomes have it and no good one does."""
    under = (counts.bad_with + counts.bad_without) * (counts.bad_with + counts.good_with)
    return counts.bad_with / math.sqrt(under) if under else 0.0


def tarantula(counts: Counts) -> float:
    """From 0 to 1; 1 where no good outcome has it."""
    bad, good = counts.bad_with + counts.bad_without, counts.good_with + counts.good_without
    failed = counts.bad_with / bad if bad else 0.0
    passed = counts.good_with / good if good else 0.0
    return failed / (failed + passed) if failed else 0.0


def dstar(counts: Counts) -> float:
    """From 0 up, without an end."""
    under = counts.good_with + counts.bad_without
    if under:
        return counts.bad_with**2 / under
    return math.inf if counts.bad_with else 0.0


FORMULAS: dict[str, Formula] = {"ochiai": ochiai, "tarantula": tarantula, "dstar": dstar}


def validate_formula(name: str) -> Formula:
    """The formula of that name. Raises InvalidValue."""
    if name not in FORMULAS:
        raise InvalidValue(f"formula is {name!r}; there are {', '.join(FORMULAS)}")
    return FORMULAS[name]
