"""Functions of numbers. Integers have 64 bits; floats are IEEE 754 doubles."""

from __future__ import annotations

import decimal
import math
import uuid
from collections.abc import Callable
from decimal import Decimal

from lineage.opencypher.errors import CypherArgumentError, CypherArithmeticError, CypherTypeError
from lineage.opencypher.functions.registry import Context, function
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.kinds import is_number, kind_of

LARGEST = 2**63 - 1
SMALLEST = -(2**63)
_NUMBER = frozenset({"integer", "float"})
_ROUNDING = {
    "UP": decimal.ROUND_UP,
    "DOWN": decimal.ROUND_DOWN,
    "CEILING": decimal.ROUND_CEILING,
    "FLOOR": decimal.ROUND_FLOOR,
    "HALF_UP": decimal.ROUND_HALF_UP,
    "HALF_DOWN": decimal.ROUND_HALF_DOWN,
    "HALF_EVEN": decimal.ROUND_HALF_EVEN,
}


def number(value: Value, name: str) -> float:
    """The argument as a number; raises CypherTypeError where it is none."""
    if not is_number(value):
        raise CypherTypeError(f"{name}() takes a number, not a {kind_of(value)}")
    return value  # type: ignore[no-any-return]


def _register_real(name: str, compute: Callable[[float], float]) -> None:
    """A function of one float. Out of its domain it is NaN, past the largest float infinite."""

    @function(name, 1, accepts=(_NUMBER,))
    def apply(context: Context, value: Value) -> Value:
        argument = float(number(value, name))
        try:
            return compute(argument)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan


def _logarithm(compute: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: -math.inf if value == 0 else compute(value)


def _towards(compute: Callable[[float], int]) -> Callable[[float], float]:
    # The sign of a zero stays: ceil(-0.5) is -0.0.
    return lambda value: math.copysign(compute(value), value) if math.isfinite(value) else value


def _cotangent(value: float) -> float:
    tangent = math.tan(value)
    return math.copysign(math.inf, value) if tangent == 0 else 1 / tangent


_register_real("sqrt", math.sqrt)
_register_real("exp", math.exp)
_register_real("log", _logarithm(math.log))
_register_real("log10", _logarithm(math.log10))
_register_real("sin", math.sin)
_register_real("cos", math.cos)
_register_real("tan", math.tan)
_register_real("cot", _cotangent)
_register_real("asin", math.asin)
_register_real("acos", math.acos)
_register_real("atan", math.atan)
_register_real("degrees", math.degrees)
_register_real("radians", math.radians)
_register_real("haversin", lambda value: (1 - math.cos(value)) / 2)
_register_real("ceil", _towards(math.ceil))
_register_real("floor", _towards(math.floor))


@function("atan2", 2, accepts=(_NUMBER, _NUMBER))
def atan2(context: Context, y: Value, x: Value) -> Value:
    """The angle of a point."""
    return math.atan2(number(y, "atan2"), number(x, "atan2"))


@function("pi", 0)
def pi(context: Context) -> Value:
    """3.14159…"""
    return math.pi


@function("e", 0)
def e(context: Context) -> Value:
    """2.71828…"""
    return math.e


@function("abs", 1, accepts=(_NUMBER,))
def absolute(context: Context, value: Value) -> Value:
    """Without its sign; an integer stays one."""
    found = abs(number(value, "abs"))
    if found.__class__ is int and found > LARGEST:
        raise CypherArithmeticError(f"abs({value}) does not fit 64 bits")
    return found


@function("sign", 1, accepts=(_NUMBER,))
def sign(context: Context, value: Value) -> Value:
    """-1, 0 or 1."""
    given = number(value, "sign")
    return (given > 0) - (given < 0)


@function("isNaN", 1, accepts=(_NUMBER,))
def is_nan(context: Context, value: Value) -> Value:
    """Whether it is not a number."""
    return math.isnan(number(value, "isNaN"))


@function("round", 1, 3, accepts=(_NUMBER, frozenset({"integer"}), frozenset({"string"})))
def round_(context: Context, value: Value, precision: Value = 0, mode: Value = None) -> Value:
    """To so many decimals. Without a mode, halves go up to a whole number (-1.5 to -1), and away
    from zero to a decimal (-1.25 to -1.3)."""
    given = float(number(value, "round"))
    if precision.__class__ is not int:
        raise CypherTypeError(f"round() takes an integer as precision, not a {kind_of(precision)}")
    if precision < 0:
        raise CypherArgumentError(f"round() takes no negative precision, not {precision}")
    if not math.isfinite(given):
        return given
    if mode is None and precision == 0:
        return float(math.floor(Decimal(given) + Decimal("0.5")))
    if mode is not None and not isinstance(mode, str):
        raise CypherTypeError(f"round() takes a string as mode, not a {kind_of(mode)}")
    rounding = _ROUNDING.get((mode or "HALF_UP").upper())
    if rounding is None:
        raise CypherArgumentError(f"round() knows {', '.join(_ROUNDING)}, not {mode!r}")
    if precision > 340:  # Past the last decimal of any double.
        return given
    with decimal.localcontext(decimal.Context(prec=800)):
        # The shortest decimal that says the number, as Java's BigDecimal.valueOf has it.
        rounded = Decimal(repr(given)).quantize(Decimal(1).scaleb(-precision), rounding=rounding)
    return float(rounded)


@function("rand", 0, deterministic=False)
def rand(context: Context) -> Value:
    """At least 0, less than 1."""
    return context.random.random()


@function("randomUUID", 0, deterministic=False)
def random_uuid(context: Context) -> Value:
    """A new UUID of version 4."""
    return str(uuid.UUID(int=context.random.getrandbits(128), version=4))
