"""A reader that counts for a profile how much a query is given by the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from lineage.opencypher.execution.operators import Profile
from lineage.ports.reader import Reader


class _ProfiledReader:
    """A reader that tells a profile how much it gave, whatever it was asked for."""

    def __init__(self, reader: Reader, profile: Profile) -> None:
        self._reader = reader
        self._profile = profile

    def __getattr__(self, name: str) -> Callable[..., Any]:
        ask = getattr(self._reader, name)

        def count(*arguments: Any, **named: Any) -> Any:
            given = ask(*arguments, **named)
            self._profile.hit(len(given) if isinstance(given, list) else 1)
            return given

        # Found without `__getattr__` from now on.
        self.__dict__[name] = count
        return count


def profile_reader(reader: Reader, profile: Profile) -> Reader:
    """The same reader; what it gives is counted."""
    return cast(Reader, _ProfiledReader(reader, profile))
