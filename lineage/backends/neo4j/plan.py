"""The server's plan of a query as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import neo4j

from lineage.model.query_plan import Operator


def explain_plan(summary: neo4j.ResultSummary) -> Operator | None:
    """The plan of a query that was explained."""
    return None if summary.plan is None else _operator(summary.plan, ran=False)


def profile_plan(summary: neo4j.ResultSummary) -> Operator | None:
    """The plan of a query that was profiled, with what each operator did."""
    return None if summary.profile is None else _operator(summary.profile, ran=True)


def _operator(root: Mapping[str, Any], *, ran: bool) -> Operator:
    # Without recursion: a plan may be as deep as a query is long.
    order, waiting = [], [root]
    while waiting:
        order.append(waiting.pop())
        waiting += order[-1].get("children", ())
    made: dict[int, Operator] = {}
    for plan in reversed(order):
        children = tuple(made[id(child)] for child in plan.get("children", ()))
        made[id(plan)] = _make(plan, children, ran=ran)
    return made[id(root)]


def _make(plan: Mapping[str, Any], children: tuple[Operator, ...], *, ran: bool) -> Operator:
    said = plan.get("args") or {}
    estimated = said.get("EstimatedRows")
    # Nanoseconds; operators that run fused have no time of their own, and say 0 or nothing.
    time = plan.get("time") or said.get("Time")
    return Operator(
        str(plan["operatorType"]).partition("@")[0],
        str(said.get("Details", "")),
        None if estimated is None else float(estimated),
        int(plan["rows"]) if ran else None,
        int(plan["dbHits"]) if ran else None,
        time / 1_000_000 if ran and time else None,
        children,
    )
