"""Which runs have not ended, since when, and which of them are stale.

What is open and what is stale is said in `lineage.rules.run_outcome`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lineage.errors import InvalidValue
from lineage.model import Execution, Kind
from lineage.questions.node_json import node_to_json
from lineage.rules.membership import members_within
from lineage.rules.run_outcome import IDLE_MS, find_open_runs, is_stale_run
from lineage.session.snapshot import Ref, Snapshot


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has not ended; `last_written_ms` is when anything was written to it last."""

    run: Execution
    stale: bool
    lease_until_ms: int | None
    last_written_ms: int | None

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(
            self.run,
            stale=self.stale,
            lease_until_ms=self.lease_until_ms,
            last_written_ms=self.last_written_ms,
        )


def list_open_runs(
    snapshot: Snapshot,
    *,
    stale: bool = False,
    type: str | None = None,
    context: Ref | None = None,
    idle_hours: float | None = None,
) -> list[OpenRun]:
    """Return the runs that have not ended, by id; see `Store.open_runs`.

    Raises
    ------
    NotFound, InvalidValue
        There is no such type or context, or `idle_hours` is negative.
    """
    reader = snapshot.reader
    if idle_hours is not None and not idle_hours >= 0:
        raise InvalidValue(f"idle_hours is {idle_hours}; it can't be negative")
    type_ids = None if type is None else snapshot.type_index.named(Kind.EXECUTION, type)
    inside = None
    if context is not None:
        place = snapshot.resolve(context, Kind.CONTEXT)
        inside = members_within(reader, [place.id or 0], Kind.EXECUTION)
    idle_ms = IDLE_MS if idle_hours is None else int(idle_hours * 3_600_000)
    found = [
        describe_open_run(run, snapshot.now_ms, idle_ms)
        for run in find_open_runs(reader)
        if (type_ids is None or run.type_id in type_ids) and (inside is None or run.id in inside)
    ]
    return [row for row in found if row.stale or not stale]


def describe_open_run(run: Execution, now_ms: int, idle_ms: int = IDLE_MS) -> OpenRun:
    """Return a run that has not ended with what is known of its life."""
    return OpenRun(run, is_stale_run(run, now_ms, idle_ms), run.lease_until_ms, run.updated_ms)
