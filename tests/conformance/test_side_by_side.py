"""Random operations, good and bad, on all backends side by side: all must read the same.

Ids may differ between backends, so the machine keeps handles: the n-th artifact that it met, with
its id on each backend. Everything read is compared in handles.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

import lineage
from lineage import (
    Artifact,
    ArtifactState,
    Context,
    Event,
    EventType,
    Execution,
    ExecutionState,
    Kind,
    Mark,
    Policy,
    Port,
    PropertyKind,
    Recorded,
    Step,
    Store,
    Type,
)
from lineage.connection import connect
from lineage.errors import LineageError
from lineage.ports.filters import Filter
from lineage.ports.traversal import Direction
from tests.conformance.readable import event_form, exact, node_form, type_form
from tests.neo4j_for_tests import Neo4jForTests, emptied

LONG = bool(os.environ.get("LINEAGE_LONG"))

CLASSES: dict[Kind, Any] = {
    Kind.ARTIFACT: Artifact,
    Kind.EXECUTION: Execution,
    Kind.CONTEXT: Context,
}

# Few names, so that they meet again; odd ones, so that they must be escaped.
TYPE_NAMES = ["T", "U", "Artifact", "a`b.c", "Model"]
type_names = st.sampled_from(TYPE_NAMES)
bad_type_names = st.sampled_from(["Nope", "a:b", ""])
versions = st.sampled_from([None, None, None, "1", "2"])
names = st.sampled_from(["a", "b", "c", "`🦊'.", "1"])
external_ids = st.sampled_from(["ea", "eb", "a", "T:a"])
uris = st.sampled_from(["u", "s3://x/y", "ea"])
property_names = st.sampled_from(
    ["p", "q", "id", "name", "_custom", "custom_p", "property_p", "🦊"]
)
bad_texts = st.sampled_from(["", "a\x00", "x" * 5_000])
values = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-2, 2),
    st.floats(),
    st.sampled_from([0.0, -0.0, float("nan"), 1.0]),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5),
    st.binary(max_size=5),
    st.sampled_from([{"$struct": 1}, [], {}, [1, 1.0, True, None, "x"], {"a": {"b": []}}]),
)
bad_values = st.sampled_from([None, 2**63, "\x00", {1, 2}, [float("nan")], {"a\x00": 1}, object])
custom = st.dictionaries(property_names, values, max_size=3)
DECLARED: dict[str, tuple[PropertyKind, st.SearchStrategy[Any]]] = {
    "p": (PropertyKind.INT, st.integers(-2, 2)),
    "q": (PropertyKind.DOUBLE, st.one_of(st.floats(), st.integers(-2, 2))),
    "🦊": (PropertyKind.STRUCT, st.sampled_from([{"$struct": 1}, [], [1.0, None]])),
    "id": (PropertyKind.STRING, st.text("a'\\", max_size=3)),
    "name": (PropertyKind.BYTES, st.binary(max_size=3)),
    "custom_p": (PropertyKind.BOOL, st.booleans()),
}
declared = st.fixed_dictionaries({}, optional={n: v for n, (_, v) in DECLARED.items()})
labels = st.sampled_from(["tainted", "pii", "`🦊'."])
kinds = st.sampled_from(list(Kind))
node_kinds = st.sampled_from([Kind.ARTIFACT, Kind.EXECUTION])
picks = st.integers(0, 40)
paths = st.lists(st.one_of(st.sampled_from(["x", "", "🦊"]), st.integers(-1, 2)), max_size=2)
times = st.one_of(st.none(), st.integers(0, 2_000), st.sampled_from([-5, 2**63 - 1]))


def rarely(bad: st.SearchStrategy[Any], good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what is good: an operation with ten parts should mostly have no bad one."""
    # Not the first and not the last, which hypothesis likes best.
    return st.integers(0, 30).flatmap(lambda n: bad if n == 13 else good)


