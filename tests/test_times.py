"""A time without a zone is the reader's, in Python, on the command line and over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import lineage
from lineage import Artifact
from lineage.cli.__main__ import _pull_utc
from lineage.cli.commands import app
from lineage.errors import InvalidValue
from lineage.model.times import format_time, to_milliseconds, zone

NEW_YORK = "America/New_York"


@pytest.fixture(autouse=True)
def _in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", NEW_YORK)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (5_000, 5_000),
        (datetime(2026, 11, 23, 21, 27, tzinfo=UTC), "2026-11-23T21:27+00:00"),
        (datetime(2026, 11, 23, 21, 27), "2026-11-23T21:27-05:00"),
        (datetime(2026, 7, 23, 21, 27), "2026-07-23T21:27-04:00"),
        (pandas.Timestamp("2026-11-23 21:27"), "2026-11-23T21:27-05:00"),
        (pandas.Timestamp("2026-11-23 21:27", tz="UTC"), "2026-11-23T21:27+00:00"),
        (date(2026, 11, 23), "2026-11-23T00:00-05:00"),
        ("2026-11-23", "2026-11-23T00:00-05:00"),
        ("2026-11-23 21:27:04", "2026-11-23T21:27:04-05:00"),
        ("2026-11-23T21:27:04Z", "2026-11-23T21:27:04+00:00"),
        (" 2026-11-23T21:27:04+01:00 ", "2026-11-23T21:27:04+01:00"),
        # The hour that comes twice is the first one, as Python has it.
        ("2026-11-01T01:30", "2026-11-01T01:30-04:00"),
    ],
)
def test_a_point_in_time(given: Any, meant: int | str) -> None:
    assert to_milliseconds(given) == (at(meant) if isinstance(meant, str) else meant)


def hours_from_now(given: Any, **how: Any) -> float:
    found = to_milliseconds(given, **how)
    assert found is not None
    return round((found / 1000 - time.time()) / 3600, 2)


@pytest.mark.parametrize(
    ("given", "hours"),
    [
        ("now", 0), ("2h", -2), ("90 minutes", -1.5), ("2 hours ago", -2), ("in 2 hours", 2),
        ("1h30m", -1.5), ("1 hour and 30 min ago", -1.5), ("PT2H", -2), ("3600s", -1),
        (timedelta(hours=2), -2), (timedelta(hours=-2), 2), ("2 HOURS AGO", -2),
    ],
)  # fmt: skip
def test_a_duration_is_back_from_now(given: Any, hours: float) -> None:
    assert hours_from_now(given) == hours
    if isinstance(given, timedelta) or " ago" not in str(given).lower():
        assert hours_from_now(given, ahead=True) == abs(hours) * (
            -1 if given == timedelta(hours=-2) else 1
        )


@pytest.mark.parametrize(
    ("given", "days"),
    [("today", 0), ("yesterday", -1), ("tomorrow", 1)],
)
def test_a_day_begins_at_midnight(given: str, days: int) -> None:
    def midnight() -> datetime:
        day = datetime.now().date() + timedelta(days=days)
        return datetime.combine(day, datetime.min.time())

    before = midnight()
    found = to_milliseconds(given)
    assert found in {round(day.astimezone().timestamp() * 1000) for day in (before, midnight())}
    clock = to_milliseconds(f"{given} 14:30")
    assert found is not None
    assert clock is not None
    assert (clock - found) / 3_600_000 in (13.5, 14.5, 15.5)


@pytest.mark.parametrize("given", ["2 days ago", "2d", "P2D", "2 days", "48 hours"])
def test_days_are_of_the_calendar(given: str) -> None:
    found = to_milliseconds(given)
    assert found is not None
    then = datetime.fromtimestamp(found / 1000)
    now = datetime.now()
    apart = now - then
    wanted = timedelta(days=2)
    assert abs(apart - wanted) < timedelta(minutes=5 if given != "48 hours" else 65)


@pytest.mark.parametrize(("given", "months"), [("1 month", 1), ("2y", 24), ("P1Y1M", 13)])
def test_months_are_of_the_calendar(given: str, months: int) -> None:
    found = to_milliseconds(given)
    assert found is not None
    then, now = datetime.fromtimestamp(found / 1000), datetime.now()
    assert (now.year - then.year) * 12 + now.month - then.month == months
    assert then.day <= now.day


@pytest.mark.parametrize(
    "given",
    ["", "soon", "2 days ago tomorrow", "in 2 days ago", "2 fortnights", "d2", "2d 3d", "P", "PT",
     "today 25:00", "1" * 100_000, "9999999 years ago", "in 9999999 years", "2026-13-01", True, 1.5,
     b"now", 2**63, pandas.NaT, object(), "yesterday's"],
)  # fmt: skip
def test_what_is_no_time(given: Any) -> None:
    with pytest.raises(InvalidValue, match="is no time; write it as 2026-11-23") as caught:
        to_milliseconds(given)
    assert len(str(caught.value)) < 300


def test_a_time_is_shown_in_the_readers_zone() -> None:
    moment = at("2026-11-23T21:27:04+00:00")
    assert format_time(moment) == "2026-11-23 16:27:04-05:00"
    token = zone.set(UTC)
    assert format_time(moment) == "2026-11-23 21:27:04Z"
    assert to_milliseconds("2026-11-23 21:27:04") == moment
    zone.reset(token)
    assert (format_time(None), format_time(2**62)) == ("-", str(2**62))


@given(
    st.datetimes(datetime(1902, 1, 1), datetime(2400, 1, 1)),
    st.sampled_from(["UTC", NEW_YORK, "Asia/Kathmandu", "Pacific/Apia", "+13:45"]),
)
def test_what_is_shown_can_be_given(moment: datetime, name: str) -> None:
    own = timezone(timedelta(hours=13, minutes=45)) if name[0] == "+" else ZoneInfo(name)
    seconds = round(moment.replace(tzinfo=UTC).timestamp())
    token = zone.set(own)
    try:
        shown = format_time(seconds * 1000)
        if seconds and own.utcoffset(moment.replace(tzinfo=own)) is not None:
            found = to_milliseconds(shown)
            assert found is not None
            # An offset is shown to the minute; before 1972 some had seconds.
            assert abs(found - seconds * 1000) < 60_000
    finally:
        zone.reset(token)


def test_python_and_the_command_line_take_it_alike() -> None:
    with lineage.connect("memory://", clock=lambda: at("2026-11-23T02:00+00:00")) as store:
        store.put(Artifact(type="Model", name="churn"))
        store.mark("Model:churn", label="bad")
        # In New York it was still the 22nd.
        for then in (datetime(2026, 11, 22, 22), "2026-11-22T22:00", "2026-11-23"):
            assert store.marks(as_of=then), then
        assert not store.marks(as_of=datetime(2026, 11, 22, 20))
        assert not store.marks(as_of=date(2026, 11, 22))


def test_utc_is_taken_by_every_command(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    with lineage.connect(url, clock=lambda: at("2026-11-23T02:00+00:00")) as store:
        store.put(Artifact(type="Model", name="churn"))
    here = CliRunner().invoke(app, ["--store", url, "show", "Model:churn"])
    there = CliRunner().invoke(app, ["--utc", "--store", url, "show", "Model:churn"])
    assert "2026-11-22 21:00:00-05:00" in here.stdout
    assert "2026-11-23 02:00:00Z" in there.stdout
    zone.set(None)
    assert _pull_utc(["show", "x", "--utc"]) == ["--utc", "show", "x"]
    assert _pull_utc(["exec", "date", "--utc"]) == ["exec", "date", "--utc"]
    assert _pull_utc(["ls", "--", "--utc"]) == ["ls", "--", "--utc"]
