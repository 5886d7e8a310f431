"""Events: written once, between what exists, of every type."""

from __future__ import annotations

from typing import Any

import pytest

from lineage import Artifact, Event, EventType, Execution, Store
from lineage.errors import InvalidValue, LineageError, NotFound
from tests.conformance.readable import event_form, listing


@pytest.fixture
def ends(store: Store) -> tuple[int, int]:
    artifact = store.put(Artifact(type="Dataset"))
    # So that ids of artifacts and executions differ.
    store.put_all([Execution(type="Train") for _ in range(3)])
    execution = store.put(Execution(type="Train"))
    assert artifact.id is not None
    assert execution.id is not None
    return artifact.id, execution.id


def event(ends: tuple[int, int], **fields: Any) -> Event:
    return Event(**{"artifact_id": ends[0], "execution_id": ends[1], "type": "INPUT", **fields})


def test_each_type_comes_back(store: Store, ends: tuple[int, int]) -> None:
    given = [event(ends, type=type, path=("p", 1), time_ms=7) for type in EventType]
    store.put_events(given)
    found = store.events(artifact=ends[0])
    assert sorted(e.type for e in found) == sorted(EventType)
    assert store.events(execution=ends[1]) == found
    assert store.events(artifact=ends[0], execution=ends[1]) == found
    assert {(e.path, e.time_ms) for e in found} == {(("p", 1), 7)}
    assert store.counts().events == len(EventType)


@pytest.mark.parametrize("type", list(EventType))
def test_an_event_that_exists_stays(store: Store, ends: tuple[int, int], type: EventType) -> None:
    store.put_events([event(ends, type=type, path=("p",), time_ms=1)])
    before = listing(store)
    store.put_events([event(ends, type=type, path=("p",), time_ms=2)])
    store.put_events([event(ends, type=type, path=("p",), time_ms=t) for t in (3, 4)])
    assert listing(store) == before


def test_of_two_in_one_batch_the_first_stays(store: Store, ends: tuple[int, int]) -> None:
    store.put_events([event(ends, time_ms=1), event(ends, time_ms=2)])
    assert [e.time_ms for e in store.events(artifact=ends[0])] == [1]


def test_another_path_is_another_event(store: Store, ends: tuple[int, int]) -> None:
    paths = [(), ("",), ("0",), (0,), ("a",), ("a", "b"), ("a.b",)]
    store.put_events([event(ends, path=path) for path in paths])
    assert sorted((e.path for e in store.events(artifact=ends[0])), key=repr) == sorted(
        paths, key=repr
    )


def test_times(store: Store, ends: tuple[int, int]) -> None:
    for i, time_ms in enumerate((0, -1, 2**63 - 1, -(2**63), None)):
        store.put_events([event(ends, path=(i,), time_ms=time_ms)])
    found = {e.path[0]: e for e in store.events(artifact=ends[0])}
    assert [found[i].time_ms for i in range(4)] == [0, -1, 2**63 - 1, -(2**63)]
    assert found[4].time_ms == found[4].recorded_ms
    assert found[2].time is None
    for time_ms in (2**63, -(2**63) - 1):
        with pytest.raises(InvalidValue, match=r"time_ms.*" + str(time_ms)):
            store.put_events([event(ends, path=("x",), time_ms=time_ms)])


def test_what_was_recorded_when_is_the_stores_to_say(store: Store, ends: tuple[int, int]) -> None:
    store.put_events([event(ends, recorded_ms=5)])
    [found] = store.events(artifact=ends[0])
    assert found.recorded_ms != 5


