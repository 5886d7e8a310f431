"""Everything that can be read from a store, in a form that compares exactly."""

from __future__ import annotations

import math
from typing import Any

from lineage import Artifact, Context, Event, Execution, Kind, Store, Type
from lineage.queries.saved_queries import QUERIES
from lineage.questions.receipts import KEPT_METADATA

Node = Artifact | Execution | Context


def exact(value: Any) -> Any:
    """A value that equals another only where kind and value are the same.

    Python holds NaN != NaN, -0.0 == 0.0, 1 == 1.0 == True: none of that is wanted here.
    """
    if isinstance(value, dict):
        return ("dict", tuple(sorted((k, exact(v)) for k, v in value.items())))
    if isinstance(value, list):
        return ("list", tuple(exact(v) for v in value))
    if isinstance(value, float):
        return ("float", "nan" if math.isnan(value) else value.hex())
    return (type(value).__name__, repr(value))


def node_form(node: Node) -> Any:
    """All that a node says, exactly."""
    fields = {name: getattr(node, name) for name in type(node).model_fields}
    properties = exact(dict(fields.pop("properties")))
    custom = exact(dict(fields.pop("custom_properties")))
    if "state" in fields:
        fields["state"] = str(fields["state"])
    return (node.kind.value, tuple(sorted(fields.items(), key=lambda f: f[0])), properties, custom)


def type_form(type: Type) -> Any:
    """All that a type says."""
    return type.model_dump(mode="json")


def event_form(event: Event) -> Any:
    """All that an event says; the path with the types of its steps."""
    return (
        event.execution_id,
        event.artifact_id,
        str(event.type),
        tuple((type(s).__name__, s) for s in event.path),
        event.time_ms,
        event.recorded_ms,
    )


def listing(store: Store) -> dict[str, Any]:
    """Everything readable in a store, ids and times included."""
    with store.backend.read() as reader:
        contexts = [c.id for c in store.contexts() if c.id is not None]
        return {
            "counts": reader.counts(),
            "types": [type_form(t) for t in reader.types()],
            "nodes": [node_form(n) for kind in Kind for n in store.find(kind)],
            "events": [event_form(e) for e in reader.events()],
            "members": [
                (kind.value, pair)
                for kind in (Kind.ARTIFACT, Kind.EXECUTION)
                for pair in reader.members_of(contexts, kind)
            ],
            "parents": reader.parents_of(contexts),
            "marks": [mark.model_dump(mode="json") for mark in reader.marks()],
            "metadata": [
                kept
                for prefix in (*KEPT_METADATA, QUERIES)
                for kept in reader.metadata_under(prefix)
            ],
            "policies": [policy.model_dump(mode="json") for policy in reader.policies()],
        }