@st.composite
def nodes(draw: st.DrawFn, kind: Kind) -> Any:
    """A node as a caller would make it; what the model itself refuses, as a copy would hold it."""
    named = draw(st.integers(0, 3)) < 3 or kind is Kind.CONTEXT
    type_name = draw(rarely(bad_type_names, type_names))
    fields: dict[str, Any] = {
        "type": type_name,
        "type_version": draw(rarely(st.just("9"), versions)) if type_name == "T" else None,
        "name": draw(rarely(bad_texts, names)) if named else None,
    }
    if draw(st.integers(0, 3)) == 3:
        # Mostly one that no node of another type has.
        own = st.sampled_from([f"{type_name}-{n}" for n in range(3)])
        fields["external_id"] = draw(rarely(st.one_of(bad_texts, external_ids), own))
    if draw(st.booleans()):
        fields["custom_properties"] = draw(
            rarely(st.dictionaries(property_names, bad_values, min_size=1, max_size=1), custom)
        )
    if type_name == "T" and draw(st.booleans()):
        fields["properties"] = draw(rarely(custom, declared))
    if kind is Kind.ARTIFACT and draw(st.booleans()):
        fields["uri"] = draw(rarely(bad_texts, uris))
    if kind is not Kind.CONTEXT and draw(st.booleans()):
        states = ArtifactState if kind is Kind.ARTIFACT else ExecutionState
        fields["state"] = draw(rarely(st.just("DONE"), st.sampled_from(list(states))))
    return CLASSES[kind](type="T", name="x").model_copy(update=fields)


class Handle(int):
    """The n-th node of its kind that the machine met, by its id."""


class InWords(Handle):
    """The same, as `artifact:42`."""


@st.composite
def references(draw: st.DrawFn, kind: Kind) -> Any:
    """A node whole, by handle, by words or by an id that nothing has."""
    choice = draw(st.integers(0, 30))
    if choice == 13:
        return draw(st.sampled_from([-1, 10**9, 2**63]))
    if choice == 17:
        words = [f"{draw(type_names)}:{draw(names)}", draw(external_ids), draw(uris)]
        return draw(st.sampled_from(words))
    if choice < 15:
        return draw(st.sampled_from([Handle, InWords]))(draw(picks))
    return draw(nodes(kind))


@st.composite
def ports(draw: st.DrawFn, outputs: bool) -> Any:
    """An input or output; now and then of an event type that belongs on the other side."""
    usual = [None, None, "OUTPUT" if outputs else "INPUT", "PENDING_OUTPUT", "UNKNOWN"]
    return {
        "artifact": draw(references(Kind.ARTIFACT)),
        "path": tuple(draw(paths)),
        "type": draw(rarely(st.sampled_from(list(EventType)), st.sampled_from(usual))),
        "time_ms": draw(times),
    }


@st.composite
def steps(draw: st.DrawFn) -> dict[str, Any]:
    """What `Step` takes, with handles in it."""
    return {
        "execution": draw(references(Kind.EXECUTION)),
        "inputs": draw(st.lists(ports(False), max_size=2)),
        "outputs": draw(st.lists(ports(True), max_size=2)),
        "contexts": draw(st.lists(references(Kind.CONTEXT), max_size=2)),
        "types": draw(rarely(st.lists(types(), max_size=1), st.just([]))),
        "time_ms": draw(rarely(st.just(2**63), times)),
    }


@st.composite
def types(draw: st.DrawFn) -> Type:
    """A type whose properties may or may not go with what it was."""
    kind = draw(kinds)
    bases = {Kind.ARTIFACT: ["MODEL", "DATASET"], Kind.EXECUTION: ["TRAIN"], Kind.CONTEXT: []}
    return Type(
        kind=kind,
        name=draw(rarely(bad_type_names, type_names)) or "?:",
        version=draw(versions),
        properties=draw(
            st.dictionaries(property_names, st.sampled_from(list(PropertyKind)), max_size=4)
        ),
        base=draw(st.sampled_from([None, None, *bases[kind]])),
        description=draw(st.sampled_from([None, "", "d"])),
    )


