"""Points in time, in the forms that people give them."""

from __future__ import annotations

from datetime import UTC, datetime

from lineage.errors import InvalidValue

Time = datetime | str | int


def milliseconds(time: Time | None) -> int | None:
    """Milliseconds since the epoch, from such an int, a datetime, or ISO 8601 text.

    A time without a zone is UTC. Raises InvalidValue.
    """
    if time is None or isinstance(time, int):
        return time
    if isinstance(time, str):
        try:
            time = datetime.fromisoformat(time)
        except ValueError:
            raise InvalidValue(
                f"{time!r} is no time; write it as 2026-11-23 or 2026-11-23T21:27:04Z"
            ) from None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return round(time.timestamp() * 1000)
