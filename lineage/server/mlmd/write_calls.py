"""The calls that write. Each is one transaction: one batch, however many nodes and properties.

Nodes are written in the order in which the request has them, as if one after the other: what one
of them made or changed, the next one finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lineage.errors import AlreadyExists, Conflict, InvalidValue, NotFound, OutOfRange, Unsupported
from lineage.model import EventType, Kind, Node, Path, Type
from lineage.ports.filters import Filter
from lineage.server.mlmd import nodes, values
from lineage.server.mlmd import types as wire_types
from lineage.session.transaction import Transaction

_EVENT_TYPES = tuple(EventType)
# A node by its id, or by its place in the batch that makes it.
_Key = int | tuple[str, int]
_KINDS = (Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT)


def put_type(kind: Kind) -> Any:
    """The call that puts one type of a kind."""

    def call(transaction: Transaction, request: Any, response: Any) -> None:
        if not request.all_fields_match:
            raise Unsupported("Must match all fields.")
        response.type_id = wire_types.put(
            transaction,
            kind,
            getattr(request, f"{kind}_type"),
            can_add=request.can_add_fields,
            can_omit=request.can_omit_fields,
        )

    return call


def put_types(transaction: Transaction, request: Any, response: Any) -> None:
    """Types of all kinds at once."""
    if not request.all_fields_match:
        raise Unsupported("Must match all fields.")
    for kind in _KINDS:
        ids = getattr(response, f"{kind}_type_ids")
        for given in getattr(request, f"{kind}_types"):
            ids.append(
                wire_types.put(
                    transaction,
                    kind,
                    given,
                    can_add=request.can_add_fields,
                    can_omit=request.can_omit_fields,
                )
            )


def put_nodes(kind: Kind) -> Any:
    """The call that puts nodes of a kind."""

    def call(transaction: Transaction, request: Any, response: Any) -> None:
        given = getattr(request, f"{kind}s")
        put = _Putting(transaction)
        put.read(kind, given)
        unchanged = kind is Kind.ARTIFACT and request.options.abort_if_latest_updated_time_changed
        mask = request.update_mask.paths
        positions = [put.node(kind, one, mask=mask, unchanged=unchanged) for one in given]
        ids = put.apply()
        getattr(response, f"{kind}_ids").extend(ids[position] for position in positions)

    return call


def put_events(transaction: Transaction, request: Any, response: Any) -> None:
    """Events between nodes that are there. Raises AlreadyExists for one that is."""
    put = _Putting(transaction)
    for event in request.events:
        put.event(
            event,
            put.known(Kind.ARTIFACT, event.artifact_id) if event.HasField("artifact_id") else None,
            put.known(Kind.EXECUTION, event.execution_id)
            if event.HasField("execution_id")
            else None,
        )
    put.apply()


def put_attributions_and_associations(
    transaction: Transaction, request: Any, response: Any
) -> None:
    """Artifacts and executions into contexts; those that are there already stay."""
    put = _Putting(transaction)
    for kind, edges in (
        (Kind.ARTIFACT, request.attributions),
        (Kind.EXECUTION, request.associations),
    ):
        for edge in edges:
            # Unset ids are zero there, and no node has that id.
            member = put.known(kind, getattr(edge, f"{kind}_id"))
            context = put.known(Kind.CONTEXT, edge.context_id)
            transaction.compose.batch.memberships.append((member, context))
    put.apply()


def put_parent_contexts(transaction: Transaction, request: Any, response: Any) -> None:
    """Contexts below others. Raises AlreadyExists for a pair that is there already."""
    put = _Putting(transaction)
    children = [edge.child_id for edge in request.parent_contexts]
    there = set(transaction.reader.parents_of(children)) if children else set()
    repeated: tuple[int, int] | None = None
    for edge in request.parent_contexts:
        if not (edge.HasField("child_id") and edge.HasField("parent_id")):
            raise InvalidValue("Missing parent / child id in the parent_context; give both")
        pair = (edge.child_id, edge.parent_id)
        if pair in there:
            repeated = repeated or pair
            continue
        there.add(pair)
        child, parent = (put.known(Kind.CONTEXT, id) for id in pair)
        transaction.compose.batch.parents.append((child, parent))
    put.apply()
    # Only now, because a context that isn't there is the greater mistake.
    if repeated is not None:
        raise AlreadyExists(
            f"Given parent_context already exists: context:{repeated[0]} below "
            f"context:{repeated[1]}"
        )


def put_execution(transaction: Transaction, request: Any, response: Any) -> None:
    """A whole step: an execution with its artifacts, events and contexts."""
    if not request.HasField("execution"):
        raise InvalidValue("No execution is found in the request")
    put = _Putting(transaction)
    options = request.options
    pairs = request.artifact_event_pairs
    artifacts = [pair.artifact for pair in pairs if pair.HasField("artifact")]
    reuse = options.reuse_artifact_if_already_exist_by_external_id
    put.read(Kind.ARTIFACT, artifacts, external=reuse)
    put.read(Kind.EXECUTION, [request.execution])
    put.read(Kind.CONTEXT, request.contexts, named=options.reuse_context_if_already_exist)
    places: list[int | None] = [
        put.node(Kind.ARTIFACT, pair.artifact, reuse=reuse) if pair.HasField("artifact") else None
        for pair in pairs
    ]
    execution = put.node(Kind.EXECUTION, request.execution, touch=options.force_update_time)
    for index, pair in enumerate(pairs):
        if pair.HasField("event"):
            places[index] = put.paired_event(pair, places[index], request.execution, execution)
    contexts = [
        put.context(
            context,
            reuse=options.reuse_context_if_already_exist,
            by_id=options.force_reuse_context,
        )
        for context in request.contexts
    ]
    put.members(contexts, [execution, *(place for place in places if place is not None)])
    ids = put.apply()
    response.execution_id = ids[execution]
    response.artifact_ids.extend(-1 if place is None else ids[place] for place in places)
    response.context_ids.extend(ids[context] for context in contexts)


def put_lineage_subgraph(transaction: Transaction, request: Any, response: Any) -> None:
    """Executions, artifacts and contexts with the events between them."""
    put = _Putting(transaction)
    for edge in request.event_edges:
        _check_edge(edge, request)
    options = request.options
    reuse = options.reuse_artifact_if_already_exist_by_external_id
    for kind in _KINDS:
        for given in getattr(request, f"{kind}s"):
            if not given.HasField("type_id"):
                raise InvalidValue("Type id is missing.")
            put.check(kind, given)
    put.read(Kind.CONTEXT, request.contexts, named=options.reuse_context_if_already_exist)
    put.read(Kind.ARTIFACT, request.artifacts, external=reuse)
    put.read(Kind.EXECUTION, request.executions)
    contexts = [
        put.context(context, reuse=options.reuse_context_if_already_exist)
        for context in request.contexts
    ]
    artifacts = [put.node(Kind.ARTIFACT, a, reuse=reuse) for a in request.artifacts]
    executions = [put.node(Kind.EXECUTION, e) for e in request.executions]
    put.members(contexts, [*executions, *artifacts])
    for edge in request.event_edges:
        event = edge.event
        put.event(
            event,
            put.known(Kind.ARTIFACT, event.artifact_id)
            if event.HasField("artifact_id")
            else artifacts[edge.artifact_index],
            put.known(Kind.EXECUTION, event.execution_id)
            if event.HasField("execution_id")
            else executions[edge.execution_index],
        )
    ids = put.apply()
    response.context_ids.extend(ids[place] for place in contexts)
    response.artifact_ids.extend(ids[place] for place in artifacts)
    response.execution_ids.extend(ids[place] for place in executions)


class _Putting:
    """One request being written: what it has read, and what of it is there already."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._compose = transaction.compose
        self._stored: dict[tuple[Kind, int], Node] = {}
        self._place: dict[tuple[Kind, int], int] = {}
        self._by_external_id: dict[str, int] = {}
        self._by_name: dict[tuple[int, str], int] = {}
        self._new_artifacts: dict[str, int] = {}
        self._new_contexts: dict[tuple[int, str], int] = {}
        self._events: list[tuple[_Key, _Key, EventType]] = []
        self._types: dict[tuple[Kind, int], Type] = {}

    def read(
        self, kind: Kind, given: Iterable[Any], *, external: bool = False, named: bool = False
    ) -> None:
        """Read at once what the nodes of a request may update or re-use."""
        reader = self._transaction.reader
        given = list(given)
        found = reader.nodes(kind, sorted({one.id for one in given if one.HasField("id")}))
        if external:
            for one in given:
                if one.external_id and not one.HasField("id"):
                    found += reader.find(kind, Filter(external_id=one.external_id))
        if named:
            for one in given:
                if one.name and not one.HasField("id"):
                    found += reader.find(kind, Filter(type_ids=[one.type_id], name=one.name))
        for node in found:
            assert node.id is not None
            self._stored[kind, node.id] = node
            if external and node.external_id is not None:
                self._by_external_id[node.external_id] = node.id
            if named and node.name is not None and node.type_id is not None:
                self._by_name[node.type_id, node.name] = node.id

    def node(
        self,
        kind: Kind,
        given: Any,
        *,
        mask: Sequence[str] = (),
        unchanged: bool = False,
        touch: bool = False,
        reuse: bool = False,
    ) -> int:
        """An artifact, execution or context to make or to update; returns its place.

        With `unchanged` Conflict is raised where the stored update time isn't the given one.
        """
        id = given.id if given.HasField("id") else None
        if id is None and reuse and given.external_id:
            id = self._by_external_id.get(given.external_id)
        if id is None:
            return self._created(kind, given, reuse=reuse)
        stored = self._stored.get((kind, id))
        if stored is None:
            raise InvalidValue(f"Cannot find the given id {id}; leave it out to make a new {kind}")
        if unchanged and given.last_update_time_since_epoch != stored.updated_ms:
            raise Conflict(
                f"`abort_if_latest_updated_time_changed` is set, and the stored {kind}:{id} has "
                f"last_update_time_since_epoch {stored.updated_ms}, not "
                f"{given.last_update_time_since_epoch}; read it again and repeat the change"
            )
        if given.HasField("type_id") and given.type_id != stored.type_id:
            raise InvalidValue(
                f"Given type_id {given.type_id} is different from the one known before: "
                f"{stored.type_id}"
            )
        assert stored.type_id is not None
        type = self._type(kind, stored.type_id)
        node, changed = nodes.update(stored, given, type, mask)
        if not (changed or touch):
            return self.known(kind, id)
        place = self._compose.replace(node, touch=True)
        # The next change of it in this request starts from here.
        self._stored[kind, id] = node.model_copy(update={"updated_ms": None})
        self._place[kind, id] = place
        return place

    def check(self, kind: Kind, given: Any) -> None:
        """Raise where a node's type isn't there, or its properties aren't the type's."""
        values.check_declared(self._type(kind, given.type_id), given.properties)

    def context(self, given: Any, *, reuse: bool, by_id: bool = False) -> int:
        """A context of a step: made, updated, or only referred to."""
        if by_id and given.HasField("id"):
            if (Kind.CONTEXT, given.id) not in self._stored:
                raise NotFound(f"Context with ID {given.id} was not found")
            return self.known(Kind.CONTEXT, given.id)
        if not given.HasField("type_id"):
            raise InvalidValue(f"Context is missing a type_id: {given.name!r}")
        if not given.HasField("name"):
            raise InvalidValue("Context is missing a name")
        key = (given.type_id, given.name)
        if reuse and not given.HasField("id"):
            if key in self._by_name:
                return self.known(Kind.CONTEXT, self._by_name[key])
            if key in self._new_contexts:
                return self._new_contexts[key]
        place = self.node(Kind.CONTEXT, given)
        self._new_contexts[key] = place
        return place

    def known(self, kind: Kind, id: int) -> int:
        """A node that must be there."""
        place = self._place.get((kind, id))
        if place is None:
            place = self._place[kind, id] = self._compose.reference(kind, id)
        return place

    def event(self, given: Any, artifact: int | None, execution: int | None) -> None:
        """An event between two places."""
        if artifact is None:
            raise InvalidValue("No artifact id is specified.")
        if execution is None:
            raise InvalidValue("No execution id is specified.")
        if not given.HasField("type") or not given.type:
            raise InvalidValue("No event type is specified.")
        type = _EVENT_TYPES[given.type]
        path = _path(given.path.steps)
        time = given.milliseconds_since_epoch
        self._compose.event(
            artifact,
            execution,
            type,
            path,
            time if given.HasField("milliseconds_since_epoch") else None,
        )
        batch = self._compose.batch.nodes
        keys = [batch[place].id or ("new", place) for place in (artifact, execution)]
        self._events.append((keys[0], keys[1], type))

    def paired_event(self, pair: Any, artifact: int | None, given: Any, execution: int) -> int:
        """The event of a pair of PutExecution; returns the place of its artifact."""
        event = pair.event
        if event.HasField("execution_id") and not (
            given.HasField("id") and event.execution_id == given.id
        ):
            raise InvalidValue(
                "Request's event.execution_id does not match with the given execution"
            )
        if artifact is None:
            if not event.HasField("artifact_id"):
                raise InvalidValue(
                    "If no artifact is present, given event must have an artifact_id"
                )
            artifact = self.known(Kind.ARTIFACT, event.artifact_id)
        elif event.HasField("artifact_id") and self._compose.batch.nodes[artifact].id != (
            event.artifact_id
        ):
            raise InvalidValue(
                f"Given event.artifact_id {event.artifact_id} is not aligned with the artifact"
            )
        self.event(event, artifact, execution)
        return artifact

    def members(self, contexts: Sequence[int], members: Sequence[int]) -> None:
        """All of these places into all of these contexts."""
        pairs = dict.fromkeys((m, c) for c in contexts for m in members)
        self._compose.batch.memberships.extend(pairs)

    def apply(self) -> list[int]:
        """Write it all. Raises AlreadyExists for an event that is there already."""
        repeated = self._repeated_event()
        try:
            ids = self._transaction.apply()
        except NotFound as error:
            raise InvalidValue(str(error)) from error
        # Only now, because a node that isn't there is the greater mistake.
        if repeated is not None:
            raise AlreadyExists(f"Given event already exists: {repeated}")
        return ids

    def _created(self, kind: Kind, given: Any, *, reuse: bool) -> int:
        if not given.HasField("type_id"):
            raise InvalidValue("Type id is missing.")
        node = nodes.new(kind, given, self._type(kind, given.type_id))
        earlier = self._new_artifacts.get(given.external_id) if reuse else None
        place = self._compose.create(node)
        if earlier is not None:
            # Made by this very request: it is given what the later message says.
            batch = self._compose.batch.nodes
            later = batch.pop()
            if later.type != batch[earlier].type:
                raise InvalidValue(
                    f"two artifacts have the external_id {given.external_id!a}, and not one type"
                )
            later.name = batch[earlier].name
            batch[earlier] = later
            return earlier
        if reuse and given.external_id:
            self._new_artifacts[given.external_id] = place
        return place

    def _type(self, kind: Kind, id: int) -> Type:
        type = self._types.get((kind, id))
        if type is None:
            type = self._transaction.types.by_id(kind, id)
            if type is None:
                raise NotFound(f"No type found for query, type_id: {id} of {kind}s; put it first")
            self._types[kind, id] = type
        return type

    def _repeated_event(self) -> str | None:
        """There an event is itself by artifact, execution and type, whatever its path."""
        given = set(self._events)
        if len(given) < len(self._events):
            return "it is twice in the request"
        old = [(a, x) for a, x, _ in given if isinstance(a, int) and isinstance(x, int)]
        if not old:
            return None
        there = self._transaction.reader.events(
            artifact_ids=[a for a, _ in old], execution_ids=[x for _, x in old]
        )
        return next(
            (
                f"{e.type} of artifact:{e.artifact_id} and execution:{e.execution_id}"
                for e in there
                if (e.artifact_id, e.execution_id, e.type) in given
            ),
            None,
        )


