"""Series: recorded or declared, never guessed from the digits in names."""

from __future__ import annotations

import pytest

from lineage import Artifact, Execution, Kind, Policy, Retention, Series, Store, Type
from lineage.errors import InvalidValue, NotFound
from lineage.rules.series import SeriesIndex, propose_series, validate_series


def write(store: Store, name: str, digest: int, *reads: str, step: str = "fit") -> int:
    """Run a step that writes a version of a model."""
    model = Artifact(type="Model", name=name, digest=f"sha256:{digest:064x}")
    run = Execution(type="Train", name=step, state="COMPLETE")
    return store.record(run, inputs=list(reads), outputs={"m": model}).output("m")


def labels(store: Store, ref: str) -> list[str]:
    return [version.label for version in store.versions(ref)]


def test_versions_are_those_recorded_under_one_name(store: Store) -> None:
    for digest in (1, 2, 3):
        write(store, "churn", digest)
    write(store, "churn-4", 4)
    found = store.versions("Model:churn@2")
    assert [row.label for row in found] == ["Model:churn", "Model:churn@2", "Model:churn@3"]
    assert (found.known, found.declared, found.note) == (True, None, None)
    alone = store.versions("Model:churn-4")
    assert [row.label for row in alone] == ["Model:churn-4"]
    assert not alone.known
    assert "series" in (alone.note or "")
    assert [row.label for row in store.versions("Train:fit")] == [
        "Train:fit", "Train:fit@2", "Train:fit@3", "Train:fit@4",
    ]  # fmt: skip
    with pytest.raises(NotFound):
        store.versions("Model:absent")


def test_a_place_is_a_series_whatever_its_spelling(store: Store) -> None:
    for digest, uri in enumerate(("s3://b/x.csv", "s3a://b/./x.csv", "s3://b/y.csv"), 1):
        table = Artifact(type="Dataset", uri=uri, digest=f"sha256:{digest:064x}")
        store.record(Execution(type="Process"), outputs=[table])
    found = store.versions("s3://b/y.csv")
    assert (len(found), found.known) == (1, False)
    newest = next(iter(store.artifacts(uri="s3a://b/./x.csv")))
    assert [getattr(row, "version", 0) for row in store.versions(newest)] == [1, 2]


def test_a_declared_series_goes_by_the_number(store: Store) -> None:
    for name in ("churn-10", "churn-9", "churn-2.1", "churn-2.0", "other-1"):
        store.put(Artifact(type="Model", name=name))
    store.put(Artifact(type="Dataset", name="churn-3"))
    churn = Series(type="MODEL", pattern="churn-{version}")
    store.put_policy(Policy(name="names", series=(churn,)))
    found = store.versions("Model:churn-9")
    assert [row.name for row in found] == ["churn-2.0", "churn-2.1", "churn-9", "churn-10"]
    assert (found.known, found.declared) == (True, churn)
    assert labels(store, "Dataset:churn-3") == ["Dataset:churn-3"]
    assert labels(store, "Model:other-1") == ["Model:other-1"]


def test_a_star_parts_one_series_from_another(store: Store) -> None:
    for name in ("store-1-v1", "store-2-v1", "store-1-v2"):
        store.put(Artifact(type="Model", name=name))
    store.put_policy(Policy(name="names", series=(Series(pattern="store-*-v{version}"),)))
    assert labels(store, "Model:store-1-v2") == ["Model:store-1-v1", "Model:store-1-v2"]
    assert labels(store, "Model:store-2-v1") == ["Model:store-2-v1"]
    # Of what is declared, one version may be all there are.
    assert store.versions("Model:store-2-v1").known


@pytest.mark.parametrize("pattern", ["churn", "{version}-{version}", "*-*-*-{version}", "", "**x"])
def test_a_pattern_without_one_place_for_the_number_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidValue, match="series"):
        validate_series(Series(pattern=pattern))


