"""What a wrong temporal value is refused with."""

from __future__ import annotations

from lineage.opencypher.errors import CypherArgumentError


class InvalidTemporal(CypherArgumentError):
    """There is no such date, time, zone or duration; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message, detail="InvalidArgumentValue")
