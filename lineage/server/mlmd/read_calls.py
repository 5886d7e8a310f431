"""The calls that read types, nodes and edges. Each sees one consistent state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from lineage.errors import InvalidInput, InvalidValue, NotFound
from lineage.formats.mlmd import signatures
from lineage.model import Event, EventType, Kind, Node, Type
from lineage.ports.filters import Filter
from lineage.rules.versions import from_unique_name
from lineage.server.mlmd import messages, nodes
from lineage.server.mlmd import types as wire_types
from lineage.server.mlmd.pages import find_by, page
from lineage.session.snapshot import Snapshot

Call = Callable[[Snapshot, Any, Any], None]
_EVENT_NUMBERS = {type: number for number, type in enumerate(EventType)}
_EVERYTHING = Filter()


def get_type(kind: Kind) -> Call:
    """One type by name and version. Raises NotFound."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        type = _type(view, kind, request)
        if type is None:
            raise NotFound(
                f"No type found for query, name: `{request.type_name}`, version: "
                f"`{request.type_version or 'nullopt'}`"
            )
        getattr(response, f"{kind}_type").CopyFrom(wire_types.message(type, _keep(view, kind)))

    return call


def get_types(kind: Kind) -> Call:
    """All types of a kind, without the system types."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        add_types(
            view, response, kind, (t for t in all_types(view, kind) if not wire_types.is_system(t))
        )

    return call


def get_types_by_id(kind: Kind) -> Call:
    """The types with these ids, as they are given."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        by_id = {type.id: type for type in all_types(view, kind)}
        add_types(view, response, kind, (by_id[id] for id in request.type_ids if id in by_id))

    return call


def get_types_by_external_ids(kind: Kind) -> Call:
    """The types with these external ids. Raises NotFound where there is none."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        wanted = _external_ids(request)
        found = [type for type in all_types(view, kind) if type.external_id in wanted]
        if wanted and not found:
            raise NotFound("No types found for external_ids.")
        add_types(view, response, kind, found)

    return call


def get_nodes(kind: Kind, old_limits: bool) -> Call:
    """All nodes of a kind, or a page of them."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        _list(view, kind, request, response, _EVERYTHING, old_limits=old_limits)

    return call


def get_nodes_by_id(kind: Kind) -> Call:
    """The nodes with these ids, each once, by id; on demand with the types of artifacts."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        found = view.reader.nodes(kind, sorted(set(getattr(request, f"{kind}_ids"))))
        _add_nodes(response, kind, found)
        if kind is Kind.ARTIFACT and request.populate_artifact_types:
            ids = {node.type_id for node in found}
            add_types(
                view, response, kind, (type for type in all_types(view, kind) if type.id in ids)
            )

    return call


def get_nodes_by_type(kind: Kind, old_limits: bool) -> Call:
    """The nodes of one type, or a page of them; none where there is no such type."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        type = _type(view, kind, request)
        if type is not None and type.id is not None:
            where = Filter(type_ids=[type.id])
            found = _list(view, kind, request, response, where, old_limits=old_limits)
            if request.HasField("options") and found and not response.next_page_token:
                # On the last page it is there and empty, in this call alone.
                response.next_page_token = ""

    return call


def get_node_by_type_and_name(kind: Kind) -> Call:
    """One node, or an empty answer."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        type = _type(view, kind, request)
        name = getattr(request, f"{kind}_name")
        if type is not None and type.id is not None and name:
            node = _find_by_unique_name(view, kind, type.id, name)
            if node is not None:
                getattr(response, str(kind)).CopyFrom(nodes.message(node))

    return call


def _find_by_unique_name(view: Snapshot, kind: Kind, type_id: int, name: str) -> Node | None:
    """The node that has a name there, where each has one of its own."""
    versioned = from_unique_name(name)
    for series, number in ((name, 1), *([versioned] if versioned else [])):
        where = Filter(type_ids=[type_id], name=series)
        if kind is not Kind.CONTEXT:
            where = replace(where, version=number)
        for node in view.reader.find(kind, where):
            return node
    return None


def get_nodes_by_external_ids(kind: Kind) -> Call:
    """The nodes with these external ids. Raises NotFound where there is none."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        wanted = _external_ids(request)
        found = find_by(view, kind, [Filter(external_id=id) for id in wanted])
        if wanted and not found:
            raise NotFound(f"No {kind}s found for external_ids.")
        _add_nodes(response, kind, found)

    return call


def get_artifacts_by_uri(view: Snapshot, request: Any, response: Any) -> None:
    """The artifacts with these uris."""
    if request.HasField("uri"):
        raise InvalidValue(
            "The request contains the deprecated field `uri`; upgrade the client library to one "
            "newer than 0.21.0"
        )
    found = find_by(view, Kind.ARTIFACT, [Filter(uri=uri) for uri in request.uris if uri])
    if "" in request.uris:
        found += [n for n in view.reader.find(Kind.ARTIFACT, _EVERYTHING) if not n.uri]  # type: ignore[union-attr]
    _add_nodes(response, Kind.ARTIFACT, found)