def test_what_names_look_like_is_proposed_as_a_guess(store: Store) -> None:
    for name in ("resnet18", "resnet50", "shard-1-of-2", "shard-2-of-2", "alone-7", "plain"):
        store.put(Artifact(type="Model", name=name))
    found = store.suggest_series()
    assert [(row.series.pattern, row.examples) for row in found] == [
        ("resnet{version}", ("resnet18", "resnet50")),
        ("shard-{version}-of-2", ("shard-1-of-2", "shard-2-of-2")),
    ]
    assert all(row.series.type == "Model" and row.to_dict()["guessed"] for row in found)
    # Nothing is done about it: neither is a version of the other.
    assert labels(store, "Model:resnet50") == ["Model:resnet50"]
    store.put_policy(Policy(name="names", series=(found[0].series,)))
    assert [row.series.pattern for row in store.suggest_series()] == ["shard-{version}-of-2"]


def test_what_is_proposed_takes_in_the_names_that_it_was_made_of(store: Store) -> None:
    names = ["a1b2c3", "a1b9c4", "a7b2c3", "x9", "x10", "y.1/z-2", "y.2/z-2"]
    store.put_all([Artifact(type="File", name=name) for name in names])
    proposals = store.suggest_series()
    store.put_policy(Policy(name="names", series=tuple(row.series for row in proposals)))
    with store.snapshot() as snapshot:
        index = SeriesIndex(snapshot.reader)
        nodes = list(store.artifacts())
        assert all(index.declaration_of(node) is not None for node in nodes)
        assert propose_series(nodes, index) == []


def test_gc_keeps_what_only_a_number_tells_apart(store: Store) -> None:
    for name in ("resnet18", "resnet50"):
        write(store, name, int(name[6:]))
    plan = store.plan_gc(rules=[Retention(keep_last=1)])
    assert plan.nodes == ()
    assert "2 artifacts stay because no other version is known" in plan.notes[0]
    write(store, "resnet50", 51)
    plan = store.plan_gc(rules=[Retention(keep_last=1)])
    assert [(node.name, node.id) for node in plan.nodes] == [
        ("resnet50", store.artifact("Model:resnet50@1").id)
    ]


def test_bisect_says_that_the_versions_are_not_known(store: Store) -> None:
    for name in ("churn-1", "churn-2"):
        store.put(Artifact(type="Model", name=name))
    with pytest.raises(InvalidValue, match="no other version"):
        store.bisect("Model:churn-2", versions=True)
    with pytest.raises(InvalidValue, match="no version of Model:churn-2: no other version"):
        store.bisect("Model:churn-2", good=["Model:churn-1"], versions=True)
    for digest in (1, 2, 3):
        write(store, "score", digest)
    found = store.bisect("Model:score@3", good=["Model:score@1"], versions=True)
    assert [row.label for row in found.candidates] == ["Model:score@2", "Model:score@3"]


def deploy(store: Store, model: str, where: str) -> None:
    place = {"endpoint": where}
    step = Execution(type="Deploy", state="COMPLETE", custom_properties=place)
    store.record(step, inputs={"m": model})


def test_deployments_of_all_versions_are_those_of_the_series(store: Store) -> None:
    for digest in (1, 2):
        write(store, "churn", digest)
        deploy(store, "Model:churn", "prod")
    write(store, "churn-2", 9)
    deploy(store, "Model:churn-2", "dev")
    found = store.deployments("Model:churn@1", versions=True)
    assert [row.models[0].label for row in found] == ["Model:churn", "Model:churn@2"]