class SideBySide(RuleBasedStateMachine):
    """The same operation on each backend, then everything readable compared."""

    neo4j_url: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.urls = {
            "memory": f"memory://{self.folder.name}",
            "sqlite": f"sqlite:///{self.folder.name}/lineage.db",
        }
        if self.neo4j_url:
            emptied(self.neo4j_url)
            self.urls["neo4j"] = self.neo4j_url
        self.now = 1_000
        self.stores = {name: self.opened(url) for name, url in self.urls.items()}
        self.ids: dict[str, dict[Kind, list[int]]] = {
            name: {kind: [] for kind in Kind} for name in self.urls
        }
        self.reads: list[dict[str, Any]] = []
        self.changed = True

    def opened(self, url: str) -> Store:
        return Store(connect(url).backend, clock=lambda: self.now)

    def teardown(self) -> None:
        for store in self.stores.values():
            store.close()
        self.folder.cleanup()

    # Handles

    def meet(self, name: str, kind: Kind, id: int) -> int:
        """The handle of an id; a new one where it was never met."""
        known = self.ids[name][kind]
        if id not in known:
            known.append(id)
        return known.index(id)

    def handle(self, name: str, kind: Kind, id: int | None) -> int:
        assert id is not None
        assert id in self.ids[name][kind], f"{name} has a {kind} {id} that nobody was told of"
        return self.ids[name][kind].index(id)

    def given(self, name: str, kind: Kind, reference: Any) -> Any:
        """A reference as this backend's caller would give it."""
        if isinstance(reference, Handle):
            known = self.ids[name][kind]
            # Before anything is recorded there is an id of nothing to ask for.
            id = known[reference % len(known)] if known else 1_000_000_007
            return f"{kind}:{id}" if isinstance(reference, InWords) else id
        return reference

    def step(self, name: str, drawn: dict[str, Any]) -> dict[str, Any]:
        def each(side: str) -> list[Port]:
            return [
                Port(**{**p, "artifact": self.given(name, Kind.ARTIFACT, p["artifact"])})
                for p in drawn[side]
            ]

        return {
            **drawn,
            "execution": self.given(name, Kind.EXECUTION, drawn["execution"]),
            "inputs": each("inputs"),
            "outputs": each("outputs"),
            "contexts": [self.given(name, Kind.CONTEXT, c) for c in drawn["contexts"]],
        }

    # Doing and comparing

    def on_each(self, act: Callable[[str, Store], Any]) -> Any:
        """The outcome, which must be the same on each backend: what `act` gives, or an error."""
        outcomes: dict[str, Any] = {}
        errors: dict[str, LineageError] = {}
        for name, store in self.stores.items():
            try:
                outcomes[name] = ("gave", act(name, store))
            except LineageError as error:
                errors[name] = error
                outcomes[name] = ("raised", type(error).__name__)
        first = outcomes["memory"]
        for name, outcome in outcomes.items():
            assert outcome == first, f"{name}: {outcome}; memory: {first}; errors: {errors}"
        self.changed = True
        return first

    def node(self, name: str, node: Any, *, new: bool = False) -> Any:
        """A node's form in handles. Type ids may differ as well."""
        meet = self.meet if new else self.handle
        handle = meet(name, node.kind, node.id)
        return node_form(node.model_copy(update={"id": handle, "type_id": None}))

    def mark(self, name: str, mark: Mark) -> Any:
        node = self.handle(name, mark.kind, mark.node_id)
        return mark.model_copy(update={"id": None, "node_id": node}).model_dump(mode="json")

    def event(self, name: str, event: Event) -> Any:
        ends = {
            "artifact_id": self.handle(name, Kind.ARTIFACT, event.artifact_id),
            "execution_id": self.handle(name, Kind.EXECUTION, event.execution_id),
        }
        return event_form(event.model_copy(update=ends))

    def recorded(self, name: str, done: Recorded) -> Any:
        told = (
            self.meet(name, Kind.EXECUTION, done.execution),
            {path: self.meet(name, Kind.ARTIFACT, id) for path, id in done.inputs.items()},
            {path: self.meet(name, Kind.ARTIFACT, id) for path, id in done.outputs.items()},
            [self.meet(name, Kind.CONTEXT, id) for id in done.contexts],
        )
        # Where two artifacts came under one path, only the last is told of.
        self.meet_all(name, self.stores[name])
        return told

    def meet_all(self, name: str, store: Store) -> None:
        """After an operation that tells no ids: meet what it made, by what tells nodes apart."""
        for kind in Kind:
            fresh = [n for n in store.find(kind) if n.id not in self.ids[name][kind]]
            fresh.sort(key=lambda n: repr(node_form(n.model_copy(update={"id": 0, "type_id": 0}))))
            for node in fresh:
                assert node.id is not None
                self.meet(name, kind, node.id)

    def everything(self, name: str) -> dict[str, Any]:
        store = self.stores[name]
        with store.backend.read() as reader:
            found = {kind: reader.find(kind, Filter()) for kind in Kind}
            contexts = [n.id for n in found[Kind.CONTEXT] if n.id is not None]

            def pairs(some: list[tuple[int, int]], left: Kind, right: Kind) -> list[Any]:
                return sorted(
                    (self.handle(name, left, a), self.handle(name, right, b)) for a, b in some
                )

            return {
                "counts": reader.counts(),
                "types": sorted(
                    repr(type_form(t.model_copy(update={"id": None}))) for t in reader.types()
                ),
                "nodes": sorted((self.node(name, n) for k in Kind for n in found[k]), key=repr),
                "events": sorted((self.event(name, e) for e in reader.events()), key=repr),
                "members": [
                    pairs(reader.members_of(contexts, kind), Kind.CONTEXT, kind)
                    for kind in (Kind.ARTIFACT, Kind.EXECUTION)
                ],
                "contexts_of": [
                    pairs(
                        reader.contexts_of(kind, [n.id for n in found[kind] if n.id is not None]),
                        kind,
                        Kind.CONTEXT,
                    )
                    for kind in (Kind.ARTIFACT, Kind.EXECUTION)
                ],
                "parents": pairs(reader.parents_of(contexts), Kind.CONTEXT, Kind.CONTEXT),
                # Ids of marks may differ too; their order may not.
                "marks": [self.mark(name, mark) for mark in reader.marks()],
                "policies": [policy.model_dump(mode="json") for policy in reader.policies()],
                "children": pairs(reader.children_of(contexts), Kind.CONTEXT, Kind.CONTEXT),
            }

    @invariant()
    def all_read_the_same(self) -> None:
        if not self.changed:
            return
        self.changed = False
        first = self.everything("memory")
        for name in self.stores:
            other = self.everything(name)
            for part, content in first.items():
                assert other[part] == content, f"{part} on {name}"

    # Operations

    @initialize()
    def some_types(self) -> None:
        properties = {name: kind for name, (kind, _) in DECLARED.items()}
        some = [
            Type(kind=kind, name=name, version=version, properties=properties if t else {})
            for kind in Kind
            for name in TYPE_NAMES
            for t in [name == "T"]
            for version in ([None, "1", "2"] if t else [None])
        ]
        self.on_each(lambda _, store: store.mirror(types=some))
        # One node of each kind at least, so that there is always something to refer to.
        self.on_each(
            lambda name, store: self.recorded(
                name,
                store.record(
                    Execution(type="T", name="a"),
                    inputs=[Artifact(type="T", name="a", uri="u")],
                    outputs=[Artifact(type="U", name="a", custom_properties={"p": 0.0})],
                    contexts=[Context(type="T", name="a", external_id="T:b")],
                ),
            )
        )

    @rule(by=st.sampled_from([0, 1, 10, -7]))
    def time_passes(self, by: int) -> None:
        self.now += by

    @rule(drawn=types(), drop=st.lists(property_names, max_size=2))
    def put_type(self, drawn: Type, drop: list[str]) -> None:
        def act(name: str, store: Store) -> Any:
            return type_form(store.put_type(drawn, drop=drop).model_copy(update={"id": None}))

        self.on_each(act)

    @rule(drawn=kinds.flatmap(nodes), reuse=st.booleans())
    def put(self, drawn: Any, reuse: bool) -> None:
        self.on_each(lambda name, s: self.node(name, s.put(drawn, reuse=reuse), new=True))

    @rule(drawn=st.lists(kinds.flatmap(nodes), max_size=5), reuse=st.booleans())
    def put_all(self, drawn: list[Any], reuse: bool) -> None:
        self.on_each(
            lambda name, store: [
                self.node(name, n, new=True) for n in store.put_all(drawn, reuse=reuse)
            ]
        )

    @rule(kind=kinds, pick=picks)
    def read(self, kind: Kind, pick: int) -> None:
        """What is read now may be written back much later."""
        read: dict[str, Any] = {}

        def act(name: str, store: Store) -> Any:
            read[name] = store.get(self.given(name, kind, InWords(pick)))
            return self.node(name, read[name])

        self.on_each(act)
        self.reads.append(read)

    @rule(kind=kinds, pick=picks, data=st.data(), keep=st.booleans(), stale=st.booleans())
    def update(self, kind: Kind, pick: int, data: st.DataObject, keep: bool, stale: bool) -> None:
        if not stale or not self.reads:
            self.read(kind, pick)
        read = self.reads[pick % len(self.reads) if stale else -1]
        if not read:
            # It was purged.
            return
        like = data.draw(nodes(read["memory"].kind))
        fields = {"name", "external_id", "properties", "custom_properties", "state", "uri"}
        if keep:
            fields = data.draw(st.sets(st.sampled_from(sorted(fields))))
        changes = {f: getattr(like, f) for f in sorted(fields) if hasattr(like, f)}

        def act(name: str, store: Store) -> Any:
            return self.node(name, store.update(read[name].model_copy(update=changes)))

        self.on_each(act)

    @rule(drawn=steps())
    def record(self, drawn: dict[str, Any]) -> None:
        self.on_each(
            lambda name, store: self.recorded(name, store.record(**self.step(name, drawn)))
        )

    @rule(drawn=st.lists(steps(), min_size=1, max_size=3))
    def record_steps(self, drawn: list[dict[str, Any]]) -> None:
        def act(name: str, store: Store) -> Any:
            done = store.record_steps([Step(**self.step(name, each)) for each in drawn])
            self.meet_all(name, store)
            return done

        self.on_each(act)

    @rule(
        drawn=st.lists(
            st.tuples(picks, picks, st.sampled_from(list(EventType)), paths, times), max_size=4
        )
    )
    def put_events(self, drawn: list[Any]) -> None:
        def act(name: str, store: Store) -> Any:
            store.put_events(
                Event(
                    artifact_id=self.given(name, Kind.ARTIFACT, Handle(a)),
                    execution_id=self.given(name, Kind.EXECUTION, Handle(e)),
                    type=type,
                    path=tuple(path),
                    time_ms=time_ms,
                )
                for a, e, type, path, time_ms in drawn
            )

        self.on_each(act)

    @rule(
        context=references(Kind.CONTEXT),
        artifacts=st.lists(references(Kind.ARTIFACT), max_size=2),
        executions=st.lists(references(Kind.EXECUTION), max_size=2),
    )
    def put_in_context(self, context: Any, artifacts: list[Any], executions: list[Any]) -> None:
        def act(name: str, store: Store) -> None:
            store.put_in_context(
                self.given(name, Kind.CONTEXT, context),
                artifacts=[self.given(name, Kind.ARTIFACT, a) for a in artifacts],
                executions=[self.given(name, Kind.EXECUTION, e) for e in executions],
            )
            self.meet_all(name, store)

        self.on_each(act)

    @rule(child=references(Kind.CONTEXT), parent=references(Kind.CONTEXT))
    def put_parent(self, child: Any, parent: Any) -> None:
        def act(name: str, store: Store) -> None:
            ends = [self.given(name, Kind.CONTEXT, c) for c in (child, parent)]
            store.put_parent(*ends)
            self.meet_all(name, store)

        self.on_each(act)

    # Reading in other ways than everything at once

    @rule(
        kind=kinds,
        where=st.fixed_dictionaries(
            {},
            optional={
                "type": type_names,
                "name": names,
                "external_id": external_ids,
                "uri": uris,
                "state": st.sampled_from(["LIVE", "UNKNOWN", "COMPLETE"]),
            },
        ),
        context=st.one_of(st.none(), picks),
    )
    def find(self, kind: Kind, where: dict[str, Any], context: int | None) -> None:
        def act(name: str, store: Store) -> Any:
            inside = None
            if context is not None:
                inside = self.given(name, Kind.CONTEXT, Handle(context))
            found = store.find(kind, **where, context=inside)
            ids = [n.id for n in found]
            assert [n.id for n in store.find(kind, **where, context=inside, limit=2)] == ids[:2]
            newest = store.find(kind, **where, context=inside, newest_first=True)
            assert [n.id for n in newest] == ids[::-1]
            return sorted((self.node(name, n) for n in found), key=repr)

        self.on_each(act)

    @rule(
        kind=kinds,
        words=st.one_of(
            external_ids, uris, st.tuples(type_names, names).map(lambda pair: ":".join(pair))
        ),
    )
    def get(self, kind: Kind, words: str) -> None:
        self.on_each(lambda name, store: self.node(name, store.get(words, kind=kind)))
        self.on_each(lambda name, store: self.node(name, store.get(words)))

    @rule(
        kind=node_kinds,
        starts=st.lists(picks, max_size=3),
        direction=st.sampled_from(list(Direction)),
        max_depth=st.one_of(st.none(), st.integers(0, 4)),
        ago=st.one_of(st.none(), st.integers(-10, 30)),
    )
    def closure(
        self,
        kind: Kind,
        starts: list[int],
        direction: Direction,
        max_depth: int | None,
        ago: int | None,
    ) -> None:
        def act(name: str, store: Store) -> Any:
            ids = [self.given(name, kind, Handle(pick)) for pick in starts]
            as_of = None if ago is None else self.now - ago
            with store.backend.read() as reader:
                levels = reader.closure(kind, ids, direction, max_depth=max_depth, as_of_ms=as_of)
            assert all(found == sorted(found) for _, found in levels)
            return [(k, sorted(self.handle(name, k, id) for id in found)) for k, found in levels]

        self.on_each(act)

    @rule(
        kind=rarely(st.just(Kind.CONTEXT), node_kinds),
        some=st.lists(picks, max_size=3),
        label=rarely(bad_texts, labels),
        reason=st.sampled_from([None, "because", "🦊"]),
        until=rarely(st.just(-1), st.sampled_from([None, None, 5])),
        clean=st.booleans(),
        lift=st.booleans(),
    )
    def mark_or_lift(
        self,
        kind: Kind,
        some: list[int],
        label: str,
        reason: str | None,
        until: int | None,
        clean: bool,
        lift: bool,
    ) -> None:
        def act(name: str, store: Store) -> Any:
            refs = [self.given(name, kind, InWords(pick)) for pick in some]
            if lift:
                done = store.lift(*refs, label=label, reason=reason, clean=clean)
            else:
                ends = None if until is None else self.now + until
                done = store.mark(*refs, label=label, reason=reason, clean=clean, until=ends)
            return [self.mark(name, mark) for mark in done]

        self.on_each(act)

    @rule(label=labels, kind=node_kinds, some=st.lists(picks, max_size=3), history=st.booleans())
    def marks_of(self, label: str, kind: Kind, some: list[int], history: bool) -> None:
        def act(name: str, store: Store) -> Any:
            refs = [self.given(name, kind, InWords(pick)) for pick in some]
            found = store.marks(*refs, label=label, history=history)
            return [self.mark(name, mark) for mark in found]

        self.on_each(act)

    @rule(
        name=st.sampled_from(["a", "b"]),
        stops=st.dictionaries(labels, st.lists(type_names, max_size=2), max_size=2),
        forbids=st.dictionaries(names, st.lists(labels, max_size=2), max_size=2),
        drop=st.booleans(),
    )
    def policy(self, name: str, stops: dict[str, Any], forbids: dict[str, Any], drop: bool) -> None:
        put = Policy(name=name, stops=stops, forbids=forbids)

        def act(_: str, store: Store) -> Any:
            return store.drop_policy(name) if drop else store.put_policy(put).model_dump()

        self.on_each(act)

    @rule(
        kind=kinds,
        some=st.lists(picks, min_size=1, max_size=2),
        how=st.sampled_from(["restrict", "tombstone", "cascade", "forget"]),
        purge=st.sampled_from([False, False, False, False, True]),
        label=st.none() | labels,
    )
    def delete(self, kind: Kind, some: list[int], how: str, purge: bool, label: str | None) -> None:
        """What a plan says, and what is left of it is compared with all the rest."""

        def act(name: str, store: Store) -> Any:
            refs = [self.given(name, kind, InWords(pick)) for pick in some]
            if how == "forget":
                plan = store.plan_forget(*refs, label=label, purge=purge)
            else:
                plan = store.plan_deletion(*refs, policy=how, purge=purge)
            told = [
                sorted((n.kind, self.handle(name, n.kind, n.id), n.type, n.name) for n in nodes)
                for nodes in (plan.nodes, plan.blockers)
            ]
            meant = {
                part: plan.impact[part] if part in ("downstream", "owners") else count
                for part, found in plan.impact.items()
                if isinstance(found, list | dict)
                for count in [len(found)]
            }
            if plan.nodes and not plan.refused:
                assert store.apply(plan).done
            return told, meant

        self.on_each(act)

    @rule()
    def open_again(self) -> None:
        """What a store remembers of types must not matter."""
        for name, url in self.urls.items():
            self.stores[name].close()
            self.stores[name] = self.opened(url)


def _settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples * (40 if LONG else 1),
        stateful_step_count=steps * (2 if LONG else 1),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


def test_memory_and_sqlite() -> None:
    run_state_machine_as_test(SideBySide, settings=_settings(40, 30))


def test_memory_sqlite_and_neo4j(neo4j_server: Neo4jForTests) -> None:
    class WithNeo4j(SideBySide):
        neo4j_url = neo4j_server.url

    run_state_machine_as_test(WithNeo4j, settings=_settings(10, 25))


def test_the_comparison_sees_small_differences() -> None:
    """Else the machine would prove nothing."""
    assert exact(0.0) != exact(-0.0)
    assert exact(1) != exact(1.0)
    assert exact(1) != exact(True)
    assert exact(float("nan")) == exact(float("nan"))
    assert exact([1]) != exact([True])
    store = lineage.connect("memory://")
    first = store.put(Artifact(type="Dataset", custom_properties={"p": 0.0}))
    second = first.model_copy(update={"custom_properties": {"p": -0.0}})
    assert node_form(first) != node_form(second)
