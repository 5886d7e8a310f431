"""Properties as text are exact, and plain ones stay plain."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from lineage.backends.codec import decode, decode_path, encode, encode_path
from lineage.model import Value

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_int64 = st.integers(-(2**63), 2**63 - 1)
_json = st.recursive(
    st.none() | st.booleans() | _int64 | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            _text | st.sampled_from(["$struct", "$bytes", "$double"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)
_values = (
    st.booleans()
    | _int64
    | st.floats()
    | _text
    | st.binary(max_size=20)
    | st.dictionaries(_text | st.sampled_from(["$struct", "$bytes", "$double"]), _json, max_size=4)
    | st.lists(_json, max_size=4)
)


def same(one: object, other: object) -> bool:
    """Equal to the bit: of the same type, NaN like NaN, -0.0 unlike 0.0, at every depth."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float) and isinstance(other, float):
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@given(st.dictionaries(_text, _values, max_size=6))
def test_round_trip(properties: dict[str, Value]) -> None:
    assert same(decode(encode(properties)), properties)


@given(st.dictionaries(_text, _values, max_size=6), st.dictionaries(_text, _values, max_size=6))
def test_sorted_text_tells_equal_from_different(
    one: dict[str, Value], other: dict[str, Value]
) -> None:
    backwards = dict(reversed(one.items()))
    assert encode(one, sort=True) == encode(backwards, sort=True)
    if encode(one, sort=True) == encode(other, sort=True):
        assert one.keys() == other.keys()
        assert encode({k: one[k] for k in sorted(one)}, sort=True) == encode(other, sort=True)


@given(st.dictionaries(_text, st.booleans() | _int64 | _text, max_size=6))
def test_plain_values_are_plain_json(properties: dict[str, Value]) -> None:
    assert json.loads(encode(properties) or "{}") == properties


@given(st.lists(_text | _int64, max_size=5).map(tuple))
def test_paths(path: tuple[str | int, ...]) -> None:
    assert same(list(decode_path(encode_path(path))), list(path))