def _path(steps: Any) -> Path:
    path: list[str | int] = []
    for step in steps:
        which = step.WhichOneof("value")
        if which is not None:
            path.append(values.text(step.key) if which == "key" else step.index)
    return tuple(path)


def _check_edge(edge: Any, request: Any) -> None:
    """Raise InvalidValue or OutOfRange where an edge doesn't say which nodes it is between."""
    if not edge.HasField("event"):
        raise InvalidValue("No event found for event_edge")
    for kind, listed in (
        (Kind.EXECUTION, request.executions),
        (Kind.ARTIFACT, request.artifacts),
    ):
        by_index, by_id = edge.HasField(f"{kind}_index"), edge.event.HasField(f"{kind}_id")
        index, id = getattr(edge, f"{kind}_index"), getattr(edge.event, f"{kind}_id")
        if not by_index and not by_id:
            raise InvalidValue(
                f"Event_edge is missing an {kind}: it has neither an {kind}_index nor an "
                f"event.{kind}_id"
            )
        if by_index and not 0 <= index < len(listed):
            raise OutOfRange(
                f"The event_edge has an {kind}_index {index} that is outside of the request's "
                f"{kind}s, of which there are {len(listed)}"
            )
        if by_index and by_id:
            if not listed[index].HasField("id"):
                raise InvalidValue(
                    f"The {kind} at {kind}_index {index} has no id, but the event has "
                    f"{kind}_id {id}"
                )
            if listed[index].id != id:
                raise InvalidValue(
                    f"The {kind} at {kind}_index {index} has the id {listed[index].id}, but the "
                    f"event has {kind}_id {id}"
                )
