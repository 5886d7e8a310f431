"""Aggregates. Null is never counted; DISTINCT is done before a value gets here."""

from __future__ import annotations

import math

from lineage.opencypher.errors import CypherArgumentError, CypherTypeError
from lineage.opencypher.functions.numbers import LARGEST, SMALLEST
from lineage.opencypher.functions.registry import Context, aggregate
from lineage.opencypher.values.comparison import order_key
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.kinds import is_number, kind_of
from lineage.opencypher.values.memory_estimate import weigh
from lineage.opencypher.values.temporal import Duration, divide


def _number(value: Value, name: str) -> float:
    if not is_number(value):
        raise CypherTypeError(f"{name}() takes numbers, not a {kind_of(value)}")
    return value  # type: ignore[no-any-return]


@aggregate("count")
class CountState:
    """How many values there are."""

    def __init__(self, context: Context) -> None:
        self._count = 0

    def add(self, value: Value) -> None:
        """One more."""
        self._count += 1

    def result(self) -> Value:
        """0 where there is none."""
        return self._count


@aggregate("collect")
class CollectState:
    """The values as a list."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._values: list[Value] = []
        self.held = 0

    def add(self, value: Value) -> None:
        """One more."""
        size = weigh(value)
        self._context.budget.hold(size)
        self.held += size
        self._values.append(value)

    def result(self) -> Value:
        """Empty where there is none."""
        return self._values


class _ExtremeState:
    def __init__(self, context: Context) -> None:
        self._value: Value = None
        self._key: object = None

    def add(self, value: Value) -> None:
        """One more."""
        key = order_key(value)
        if self._value is None or self._better(key, self._key):
            self._value, self._key = value, key

    def result(self) -> Value:
        """Null where there is none."""
        return self._value

    def _better(self, key: Value, than: Value) -> bool:
        raise NotImplementedError


@aggregate("min")
class MinState(_ExtremeState):
    """The first of the values in their order."""

    def _better(self, key: Value, than: Value) -> bool:
        return bool(key < than)


@aggregate("max")
class MaxState(_ExtremeState):
    """The last of the values in their order."""

    def _better(self, key: Value, than: Value) -> bool:
        return bool(key > than)


@aggregate("sum")
class SumState:
    """The sum of numbers, or of durations. Past 64 bits it becomes a float."""

    def __init__(self, context: Context) -> None:
        self._sum: Value = 0

    def add(self, value: Value) -> None:
        """One more."""
        if isinstance(value, Duration) and (self._sum == 0 or isinstance(self._sum, Duration)):
            self._sum = self._sum.plus(value) if isinstance(self._sum, Duration) else value
            return
        if isinstance(self._sum, Duration):
            raise CypherTypeError("sum() can't add numbers to durations")
        self._sum += _number(value, "sum")
        if self._sum.__class__ is int and not SMALLEST <= self._sum <= LARGEST:
            self._sum = float(self._sum)

    def result(self) -> Value:
        """0 where there is none."""
        return self._sum


@aggregate("avg")
class AverageState:
    """The mean of numbers, as a float, or of durations."""

    def __init__(self, context: Context) -> None:
        self._count = 0
        self._mean = 0.0
        self._durations: Duration | None = None

    def add(self, value: Value) -> None:
        """One more."""
        self._count += 1
        if isinstance(value, Duration) and (self._durations is not None or self._count == 1):
            self._durations = value if self._durations is None else self._durations.plus(value)
            return
        if self._durations is not None:
            raise CypherTypeError("avg() can't add numbers to durations")
        # A running mean does not overflow.
        self._mean += (_number(value, "avg") - self._mean) / self._count

    def result(self) -> Value:
        """Null where there is none."""
        if self._count == 0:
            return None
        return self._mean if self._durations is None else divide(self._durations, self._count)


class _DeviationState:
    """Welford's algorithm."""

    _name: str
    _less: int

    def __init__(self, context: Context) -> None:
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0

    def add(self, value: Value) -> None:
        """One more."""
        given = float(_number(value, self._name))
        self._count += 1
        before = given - self._mean
        self._mean += before / self._count
        self._squares += before * (given - self._mean)

    def result(self) -> Value:
        """Null where there is none, 0 for one."""
        if self._count == 0:
            return None
        return math.sqrt(self._squares / max(1, self._count - self._less))


@aggregate("stDev")
class SampleDeviationState(_DeviationState):
    """The standard deviation of a sample."""

    _name, _less = "stDev", 1


@aggregate("stDevP")
class PopulationDeviationState(_DeviationState):
    """The standard deviation of the whole population."""

    _name, _less = "stDevP", 0


class _PercentileState:
    _name: str

    def __init__(self, context: Context) -> None:
        self._context = context
        self._values: list[float] = []
        self._percentile: float | None = None
        self.held = 0

    def add(self, value: Value, percentile: Value = None) -> None:
        """One more; the percentile of the first row counts."""
        if self._percentile is None:
            at = _number(percentile, self._name)
            if not 0 <= at <= 1:
                raise CypherArgumentError(f"{self._name}() takes a percentile of 0 to 1, not {at}")
            self._percentile = at
        self._context.budget.hold()
        self.held += 1
        self._values.append(_number(value, self._name))

    def result(self) -> Value:
        """Null where there is none."""
        if self._percentile is None:
            return None
        self._values.sort()
        return self._find(self._percentile)

    def _find(self, percentile: float) -> Value:
        raise NotImplementedError


@aggregate("percentileDisc", 2)
class DiscretePercentileState(_PercentileState):
    """The value that so large a part of the values does not exceed."""

    _name = "percentileDisc"

    def _find(self, percentile: float) -> Value:
        return self._values[max(0, math.ceil(percentile * len(self._values)) - 1)]


@aggregate("percentileCont", 2)
class ContinuousPercentileState(_PercentileState):
    """The same, interpolated between the two nearest values."""

    _name = "percentileCont"

    def _find(self, percentile: float) -> Value:
        at = percentile * (len(self._values) - 1)
        below, above = math.floor(at), math.ceil(at)
        if below == above:
            return self._values[below]
        return self._values[below] * (above - at) + self._values[above] * (at - below)
