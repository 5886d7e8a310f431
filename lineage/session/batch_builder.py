"""From what a caller gives to what a backend writes: one `Batch` for everything."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lineage.errors import InvalidValue, NotFound
from lineage.model import (
    Artifact,
    ArtifactState,
    Context,
    Event,
    EventType,
    Execution,
    ExecutionState,
    Flow,
    Kind,
    Node,
    Path,
    Step,
    Value,
)
from lineage.model.steps import check_flow
from lineage.ports.batch import Batch, EventWrite, NodeWrite, WriteKey, WriteMode
from lineage.ports.reader import Reader
from lineage.rules.digests import find_digest, normalize_digest
from lineage.rules.references import (
    ById,
    ByName,
    find_other_reading,
    parse_reference,
    resolve,
)
from lineage.rules.resurrection import carries_output, is_asked, sets_something
from lineage.rules.types import TypeSession
from lineage.rules.uris import normalize
from lineage.rules.values import (
    MAX_NAME_BYTES,
    MAX_PATH_STEPS,
    MAX_URI_BYTES,
    format_value,
    is_text,
    validate_custom_properties,
    validate_growing,
    validate_id,
    validate_int64,
    validate_properties,
    validate_text,
)
from lineage.rules.versions import Role
from lineage.session.version_resolution import OpenWrite, VersionResolution

_NODES = (Artifact, Execution, Context)
_NAMES = {kind: f"{kind}.name" for kind in Kind}
_NONE: Mapping[str, Value] = MappingProxyType({})


class BatchBuilder:
    """Builds the batch of one transaction, checking everything that needs no look at the store.

    With `reviving`, the rule about deleted artifacts that are recorded again has a say
    (`lineage.rules.resurrection`). What is given by name is the version that
    `lineage.rules.versions` says, once `settle` was called; with `exact`, it is the one with that
    name and the number given, 1 where none is, as other systems know it.
    """

    def __init__(
        self,
        reader: Reader,
        types: TypeSession,
        now_ms: int,
        *,
        reviving: bool = False,
        exact: bool = False,
        paths: bool = True,
    ) -> None:
        self.batch = Batch()
        self._reviving = reviving
        self._versions = None if exact else VersionResolution(reader, self.batch)
        self._reader = reader
        self._types = types
        self._now_ms = now_ms
        self._paths = paths
        self._references: dict[tuple[Kind, int], int] = {}
        self._given: dict[tuple[Kind, str, str], int] = {}
        self._given_to = 0

    def create(self, node: Node) -> int:
        """A node that must not exist yet; returns its position in the batch."""
        write = self._write(node, WriteMode.CREATE, "none")
        return self._open(node, write, Role.MAKE)

    def reuse(self, node: Node, role: Role = Role.PUT, run: int | None = None) -> int:
        """A node re-used by its id, its external id, or its type and name; made otherwise.

        `run` is the position of the run that reads or writes it.
        """
        if node.id is not None and (self._versions is None or isinstance(node, Context)):
            return self.reference(node.kind, node.id)
        key: WriteKey = "external_id" if node.external_id is not None else "name"
        if node.id is not None:
            key = "id"
        elif key == "name" and node.name is None and getattr(node, "uri", None) is None:
            write = self._write(node, WriteMode.CREATE, "none")
            return self._open(node, write, role, run)
        write = self._write(node, WriteMode.MERGE, key)
        write.id = None if node.id is None else validate_int64(node.id, f"{node.kind}.id")
        return self._open(node, write, role, run)

    def settle(self) -> None:
        """Find out which versions are meant; to be called before the batch is applied.

        Raises NotFound, AlreadyExists, Conflict, Ambiguous or InvalidValue.
        """
        if self._versions is not None:
            self._versions.settle()

    def _open(self, node: Node, write: NodeWrite, role: Role, run: int | None = None) -> int:
        at = self._add(write)
        if self._versions is not None and not isinstance(node, Context):
            read_ms = node.updated_ms if node.id is not None else None
            self._versions.add(OpenWrite(at, role, run, read_ms=read_ms))
        return at

    def replace(self, node: Node, *, touch: bool = False) -> int:
        """A stored node with new content; Conflict where it changed since it was read.

        With `touch` its updated time moves on even where nothing changes.
        """
        if node.id is None:
            raise InvalidValue(f"{node.label} has no id: only what was read can be updated")
        write = self._write(node, WriteMode.REPLACE, "id")
        write.id = validate_int64(node.id, f"{node.kind}.id")
        write.expected_ms = node.updated_ms
        write.touch = touch
        return self._add(write)

    def upsert_exact(self, node: Node) -> int:
        """A node exactly as given, id and times included."""
        if node.id is None:
            raise InvalidValue(f"{node.label} has no id, so it can't be written exactly")
        write = self._write(node, WriteMode.UPSERT_EXACT, "id")
        write.id = validate_id(node.id, f"{node.kind}.id")
        write.version = None if isinstance(node, Context) else write.version or 1
        write.created_ms = validate_int64(node.created_ms or 0, f"{node.kind}.created_ms")
        write.updated_ms = validate_growing(
            node.updated_ms or write.created_ms, f"{node.kind}.updated_ms"
        )
        position = self._add(write)
        self._references[node.kind, write.id] = position
        return position

    def reference(self, kind: Kind, id: int) -> int:
        """A node that must exist, by id."""
        position = self._references.get((kind, id))
        if position is None:
            validate_int64(id, f"{kind}.id")
            position = self._add(NodeWrite(kind=kind, mode=WriteMode.REFERENCE, key="id", id=id))
            self._references[kind, id] = position
        return position

    def any(
        self,
        kind: Kind,
        given: Node | int | str,
        role: Role = Role.PUT,
        run: int | None = None,
    ) -> int:
        """A node given whole, by id, or by a reference in words."""
        if isinstance(given, int):
            return self.reference(kind, given)
        if isinstance(given, str):
            return self._by_words(kind, given, role, run)
        if not isinstance(given, _NODES):
            raise InvalidValue(
                f"{format_value(given)} is no {kind}, nor an id or a reference of one"
            )
        if given.kind is not kind:
            raise InvalidValue(f"{given.label} is an {given.kind}; here belongs an {kind}")
        return self.reuse(given, role, run)

    def step(self, step: Step) -> tuple[int, list[int], list[int], list[int]]:
        """A whole step; returns the positions of execution, inputs, outputs and contexts."""
        for declared in step.types:
            # Two versions of a pipeline may run at once, each with what it knows of a type.
            self._types.put(declared, extending=True)
        happened = self._now_ms if step.time_ms is None else validate_int64(step.time_ms, "time_ms")
        execution = self.any(Kind.EXECUTION, step.execution, Role.RUN)
        contexts = [self.any(Kind.CONTEXT, context) for context in step.contexts]
        inputs: list[int] = []
        outputs: list[int] = []
        for flow, role, type, ports, positions in (
            (Flow.INPUT, Role.INPUT, EventType.INPUT, step.inputs, inputs),
            (Flow.OUTPUT, Role.OUTPUT, EventType.OUTPUT, step.outputs, outputs),
        ):
            for port in ports:
                check_flow(port, flow)
                artifact = self.any(Kind.ARTIFACT, port.artifact, role, execution)
                positions.append(artifact)
                self.event(
                    artifact,
                    execution,
                    port.type or type,
                    port.path,
                    happened if port.time_ms is None else port.time_ms,
                )
        for context in contexts:
            for member in (execution, *outputs):
                self.batch.memberships.append((member, context))
        return execution, inputs, outputs, contexts

    def event(
        self,
        artifact: int,
        execution: int,
        type: EventType,
        path: Path = (),
        time_ms: int | None = None,
        recorded_ms: int | None = None,
    ) -> None:
        """An event between two positions of the batch."""
        if len(path) > MAX_PATH_STEPS:
            raise InvalidValue(
                f"event.path has {len(path):,} steps; at most {MAX_PATH_STEPS} are allowed"
            )
        for step in path:
            if isinstance(step, str):
                validate_text(step, "event.path", MAX_NAME_BYTES, may_be_empty=True)
            else:
                validate_int64(step, "event.path")
        if self._reviving and carries_output(type):
            write = self.batch.nodes[artifact]
            write.unless_deleted = write.unless_deleted or is_asked(write)
        self.batch.events.append(
            EventWrite(
                artifact,
                execution,
                type,
                tuple(path),
                self._now_ms if time_ms is None else validate_int64(time_ms, "event.time_ms"),
                self._now_ms
                if recorded_ms is None
                else validate_int64(recorded_ms, "event.recorded_ms"),
            )
        )

    def event_by_ids(self, event: Event, *, exact: bool = False) -> None:
        """An event between nodes that exist."""
        self.event(
            self.reference(Kind.ARTIFACT, event.artifact_id),
            self.reference(Kind.EXECUTION, event.execution_id),
            event.type,
            event.path,
            event.time_ms if not exact else event.time_ms or 0,
            None if not exact else event.recorded_ms or 0,
        )

    def _add(self, write: NodeWrite) -> int:
        self.batch.nodes.append(write)
        return len(self.batch.nodes) - 1

    def _here(self, kind: Kind, field: str, text: str) -> int | None:
        """The position of what this very batch has under an external id or a uri."""
        for position in range(self._given_to, len(self.batch.nodes)):
            write = self.batch.nodes[position]
            for named, value in (("external_id", write.external_id), ("uri", write.uri)):
                if value is not None:
                    self._given.setdefault((write.kind, named, value), position)
        self._given_to = len(self.batch.nodes)
        return self._given.get((kind, field, text))

    def _write(self, node: Node, mode: WriteMode, key: WriteKey) -> NodeWrite:
        kind = node.kind
        type = self._types.get(kind, node.type, node.type_version)
        given, custom = node.properties, node.custom_properties
        if given:
            type = self._types.with_properties(type, given.keys())
        name, external_id = node.name, node.external_id
        if name is not None or kind is Kind.CONTEXT:
            name = validate_text(name, _NAMES[kind], MAX_NAME_BYTES)  # type: ignore[arg-type]
        if external_id is not None:
            external_id = validate_text(external_id, f"{kind}.external_id", MAX_NAME_BYTES)
            if mode is not WriteMode.UPSERT_EXACT and self._versions is not None:
                self.check_external_id(kind, external_id)
        version = digest = place = None
        owner = node.label if name or node.id is not None else f"{node.type} {kind}"
        uri = state = None
        properties: Mapping[str, Value] = _NONE
        custom_properties: Mapping[str, Value] = _NONE
        if given:
            properties = validate_properties(type, given, owner)
        if custom:
            custom_properties = validate_custom_properties(custom, owner)
        if not isinstance(node, Context):
            if node.version is not None:
                version = validate_int64(node.version, f"{owner}.version")
                if version < 1:
                    raise InvalidValue(f"{owner}.version is {version}; versions begin with 1")
            if mode is not WriteMode.MERGE or "state" in node.model_fields_set:
                state = validate_state(kind, node.state, owner)
            if isinstance(node, Artifact):
                if node.uri is not None:
                    uri = validate_text(node.uri, f"{owner}.uri", MAX_URI_BYTES)
                    place = normalize(uri)
                digest = (
                    find_digest(custom_properties, properties)
                    if node.digest is None
                    else normalize_digest(node.digest, f"{owner}.digest")
                )
        # By position: of what is done for each node of a batch, this is a good part.
        write = NodeWrite(
            kind, mode, key, type, None, name, external_id, uri, state, properties,
            custom_properties, self._now_ms,
        )  # fmt: skip
        write.version, write.digest, write.place = version, digest, place
        write.forward = self._versions is not None and kind is Kind.EXECUTION
        write.unless_deleted = self._reviving and is_asked(write) and sets_something(write)
        return write

    def check_external_id(self, kind: Kind, external_id: str | None) -> None:
        """Raise InvalidValue for one that reads as another reference, unless a node has it."""
        if external_id is None or not is_text(external_id):
            return
        other = find_other_reading(external_id, self._types)
        if other and not self._reader.by_keys(kind, external_ids=[external_id]):
            raise InvalidValue(
                f"the external id {format_value(external_id)} reads as {other}, and would be taken "
                "for it; put something of your own before it, as in 'ours/…'"
            )

    def _by_words(self, kind: Kind, text: str, role: Role, run: int | None) -> int:
        """By name inside the one write where that can be; by search otherwise."""
        readings = parse_reference(text, self._types, (kind,))
        if readings and isinstance(readings[0], ById):
            return self.reference(kind, readings[0].id)
        by_name = readings[-1] if readings else None
        if isinstance(by_name, ByName) and self._one_type(by_name):
            at = self._add(
                NodeWrite(
                    kind=kind,
                    mode=WriteMode.REFERENCE,
                    key="name",
                    type=self._types.get(kind, by_name.type_name, by_name.type_version),
                    name=by_name.name,
                    version=by_name.number,
                    now_ms=self._now_ms,
                )
            )
            if self._versions is not None and kind is not Kind.CONTEXT:
                whole = readings[0].name if isinstance(readings[0], ByName) else None
                literal = whole if len(readings) > 1 else None
                self._versions.add(OpenWrite(at, role, run, literal))
            return at
        # What this very batch makes is not in the store yet.
        if find_other_reading(text, self._types) is None:
            position = self._here(kind, "external_id", text)
            if position is not None:
                return position
        try:
            node = resolve(text, self._reader, self._types, (kind,), paths=self._paths)
        except NotFound:
            position = self._here(kind, "uri", text)
            if position is None:
                raise
            return position
        assert node.id is not None
        return self.reference(kind, node.id)

    def _one_type(self, reading: ByName) -> bool:
        """Whether it means nodes of one type only, not of several versions."""
        if reading.type_version is not None:
            return True
        # What is remembered will do: one version is the rule, and asking costs a round trip.
        known = self._types.known.values()
        versions = [t for t in known if t.kind is reading.kind and t.name == reading.type_name]
        return len(versions) == 1


def validate_node(given: Node) -> Node:
    """The node, or InvalidValue where it is none."""
    if not isinstance(given, _NODES):
        raise InvalidValue(f"{format_value(given)} is no artifact, execution or context")
    return given


def validate_state(kind: Kind, state: object, owner: str = "") -> str:
    """The state, or InvalidValue: a copy of a node with another state was never validated."""
    states = _STATES[kind]
    if state not in states:
        raise InvalidValue(
            f"{f'{owner}.' if owner else ''}state is {format_value(state)}; "
            + (f"it can be {', '.join(states)}" if states else f"a {kind} has none")
        )
    return str(state)


_STATES: dict[Kind, tuple[str, ...]] = {
    Kind.ARTIFACT: tuple(state.value for state in ArtifactState),
    Kind.EXECUTION: tuple(state.value for state in ExecutionState),
    Kind.CONTEXT: (),
}
