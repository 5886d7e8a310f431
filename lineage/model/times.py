"""Points in time, in the forms that people give them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from lineage.errors import InvalidValue
from lineage.model.values import INT64_MAX, INT64_MIN

Time = datetime | str | int


def to_milliseconds(time: Time | None) -> int | None:
    """Milliseconds since the epoch, from such an int, a datetime, or ISO 8601 text.

    A time without a zone is UTC. Raises InvalidValue.
    """
    if time is None:
        return None
    if isinstance(time, int) and not isinstance(time, bool) and INT64_MIN <= time <= INT64_MAX:
        return time
    if isinstance(time, str):
        with suppress(ValueError):
            time = datetime.fromisoformat(time)
    if not isinstance(time, datetime):
        raise InvalidValue(
            f"{time!r} is no time; write it as 2026-11-23 or 2026-11-23T21:27:04Z, or in "
            "milliseconds since 1970"
        )
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return round(time.timestamp() * 1000)
