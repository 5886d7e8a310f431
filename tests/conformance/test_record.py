"""record() and record_steps(): one step, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import lineage
from lineage import (
    Artifact,
    Context,
    EventType,
    Execution,
    ExecutionState,
    Kind,
    Port,
    Step,
    Store,
    Type,
)
from lineage.errors import (
    AlreadyExists,
    Ambiguous,
    InvalidInput,
    InvalidValue,
    LineageError,
    NotFound,
    TypeConflict,
    UnknownProperty,
    UnknownType,
)
from tests.conformance.readable import listing

RAW = Artifact(type="Dataset", name="raw", uri="s3://raw")
MODEL = Artifact(type="Model", name="m")
TRAIN = Execution(type="Train", name="t")
RUN = Context(type="PipelineRun", name="monday")


def test_a_step_is_written_whole(store: Store) -> None:
    run = store.record(
        TRAIN,
        inputs={"examples": RAW},
        outputs={"model": MODEL},
        contexts=[RUN, Context(type="Experiment", name="e")],
        time_ms=1_234,
    )
    raw, model = run.inputs["examples",], run.outputs["model",]
    assert run.output("model") == run.output() == model
    assert store.execution(run.execution).label == "Train:t"
    assert store.artifact(raw).uri == "s3://raw"
    events = store.events(execution=run.execution)
    assert [(e.artifact_id, e.type, e.path, e.time_ms) for e in events] == [
        (raw, EventType.INPUT, ("examples",), 1_234),
        (model, EventType.OUTPUT, ("model",), 1_234),
    ]
    assert all(e.recorded_ms == store.execution(run.execution).created_ms for e in events)
    assert [c.id for c in store.contexts_of(f"execution:{run.execution}")] == list(run.contexts)
    assert [c.id for c in store.contexts_of(f"artifact:{model}")] == list(run.contexts)
    assert store.contexts_of(f"artifact:{raw}") == []
    counts = store.counts()
    assert (counts.artifacts, counts.executions, counts.contexts, counts.events) == (2, 1, 2, 2)


def test_a_bare_execution_is_a_step(store: Store) -> None:
    run = store.record(Execution(type="Train"))
    assert (run.inputs, run.outputs, run.contexts) == ({}, {}, ())
    assert store.counts().executions == 1
    with pytest.raises(NotFound, match="none"):
        run.output()


def test_recording_the_same_again_changes_nothing_with_its_key(store: Store) -> None:
    run = TRAIN.model_copy(update={"external_id": "monday's"})

    def record() -> lineage.Recorded:
        return store.record(run, inputs={"x": [RAW]}, outputs=[MODEL], contexts=[RUN], time_ms=5)

    first = record()
    before = listing(store)
    assert record() == first
    assert listing(store) == before


def test_forms_of_inputs(store: Store) -> None:
    def paths(given: Any) -> list[tuple[Any, ...]]:
        return list(store.record(Execution(type="Train"), inputs=given).inputs)

    assert paths({"a": RAW, 1: MODEL}) == [("a",), (1,)]
    assert paths({"a": [RAW, MODEL], "b": []}) == [("a", 0), ("a", 1)]
    assert paths([RAW, MODEL]) == [(0,), (1,)]
    assert paths((RAW,)) == [(0,)]
    assert paths([Port(artifact=RAW, path=("p", 0, "q"))]) == [("p", 0, "q")]
    assert paths([Port(artifact=RAW)]) == [()]
    assert paths({"a": Port(artifact=RAW, path=("ignored",))}) == [("a",)]
    assert paths([{"artifact": {"type": "Dataset", "name": "raw"}, "path": ["z"]}]) == [("z",)]
    assert paths({"a": {"type": "Dataset", "name": "raw"}}) == [("a",)]
    assert paths({"a": "Dataset:raw"}) == [("a",)]
    assert paths(None) == paths([]) == paths({}) == []
    assert store.counts().artifacts == 2


def test_paths_come_back_exactly(store: Store) -> None:
    paths: list[tuple[str | int, ...]] = [
        (), ("",), ("a",), ("a", 0), ("0",), (0,), (-1,), (2**63 - 1,), (-(2**63),), ("🦊", "日本"),
        ("a.b",), ('"', "'", "`", "\\"), ("a", "b", 1, "c"), ("[]",), ("x" * 1024,),
        tuple(range(100)),
    ]  # fmt: skip
    run = store.record(
        Execution(type="Train"), inputs=[Port(artifact=RAW, path=path) for path in paths]
    )
    got = [e.path for e in store.events(execution=run.execution)]
    assert sorted(got, key=repr) == sorted(paths, key=repr)
    assert {tuple(map(type, p)) for p in got} == {tuple(map(type, p)) for p in paths}


def test_one_artifact_may_be_input_and_output_under_many_paths(store: Store) -> None:
    run = store.record(TRAIN, inputs={"a": RAW, "b": RAW}, outputs={"a": RAW, "again": [RAW, RAW]})
    assert store.counts().events == 5
    # What is written in place of what was read is its next version.
    assert set(run.inputs.values()) == {store.artifact("Dataset:raw@1").id}
    assert set(run.outputs.values()) == {store.artifact("Dataset:raw@2").id}
    assert store.counts().artifacts == 2


def test_reuse_by_id_external_id_and_name(store: Store) -> None:
    by_id = store.put(Artifact(type="Dataset"))
    by_external_id = store.put(Artifact(type="Dataset", external_id="e"))
    by_name = store.put(Artifact(type="Dataset", name="n"))
    context = store.put(RUN)
    execution = store.put(TRAIN)
    before = store.counts()
    run = store.record(
        execution,
        inputs=[
            by_id.id,
            f"artifact:{by_id.id}",
            by_id,
            "e",
            Artifact(type="Dataset", external_id="e"),
            "Dataset:n",
            Artifact(type="Dataset", name="n"),
        ],
        contexts=[context, context.id, "PipelineRun:monday", RUN, f"context:{context.id}"],
    )
    assert list(run.inputs.values()) == [
        by_id.id, by_id.id, by_id.id, by_external_id.id, by_external_id.id, by_name.id, by_name.id,
    ]  # fmt: skip
    assert run.execution == execution.id
    assert set(run.contexts) == {context.id}
    after = store.counts()
    assert (after.artifacts, after.executions, after.contexts) == (
        before.artifacts,
        before.executions,
        before.contexts,
    )


def test_what_is_given_on_a_reused_one_is_set(store: Store) -> None:
    store.put_type(Type(kind=Kind.EXECUTION, name="T", properties={"p": "int", "q": "int"}))
    first = store.record(Execution(type="T", name="e", state="RUNNING", properties={"p": 1}))
    again = store.record(
        Execution(
            type="T", name="e", state="COMPLETE", properties={"q": 2}, custom_properties={"c": 3}
        ),
        outputs=[RAW.model_copy(update={"custom_properties": {"x": 1}})],
    )
    assert again.execution == first.execution
    got = store.execution(first.execution)
    assert (got.state, got.properties, got.custom_properties) == (
        ExecutionState.COMPLETE,
        {"p": 1, "q": 2},
        {"c": 3},
    )
    store.record(Execution(type="T", name="e"), inputs=[Artifact(type="Dataset", name="raw")])
    assert store.execution(first.execution) == got
    raw = store.artifact("Dataset:raw")
    assert (raw.uri, raw.custom_properties) == ("s3://raw", {"x": 1})


def test_a_node_named_twice_in_one_step_is_one(store: Store) -> None:
    run = store.record(
        TRAIN,
        inputs=[
            Artifact(type="Dataset", name="n", custom_properties={"a": 1}),
            Artifact(type="Dataset", name="n", custom_properties={"b": 2}),
            Artifact(type="Dataset", external_id="e"),
            Artifact(type="Dataset", external_id="e", uri="u"),
        ],
        outputs=["Dataset:n"],
        contexts=[RUN, RUN],
    )
    ids = list(run.inputs.values())
    assert ids[0] == ids[1] == run.output()
    assert ids[2] == ids[3]
    assert store.artifact(ids[0]).custom_properties == {"a": 1, "b": 2}
    assert store.artifact(ids[2]).uri == "u"


def test_types_given_inline(store: Store) -> None:
    types = [
        Type(kind=Kind.ARTIFACT, name="A", properties={"p": "int"}),
        Type(kind=Kind.EXECUTION, name="E", version="2"),
        Type(kind=Kind.CONTEXT, name="C"),
    ]
    run = store.record(
        Execution(type="E"),
        outputs=[Artifact(type="A", properties={"p": 1})],
        contexts=[Context(type="C", name="c")],
        types=types,
    )
    assert store.execution(run.execution).type_version == "2"
    assert store.counts().types == 3
    more = Type(kind=Kind.ARTIFACT, name="A", properties={"p": "int", "q": "string"})
    store.record(
        Execution(type="E"), outputs=[Artifact(type="A", properties={"q": "x"})], types=[more]
    )
    assert store.counts().types == 3
    before = listing(store)
    changed = Type(kind=Kind.ARTIFACT, name="A", properties={"p": "string", "q": "string"})
    with pytest.raises(TypeConflict, match="'p'"):
        store.record(
            Execution(type="E"),
            types=[Type(kind=Kind.ARTIFACT, name="B"), changed],
            outputs=[Artifact(type="B")],
        )
    assert listing(store) == before


@pytest.mark.parametrize("type", list(EventType))
def test_each_event_type(store: Store, type: EventType) -> None:
    port = Port(artifact=RAW, path=("p",), type=type, time_ms=-5)
    sides = [s for s in ("input", "output") if type.flow is None or type.flow == s.upper()]
    for side in ("input", "output"):
        if side in sides:
            run = store.record(Execution(type="Train"), **{f"{side}s": [port]})
            [event] = store.events(execution=run.execution)
            assert (event.type, event.path, event.time_ms) == (type, ("p",), -5)
        else:
            before = listing(store)
            with pytest.raises(InvalidValue, match=f"{type}.*{side}s"):
                store.record(Execution(type="Train"), **{f"{side}s": [port]})
            assert listing(store) == before


# Refused: nothing is written


BAD_STEPS: list[tuple[dict[str, Any], type[LineageError], str]] = [
    ({"outputs": [Artifact(type="Nope")]}, UnknownType, "'Nope'"),
    ({"outputs": [Artifact(type="Dataset", properties={"z": 1})]}, UnknownProperty, "'z'"),
    ({"outputs": [Artifact(type="Dataset", custom_properties={"z": 2**63})]}, InvalidValue, "'z'"),
    ({"outputs": [987_654]}, NotFound, "987654"),
    ({"outputs": [2**64]}, InvalidValue, str(2**64)),
    ({"outputs": [-1]}, NotFound, "-1"),
    ({"outputs": ["Dataset:gone"]}, NotFound, "gone"),
    ({"outputs": ["nowhere"]}, NotFound, "nowhere"),
    ({"outputs": ["artifact:987654"]}, NotFound, "987654"),
    ({"outputs": ["execution:1"]}, NotFound, "execution:1"),
    ({"outputs": ["a\x00"]}, LineageError, r"a\\x00"),
    ({"outputs": [Artifact(type="Dataset", id=987_654)]}, NotFound, "987654"),
    ({"outputs": [Execution(type="Train")]}, InvalidValue, "artifact"),
    ({"outputs": [Context(type="PipelineRun", name="x")]}, InvalidValue, "artifact"),
    ({"outputs": [None]}, InvalidValue, "None"),
    ({"outputs": [1.5]}, InvalidValue, "1.5"),
    ({"outputs": "Dataset:raw"}, InvalidValue, "Dataset:raw"),
    ({"outputs": 5}, InvalidValue, "5"),
    ({"outputs": {None: RAW}}, InvalidValue, "None"),
    ({"outputs": {"a\x00": RAW}}, InvalidValue, r"path.*a\\x00"),
    ({"outputs": {"\ud800": RAW}}, InvalidValue, "path"),
    ({"outputs": {2**63: RAW}}, InvalidValue, f"path.*{2**63}"),
    ({"outputs": {"x" * 10_000_000: RAW}}, InvalidValue, "path.*10,000,000"),
    ({"outputs": [Port(artifact=RAW, path=("x",) * 1_000_000)]}, InvalidValue, "path"),
    ({"outputs": [Port(artifact=RAW, time_ms=2**63)]}, InvalidValue, f"time_ms.*{2**63}"),
    ({"outputs": [Port(artifact=RAW, type="INPUT")]}, InvalidValue, "INPUT"),
    ({"outputs": [{"artifact": RAW, "type": "SIDEWAYS"}]}, InvalidValue, "SIDEWAYS"),
    ({"outputs": [{"artifact": RAW, "colour": "red"}]}, InvalidValue, "colour"),
    ({"time_ms": 2**63}, InvalidValue, f"time_ms.*{2**63}"),
    ({"time_ms": "soon"}, InvalidValue, "time_ms.*soon"),
    ({"contexts": [Context(type="Nope", name="x")]}, UnknownType, "'Nope'"),
    ({"contexts": ["PipelineRun:gone"]}, NotFound, "gone"),
    ({"contexts": [987_654]}, NotFound, "987654"),
    ({"contexts": [RAW]}, InvalidValue, "context"),
    ({"contexts": "monday"}, InvalidInput, "monday"),
    ({"types": [{"kind": "artifact", "name": "a:b"}]}, InvalidValue, "a:b"),
    ({"execution": RAW}, InvalidValue, "execution"),
    ({"execution": 987_654}, NotFound, "987654"),
    ({"execution": Execution(type="Nope")}, UnknownType, "'Nope'"),
    ({"execution": Execution(type="Train", name="x\x00")}, InvalidValue, r"x\\x00"),
]  # fmt: skip


@pytest.fixture
def busy(store: Store) -> Store:
    """A store in which a good deal is there already, so that a refusal could spoil something."""
    store.record(TRAIN, inputs={"examples": RAW}, outputs={"model": MODEL}, contexts=[RUN])
    return store


@pytest.mark.parametrize("as_batch", [False, True])
@pytest.mark.parametrize(("bad", "error", "said"), BAD_STEPS)
def test_a_bad_step_writes_nothing(
    busy: Store, bad: dict[str, Any], error: type[LineageError], said: str, as_batch: bool
) -> None:
    good: dict[str, Any] = {
        "execution": Execution(type="Evaluate", name="new"),
        "inputs": {
            "changed": RAW.model_copy(update={"custom_properties": {"changed": 1}}),
            "new": Artifact(type="Metrics", name="new"),
        },
        "contexts": [Context(type="Experiment", name="new")],
    }
    before = listing(busy)

    def record() -> None:
        if as_batch:
            busy.record_steps([Step(**good), Step(**{**good, **bad})])
        else:
            busy.record(**{**good, **bad})

    with pytest.raises(error, match=said) as caught:
        record()
    assert len(str(caught.value)) < 2_000
    assert listing(busy) == before
    # And the store goes on.
    busy.record(**good)


def test_a_taken_external_id_or_name_writes_nothing(busy: Store) -> None:
    busy.put(Artifact(type="Dataset", name="a", external_id="ea"))
    before = listing(busy)
    taken = Artifact(type="Dataset", name="raw", external_id="ea")
    with pytest.raises(AlreadyExists, match="raw"):
        busy.record(Execution(type="Train"), inputs=[MODEL], outputs=[taken])
    with pytest.raises(InvalidValue, match=r"'ea'.*'Dataset'.*'Model'"):
        busy.record(
            Execution(type="Train"), outputs=[Artifact(type="Model", name="q", external_id="ea")]
        )
    assert listing(busy) == before


def test_an_ambiguous_reference_writes_nothing(busy: Store) -> None:
    for name in ("a", "b"):
        busy.put(Artifact(type="Dataset", name=name, uri="same"))
    before = listing(busy)
    with pytest.raises(Ambiguous, match="same"):
        busy.record(Execution(type="Train"), outputs=[MODEL, "same"])
    assert listing(busy) == before


# Many


def steps(count: int) -> Iterator[Step]:
    for i in range(count):
        yield Step(
            execution=Execution(type="Train", name=f"run {i}"),
            inputs={"a": Artifact(type="Dataset", name=f"d{i}"), "shared": RAW},
            outputs={"b": Artifact(type="Dataset", name=f"d{i + 1}")},
            contexts=[Context(type="PipelineRun", name=f"c{i % 3}")],
            time_ms=i,
        )


@pytest.mark.parametrize("batch_size", [1, 7, 500])
def test_record_steps(store: Store, batch_size: int) -> None:
    seen: list[int] = []
    assert store.record_steps(steps(40), batch_size=batch_size, progress=seen.append) == 40
    assert sum(seen) == 40
    assert max(seen) <= batch_size
    counts = store.counts()
    assert (counts.artifacts, counts.executions, counts.contexts) == (42, 40, 3)
    assert counts.events == 120
    for i in range(40):
        [e] = store.executions(name=f"run {i}")
        assert len(store.events(execution=e.id)) == 3
    assert store.record_steps([]) == 0


def test_batches_make_the_same_as_single_records(url: str, tmp_path: Any) -> None:
    """In what a batch refers to, its own earlier steps count as much as the store."""
    some = [
        Step(execution=Execution(type="Train", name="a"), outputs=[RAW]),
        Step(execution=Execution(type="Train", name="b"), inputs=["Dataset:raw"]),
        Step(execution=Execution(type="Train", name="c"), inputs=["s3://raw"]),
        Step(
            execution=Execution(type="Train", name="d"),
            outputs=[Artifact(type="Model", external_id="ext")],
        ),
        Step(execution="Train:d", inputs=["Dataset:raw"], outputs=["ext"]),
        Step(
            execution=Execution(type="Train", name="e"),
            inputs=[Artifact(type="Model", external_id="ext", name="named")],
        ),
        Step(execution=Execution(type="Train", name="f"), inputs=["Model:named"]),
    ]
    with lineage.connect(url) as store:
        assert store.record_steps(some, batch_size=500) == len(some)
        assert store.counts().artifacts == 2
        [raw] = store.artifacts(uri="s3://raw")
        assert len(store.events(artifact=raw.id)) == 4
        [model] = store.artifacts(external_id="ext")
        assert len(store.events(artifact=model.id)) == 3
        assert model.name == "named"


def test_a_refused_batch_leaves_those_before_it(store: Store) -> None:
    def some() -> Iterator[Step]:
        yield from steps(10)
        yield Step(execution=Execution(type="Nope"))

    with pytest.raises(UnknownType):
        store.record_steps(some(), batch_size=4)
    assert store.counts().executions == 8
    with pytest.raises(UnknownType):
        store.record_steps(some(), batch_size=5)
    # Those before it in the order are there, as further attempts at their steps.
    assert store.counts().executions == 8 + 10


def test_an_iterator_that_fails_does_not_lose_what_was_recorded(store: Store) -> None:
    def some() -> Iterator[Step]:
        yield from steps(10)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        store.record_steps(some(), batch_size=5)
    assert store.counts().executions == 10


def test_one_step_names_a_context_that_another_of_the_batch_would_make_again(store: Store) -> None:
    named = Context(type="Project", name="one")
    other = Context(type="Project", name="one", external_id="elsewhere")
    with pytest.raises(AlreadyExists, match=r"context\.name 'one'"):
        store.record(Execution(type="Train", name="t"), contexts=[named, other])
    assert store.counts().contexts == 0
