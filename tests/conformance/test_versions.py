"""What is the same thing, and what is the next version of it; attempts at steps, and keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import lineage
from lineage import (
    Artifact,
    ArtifactState,
    Context,
    Execution,
    ExecutionState,
    Recorded,
    Step,
    Store,
)
from lineage.errors import AlreadyExists, Ambiguous, Conflict, InvalidValue, NotFound

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
RUNNING, COMPLETE, FAILED = (
    ExecutionState.RUNNING,
    ExecutionState.COMPLETE,
    ExecutionState.FAILED,
)


def raw(**more: Any) -> Artifact:
    return Artifact(type="Dataset", name="raw", **more)


def train(**more: Any) -> Execution:
    return Execution(type="Train", **more)


def write(store: Store, *artifacts: Artifact | int | str, **more: Any) -> list[int]:
    return list(store.record(train(**more), outputs=list(artifacts)).outputs.values())


def read(store: Store, *artifacts: Artifact | int | str, **more: Any) -> list[int]:
    return list(store.record(train(**more), inputs=list(artifacts)).inputs.values())


def versions(store: Store, name: str = "raw") -> list[tuple[int | None, str | None]]:
    return [(a.version, a.digest) for a in store.artifacts(name=name)]


def test_the_example_of_the_readme_run_three_times(store: Store) -> None:
    def run() -> Recorded:
        return store.record(
            Execution(type="Train", custom_properties={"lr": 0.1}),
            inputs={"examples": Artifact(type="Dataset", name="raw", uri="s3://data/raw")},
            outputs={"model": Artifact(type="Model", name="churn", uri="s3://models/churn")},
            contexts=[Context(type="PipelineRun", name="monday")],
        )

    runs = [run() for _ in range(3)]
    assert len({r.execution for r in runs}) == 3
    models = [store.artifact(r.output("model")) for r in runs]
    assert [m.version for m in models] == [1, 2, 3]
    assert [m.label for m in models] == ["Model:churn", "Model:churn@2", "Model:churn@3"]
    assert store.artifact("Model:churn") == models[-1]
    assert store.artifact("Model:churn@2") == models[1]
    for r, model in zip(runs, models, strict=True):
        assert [t.dataset.version for t in store.trained_on(model)] == [1]
        assert [e.execution_id for e in store.events(artifact=model)] == [r.execution]
    assert [n.version for n in store.downstream("Dataset:raw").of_type("Model")] == [1, 2, 3]


def test_the_same_bytes_written_again_are_the_same_version(store: Store) -> None:
    [first], [second], [third] = (write(store, raw(digest=A)) for _ in range(3))
    assert first == second == third
    assert len(store.events(artifact=first)) == 3
    assert versions(store) == [(1, A)]
    [other] = write(store, raw(digest=B))
    assert versions(store) == [(1, A), (2, B)]
    # Not the newest: it was another in between.
    [back] = write(store, raw(digest=A))
    assert len({first, other, back}) == 3
    assert versions(store) == [(1, A), (2, B), (3, A)]


def test_the_same_bytes_elsewhere_are_another_version(store: Store) -> None:
    [first] = write(store, raw(digest=A, uri="s3://b/x"))
    assert write(store, raw(digest=A, uri="S3://b/./x/")) == [first]
    assert store.artifact(first).uri == "s3://b/x"
    assert write(store, raw(digest=A, uri="s3://b/y")) != [first]


def test_what_is_written_without_a_digest_is_new(store: Store) -> None:
    assert len({write(store, raw())[0] for _ in range(4)}) == 4
    assert [v for v, _ in versions(store)] == [1, 2, 3, 4]


def test_what_was_declared_is_what_is_written_first(store: Store) -> None:
    declared = store.put(raw(uri="s3://b/x"))
    assert write(store, raw(digest=A)) == [declared.id]
    assert store.artifact(declared.id or 0).digest == A
    assert write(store, raw(digest=B)) != [declared.id]


def test_read_by_name_is_the_newest(store: Store) -> None:
    [first], [second] = write(store, raw(digest=A)), write(store, raw(digest=B))
    assert read(store, raw()) == read(store, "Dataset:raw") == [second]
    assert read(store, raw(digest=A)) == read(store, "Dataset:raw@1") == [first]
    assert read(store, raw(version=1)) == [first]
    [unknown] = read(store, raw(digest=C))
    assert store.artifact(unknown).version == 3
    assert store.upstream(unknown).of_type("Train") == []
    assert read(store, raw()) == [unknown]


def test_what_is_not_known_speaks_against_nothing(store: Store) -> None:
    [first] = write(store, raw())
    assert read(store, raw(digest=A)) == [first]
    assert store.artifact(first).digest == A
    assert read(store, raw(digest=B)) != [first]


def test_read_at_a_place_is_what_is_there(store: Store) -> None:
    days = [write(store, raw(uri=f"s3://b/{day}"))[0] for day in range(3)]
    assert read(store, raw(uri="s3://b/1")) == [days[1]]
    assert read(store, raw(uri="s3a://b/x/../0/")) == [days[0]]
    [elsewhere] = read(store, raw(uri="s3://copy"))
    assert elsewhere not in days
    assert store.artifact(days[2]).uri == "s3://b/2"


def test_content_is_found_wherever_it_is_read(store: Store) -> None:
    [first] = write(store, raw(digest=A, uri="s3://b/x"))
    write(store, raw(digest=B, uri="s3://b/x"))
    assert read(store, raw(digest=A, uri="/tmp/copy")) == [first]
    assert store.artifact(first).uri == "s3://b/x"


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("s3://b/data/raw", "s3://b/data/raw/"),
        ("s3://b/data/raw", "S3://b/data/./x/../raw"),
        ("s3://b/a%20b", "s3://b/a b"),
        ("/data/raw", "file:///data/raw"),
        ("file:///data/a%2Db", "/data//a-b/"),
        ("https://Host/x", "HTTPS://host/x"),
    ],
)
def test_by_uri_alone(store: Store, written: str, spelled: str) -> None:
    def at(uri: str, **more: Any) -> Artifact:
        return Artifact(type="Dataset", uri=uri, **more)

    [first] = write(store, at(written))
    assert read(store, at(spelled)) == [first]
    [second] = write(store, at(spelled))
    assert store.artifact(second).version == 2
    assert read(store, at(written)) == read(store, spelled) == [second]
    [third] = write(store, at(written, digest=A))
    assert write(store, at(spelled, digest=A)) == [third]
    assert read(store, at(written, digest=B)) not in ([third], [second])


def test_by_uri_alone_what_was_written_under_a_name(store: Store) -> None:
    [named] = write(store, raw(uri="s3://b/x"))
    assert read(store, Artifact(type="Dataset", uri="s3://b/x/")) == [named]
    assert read(store, Artifact(type="Model", uri="s3://b/x/")) != [named]


def test_rewritten_in_place(store: Store) -> None:
    [first] = write(store, raw())
    step = store.record(train(), inputs=[raw()], outputs=[raw()])
    assert list(step.inputs.values()) == [first]
    assert store.artifact(step.output()).version == 2
    assert [n.id for n in store.upstream(step.output()).of_type("Dataset")][1:] == [first]
    assert [n.id for n in store.upstream(first).of_type("Dataset")] == [first]


def test_a_table_that_is_written_daily(store: Store) -> None:
    """Tuesday's data is no ancestor of Monday's model."""
    days, models = [], []
    for day in range(3):
        days += write(store, raw(custom_properties={"day": day}))
        run = store.record(train(), inputs=[raw()], outputs=[Artifact(type="Model", name="m")])
        models.append(run.output())
    for day, model in zip(days, models, strict=True):
        assert [n.id for n in store.upstream(model).of_type("Dataset")] == [day]
        assert [n.id for n in store.downstream(day).of_type("Model")] == [model]


def test_one_batch_is_as_one_after_the_other(url: str) -> None:
    steps = [
        Step(execution=train(), outputs=[raw(digest=A)]),
        Step(execution=train(), inputs=["Dataset:raw"], outputs=[raw(digest=B)]),
        Step(execution=train(name="t", state=RUNNING), inputs=[raw(digest=A)]),
        Step(execution=train(name="t", state=FAILED), inputs=[raw(digest=B)]),
        Step(execution=train(name="t", state=COMPLETE), inputs=["Dataset:raw@1"]),
        Step(execution=train(external_id="k"), inputs=[raw()], outputs=[raw()]),
        Step(execution=train(external_id="k"), inputs=[raw()], outputs=[raw()]),
        Step(execution=train(), inputs=["Dataset:raw@3"], outputs=[raw(version=4)]),
    ]

    def shape(store: Store) -> Any:
        return (
            versions(store),
            [(x.name, x.version, x.state) for x in store.executions()],
            [
                (store.artifact(e.artifact_id).version, x.name, x.version, x.external_id, e.type)
                for x in store.executions()
                for e in store.events(execution=x)
            ],
        )

    with lineage.connect(url) as store:
        store.record_steps(steps)
        together = shape(store)
    with lineage.connect("memory://") as store:
        for step in steps:
            store.record_steps([step])
        assert shape(store) == together
    assert together[0] == [(1, A), (2, B), (3, None), (4, None)]
    assert [v for name, v, _ in together[1] if name == "t"] == [1, 2]


def test_versions_are_given_by_number(store: Store) -> None:
    [first] = write(store, raw(digest=A))
    assert write(store, raw(version=1)) == [first]
    [second] = write(store, raw(version=2))
    assert store.artifact(second).version == 2
    with pytest.raises(NotFound, match="no version 7; the newest is 2"):
        write(store, raw(version=7))
    with pytest.raises(NotFound, match="Dataset:raw has no version 9"):
        read(store, "Dataset:raw@9")
    with pytest.raises(NotFound, match="Dataset:raw@9"):
        store.get("Dataset:raw@9")
    with pytest.raises(InvalidValue, match="has the digest"):
        read(store, raw(version=1, digest=B))
    with pytest.raises(InvalidValue, match="begin with 1"):
        write(store, raw(version=0))


def test_a_name_may_end_like_a_version(store: Store) -> None:
    named = store.put(Artifact(type="Model", name="churn@2"))
    assert store.get("Model:churn@2") == named
    assert store.get("Model:churn@2@1") == named
    assert read(store, "Model:churn@2") == [named.id]
    write(store, Artifact(type="Model", name="churn"))
    assert store.get("Model:churn@2") == named
    write(store, Artifact(type="Model", name="churn"))
    with pytest.raises(Ambiguous):
        store.get("Model:churn@2")
    with pytest.raises(Ambiguous):
        read(store, "Model:churn@2")


# Attempts


def test_an_ended_step_that_runs_again_is_another_attempt(store: Store) -> None:
    [first] = (store.record(train(name="fit", state=FAILED), inputs=[raw(digest=A)]).execution,)
    started = store.record(train(name="fit", state=RUNNING), inputs=[raw(digest=B)])
    ended = store.record(
        train(name="fit", state=COMPLETE), outputs=[Artifact(type="Model", name="m")]
    )
    assert first != started.execution == ended.execution
    assert [x.version for x in store.executions(name="fit")] == [1, 2]
    assert store.execution("Train:fit") == store.execution("Train:fit@2")
    assert store.execution("Train:fit@1").state is FAILED
    # The failed attempt's inputs are not the good run's.
    assert [a.digest for a in store.upstream("Model:m").of_type("Dataset")] == [B]


def test_three_tries(store: Store) -> None:
    for state in (FAILED, FAILED, COMPLETE):
        store.record(train(name="fit", state=RUNNING), inputs=[raw()])
        store.record(train(name="fit", state=state))
    assert [(x.version, x.state) for x in store.executions()] == [
        (1, FAILED),
        (2, FAILED),
        (3, COMPLETE),
    ]


@pytest.mark.parametrize("late", [RUNNING, ExecutionState.NEW, ExecutionState.UNKNOWN])
def test_an_ended_run_never_goes_back(store: Store, late: ExecutionState) -> None:
    run = store.record(train(external_id="k", state=COMPLETE)).execution
    for again in (train(external_id="k", state=late), train(id=run, state=late)):
        assert store.record(again, inputs=[raw()]).execution == run
        assert store.execution(run).state is COMPLETE
    assert store.put(train(external_id="k", state=late), reuse=True).state is COMPLETE
    # It may have ended otherwise than was thought.
    store.record(train(external_id="k", state=FAILED))
    assert store.execution(run).state is FAILED


def test_two_with_keys_run_at_once(store: Store) -> None:
    one, two = (
        store.record(train(name="fit", external_id=key, state=RUNNING)).execution for key in "xy"
    )
    assert one != two
    store.record(train(external_id="x", state=COMPLETE))
    assert [(x.version, x.state) for x in store.executions(name="fit")] == [
        (1, COMPLETE),
        (2, RUNNING),
    ]


def test_a_record_with_its_key_changes_nothing(store: Store) -> None:
    def record() -> Recorded:
        return store.record(
            train(name="fit", external_id="k", state=COMPLETE),
            inputs=[raw(), Artifact(type="Dataset", uri="s3://b/x")],
            outputs=[Artifact(type="Model", name="m")],
        )

    write(store, raw())
    first = record()
    write(store, raw())
    write(store, Artifact(type="Dataset", uri="s3://b/x"))
    write(store, Artifact(type="Model", name="m"))
    counts = store.counts()
    assert record() == first
    assert store.counts() == counts


def test_a_run_that_reports_again_means_what_it_read(store: Store) -> None:
    [first] = write(store, raw(digest=A))
    run = store.record(train(name="fit", state=RUNNING), inputs=[raw()])
    write(store, raw(digest=B))
    again = store.record(
        train(name="fit", state=COMPLETE),
        inputs=[raw()],
        outputs=[Artifact(type="Model", name="m")],
    )
    assert run.inputs == again.inputs == {(0,): first}


def test_writers_at_once_number_their_versions_apart(store: Store) -> None:
    def one(_: int) -> tuple[int | None, int | None]:
        run = store.record(train(name="fit"), outputs=[raw(), Artifact(type="Model", uri="s3://m")])
        by_name, by_uri = (store.artifact(id).version for id in run.outputs.values())
        assert by_name is not None
        return by_name, by_uri

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(one, range(12)))
    for numbers in zip(*made, strict=True):
        assert sorted(n or 0 for n in numbers) == list(range(1, 13))
    assert sorted(x.version or 0 for x in store.executions()) == list(range(1, 13))


# By id


def test_what_is_given_by_id_is_set(store: Store) -> None:
    id = store.put(raw(uri="s3://old")).id
    read(store, Artifact(id=id, type="Dataset", uri="s3://new", custom_properties={"rows": 3}))
    changed = store.artifact(id or 0)
    assert (changed.uri, changed.custom_properties) == ("s3://new", {"rows": 3})
    read(store, Artifact(id=id, type="Dataset", digest=A, state=ArtifactState.LIVE))
    changed = store.artifact(id or 0)
    assert (changed.digest, changed.state, changed.uri) == (A, ArtifactState.LIVE, "s3://new")
    read(store, changed)
    assert store.artifact(id or 0) == changed


@pytest.mark.parametrize(
    "given",
    [
        {"type": "Model"},
        {"type": "Dataset", "name": "other"},
        {"type": "Dataset", "version": 2},
    ],
)
def test_what_an_id_is_not_is_refused(store: Store, given: dict[str, Any]) -> None:
    id = store.put(raw()).id
    before = store.counts()
    with pytest.raises(InvalidValue, match=f"artifact:{id}"):
        read(store, Artifact(id=id, custom_properties={"a": 1}, **given))
    assert store.artifact(id or 0).custom_properties == {}
    assert store.counts().executions == before.executions
    with pytest.raises(NotFound):
        read(store, Artifact(id=987_654, type="Dataset"))


def test_what_was_read_and_has_changed_since(store: Store) -> None:
    old = store.put(raw(custom_properties={"a": 1}))
    store.update(old.model_copy(update={"custom_properties": {"a": 1, "b": 2}}))
    read(store, old)
    assert store.artifact(old.id or 0).custom_properties == {"a": 1, "b": 2}
    store.update(store.artifact(old.id or 0).model_copy(update={"custom_properties": {"a": 5}}))
    with pytest.raises(Conflict, match="changed since it was read"):
        read(store, old)


# By themselves


def test_put_by_name(store: Store) -> None:
    first = store.put(raw())
    with pytest.raises(AlreadyExists):
        store.put(raw())
    assert store.put(raw(digest=A), reuse=True).id == first.id
    assert store.put(raw(uri="s3://x"), reuse=True).id == first.id
    with pytest.raises(AlreadyExists):
        store.put(raw(digest=A))
    second = store.put(raw(digest=B))
    assert (second.version, second.digest) == (2, B)
    third = store.put(raw(digest=C), reuse=True)
    assert (third.version, third.digest) == (3, C)
    assert store.put(raw(digest=A), reuse=True).id == first.id
    begun = store.put(train(name="fit", state=RUNNING))
    with pytest.raises(AlreadyExists):
        store.put(train(name="fit", state=RUNNING))
    assert store.put(train(name="fit", state=COMPLETE), reuse=True).id == begun.id
    again = store.put(train(name="fit", state=RUNNING), reuse=True)
    assert (again.version, again.state) == (2, RUNNING)


def test_contexts_keep_one_node_a_name(store: Store) -> None:
    run = Context(type="PipelineRun", name="monday")
    for _ in range(2):
        store.record(train(), contexts=[run])
    assert store.counts().contexts == 1


@pytest.mark.parametrize(
    ("properties", "digest"),
    [
        ({"sha256": "AB" * 32}, f"sha256:{'ab' * 32}"),
        ({"MD5": "d41d"}, "md5:d41d"),
        ({"etag": 'W/"12-3"'}, "etag:12-3"),
        ({"checksum": "blake3:00FF"}, "blake3:00ff"),
        ({"digest": "08fa4c2e"}, None),
        ({"hash": "https://x"}, None),
        ({"sha256": 3}, None),
        ({"input_fingerprint": "split:a,num_files:1"}, "tfx:split:a,num_files:1"),
    ],
)
def test_digests_are_known_by_their_properties(
    store: Store, properties: dict[str, Any], digest: str | None
) -> None:
    put = store.put(raw(custom_properties=properties))
    assert put.digest == store.artifact("Dataset:raw").digest == digest
    assert put.custom_properties == properties


def test_a_digest_has_an_algorithm(store: Store) -> None:
    for wrong in ("abc", "", ":abc", "sha256:", "a b:c"):
        with pytest.raises(InvalidValue, match="digest"):
            store.put(raw(digest=wrong))
    assert store.put(raw(digest="SHA256:ABCD")).digest == "sha256:abcd"


def test_versions_and_digests_can_be_found(store: Store) -> None:
    write(store, raw(digest=A))
    [second] = write(store, raw(digest=B))
    assert [a.id for a in store.artifacts(where=f"digest = '{B}'")] == [second]
    assert [a.id for a in store.artifacts(where="version > 1")] == [second]
    found = store.query(
        "MATCH (d:Dataset {name: 'raw'}) RETURN d.version, d.digest ORDER BY d.version"
    )
    assert [tuple(row) for row in found.rows] == [(1, A), (2, B)]


def test_properties_of_these_names_stay_what_they_are(store: Store) -> None:
    mine = {"version": "1.2", "digest": "mine"}
    put = store.put(raw(custom_properties=mine))
    assert store.artifact(put.id or 0).custom_properties == mine
    assert (put.version, put.digest) == (1, None)
