"""Temporal values by the laws they obey; what the TCK says of them is tested with the TCK."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.opencypher.functions.temporal import instant
from lineage.opencypher.values.temporal import (
    Date,
    DateTime,
    Duration,
    InvalidTemporal,
    LocalDateTime,
    LocalTime,
    Time,
    calendar,
    text_format,
)
from lineage.opencypher.values.temporal.difference import measure, measure_seconds
from lineage.opencypher.values.temporal.types import DAY
from lineage.opencypher.values.temporal.zones import find_zone

ZONES = ("Z", "+01:00", "-03:30", "+02:05:59", "Europe/Stockholm", "America/New_York", "Asia/Tokyo")
days = st.integers(calendar.FIRST_DAY, calendar.LAST_DAY)
nanos = st.integers(0, DAY - 1)
python_days = st.dates(date(1, 1, 1), date(9999, 12, 31))
date_times = st.builds(
    lambda seconds, fraction, name: DateTime.of_epoch(seconds * 10**9 + fraction, find_zone(name)),
    st.integers(-(10**12), 10**12),
    st.integers(0, 10**9 - 1),
    st.sampled_from(ZONES),
)
durations = st.builds(
    Duration.of,
    st.integers(-5000, 5000),
    st.integers(-50_000, 50_000),
    st.integers(-(10**17), 10**17),
)


@given(python_days)
def test_the_calendar_agrees_with_datetime(day: date) -> None:
    number = (day - date(1970, 1, 1)).days
    assert calendar.day_number(day.year, day.month, day.day) == number
    assert calendar.year_month_day(number) == (day.year, day.month, day.day)
    assert calendar.week_date(number) == tuple(day.isocalendar())
    assert calendar.ordinal_day(number) == day.timetuple().tm_yday


@given(days)
def test_each_way_to_name_a_day_names_that_day(number: int) -> None:
    year, month, day = calendar.year_month_day(number)
    assert calendar.day_number(year, month, day) == number
    assert calendar.from_ordinal_day(year, calendar.ordinal_day(number)) == number
    quarter = calendar.quarter_of(month)
    assert calendar.from_quarter_date(year, quarter, calendar.day_of_quarter(number)) == number
    week_year, week, weekday = calendar.week_date(number)
    if calendar.MIN_YEAR <= week_year <= calendar.MAX_YEAR:
        assert calendar.from_week_date(week_year, week, weekday) == number


@given(days, nanos, st.integers(-18 * 3600, 18 * 3600))
def test_what_is_printed_reads_the_same(day: int, time: int, offset: int) -> None:
    assert text_format.parse_date(str(Date(day))) == Date(day)
    assert text_format.parse_local_time(str(LocalTime(time))) == LocalTime(time)
    assert text_format.parse_time(str(Time(time, offset))) == Time(time, offset)
    local = LocalDateTime(day, time)
    assert text_format.parse_local_date_time(str(local)) == local


@given(date_times)
def test_a_date_time_that_is_printed_reads_the_same(value: DateTime) -> None:
    assert text_format.parse_date_time(str(value)) == value


@given(durations)
def test_a_duration_that_is_printed_reads_the_same(value: Duration) -> None:
    assert text_format.parse_duration(str(value)) == value


@given(st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)), st.sampled_from(ZONES[-3:]))
def test_zones_agree_with_zoneinfo(moment: datetime, name: str) -> None:
    ours = instant(moment.replace(tzinfo=UTC)).in_zone(find_zone(name))
    theirs = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(name))
    assert timedelta(seconds=ours.offset) == theirs.utcoffset()
    assert ours.component("hour") == theirs.hour


@given(date_times, date_times)
def test_what_lies_between_leads_from_one_to_the_other(start: DateTime, end: DateTime) -> None:
    assert start.plus(measure_seconds(start, end)).epoch_nanos == end.epoch_nanos
    assert start.plus(measure(start, end)).epoch_nanos == end.epoch_nanos


@given(durations, durations)
def test_durations_add_up(one: Duration, other: Duration) -> None:
    assert one.plus(other) == other.plus(one)
    assert one.plus(other).plus(other.negate()) == one


def test_rules_of_summer_time_hold_in_years_that_datetime_lacks() -> None:
    summer = text_format.parse_date_time("+12017-08-08T12:00[Europe/Stockholm]")
    winter = text_format.parse_date_time("+12017-01-08T12:00[Europe/Stockholm]")
    assert (summer.offset, winter.offset) == (7200, 3600)
    assert str(
        text_format.parse_date_time("-0500-01-01T00:00[Asia/Tokyo]").component("offset")
    ) == ("+09:18:59")


def test_a_time_that_clocks_skip_moves_on_and_one_that_comes_twice_is_the_first() -> None:
    skipped = text_format.parse_date_time("2017-03-26T02:30[Europe/Stockholm]")
    assert str(skipped) == "2017-03-26T03:30:00+02:00[Europe/Stockholm]"
    twice = text_format.parse_date_time("2017-10-29T02:30[Europe/Stockholm]")
    assert twice.offset == 7200
    second = text_format.parse_date_time("2017-10-29T02:30+01:00[Europe/Stockholm]")
    assert second.epoch_nanos - twice.epoch_nanos == 3600 * 10**9


@pytest.mark.parametrize(
    "text",
    [
        "2015-13-01", "2015-02-29", "2015-W54", "2015-366", "2015-Q5", "+1000000000-01-01", "",
        "20x5", "2015-1-1-1", "٢٠١٥",
    ],
)  # fmt: skip
def test_a_date_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(InvalidTemporal):
        text_format.parse_date(text)


@pytest.mark.parametrize("text", ["24:00", "12:60", "12:00:60", "1", "12:00+19:00", "12:00[UTC]"])
def test_a_time_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(InvalidTemporal):
        text_format.parse_time(text)


@pytest.mark.parametrize(
    "text", ["2015-01-01T00:00[Nowhere/City]", "2015-07-21T21:40+05:00[Europe/Stockholm]"]
)
def test_a_zone_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(InvalidTemporal):
        text_format.parse_date_time(text)


@pytest.mark.parametrize("text", ["P", "PT", "1D", "P1", "P1H", "PT1D", f"P{2**63}D"])
def test_a_duration_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(InvalidTemporal):
        text_format.parse_duration(text)
