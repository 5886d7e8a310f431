"""The part of the graph that some events are about, and what they make of it.

The result depends on the events, not on their order, and the same event again changes nothing:
nodes are found by external ids, facets go by the time of their events, what a run read and wrote
is only ever added to, and a run that has ended stays ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage.formats.openlineage_events import identity
from lineage.formats.openlineage_events.event import (
    Dataset,
    EventKind,
    Job,
    JobName,
    LineageEvent,
    Parent,
    Run,
    RunState,
)
from lineage.formats.openlineage_events.facets import (
    FacetRegister,
    describe_dataset,
    describe_job,
    describe_run,
    read_column_facet,
)
from lineage.model import (
    ArtifactState,
    BaseType,
    EventType,
    ExecutionState,
    Flow,
    Kind,
    Node,
    Path,
    Type,
)
from lineage.model.nodes import NODE_CLASSES
from lineage.rules.column_lineage import DATASET_KEY, property_for
from lineage.session.transaction import Transaction

DATASET = "Dataset"
RUN = Type(
    kind=Kind.EXECUTION,
    name="JobRun",
    base=BaseType.PROCESS,
    description="A run of a job, as OpenLineage events told of it",
)
JOB_DEFINITION = Type(
    kind=Kind.EXECUTION,
    name="JobDefinition",
    base=BaseType.PROCESS,
    description="What a job is declared to read and write, whether it ran or not",
)
JOB = Type(kind=Kind.CONTEXT, name="Job", description="A job, with all its runs")
_PIPELINE = "Pipeline"
_PIPELINE_RUN = "PipelineRun"

_ENDED = {
    RunState.COMPLETE: ExecutionState.COMPLETE,
    RunState.FAIL: ExecutionState.FAILED,
    RunState.ABORT: ExecutionState.CANCELED,
}
# Of two ends that were told for one moment, the worse one counts.
_WORSE = {ExecutionState.COMPLETE: 0, ExecutionState.CANCELED: 1, ExecutionState.FAILED: 2}
_TYPES = {
    (Flow.INPUT, True): EventType.DECLARED_INPUT,
    (Flow.INPUT, False): EventType.INPUT,
    (Flow.OUTPUT, True): EventType.DECLARED_OUTPUT,
    (Flow.OUTPUT, False): EventType.OUTPUT,
}

_Key = tuple[Kind, str]


@dataclass(slots=True)
class Draft:
    """A node as it will be written."""

    kind: Kind
    key: str
    type: str
    stored: Node | None
    register: FacetRegister
    name: str | None = None
    uri: str | None = None
    state: Any = None

    def build(self) -> Node:
        """Return the node to write."""
        values: dict[str, Any] = {"name": self.name, "custom_properties": self.register.finish()}
        if self.kind is not Kind.CONTEXT and self.state is not None:
            values["state"] = self.state
        if self.kind is Kind.ARTIFACT and self.uri is not None:
            values["uri"] = self.uri
        if self.stored is not None:
            return self.stored.model_copy(update=values)
        node: type[Node] = NODE_CLASSES[self.kind]
        return node(type=self.type, external_id=self.key, **values)


@dataclass(slots=True)
class EventGraph:
    """What a transaction has of some events' graph, and what is to be added.

    Parameters
    ----------
    transaction
        Where it is read from, and written to by `write`.
    events
        All events that `add` will be called with.
    """

    transaction: Transaction
    events: Iterable[LineageEvent]
    drafts: dict[_Key, Draft] = field(default_factory=dict)
    _stored: dict[_Key, Node] = field(default_factory=dict)
    _edges: dict[tuple[str, str, EventType, Path], int] = field(default_factory=dict)
    _made: dict[tuple[str, str, EventType, Path], int] = field(default_factory=dict)
    _memberships: dict[tuple[_Key, _Key], None] = field(default_factory=dict)
    _parents: dict[tuple[str, str], None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys: dict[Kind, dict[str, None]] = {kind: {} for kind in Kind}
        for event in self.events:
            for kind, key in _keys_of(event):
                keys[kind][key] = None
        reader = self.transaction.reader
        for kind, names in keys.items():
            if names:
                for node in reader.by_keys(kind, external_ids=list(names)):
                    self._stored[kind, node.external_id or ""] = node
        self._load_edges()
        self._load_parents()

    def _load_edges(self) -> None:
        """Know what the store has of the events of these runs."""
        runs = {n.id or 0: key for (kind, key), n in self._stored.items() if kind is Kind.EXECUTION}
        if not runs:
            return
        reader = self.transaction.reader
        events = reader.events(execution_ids=sorted(runs))
        artifacts = {
            node.id: node.external_id or ""
            for node in reader.nodes(Kind.ARTIFACT, sorted({e.artifact_id for e in events}))
        }
        for event in events:
            place = (runs[event.execution_id], artifacts[event.artifact_id], event.type, event.path)
            self._edges[place] = event.time_ms or 0

    def _load_parents(self) -> None:
        """Know the pipeline runs that stored runs say they are parts of."""
        above = {
            identity.pipeline_run_key(parent)
            for (kind, _), node in self._stored.items()
            if kind is Kind.EXECUTION
            for parent in _parents_in(node.custom_properties)
        }
        missing = [key for key in above if (Kind.CONTEXT, key) not in self._stored]
        if missing:
            for node in self.transaction.reader.by_keys(Kind.CONTEXT, external_ids=missing):
                self._stored[Kind.CONTEXT, node.external_id or ""] = node

    def add(self, event: LineageEvent) -> tuple[str | None, list[str], list[str]]:
        """Add what an event says; returns the keys of its run, its inputs and its outputs."""
        if event.kind is EventKind.DATASET:
            assert event.dataset is not None
            return None, [], self._add_dataset(event.dataset, event.stamp)
        assert event.job is not None
        job = self._add_job(event.job, event.stamp)
        if event.run is not None:
            execution = self._add_run(event, event.run, event.job)
        else:
            execution = self._add_definition(event.job, event.stamp)
        self._memberships[(Kind.EXECUTION, execution.key), (Kind.CONTEXT, job.key)] = None
        inputs = self._add_ports(event, execution, Flow.INPUT)
        outputs = self._add_ports(event, execution, Flow.OUTPUT)
        return execution.key, inputs, outputs

    def write(self) -> dict[_Key, int]:
        """Write all that was added; returns the ids by kind and key."""
        compose = self.transaction.compose
        for declared in (RUN, JOB_DEFINITION, JOB):
            if self.transaction.types.find(declared.kind, declared.name) is None:
                self.transaction.types.put(declared)
        places: dict[_Key, int] = {}
        for key, draft in self.drafts.items():
            node = draft.build()
            if draft.stored is None:
                places[key] = compose.create(node)
            elif node == draft.stored:
                places[key] = compose.reference(draft.kind, draft.stored.id or 0)
            else:
                places[key] = compose.replace(node)
        for (run, artifact, type, path), time in self._made.items():
            compose.event(
                places[Kind.ARTIFACT, artifact], places[Kind.EXECUTION, run], type, path, time
            )
        batch = compose.batch
        batch.memberships += [
            (places[node], places[context]) for node, context in self._memberships
        ]
        batch.parents += [
            (places[Kind.CONTEXT, child], places[Kind.CONTEXT, parent])
            for child, parent in self._parents
        ]
        ids = self.transaction.apply()
        return {key: ids[place] for key, place in places.items()}

    def _add_job(self, job: Job, stamp: str) -> Draft:
        label = identity.build_label(job.namespace, job.name)
        draft = self._draft(Kind.CONTEXT, identity.job_key(job.namespace, job.name), JOB.name)
        draft.name = label
        draft.register.properties.update(namespace=job.namespace, job=job.name)
        draft.register.put_facets("facet_", job.facets, stamp)
        draft.register.describe(describe_job(draft.register.properties, "facet_"))
        return draft

    def _add_definition(self, job: Job, stamp: str) -> Draft:
        key = identity.job_key(job.namespace, job.name)
        draft = self._draft(Kind.EXECUTION, key, JOB_DEFINITION.name)
        draft.name = identity.build_label(job.namespace, job.name)
        draft.register.put("job", draft.name, stamp)
        return draft

    def _add_run(self, event: LineageEvent, run: Run, job: Job) -> Draft:
        key = identity.run_key(run.id)
        draft = self._draft(Kind.EXECUTION, key, RUN.name)
        register, stamp = draft.register, event.stamp
        register.properties["run_id"] = run.id
        label = identity.build_label(job.namespace, job.name)
        if register.put("job", label, stamp):
            # Some producers know the whole name of a job only when its run ends.
            draft.name = f"{label}/{run.id}"
        register.put_facets("facet_", run.facets, stamp)
        register.put_facets("facet_job_", job.facets, stamp)
        register.describe(describe_job(register.properties, "facet_job_"))
        register.describe(describe_run(register.properties))
        _move_on(draft, event)
        for parent in event.parents:
            self._add_parent(draft, parent, stamp)
        self._join(run.id)
        return draft

    def _add_parent(self, run: Draft, parent: Parent, stamp: str) -> None:
        """Put a run among the parts of its parent."""
        known = set(_parents_in(run.register.properties))
        run.register.properties["parent_runs"] = sorted({*known, parent.run.id})
        group = self._draft(Kind.CONTEXT, identity.pipeline_run_key(parent.run.id), _PIPELINE_RUN)
        group.register.properties["run_id"] = parent.run.id
        label = identity.build_label(parent.job.namespace, parent.job.name)
        if group.register.put("job", label, stamp):
            group.name = f"{label}/{parent.run.id}"
        pipeline = self._add_pipeline(parent.job)
        self._memberships[(Kind.EXECUTION, run.key), (Kind.CONTEXT, group.key)] = None
        self._parents[group.key, pipeline.key] = None
        self._join(parent.run.id)

    def _add_pipeline(self, job: JobName) -> Draft:
        draft = self._draft(Kind.CONTEXT, identity.pipeline_key(job.namespace, job.name), _PIPELINE)
        draft.name = identity.build_label(job.namespace, job.name)
        draft.register.properties.update(namespace=job.namespace, job=job.name)
        return draft

    def _join(self, run_id: str) -> None:
        """Tie a run and the group of its parts together, where both are known."""
        run = self._find(Kind.EXECUTION, identity.run_key(run_id), RUN.name)
        group = self._find(Kind.CONTEXT, identity.pipeline_run_key(run_id), _PIPELINE_RUN)
        if run is None or group is None:
            return
        self._memberships[(Kind.EXECUTION, run.key), (Kind.CONTEXT, group.key)] = None
        for parent in _parents_in(run.register.properties):
            above = self._find(Kind.CONTEXT, identity.pipeline_run_key(parent), _PIPELINE_RUN)
            if above is not None:
                self._parents[group.key, above.key] = None

    def _add_ports(self, event: LineageEvent, execution: Draft, flow: Flow) -> list[str]:
        found: dict[str, None] = {}
        for dataset in event.inputs if flow is Flow.INPUT else event.outputs:
            label = identity.build_label(dataset.namespace, dataset.name)
            said = dataset.input_facets if flow is Flow.INPUT else dataset.output_facets
            execution.register.put_facets(f"{flow.lower()} {label} ", said, event.stamp)
            columns = dataset.facets.get("columnLineage")
            if flow is Flow.OUTPUT and columns is not None:
                # Which columns came of which is the run's to say, not the dataset's.
                known = read_column_facet(columns).to_struct()
                for namespace, name in ((dataset.namespace, dataset.name), *dataset.symlinks):
                    place = property_for(identity.dataset_key(namespace, name))
                    execution.register.put_checked(place, known, event.stamp)
            for key in self._keys_to_tie(dataset, flow):
                self._tie(execution, key, flow, label, event)
                found[key] = None
            self._add_dataset(dataset, event.stamp)
            for namespace, name in dataset.symlinks:
                self._add_symlink(dataset, namespace, name, event.stamp)
                key = identity.dataset_key(namespace, name)
                self._tie(execution, key, flow, identity.build_label(namespace, name), event)
        return list(found)

    def _keys_to_tie(self, dataset: Dataset, flow: Flow) -> list[str]:
        """Return the artifacts that a run touched by touching a dataset.

        Whoever reads the dataset without saying which version reads what was written last, so
        what writes a version writes the dataset as well.
        """
        whole = identity.dataset_key(dataset.namespace, dataset.name)
        if dataset.version is None:
            return [whole]
        version = identity.dataset_key(dataset.namespace, dataset.name, dataset.version)
        return [version] if flow is Flow.INPUT else [version, whole]

    def _tie(
        self, execution: Draft, artifact: str, flow: Flow, label: str, event: LineageEvent
    ) -> None:
        """Add an event of the graph; a known one at another time leads to one of its own."""
        is_declared = event.kind is EventKind.JOB or event.state is RunState.START
        type = _TYPES[flow, is_declared]
        place: tuple[str, str, EventType, Path] = (execution.key, artifact, type, (label,))
        time = event.time_ms
        has_plain_place = is_declared or event.state.is_terminal
        known = self._edges.get(place, self._made.get(place))
        if not has_plain_place or known not in (None, time):
            place = (*place[:3], (label, time))
        if place not in self._edges and place not in self._made:
            self._made[place] = time
            if flow is Flow.OUTPUT:
                draft = self._draft(Kind.ARTIFACT, artifact, DATASET)
                if draft.state is ArtifactState.DELETED:
                    draft.state = ArtifactState.LIVE

    def _add_dataset(self, dataset: Dataset, stamp: str) -> list[str]:
        """Set what is known of a dataset, and of the version of it that is named."""
        found: list[str] = []
        for version in dict.fromkeys((None, dataset.version)):
            key = identity.dataset_key(dataset.namespace, dataset.name, version)
            draft = self._draft(Kind.ARTIFACT, key, DATASET)
            found.append(key)
            if draft.state is ArtifactState.DELETED:
                continue
            draft.name = identity.build_label(dataset.namespace, dataset.name, version)
            draft.uri = identity.build_uri(dataset.namespace, dataset.name)
            register = draft.register
            register.properties.update(namespace=dataset.namespace, dataset=dataset.name)
            if version is not None:
                register.properties["dataset_version"] = version
                register.properties[DATASET_KEY] = found[0]
            for facets in (dataset.facets, dataset.input_facets, dataset.output_facets):
                register.put_facets("facet_", facets, stamp)
            register.describe(describe_dataset(register.properties))
        return found

    def _add_symlink(self, dataset: Dataset, namespace: str, name: str, stamp: str) -> None:
        """Set what is known of a dataset by another name of it.

        Whoever touches a dataset touches it by all its names, so that those who know it by
        different ones meet. What else is known of it stays with the name that it came with.
        """
        draft = self._draft(Kind.ARTIFACT, identity.dataset_key(namespace, name), DATASET)
        if draft.state is ArtifactState.DELETED:
            return
        draft.name = identity.build_label(namespace, name)
        register = draft.register
        before = register.properties.get("symlink_of")
        names = set(before.split(", ")) if isinstance(before, str) else set()
        names.add(identity.build_label(dataset.namespace, dataset.name))
        register.properties.update(
            namespace=namespace, dataset=name, symlink_of=", ".join(sorted(names))
        )
        schema = {key: facet for key, facet in dataset.facets.items() if key == "schema"}
        register.put_facets("facet_", schema, stamp)
        register.describe(describe_dataset(register.properties))

    def _draft(self, kind: Kind, key: str, type: str) -> Draft:
        """Return the node of a key, to be changed; one that the store lacks is made."""
        draft = self.drafts.get((kind, key))
        if draft is None:
            stored = self._stored.get((kind, key))
            draft = self.drafts[kind, key] = Draft(
                kind,
                key,
                type,
                stored,
                FacetRegister({} if stored is None else stored.custom_properties),
                None if stored is None else stored.name,
                getattr(stored, "uri", None),
                getattr(stored, "state", None),
            )
        return draft

    def _find(self, kind: Kind, key: str, type: str) -> Draft | None:
        """The same, or None where there is no such node yet."""
        known = (kind, key) in self.drafts or (kind, key) in self._stored
        return self._draft(kind, key, type) if known else None


def _move_on(draft: Draft, event: LineageEvent) -> None:
    """Set the state of a run: an end counts over all else, the latest end over others."""
    properties = draft.register.properties
    if event.state is RunState.START:
        properties["started"] = min(properties.get("started", event.stamp), event.stamp)
    ended = _ENDED.get(event.state)
    if ended is not None:
        before = properties.get("ended", "")
        told = (before, _WORSE.get(draft.state, -1))
        if (event.stamp, _WORSE[ended]) > told:
            properties["ended"] = event.stamp
            draft.state = ended
    elif event.state in (RunState.START, RunState.RUNNING) and "ended" not in properties:
        draft.state = ExecutionState.RUNNING


def _parents_in(properties: Mapping[str, Any]) -> list[str]:
    found = properties.get("parent_runs")
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _keys_of(event: LineageEvent) -> Iterable[_Key]:
    """Yield the nodes that an event may touch."""
    if event.job is not None:
        yield Kind.CONTEXT, identity.job_key(event.job.namespace, event.job.name)
        if event.run is None:
            yield Kind.EXECUTION, identity.job_key(event.job.namespace, event.job.name)
    if event.run is not None:
        for run_id in (event.run.id, *(parent.run.id for parent in event.parents)):
            yield Kind.EXECUTION, identity.run_key(run_id)
            yield Kind.CONTEXT, identity.pipeline_run_key(run_id)
    for parent in event.parents:
        yield Kind.CONTEXT, identity.pipeline_key(parent.job.namespace, parent.job.name)
    own = () if event.dataset is None else (event.dataset,)
    for dataset in (*event.inputs, *event.outputs, *own):
        for version in (None, dataset.version):
            yield Kind.ARTIFACT, identity.dataset_key(dataset.namespace, dataset.name, version)
        for namespace, name in dataset.symlinks:
            yield Kind.ARTIFACT, identity.dataset_key(namespace, name)