def get_events_by(kind: Kind) -> Call:
    """The events of these artifacts, or of these executions."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        ids = list(getattr(request, f"{kind}_ids"))
        wanted = {"artifact_ids": ids} if kind is Kind.ARTIFACT else {"execution_ids": ids}
        response.events.extend(event_message(event) for event in view.reader.events(**wanted))

    return call


def get_contexts_by(kind: Kind) -> Call:
    """The contexts that an artifact or execution is in. Raises NotFound where it is in none."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        id = getattr(request, f"{kind}_id")
        contexts = [context for _, context in view.reader.contexts_of(kind, [id])]
        if not contexts:
            raise NotFound(f"No contexts found for {kind}_id: {id}")
        _add_nodes(response, Kind.CONTEXT, view.reader.nodes(Kind.CONTEXT, contexts))

    return call


def get_members(kind: Kind, old_limits: bool) -> Call:
    """The artifacts or executions in a context, or a page of them."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        where = Filter(context_id=request.context_id)
        _list(view, kind, request, response, where, old_limits=old_limits)

    return call


def get_parents(view: Snapshot, request: Any, response: Any) -> None:
    """The contexts directly above one."""
    above = sorted({parent for _, parent in view.reader.parents_of([request.context_id])})
    _add_nodes(response, Kind.CONTEXT, view.reader.nodes(Kind.CONTEXT, above))


def get_children(view: Snapshot, request: Any, response: Any) -> None:
    """The contexts directly below one."""
    below = sorted({child for child, _ in view.reader.children_of([request.context_id])})
    _add_nodes(response, Kind.CONTEXT, view.reader.nodes(Kind.CONTEXT, below))


def get_parents_of_all(view: Snapshot, request: Any, response: Any) -> None:
    """The contexts directly above each of several; those without any are left out."""
    pairs = view.reader.parents_of(_context_ids(request))
    _add_linked(view, [(child, parent) for child, parent in pairs], response, "parent_contexts")


def get_children_of_all(view: Snapshot, request: Any, response: Any) -> None:
    """The contexts directly below each of several; those without any are left out."""
    pairs = view.reader.children_of(_context_ids(request))
    _add_linked(view, [(parent, child) for child, parent in pairs], response, "children_contexts")


def event_message(event: Event) -> Any:
    """An event as the wire says it."""
    made = messages.Event(
        artifact_id=event.artifact_id,
        execution_id=event.execution_id,
        type=_EVENT_NUMBERS[event.type],
        milliseconds_since_epoch=event.time_ms,
    )
    for step in event.path:
        if isinstance(step, int):
            made.path.steps.add().index = step
        else:
            made.path.steps.add().key = step
    return made


def _list(
    view: Snapshot, kind: Kind, request: Any, response: Any, where: Filter, *, old_limits: bool
) -> list[Node]:
    if request.HasField("options"):
        try:
            found, token = page(view, kind, request.options, where, old_limits=old_limits)
        except InvalidInput:
            # There nobody looks at the options where there is nothing to list.
            if where is _EVERYTHING or view.reader.find(kind, replace(where, limit=1)):
                raise
            return []
        if token:
            response.next_page_token = token
    else:
        found = view.reader.find(kind, where)
    _add_nodes(response, kind, found)
    return found


def _type(view: Snapshot, kind: Kind, request: Any) -> Type | None:
    return view.types.exact(kind, request.type_name, request.type_version or None)


def all_types(view: Snapshot, kind: Kind) -> list[Type]:
    """The types of a kind, by id."""
    view.types.refresh()
    found = [type for type in view.types.known.values() if type.kind is kind]
    return sorted(found, key=lambda type: type.id or 0)


def _external_ids(request: Any) -> list[str]:
    if "" in request.external_ids:
        raise InvalidValue("Invalid argument because at least one empty external_id exists.")
    return list(dict.fromkeys(request.external_ids))


def _context_ids(request: Any) -> Sequence[int]:
    if not request.context_ids:
        raise InvalidValue("Given context_ids is empty.")
    return list(request.context_ids)


def add_types(view: Snapshot, answer: Any, kind: Kind, found: Iterable[Type]) -> None:
    """Types into an answer or a graph."""
    kept = _keep(view, kind)
    getattr(answer, f"{kind}_types").extend(wire_types.message(type, kept) for type in found)


def _keep(view: Snapshot, kind: Kind) -> signatures.Signatures | None:
    return signatures.read(view.reader) if kind is Kind.EXECUTION else None


def _add_nodes(response: Any, kind: Kind, found: Iterable[Node]) -> None:
    getattr(response, f"{kind}s").extend(nodes.message(node) for node in found)


def _add_linked(
    view: Snapshot, pairs: Sequence[tuple[int, int]], response: Any, field: str
) -> None:
    ids = sorted({linked for _, linked in pairs})
    made = {node.id: nodes.message(node) for node in view.reader.nodes(Kind.CONTEXT, ids)}
    for context, linked in pairs:
        getattr(response.contexts[context], field).append(made[linked])