def test_dangling_ends_are_refused(store: Store, ends: tuple[int, int]) -> None:
    good = event(ends)
    before = listing(store)
    for bad, said in (
        (event(ends, artifact_id=ends[1]), f"artifact.*{ends[1]}"),
        (event(ends, execution_id=999), r"execution.*999"),
        (event(ends, artifact_id=0), r"artifact.*0"),
        (event(ends, artifact_id=-(2**63)), "artifact"),
    ):
        with pytest.raises(NotFound, match=said):
            store.put_events([good, bad])
    for field in ("artifact_id", "execution_id"):
        with pytest.raises(InvalidValue, match=f"id.*{2**63}"):
            store.put_events([good, event(ends, **{field: 2**63})])
    assert listing(store) == before


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"type": "SIDEWAYS"}, "SIDEWAYS"),
        ({"path": ("a\x00",)}, r"a\\x00"),
        ({"path": ("\ud800",)}, "path"),
        ({"path": (2**63,)}, str(2**63)),
        ({"path": (None,)}, "None"),
        ({"path": "abc"}, "path.*abc"),
        ({"path": ("x" * 10_000_000,)}, "10,000,000"),
        ({"artifact_id": "one"}, "one"),
        ({"time_ms": 1.5}, "1.5"),
    ],
)
def test_bad_events_are_refused(
    store: Store, ends: tuple[int, int], fields: dict[str, Any], said: str
) -> None:
    before = listing(store)
    with pytest.raises(InvalidValue, match=said):
        store.put_events([event(ends), event(ends, **fields)])
    assert listing(store) == before


def test_events_are_ordered_by_execution_artifact_type_path(store: Store) -> None:
    artifacts = [store.put(Artifact(type="Dataset")).id for _ in range(3)]
    executions = [store.put(Execution(type="Train")).id for _ in range(3)]
    given = [
        Event(artifact_id=a, execution_id=e, type=type, path=path)
        for path in ((1,), ("b",), ("a",), ())
        for type in ("OUTPUT", "INPUT", "PENDING_OUTPUT")
        for a in reversed(artifacts)
        for e in executions
        if a is not None and e is not None
    ]
    store.put_events(given)
    with store.backend.read() as reader:
        everything = reader.events()
        scanned = reader.scan_events(None, 10**6)
        some = reader.events(artifact_ids=artifacts[:2], execution_ids=executions[1:])
        assert reader.events(artifact_ids=[], execution_ids=None) == []
        assert reader.events(artifact_ids=[], execution_ids=executions) == []
    assert len(everything) == len(given)
    assert scanned == everything
    assert some == [
        e for e in everything if e.artifact_id in artifacts[:2] and e.execution_id in executions[1:]
    ]
    keys = [(e.execution_id, e.artifact_id, str(e.type)) for e in everything]
    assert keys == sorted(keys)


def test_scanning_in_small_pieces_misses_nothing(store: Store, ends: tuple[int, int]) -> None:
    from lineage.backends.codec import encode_path

    store.put_events(
        [event(ends, type=t, path=(p,)) for t in EventType for p in ("🦊", "a", 1, 10, 2, "\u2028")]
    )
    with store.backend.read() as reader:
        everything = reader.events()
        for limit in (1, 2, 7):
            seen: list[Event] = []
            after = None
            while piece := reader.scan_events(after, limit):
                assert len(piece) <= limit
                seen += piece
                last = piece[-1]
                after = (
                    last.execution_id,
                    last.artifact_id,
                    str(last.type),
                    encode_path(last.path),
                )
            assert [event_form(e) for e in seen] == [event_form(e) for e in everything]


def test_whose_events_must_be_said(store: Store, ends: tuple[int, int]) -> None:
    with pytest.raises(InvalidValue, match="artifact="):
        store.events()
    with pytest.raises(NotFound, match="999"):
        store.events(artifact=999)
    with pytest.raises(LineageError):
        store.events(execution=2**70)
    assert store.events(artifact=ends[0]) == []


def test_nodes_are_named_as_anywhere(store: Store, ends: tuple[int, int]) -> None:
    store.put_events([event(ends, time_ms=1)])
    [found] = store.events(artifact=store.artifact(ends[0]), execution=store.execution(ends[1]))
    assert store.events(artifact=f"artifact:{ends[0]}") == [found]
    wrong: Any
    for wrong in (store.execution(ends[1]), 1.5, object()):
        with pytest.raises(InvalidValue, match="is no artifact; give one"):
            store.events(artifact=wrong)
    with pytest.raises(InvalidValue, match="has no id"):
        store.events(artifact=Artifact(type="Dataset"))