def test_no_other_store_s_model_is_a_rollback(store: Store) -> None:
    store.put_all([Artifact(type="Dataset", name=f"sales-{shop}") for shop in (12, 13)])
    for shop in (13, 12):
        write(store, f"forecast-store-{shop}", shop, f"Dataset:sales-{shop}")
    deploy(store, "Model:forecast-store-12", "shop-12")
    store.mark("Dataset:sales-12", label="bad")
    [rollback] = store.plan_rebuild(label="bad").rollbacks
    assert (rollback.to, rollback.models) == (None, ())
    assert "no other version of Model:forecast-store-12" in (rollback.why or "")
    # An earlier version of its own is one.
    write(store, "forecast-store-7", 1, "Dataset:sales-13")
    write(store, "forecast-store-7", 2, "Dataset:sales-12")
    deploy(store, "Model:forecast-store-7", "shop-7")
    rollbacks = {r.deployment.where: r for r in store.plan_rebuild(label="bad").rollbacks}
    assert [m.label for m in rollbacks["shop-7"].models] == ["Model:forecast-store-7"]


def test_a_shard_is_not_read_in_place_of_another(store: Store) -> None:
    shards = {f"s{n}": Artifact(type="Dataset", name=f"shard-{n}") for n in (1, 2, 3)}
    store.record(
        Execution(type="Train", name="fit", state="COMPLETE"),
        inputs=shards,
        outputs={"m": Artifact(type="Model", name="m")},
    )
    store.mark("Dataset:shard-1", label="bad")
    progress = store.taint_progress(label="bad")
    assert [a.label for a in progress.dirty] == ["Dataset:shard-1", "Model:m"]
    assert not progress.done
    assert "of 2 dirty no other version is known" in progress.notes[0]
    plan = store.plan_rebuild(label="bad")
    assert [a.label for a in plan.inputs] == ["Dataset:shard-1"]
    [again] = plan.steps
    assert [(t.was.label, t.artifact and t.artifact.label) for t in again.inputs] == [
        ("Dataset:shard-1", None),
        ("Dataset:shard-2", "Dataset:shard-2"),
        ("Dataset:shard-3", "Dataset:shard-3"),
    ]


def test_replaced_needs_something_recorded_since_the_mark(store: Store) -> None:
    now = [1_000]
    store.clock = lambda: now[0]

    def raw(digest: int) -> None:
        now[0] += 1
        store.put(Artifact(type="Dataset", name="raw", digest=f"sha256:{digest:064x}"))

    for digest in (1, 2):
        raw(digest)
        write(store, "churn", 10 + digest, "Dataset:raw")
    now[0] += 1
    store.mark("Dataset:raw@1", label="bad")
    assert [a.label for a in store.taint_progress(label="bad").dirty] == [
        "Dataset:raw", "Model:churn",
    ]  # fmt: skip
    raw(3)
    progress = store.taint_progress(label="bad")
    assert [(a.label, b.label) for a, b in progress.replaced] == [("Dataset:raw", "Dataset:raw@3")]
    now[0] += 1
    write(store, "churn", 13, "Dataset:raw")
    progress = store.taint_progress(label="bad")
    assert progress.done
    assert [b.label for _, b in progress.replaced] == ["Dataset:raw@3", "Model:churn@3"]
    assert all(store.check(b, label="bad").clean for _, b in progress.replaced)


def test_another_step_of_the_same_type_replaces_nothing(store: Store) -> None:
    now = [1_000]
    store.clock = lambda: now[0]
    for version in (1, 2):
        store.put(Artifact(type="Dataset", name="raw", digest=f"sha256:{version:064x}"))
        for rate in (0.1, 0.2)[: 3 - version]:
            store.record(
                Execution(type="Train", state="COMPLETE", custom_properties={"lr": rate}),
                inputs={"d": f"Dataset:raw@{version}"},
                outputs={"m": Artifact(type="Model")},
            )
        if version == 1:
            store.mark("Dataset:raw", label="bad")
        now[0] += 1
    progress = store.taint_progress(label="bad")
    assert [a.type for a in progress.dirty] == ["Model"]
    assert len(progress.replaced) == 2


def test_a_type_of_another_version_is_in_the_series(store: Store) -> None:
    for version in ("1", "2"):
        store.put_type(Type(kind=Kind.ARTIFACT, name="Scorer", version=version, base="MODEL"))
        store.put(Artifact(type="Scorer", type_version=version, name="churn"))
    assert len(store.versions("Scorer@1:churn")) == 2
