"""Which queries may run: decided from the server's own plan, never from the text.

READ access alone is not enough: on Community it still lets `LOAD CSV` read the server's files and
reach URLs, and lets transactions be terminated and settings be listed. So a query is planned first,
and every operator of its plan must be on a list of those that only read the graph; so must every
procedure, and the namespace of every function.

An expression may hold a whole sub-query (`COLLECT { … }` inside `CASE`, say) that is no operator of
the plan. The plan prints it, in the server's own spelling, among the details of the operator that
evaluates it; what must not run is found there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import neo4j

from lineage.errors import QueryRefused

# Operators by the part of the name before "(" or "@" (Neo4j's manual, "Operators and execution
# plans").
_READING = frozenset(
    {
        "AllNodesScan", "AntiSemiApply", "Apply", "Argument", "ArgumentTracker", "AssertSameNode",
        "AssertSameRelationship", "BFSPruningVarLengthExpand", "CacheProperties",
        "CartesianProduct", "ConditionalApply", "AntiConditionalApply", "Distinct", "Eager",
        "EagerAggregation", "EmptyRow", "ExhaustiveLimit", "Expand", "Filter",
        "IntersectionNodeByLabelsScan", "LeftOuterHashJoin", "LetAntiSemiApply",
        "LetSelectOrAntiSemiApply", "LetSelectOrSemiApply", "LetSemiApply", "Limit",
        "MultiNodeIndexSeek", "NodeByElementIdSeek", "NodeByIdSeek", "NodeByLabelScan",
        "NodeCountFromCountStore", "NodeHashJoin", "NodeIndexContainsScan", "NodeIndexEndsWithScan",
        "NodeIndexScan", "NodeIndexSeek", "NodeIndexSeekByRange", "NodeUniqueIndexSeek",
        "NodeUniqueIndexSeekByRange", "NonFuseable", "NonPipelined", "Optional", "OptionalExpand",
        "OrderedAggregation", "OrderedDistinct", "OrderedUnion", "PartialSort", "PartialTop",
        "PathPropagatingBFS", "PreserveOrder", "ProcedureCall", "ProduceResults",
        "ProjectEndpoints", "Projection", "PruningVarLengthExpand",
        "RelationshipCountFromCountStore", "Repeat", "RightOuterHashJoin", "RollUpApply",
        "SelectOrAntiSemiApply", "SelectOrSemiApply", "SemiApply", "ShortestPath", "Skip", "Sort",
        "StatefulShortestPath", "SubtractionNodeByLabelsScan", "Top", "Trail", "TriadicBuild",
        "TriadicFilter", "TriadicSelection", "Union", "UnionNodeByLabelsScan", "Unwind",
        "ValueHashJoin", "VarLengthExpand",
    }
)  # fmt: skip
_RELATIONSHIP_SCAN = re.compile(
    r"(Un)?[Dd]irected(All|Union)?Relationships?"
    r"(Scan|TypeScan|TypesScan|ByElementIdSeek|ByIdSeek"
    r"|Index(Scan|Seek|SeekByRange|ContainsScan|EndsWithScan))"
)
_DYNAMIC = re.compile(r"Dynamic(Label|Directed|Undirected)\w*(Lookup|Scan)")
_PARALLEL = re.compile(r"Partitioned(\w+)")
_PROCEDURES = frozenset(
    {
        "db.labels", "db.relationshiptypes", "db.propertykeys", "db.schema.visualization",
        "db.schema.nodetypeproperties", "db.schema.reltypeproperties",
    }
)  # fmt: skip
_FUNCTION_SPACES = frozenset(
    {
        "date", "time", "localtime", "datetime", "localdatetime", "duration", "point",
        "vector.similarity",
    }
)  # fmt: skip
_REASONS = {
    "LoadCSV": "LOAD CSV reads files and URLs",
    "TransactionApply": "CALL … IN TRANSACTIONS commits on its own",
    "TransactionForeach": "CALL … IN TRANSACTIONS commits on its own",
    # All that is left in the plan of a write behind `WHERE false`.
    "EmptyResult": "it answers no rows, as only what writes does",
    "AdministrationCommand": "it is an administration command",
    "TerminateTransactions": "it ends transactions",
}
_IN_EXPRESSIONS = (
    (re.compile(r"LOAD\s+CSV", re.IGNORECASE), "LOAD CSV reads files and URLs"),
    (re.compile(r"IN\s+(\S+\s+)?TRANSACTIONS", re.IGNORECASE), _REASONS["TransactionApply"]),
    (
        re.compile(r"(Unr|R)esolvedCall|\bCALL\s+[^\s({]", re.IGNORECASE),
        "a sub-query inside an expression calls a procedure; call it in a clause of its own",
    ),
)
_SUBQUERY = re.compile(r"\b(COLLECT|COUNT|EXISTS)\s*\{", re.IGNORECASE)
_QUALIFIED_CALL = re.compile(r"((?:\w+\s*\.\s*)+)\w+\s*\(")
_WHAT_RUNS = "what only reads the graph may run"


def check(summary: neo4j.ResultSummary) -> None:
    """Raise QueryRefused where the plan of an explained query does more than read the graph."""
    if summary.plan is None:
        raise QueryRefused(f"the query has no plan, so it is not run: {_WHAT_RUNS}")
    # What answers no rows is last: another operator tells the reason better.
    operators = sorted(_operators(summary.plan), key=lambda found: found[0] == "EmptyResult")
    for operator, details in operators:
        reason = _refused(operator, details)
        if reason is not None:
            raise QueryRefused(f"the query is not run: {reason} ({operator}); {_WHAT_RUNS}")
    if summary.query_type != "r":
        kind = {"w": "writes", "rw": "writes", "s": "changes the schema or the server"}
        does = kind.get(summary.query_type or "", "does more than read")
        raise QueryRefused(f"the query is not run: it {does}; {_WHAT_RUNS}")


def _operators(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and details of each operator."""
    waiting: list[Mapping[str, Any]] = [plan]
    while waiting:
        found = waiting.pop()
        name = str(found["operatorType"]).partition("@")[0]
        yield name, str(found.get("args", {}).get("Details", ""))
        waiting += found.get("children", ())


def _refused(operator: str, details: str) -> str | None:
    """Why an operator may not run, or None."""
    name = operator.partition("(")[0]
    partitioned = _PARALLEL.fullmatch(name)
    if partitioned:
        name = partitioned[1]
    if not (name in _READING or _RELATIONSHIP_SCAN.fullmatch(name) or _DYNAMIC.fullmatch(name)):
        return _REASONS.get(name, "it does more than read the graph")
    if name == "ProcedureCall":
        procedure = details.partition("(")[0].strip().replace("`", "")
        if procedure.lower() not in _PROCEDURES:
            return f"the procedure {procedure} is not among those that may be called"
    if _SUBQUERY.search(details):
        for forbidden, reason in _IN_EXPRESSIONS:
            if forbidden.search(details):
                return reason
    for space in _QUALIFIED_CALL.findall("" if name == "ProcedureCall" else _plain(details)):
        called = re.sub(r"\s", "", space).rstrip(".")
        if called.lower() not in _FUNCTION_SPACES:
            return f"functions of {called} are not among those that may be called"
    return None


def _plain(details: str) -> str:
    return details.replace("`", "")
