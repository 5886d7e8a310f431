"""Taint on every backend: against the reference, and the laws that it obeys."""

from __future__ import annotations

import os
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lineage
from lineage import Artifact, Event, EventType, Execution, Kind, Policy, Step, Store, Type
from lineage.errors import InvalidValue, NotFound, UnknownType
from lineage.questions.taint.answer import Taint
from tests.conformance.taint_reference import Key, Tainting
from tests.conformance.test_questions_tracing import ladder

LONG = 10 if os.environ.get("LINEAGE_LONG") else 1
A, X = Kind.ARTIFACT, Kind.EXECUTION
STEPS = ["Train", "Train", "Anonymize", "Evaluate", "Train", "Anonymize"]
# One that failed, was cancelled or has not ended stops nothing.
WORKED = ["UNKNOWN", "COMPLETE", "CACHED"]
NOT_WORKED = ["NEW", "RUNNING", "FAILED", "CANCELED"]

_flowing = st.sampled_from([EventType.INPUT, EventType.OUTPUT])
_events = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.integers(0, 5),
        st.one_of(_flowing, _flowing, st.sampled_from(list(EventType))),
        st.sampled_from(["p", "q", "r"]),
        st.integers(1, 5),
        st.integers(1, 5),
    ),
    max_size=40,
)
_keys = st.tuples(st.sampled_from([A, A, A, X]), st.integers(0, 5))
_ports = st.dictionaries(
    st.sampled_from(["p", "q", "r"]), st.lists(st.sampled_from(["p", "q", "r"]), max_size=2)
)
_numbers = count()


