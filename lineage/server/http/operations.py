"""What the server does, as one table: a method of `Store`, where it is, and who may ask for it.

The endpoints, their parameters and their documentation, the roles, and the client are all made
from this table and the methods' own signatures, so that a parameter has one name everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lineage.server.tokens import Role


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of the store over HTTP.

    Parameters
    ----------
    name: the method.
    role: who may call it.
    path: where it answers, below `/api/v1`; None where it has an endpoint of its own, or none.
    tag: the heading that it stands under.
    post: its parameters come in a body, not in the query.
    raised: the role that it needs instead where a parameter is given and true.
    """

    name: str
    role: Role
    path: str | None = None
    tag: str = "Questions"
    post: bool = False
    raised: Mapping[str, Role] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Whether it can change the store."""
        return self.role is not Role.READ and not self.name.startswith("plan_")

    def role_for(self, arguments: Mapping[str, object]) -> Role:
        """Return the role that a call with these arguments needs."""
        for name, role in self.raised.items():
            if arguments.get(name):
                return role
        return self.role


# Looking at what is in storage is for those who may take it away from there.
_BYTES = {"bytes": Role.DELETE}

_TABLE = (
    # Tracing
    Operation("upstream", Role.READ, "/upstream", "Trace"),
    Operation("downstream", Role.READ, "/downstream", "Trace"),
    Operation("closure", Role.READ, "/closure", "Trace"),
    Operation("why", Role.READ, "/why", "Trace"),
    Operation("column_lineage", Role.READ, "/column-lineage", "Trace"),
    Operation("history", Role.READ, "/history", "Trace"),
    Operation("events", Role.READ, "/events", "Trace"),
    Operation("contexts_of", Role.READ, "/contexts-of", "Trace"),
    Operation("parents_of", Role.READ, "/parents-of", "Trace"),
    Operation("children_of", Role.READ, "/children-of", "Trace"),
    # Models
    Operation("about", Role.READ, "/about", "Models"),
    Operation("trained_on", Role.READ, "/trained-on", "Models"),
    Operation("hyperparameters", Role.READ, "/hyperparameters", "Models"),
    Operation("code", Role.READ, "/code", "Models"),
    Operation("pipeline_of", Role.READ, "/pipeline", "Models"),
    Operation("environment_of", Role.READ, "/environment", "Models"),
    Operation("evaluations", Role.READ, "/evaluations", "Models"),
    Operation("deployments", Role.READ, "/deployments", "Models"),
    Operation("siblings", Role.READ, "/siblings", "Models"),
    Operation("materials", Role.READ, "/materials", "Models"),
    Operation("diff", Role.READ, "/diff", "Models"),
    Operation("versions", Role.READ, "/versions", "Models"),
    Operation("suggest_series", Role.READ, "/series/suggestions", "Models"),
    # What went wrong
    Operation("failure", Role.READ, "/failure", "What went wrong"),
    Operation("blame", Role.READ, "/blame", "What went wrong"),
    Operation("bisect", Role.READ, "/bisect", "What went wrong"),
    Operation("open_runs", Role.READ),
    Operation("close_runs", Role.RECORD),
    # Taint
    Operation("taint", Role.READ, "/taint", "Taint"),
    Operation("taint_levels", Role.READ, "/taint-levels", "Taint"),
    Operation("taint_progress", Role.READ, "/taint-progress", "Taint"),
    Operation("check", Role.READ, "/check", "Taint"),
    Operation("cheapest_cut", Role.READ, "/cheapest-cut", "Taint"),
    Operation("plan_rebuild", Role.READ, "/rebuild", "Taint"),
    Operation("rebuild_plan", Role.READ),
    Operation("marks", Role.READ, "/marks", "Taint"),
    Operation("mark", Role.MARK, "/marks", "Taint", post=True),
    Operation("lift", Role.MARK, "/marks/lift", "Taint", post=True),
    Operation("policies", Role.READ, "/policies", "Taint"),
    Operation("put_policy", Role.ADMIN, None, "Taint"),
    Operation("drop_policy", Role.ADMIN, None, "Taint"),
    Operation("unknown_step_types", Role.READ),
    # Deletion
    Operation("impact", Role.READ, "/impact", "Deletion"),
    Operation(
        "plan_deletion", Role.READ, "/plans/deletion", "Deletion", post=True, raised=_BYTES
    ),
    Operation("plan_forget", Role.READ, "/plans/forget", "Deletion", post=True, raised=_BYTES),
    Operation("plan_gc", Role.READ, "/plans/gc", "Deletion", post=True, raised=_BYTES),
    Operation("apply", Role.DELETE, None, "Deletion"),
    Operation("delete", Role.DELETE, None, "Deletion"),
    Operation("receipts", Role.READ, "/receipts", "Deletion"),
    Operation("receipt", Role.READ, None, "Deletion"),
    Operation("unfinished_deletions", Role.READ, "/deletions/unfinished", "Deletion"),
    Operation("resume_deletions", Role.DELETE, "/deletions/resume", "Deletion", post=True),
    # Nodes and what is recorded
    Operation("get", Role.READ, "/node", "Nodes"),
    Operation("artifact", Role.READ),
    Operation("execution", Role.READ),
    Operation("context", Role.READ),
    Operation("find", Role.READ),
    Operation("artifacts", Role.READ),
    Operation("executions", Role.READ),
    Operation("contexts", Role.READ),
    Operation("counts", Role.READ, "/counts", "Nodes"),
    Operation("record", Role.RECORD),
    Operation("record_steps", Role.RECORD),
    Operation("put", Role.RECORD),
    Operation("put_all", Role.RECORD),
    Operation("update", Role.RECORD),
    Operation("put_events", Role.RECORD),
    Operation("put_in_context", Role.RECORD),
    Operation("put_parent", Role.RECORD),
    Operation("types", Role.READ, "/types", "Types"),
    Operation("get_type", Role.READ, "/type", "Types"),
    Operation("put_type", Role.RECORD),
    Operation("mirror", Role.ADMIN),
    Operation("upgrade", Role.ADMIN),
    Operation("metadata", Role.ADMIN),
    Operation("note", Role.ADMIN),
    # Cypher
    Operation("query", Role.READ),
    Operation("explain", Role.READ),
    Operation("vocabulary", Role.READ, "/vocabulary", "Cypher"),
    Operation("saved_queries", Role.READ, "/queries", "Cypher"),
    Operation("saved_query", Role.READ),
    Operation("save_query", Role.RECORD),
    Operation("drop_query", Role.RECORD),
)  # fmt: skip

OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _TABLE}
