"""Times as milliseconds and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.model import to_datetime
from lineage.model.times import to_milliseconds


@given(
    moment=st.datetimes(
        min_value=datetime(1970, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)
    )
)
def test_a_datetime_comes_back_to_the_millisecond(moment: datetime) -> None:
    back = to_datetime(to_milliseconds(moment))
    assert back is not None
    assert abs(back - moment) < timedelta(milliseconds=1)


@pytest.mark.parametrize("beyond", [None, 10**18, -(10**18)])
def test_what_no_datetime_can_say_is_none(beyond: int | None) -> None:
    assert to_datetime(beyond) is None
