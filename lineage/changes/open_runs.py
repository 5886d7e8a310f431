"""Say of runs that never ended that they are over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineage.errors import Conflict, InvalidValue
from lineage.model import Execution, ExecutionState, Kind
from lineage.questions.node_search import find_nodes
from lineage.rules.run_outcome import ENDED, is_open_run, is_stale_run
from lineage.rules.values import MAX_NAME_BYTES, MAX_URI_BYTES, validate_text
from lineage.session.snapshot import Ref
from lineage.session.transaction import Transaction

if TYPE_CHECKING:
    from lineage.filters.tree import Predicate


def close_runs(
    transaction: Transaction,
    refs: Sequence[Ref],
    *,
    state: ExecutionState | str,
    where: str | Predicate | None = None,
    stale: bool = False,
    reason: str | None = None,
    who: str | None = None,
    force: bool = False,
) -> list[Execution]:
    """Set runs that have not ended to a state that says how they did; see `Store.close_runs`.

    Raises
    ------
    Conflict
        One that is named has ended, or one holds a lease.
    """
    ended = _validate(state, reason, who)
    if not refs and where is None and not stale:
        raise InvalidValue("close what? Name runs, give a condition, or say stale=True")
    named = {run.id: run for run in (_resolve(transaction, ref) for ref in refs)}
    # What changed before the locks were had is read again.
    transaction.writer.lock(Kind.EXECUTION, sorted(id for id in named if id is not None))
    again = transaction.reader.nodes(Kind.EXECUTION, [id for id in named if id is not None])
    runs = [run for run in again if isinstance(run, Execution)]
    for run in runs:
        if not is_open_run(run):
            raise Conflict(f"{run.label} (execution:{run.id}) has ended already: it is {run.state}")
    if where is not None or (stale and not refs):
        met = find_nodes(transaction, Kind.EXECUTION, where=where)
        fitting = [n for n in met if isinstance(n, Execution) and is_open_run(n)]
        runs += [run for run in fitting if run.id not in named]
    at_ms = transaction.clock()
    if stale:
        runs = [run for run in runs if is_stale_run(run, at_ms)]
    for run in runs:
        if run.lease_until_ms is not None and run.lease_until_ms >= at_ms and not force:
            raise Conflict(
                f"{run.label} (execution:{run.id}) holds a lease, so its process is alive; stop "
                "that, or say force=True"
            )
    said = {"closed_reason": reason, "closed_by": who, "closed_ms": at_ms}
    places = [transaction.builder.replace(_close(run, ended, said)) for run in runs]
    ids = transaction.apply()
    closed = transaction.reader.nodes(Kind.EXECUTION, [ids[place] for place in places])
    return [run for run in closed if isinstance(run, Execution)]


def _resolve(transaction: Transaction, ref: Ref) -> Execution:
    found = transaction.of_kind(Kind.EXECUTION, ref)
    assert isinstance(found, Execution)
    return found


def _validate(state: ExecutionState | str, reason: str | None, who: str | None) -> ExecutionState:
    if state not in ENDED:
        raise InvalidValue(f"state is {state!r}; a run ends as {', '.join(ENDED)}")
    for value, field, limit in ((reason, "reason", MAX_URI_BYTES), (who, "who", MAX_NAME_BYTES)):
        if value is not None:
            validate_text(value, field, limit)
    return ExecutionState(state)


def _close(run: Execution, state: ExecutionState, said: dict[str, str | int | None]) -> Execution:
    kept = {name: value for name, value in run.custom_properties.items() if name != "lease_until"}
    kept.update({name: value for name, value in said.items() if value is not None})
    return run.model_copy(update={"state": state, "custom_properties": kept})