def relaxed(examples: int) -> settings:
    return settings(
        max_examples=examples * LONG,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


embedded = pytest.mark.backends("memory", "sqlite")


class Drawn:
    """A drawn graph with its marks, put into a store under a label of its own."""

    def __init__(
        self, store: Store, data: st.DataObject, *, ports: bool = False, copies: bool = False
    ) -> None:
        self.store = store
        # Before all events, so that as_of is about these.
        store.clock = lambda: 0
        self.label = f"label-{next(_numbers)}"
        kind = Kind.EXECUTION
        for name in set(STEPS):
            properties = {"came_of": "struct"} if ports else {}
            store.put_type(Type(kind=kind, name=name, properties=properties))
        self.came_of = {
            n: data.draw(_ports) for n in range(6) if ports and data.draw(st.booleans())
        }
        self.states = [data.draw(st.sampled_from(WORKED * 2 + NOT_WORKED)) for _ in STEPS]
        contents = st.sampled_from([None, None, "a", "b"]) if copies else st.none()
        digests = [data.draw(contents) for _ in range(8)]
        self.artifacts = store.put_all(
            [
                Artifact(type="Dataset", digest=digest and f"sha256:{self.label}{digest}")
                for digest in digests
            ]
        )
        self.executions = store.put_all(
            [
                Execution(
                    type=type,
                    state=self.states[n],
                    properties={"came_of": self.came_of[n]} if n in self.came_of else {},
                )
                for n, type in enumerate(STEPS)
            ]
        )
        self.events = self.put_events(data.draw(_events))
        sources = data.draw(st.dictionaries(_keys, st.none() | st.integers(1, 5), max_size=3))
        clean = data.draw(st.sets(_keys, max_size=3)) - sources.keys()
        self.sources = {self.key(k): since for k, since in sources.items()}
        self.clean = {self.key(k) for k in clean}
        self.stops = data.draw(st.booleans())
        self.put_marks()

    def put_events(self, drawn: list[Any]) -> list[Event]:
        made: dict[Any, Event] = {}
        for a, x, type, port, time, recorded in drawn:
            event = Event(
                artifact_id=self.artifacts[a].id or 0,
                execution_id=self.executions[x].id or 0,
                type=type,
                path=(port, 0),
                time_ms=time,
                recorded_ms=recorded,
            )
            made.setdefault((a, x, type, port), event)
        self.store.mirror(events=made.values())
        return list(made.values())

    def put_marks(self) -> None:
        for (kind, id), since in self.sources.items():
            self.store.mark(f"{kind}:{id}", label=self.label, time=since)
        for kind, id in self.clean:
            self.store.mark(f"{kind}:{id}", label=self.label, clean=True)
        # Without a mark, a label is known by a policy.
        stops = {self.label: ("Anonymize" if self.stops else "Nothing",)}
        self.store.put_policy(Policy(name=self.label, stops=stops))

    def key(self, drawn: Key) -> Key:
        kind, number = drawn
        node = (self.artifacts if kind is A else self.executions)[number]
        return (kind, node.id or 0)

    @property
    def blocked(self) -> set[Key]:
        stopping = {
            (X, node.id or 0)
            for node, type, state in zip(self.executions, STEPS, self.states, strict=True)
            if self.stops and type == "Anonymize" and state in WORKED
        }
        return self.clean | (stopping - self.sources.keys())

    def reference(self, *, causal: bool = False, as_of: int | None = None) -> Tainting:
        return Tainting(
            self.events,
            self.sources,
            self.blocked,
            {self.executions[n].id or 0: ports for n, ports in self.came_of.items()},
            causal,
            as_of,
            {a.id or 0: a.digest for a in self.artifacts if a.digest is not None},
        )


def depths(answer: Taint) -> dict[Key, int]:
    return {(row.node.kind, row.node.id or 0): row.depth for row in answer}


def check_witnesses(drawn: Drawn, answer: Taint, reference: Tainting) -> None:
    """Each exists, is as long as the depth says, starts at a source, and meets no barrier."""
    for row in answer:
        witness = answer.witness(row.node)
        keys = [(node.kind, node.id or 0) for node in witness.nodes]
        assert keys[0] in reference.sources
        assert keys[0] == (row.source.kind, row.source.id)
        assert keys[-1] == (row.node.kind, row.node.id)
        assert len(witness.hops) == row.depth
        assert not set(keys) & reference.blocked
        since = reference.sources[keys[0]] if reference.causal else None
        states: Any = {(keys[0], None, -(10**9) if since is None else since)}
        for event, before, key in zip(witness.hops, keys[:-1], keys[1:], strict=True):
            if event is None:
                assert key in reference.copies(before)
                states = {(key, None, time) for _, _, time in states}
                continue
            assert event in drawn.events
            states = {s for state in states for s in reference.step(event, *state)}
            assert {state[0] for state in states} == {key}


@embedded
@pytest.mark.parametrize("ports", [False, True])
@given(data=st.data(), causal=st.booleans(), as_of=st.none() | st.integers(0, 5))
@relaxed(25)
def test_taint_agrees_with_the_definition(
    store: Store, ports: bool, data: st.DataObject, causal: bool, as_of: int | None
) -> None:
    check_definition(store, ports, data, causal, as_of)


@given(
    data=st.data(),
    causal=st.sampled_from([False, False, True]),
    as_of=st.none() | st.integers(0, 5),
)
@relaxed(6)
def test_taint_agrees_with_the_definition_on_neo4j(
    neo4j_url: str, data: st.DataObject, causal: bool, as_of: int | None
) -> None:
    with lineage.connect(neo4j_url) as store:
        check_definition(store, False, data, causal, as_of)


def check_definition(
    store: Store, ports: bool, data: st.DataObject, causal: bool, as_of: int | None
) -> None:
    drawn = Drawn(store, data, ports=ports, copies=True)
    reference = drawn.reference(causal=causal, as_of=as_of)
    found, met = reference.depths()
    answer = store.taint(label=drawn.label, causal=causal, as_of=as_of)
    assert depths(answer) == found
    assert {(m.node.kind, m.node.id): m.depth for m in answer.barriers} == met
    check_witnesses(drawn, answer, reference)
    without, _ = reference.depths(blocked=())
    assert answer.shielded == len(without.keys() - found.keys())
    for barrier in answer.barriers:
        key = (barrier.node.kind, barrier.node.id or 0)
        fewer, _ = reference.depths(blocked=reference.blocked - {key})
        assert barrier.shielded == len(fewer.keys() - found.keys())
    if not causal:
        levels = store.taint_levels(label=drawn.label, as_of=as_of)
        assert {(kind, id): depth for depth, kind, ids in levels for id in ids} == found


@embedded
@pytest.mark.parametrize("ports", [False, True])
@given(data=st.data(), causal=st.booleans())
@relaxed(20)
def test_laws(store: Store, ports: bool, data: st.DataObject, causal: bool) -> None:
    check_laws(store, ports, data, causal)


@given(data=st.data())
@relaxed(4)
def test_laws_on_neo4j(neo4j_url: str, data: st.DataObject) -> None:
    with lineage.connect(neo4j_url) as store:
        check_laws(store, False, data, False)


def check_laws(store: Store, ports: bool, data: st.DataObject, causal: bool) -> None:
    drawn = Drawn(store, data, ports=ports, copies=True)

    def ask() -> Taint:
        return store.taint(label=drawn.label, causal=causal)

    before = depths(ask())
    # One more barrier never adds an affected node.
    kind, id = drawn.key(data.draw(_keys))
    if (kind, id) not in drawn.sources:
        store.mark(f"{kind}:{id}", label=drawn.label, clean=True)
        after = depths(ask())
        assert after.keys() <= before.keys()
        assert (kind, id) not in after
        assert all(after[key] >= before[key] for key in after)
    # The union of what each source taints is what all of them taint.
    each: dict[Key, int] = {}
    for number, (kind, id) in enumerate(drawn.sources):
        rest = [f"{k}:{i}" for k, i in drawn.sources if (k, i) != (kind, id)]
        if rest:
            store.lift(*rest, label=drawn.label)
        alone = depths(ask())
        # Alone, a step that a policy stops is a source; beside it, the others may be barriers.
        if not drawn.stops:
            for key, depth in alone.items():
                each[key] = min(depth, each.get(key, depth))
        if number == 0:
            # Lifting the only mark clears everything.
            store.lift(f"{kind}:{id}", label=drawn.label)
            assert not depths(ask())
            store.mark(f"{kind}:{id}", label=drawn.label, time=drawn.sources[kind, id])
        for ref in rest:
            key = next(k for k in drawn.sources if f"{k[0]}:{k[1]}" == ref)
            store.mark(ref, label=drawn.label, time=drawn.sources[key])
    whole = depths(ask())
    if not drawn.stops:
        assert whole == each
    # Deleting by tombstone changes no answer.
    gone = data.draw(st.sets(st.integers(0, 7), max_size=3))
    ids = [drawn.artifacts[n].id or 0 for n in sorted(gone)]
    # What a run that has not ended writes stays.
    if gone and not store.plan_deletion(*ids, policy="tombstone").refused:
        store.delete(*ids, policy="tombstone")
        assert depths(ask()) == whole


@embedded
@given(data=st.data())
@relaxed(15)
def test_given_sources_stand_in_for_marks(store: Store, data: st.DataObject) -> None:
    drawn = Drawn(store, data)
    refs = [f"{kind}:{id}" for kind, id in drawn.sources]
    if refs:
        as_if = store.taint(source=refs, label=drawn.label)
        assert depths(as_if) == depths(store.taint(label=drawn.label))
        assert depths(store.taint(source=refs)) == drawn.reference().depths(blocked=())[0]


@pytest.mark.parametrize("many", [1, 12])
def test_from_few_and_from_many_sources(store: Store, many: int) -> None:
    """Neo4j searches from few sources one by one, and hop by hop from many."""
    sources = []
    for n in range(many):
        run = store.record(
            Execution(type="Clean", name=f"x{n}") if n % 3 == 1 else Execution(type="Train"),
            inputs={"d": Artifact(type="Dataset", name=f"d{n}")},
            outputs={"m": Artifact(type="Model", name=f"m{n}")},
            types=[Type(kind=X, name="Clean")],
        )
        sources.append(f"artifact:{run.inputs[('d',)]}")
    store.put_policy(Policy(stops={"pii": ("Clean",)}))
    answer = store.taint(source=sources, label="pii", type="MODEL")
    clean = len([n for n in range(many) if n % 3 == 1])
    assert len(answer) == many - clean
    assert len(answer.barriers) == clean
    assert {b.why for b in answer.barriers} <= {
        "Clean stops it (policy default), though nobody said how this run ended"
    }


def pipeline(store: Store) -> None:
    """raw -> Anonymize -> safe -> Train -> m1; raw -> Train -> m2 -> Deploy."""
    store.record(
        Execution(type="Anonymize", name="a", state="COMPLETE"),
        inputs={"d": Artifact(type="Dataset", name="raw")},
        outputs={"d": Artifact(type="Dataset", name="safe")},
        types=[Type(kind=X, name="Anonymize")],
    )
    for name, data in (("m1", "Dataset:safe"), ("m2", "Dataset:raw")):
        store.record(
            Execution(type="Train", name=f"t-{name}"),
            inputs={"d": data},
            outputs={"m": Artifact(type="Model", name=name)},
        )


def test_a_policy_stops_only_its_label(store: Store) -> None:
    pipeline(store)
    store.put_policy(Policy(stops={"pii": ("Anonymize",)}))
    store.mark("Dataset:raw", label="pii")
    store.mark("Dataset:raw", label="poisoned")
    assert [n.name for n in store.taint(label="pii").of_type("Model")] == ["m2"]
    assert [n.name for n in store.taint(label="poisoned").of_type("Model")] == ["m2", "m1"]
    both = store.taint(type="Model")
    assert both.labels == ("pii", "poisoned")
    assert {row.node.name: row.labels for row in both} == {
        "m1": ("poisoned",),
        "m2": ("pii", "poisoned"),
    }
    [met] = both.barriers
    assert (met.node.label, met.label, met.depth, met.shielded) == ("Anonymize:a", "pii", 1, 4)
    assert met.why == "Anonymize stops it (policy default)"
    # A base type stops as well; and a run that is itself marked is a source, no barrier.
    store.put_policy(Policy(stops={"pii": ("TRAIN",)}))
    assert store.taint(label="pii", type="Model").nodes == ()
    store.mark("Train:t-m1", label="pii", reason="it leaked")
    assert [n.name for n in store.taint(label="pii").of_type("Model")] == ["m1"]


def test_marks_end_and_are_known_from_a_time_on(store: Store) -> None:
    store.clock = lambda: 1_000
    pipeline(store)
    store.clock = lambda: 2_000
    store.mark("Dataset:safe", label="tainted", until=5_000)

    def models(**asked: Any) -> list[str | None]:
        return [n.name for n in store.taint(label="tainted", **asked).of_type("Model")]

    assert models() == ["m1"]
    assert models(as_of=1_999) == []
    store.clock = lambda: 3_000
    store.lift("Dataset:safe", label="tainted")
    assert models() == []
    assert models(as_of=2_500) == ["m1"]
    store.mark("Dataset:raw", label="tainted", until=5_000)
    assert models() == ["m2", "m1"]
    store.clock = lambda: 5_000
    assert models() == []


def test_what_came_before_is_not_tainted_by_what_came_after(store: Store) -> None:
    """A shared folder is read, then written by a bad step, then read again."""
    folder = Artifact(type="Dataset", name="folder")
    for name, time in (("early", 10), ("late", 30)):
        store.record(
            Execution(type="Train", name=name),
            inputs={"d": folder},
            outputs={"m": Artifact(type="Model", name=name)},
            time_ms=time,
        )
    store.record(
        Execution(type="Process", name="bad"),
        inputs={"d": Artifact(type="Dataset", name="poison")},
        # By reference it is the same one, written over without a version of its own.
        outputs={"d": "Dataset:folder"},
        time_ms=20,
    )
    store.mark("Dataset:poison", label="tainted")
    assert len(store.taint(label="tainted", type="Model")) == 2
    causal = store.taint(label="tainted", type="Model", causal=True)
    assert [row.node.name for row in causal] == ["late"]
    store.lift("Dataset:poison", label="tainted")
    store.mark("Dataset:folder", label="tainted", time=25)
    causal = store.taint(label="tainted", type="Model", causal=True)
    assert [row.node.name for row in causal] == ["late"]


def test_ports_are_followed_where_they_are_known(store: Store) -> None:
    store.put_type(Type(kind=X, name="Split", properties={"came_of": "struct"}))
    store.record(
        Execution(type="Split", name="s", properties={"came_of": {"b": ["two"], "c": []}}),
        inputs={
            "one": Artifact(type="Dataset", name="one"),
            "two": Artifact(type="Dataset", name="two"),
        },
        outputs={p: Artifact(type="Dataset", name=p) for p in "abc"},
    )

    def reached(name: str) -> list[str | None]:
        return [n.name for n in store.taint(source=f"Dataset:{name}", kind=A).of_type("Dataset")]

    assert reached("one") == ["one", "a"]
    assert reached("two") == ["two", "a", "b"]
    outputs = store.taint(source="Split:s", kind=A)
    assert [row.node.name for row in outputs] == ["a", "b", "c"]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("apart", [0, 1])
def test_a_barrier_saves_what_comes_back_to_it(store: Store, causal: bool, apart: int) -> None:
    """It would go on by another port."""
    store.put_type(Type(kind=X, name="Split", properties={"came_of": "struct"}))
    split = store.put(
        Execution(type="Split", properties={"came_of": {"half": ["raw"], "rest": ["half"]}})
    )
    raw, half, rest = store.put_all(Artifact(type="Dataset", name=n) for n in ("raw", "h", "r"))
    store.mirror(
        events=[
            Event(
                artifact_id=artifact.id or 0,
                execution_id=split.id or 0,
                type=type,
                path=(port, 0),
                time_ms=1 + at * apart,
            )
            for at, (artifact, type, port) in enumerate(
                [
                    (raw, EventType.INPUT, "raw"),
                    (half, EventType.OUTPUT, "half"),
                    (half, EventType.INPUT, "half"),
                    (rest, EventType.OUTPUT, "rest"),
                ]
            )
        ]
    )
    store.mark(raw, label="pii")
    store.mark(split, label="pii", clean=True)
    answer = store.taint(label="pii", causal=causal)
    assert [barrier.shielded for barrier in answer.barriers] == [3]
    [verdict] = store.check(rest, label="pii", causal=causal).verdicts
    assert [barrier.node.id for barrier in verdict.stopped] == [split.id]


def test_a_deleted_node_still_conducts(store: Store) -> None:
    pipeline(store)
    store.update(store.artifact("Dataset:safe").model_copy(update={"state": "DELETED"}))
    store.mark("Dataset:raw", label="tainted")
    assert len(store.taint(label="tainted", type="Model")) == 2


def test_the_ladder_is_answered_whole(store: Store) -> None:
    first, last = ladder(store)
    store.mark(*first, label="tainted")
    answer = store.taint(label="tainted")
    assert len(answer) == 2 + 59 * 4
    assert len(answer.witness(store.artifact(last[0])).events) == 118
    causal = store.taint(label="tainted", causal=True)
    assert depths(causal) == depths(answer)
    assert len(store.taint_levels(label="tainted")) == 119


def test_a_taint_as_json(store: Store) -> None:
    pipeline(store)
    store.put_policy(Policy(stops={"pii": ("Anonymize",)}))
    store.mark("Dataset:raw", label="pii", reason="names in it", who="ann")
    told = store.taint(type="MODEL").to_dict()
    [node] = told["nodes"]
    raw, model = store.artifact("Dataset:raw"), store.artifact("Model:m2")
    assert (node["kind"], node["id"], node["name"], node["depth"]) == (
        "artifact",
        model.id,
        "m2",
        2,
    )
    assert node["labels"] == ["pii"]
    assert node["source"] == f"artifact:{raw.id}"
    assert node["reached"][0]["witness"] == [
        f"artifact:{raw.id}",
        f"execution:{store.execution('Train:t-m2').id}",
        f"artifact:{model.id}",
    ]
    assert [event["type"] for event in told["events"]] == ["INPUT", "OUTPUT"]
    assert told["sources"][0]["marks"][0]["reason"] == "names in it"
    assert told["barriers"][0]["shielded"] == 4
    assert (told["affected"], told["shielded"], told["complete"]) == (3, 4, True)


def test_a_long_witness_is_not_written_out_for_each_node(store: Store) -> None:
    store.mark(store.put(Artifact(type="Dataset", name="d0")), label="pii")
    store.record_steps(
        Step(
            execution=Execution(type="Transform"),
            inputs=[f"Dataset:d{at}"],
            outputs=[Artifact(type="Dataset", name=f"d{at + 1}")],
        )
        for at in range(120)
    )
    told = store.taint(label="pii").to_dict()
    written = {node["depth"]: node["reached"][0]["witness"] for node in told["nodes"]}
    assert [depth for depth, names in written.items() if names is None] == [*range(201, 241)]
    assert all(len(names) == depth + 1 for depth, names in written.items() if names)
    assert len(told["events"]) == 240
    assert len(store.taint(label="pii").witness(store.artifact("Dataset:d120")).events) == 240


def test_what_cannot_be_asked_says_so(store: Store) -> None:
    pipeline(store)
    with pytest.raises(UnknownType, match="'Nope'"):
        store.taint(type="Nope")
    with pytest.raises(NotFound):
        store.taint(source="Dataset:nope")
    with pytest.raises(InvalidValue):
        store.taint_levels()
    store.mark("Dataset:raw", label="tainted")
    answer = store.taint(label="tainted", type="Model")
    with pytest.raises(NotFound, match="Dataset:raw is not among"):
        answer.witness(store.artifact("Dataset:raw"))
    with pytest.raises(NotFound, match="'never used'"):
        store.taint(label="never used")


def test_marks_of_other_meaning_are_not_sources(store: Store) -> None:
    """A clean mark alone taints nothing, not even itself; one of a copy is as the original's."""
    pipeline(store)
    store.mark("Dataset:raw", label="pii", clean=True)
    assert store.taint(label="pii").nodes == ()
    assert store.taint().labels == ()
    given = store.taint(source="Dataset:raw", label="pii")
    assert given.nodes == ()
    assert [(m.node.name, m.depth, m.why) for m in given.barriers] == [("raw", 0, "marked clean")]


def test_policies_are_those_that_were_known_then(store: Store) -> None:
    """Was it known to be stopped when it was asked about? What is said today is another matter."""
    store.clock = lambda: 1_000
    pipeline(store)
    store.mark("Dataset:raw", label="pii")

    def answers(as_of: int | None) -> tuple[list[str | None], bool, int]:
        taint = store.taint(label="pii", as_of=as_of)
        models = [n.name for n in taint.of_type("Model")]
        levels = sum(len(ids) for _, _, ids in store.taint_levels(label="pii", as_of=as_of))
        assert levels == taint.affected
        return models, store.check("Model:m1", label="pii", as_of=as_of).clean, len(taint.barriers)

    open_to_it = answers(None)
    assert "m1" in open_to_it[0]
    store.clock = lambda: 2_000
    store.put_policy(Policy(stops={"pii": ("Anonymize",)}))
    stopped = answers(None)
    assert stopped != open_to_it
    store.clock = lambda: 3_000
    store.put_policy(Policy(stops={"pii": ("TRAIN",)}))
    trained = answers(None)
    assert trained not in (stopped, open_to_it)
    store.clock = lambda: 4_000
    store.drop_policy("default")
    assert answers(None) == open_to_it
    for then, known in (
        (1_999, open_to_it),
        (2_000, stopped),
        (2_999, stopped),
        (3_500, trained),
        (4_000, open_to_it),
    ):
        assert answers(then) == known
