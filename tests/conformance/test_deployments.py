"""What is deployed where: the definition of lineage/questions/deployments.py, replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import Artifact, Event, EventType, Execution, ExecutionState, Store
from lineage.errors import InvalidValue
from lineage.formats.mlmd.importer import import_mlmd
from tests.conformance.test_questions_tracing import EXAMPLES
from tests.series import declare_series


def deploy(
    store: Store, model: str | None, time_ms: int, place: str | None = "prod", **more: Any
) -> int:
    """Record a deployment that happened at a time; None takes away what is there."""
    state = more.pop("state", "COMPLETE")
    return store.record(
        Execution(
            type="Deploy",
            state=state,
            custom_properties={**({"endpoint": place} if place else {}), **more},
        ),
        inputs={"model": Artifact(type="Model", name=model)} if model else {},
        outputs={} if model else {"log": Artifact(type="File")},
        time_ms=time_ms,
    ).execution


def standing(found: list[Any]) -> list[tuple[str | None, list[str | None]]]:
    return [(row.where, [m.name for m in row.models]) for row in found]


def test_what_is_deployed_now_and_then(store: Store) -> None:
    deploy(store, "a", 1000)
    deploy(store, "b", 2000)
    deploy(store, "c", 1500, "test")
    assert standing(store.deployments()) == [("test", ["c"]), ("prod", ["b"])]
    assert standing(store.deployments(at=1999)) == [("prod", ["a"]), ("test", ["c"])]
    assert standing(store.deployments(at="1970-01-01T00:00:02Z", where="prod")) == [("prod", ["b"])]
    assert standing(store.deployments(where="t*")) == [("test", ["c"])]
    assert store.deployments(at=999) == []
    first, second = store.deployments(where="prod", history=True)
    assert (first.time_ms, first.until_ms) == (1000, 2000)
    assert first.ended_by == second.execution
    assert [m.name for m in first.replaced_by] == ["b"]
    assert (second.until_ms, second.ended_by, second.replaced_by) == (None, None, ())


def test_what_was_last_deployed(store: Store) -> None:
    assert store.deployments(last=True) == []
    deploy(store, "a", 1000)
    deploy(store, "b", 2000, "test")
    deploy(store, "c", 3000, state="FAILED")
    deploy(store, None, 4000, "test")
    assert standing(store.deployments(last=True)) == [("test", ["b"])]
    assert standing(store.deployments(last=True, at=1999)) == [("prod", ["a"])]
    assert standing(store.deployments(last=True, where="p*")) == [("prod", ["a"])]
    assert store.deployments("Model:c", last=True) == []


def test_what_did_not_work_replaces_nothing(store: Store) -> None:
    deploy(store, "a", 1000)
    for time, state in enumerate(("FAILED", "RUNNING", "CANCELED", "NEW", "CACHED")):
        deploy(store, f"b{state}", 2000 + time, state=state)
    assert standing(store.deployments()) == [("prod", ["a"])]
    failed = store.deployments("Model:bFAILED")
    assert [row.took_effect for row in failed] == [False]
    assert store.deployments("Model:bFAILED", at=5000) == []


def test_a_step_without_a_model_takes_away_what_was_there(store: Store) -> None:
    deploy(store, "a", 1000)
    gone = deploy(store, None, 2000)
    assert store.deployments() == []
    [row] = store.deployments(history=True)
    assert row.until_ms == 2000
    assert row.ended_by is not None
    assert row.ended_by.id == gone
    assert row.replaced_by == ()
    deploy(store, "a", 3000)
    assert [row.until_ms for row in store.deployments("Model:a")] == [2000, None]


def test_where_nobody_says_where_nothing_is_replaced(store: Store) -> None:
    deploy(store, "a", 1000, None)
    deploy(store, "b", 2000, None)
    assert standing(store.deployments()) == [(None, ["a"]), (None, ["b"])]
    assert store.deployments(where="*") == []


def test_the_place_of_a_push_is_where_it_went(store: Store) -> None:
    for time in (1000, 2000):
        store.record(
            Execution(type="Pusher"),
            inputs={"model": Artifact(type="Model", name=f"m{time}")},
            outputs={"pushed": Artifact(type="PushedModel", uri="s3://serving/churn")},
            time_ms=time,
        )
    [row] = store.deployments()
    assert row.where == "s3://serving/churn"
    assert [m.name for m in row.models] == ["m2000"]


def test_a_push_that_pushed_nothing_replaces_nothing(store: Store) -> None:
    deploy(store, "a", 1000)
    store.record(
        Execution(type="Pusher", custom_properties={"endpoint": "prod"}),
        inputs={"model": Artifact(type="Model", name="unblessed")},
        outputs={"pushed": Artifact(type="PushedModel", custom_properties={"pushed": 0})},
        time_ms=2000,
    )
    assert standing(store.deployments()) == [("prod", ["a"])]


def test_a_model_is_deployed_where_it_was_passed_on_to(store: Store) -> None:
    store.record(
        Execution(type="Train"), outputs={"model": Artifact(type="Model", name="m")}, time_ms=1
    )
    store.record(
        Execution(type="Transform"),
        inputs={"model": "Model:m"},
        outputs={"model": Artifact(type="Model", name="quantised")},
        time_ms=2,
    )
    store.record(
        Execution(type="Train"),
        inputs={"base": "Model:m"},
        outputs={"model": Artifact(type="Model", name="tuned")},
        time_ms=3,
    )
    deploy(store, "quantised", 4)
    deploy(store, "tuned", 5, "test")
    assert standing(store.deployments("Model:m")) == [("prod", ["quantised"])]
    assert standing(store.deployments("Model:tuned")) == [("test", ["tuned"])]


def test_which_version_was_last_deployed_and_what_replaced_it(store: Store) -> None:
    declare_series(store)
    for version in (1, 2, 3):
        store.put(Artifact(type="Model", name=f"churn-{version}"))
    store.put(Artifact(type="Model", name="other-1"))
    deploy(store, "churn-1", 1000)
    deploy(store, "churn-2", 2000)
    deploy(store, "other-1", 3000)
    found = store.deployments("Model:churn-3", versions=True)
    assert standing(found) == [("prod", ["churn-1"]), ("prod", ["churn-2"])]
    assert [m.name for m in found[-1].replaced_by] == ["other-1"]
    assert store.deployments("Model:churn-3") == []
    assert standing(store.deployments("Model:churn-3", versions=True, last=True)) == [
        ("prod", ["churn-2"])
    ]
    with pytest.raises(InvalidValue, match="versions"):
        store.deployments(versions=True)


def test_what_happened_is_not_what_was_known(store: Store) -> None:
    store.clock = lambda: 10_000
    deploy(store, "a", 1000)
    store.clock = lambda: 30_000
    deploy(store, "b", 2000)
    assert standing(store.deployments(as_of=20_000)) == [("prod", ["a"])]
    assert standing(store.deployments(as_of=30_000)) == [("prod", ["b"])]
    assert standing(store.deployments(at=1999, as_of=30_000)) == [("prod", ["a"])]
    assert standing(store.deployments(at=2500, as_of=20_000)) == [("prod", ["a"])]
    assert store.deployments(as_of=9_999) == []


def test_a_deployment_is_heard_of_when_its_output_is(store: Store) -> None:
    store.clock = lambda: 10_000
    step = Execution(
        type="Deploy", name="d", state="RUNNING", custom_properties={"endpoint": "prod"}
    )
    store.record(step, inputs={"m": Artifact(type="Model", name="a")}, time_ms=1000)
    store.clock = lambda: 20_000
    done = step.model_copy(update={"state": ExecutionState.COMPLETE})
    store.record(done, outputs={"p": Artifact(type="PushedModel", name="p")}, time_ms=2000)
    assert store.deployments(as_of=15_000) == []
    assert standing(store.deployments(as_of=20_000)) == [("prod", ["a"])]


def test_tfx_says_where_it_pushed(store: Store, data: Path) -> None:
    import_mlmd(data / "mlmd" / "tfx_0_21.sqlite", store)
    [row] = store.deployments()
    assert row.where == "/tmp/tmpabe2m4mk/serving_model/online_news_simple"
    assert [m.id for m in row.models] == [8]
    assert [o.type for o in row.outputs] == ["PushedModel"]
    assert json.dumps(row.to_dict())


_steps = st.lists(
    st.tuples(
        st.sampled_from(["p", "q", None]),
        st.sampled_from([0, 1, 2, None]),
        st.integers(1, 6),
        st.integers(1, 6),
        st.sampled_from(["COMPLETE", "UNKNOWN", "FAILED"]),
    ),
    max_size=8,
)


@given(steps=_steps, as_of=st.none() | st.integers(0, 6))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_replaying_gives_what_stood_at_each_time(
    store: Store, steps: list[Any], as_of: int | None
) -> None:
    # The store is that of the examples before: places of its own.
    example = store.counts().executions
    places = {name: f"{name}{example}" for name in ("p", "q")}
    models = store.put_all([Artifact(type="Model") for _ in range(3)])
    log = store.put(Artifact(type="File"))
    known: list[tuple[int, int, str | None, int | None]] = []
    for place, model, time, recorded, state in steps:
        made = store.put(
            Execution(
                type="Deploy",
                state=state,
                custom_properties={"endpoint": places[place]} if place else {},
            )
        )
        of = log if model is None else models[model]
        kind = EventType.OUTPUT if model is None else EventType.INPUT
        store.mirror(
            events=[
                Event(
                    artifact_id=of.id or 0,
                    execution_id=made.id or 0,
                    type=kind,
                    time_ms=time,
                    recorded_ms=recorded,
                )
            ]
        )
        if state != "FAILED" and (as_of is None or recorded <= as_of):
            known.append((time, made.id or 0, place, of.id if model is not None else None))
    for at in [*range(8), None]:
        standing: dict[str, int] = {}
        nowhere: list[int] = []
        for time, execution, place, of_id in sorted(known, key=lambda k: k[:2]):
            if at is not None and time > at:
                continue
            if place is None:
                nowhere += [execution] if of_id is not None else []
                continue
            standing.pop(place, None)
            if of_id is not None:
                standing[place] = execution
        ours = {model.id for model in models}
        found = [row for row in store.deployments(at=at, as_of=as_of) if row.models[0].id in ours]
        assert sorted(row.execution.id or 0 for row in found) == sorted(
            [*standing.values(), *nowhere]
        )
