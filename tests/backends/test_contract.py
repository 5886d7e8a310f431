"""What `lineage.ports` asks of every backend, asked of every backend."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage.backends import open_backend
from lineage.backends.codec import encode, encode_path
from lineage.backends.row_mapping import event_order
from lineage.errors import AlreadyExists, Conflict, NotFound, StoreError
from lineage.model import Artifact, EventType, Kind, PropertyKind, Type
from lineage.ports.backend import Backend
from lineage.ports.batch import Batch, EventWrite, WriteMode
from lineage.ports.filters import Filter
from lineage.ports.traversal import Direction
from tests.backends.batches import NOW, Types, apply, connected, reference, stored

A, E, C = Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT


@pytest.fixture
def backend(url: str) -> Iterator[Backend]:
    opened = open_backend(url)
    yield opened
    opened.close()
    opened.close()


@pytest.fixture
def types(backend: Backend) -> Types:
    return Types(backend)


def test_a_type_is_overwritten_by_its_key(backend: Backend) -> None:
    first = backend.write(lambda tx: tx.put_type(Type(kind=A, name="Model")))
    wider = Type(kind=A, name="Model", properties={"accuracy": PropertyKind.DOUBLE})
    second = backend.write(lambda tx: tx.put_type(wider))
    versioned = backend.write(lambda tx: tx.put_type(Type(kind=A, name="Model", version="2")))
    assert second.id == first.id != versioned.id
    with backend.read() as reader:
        assert reader.types() == [second, versioned]


def test_a_type_keeps_a_given_id(backend: Backend) -> None:
    put = backend.write(lambda tx: tx.put_type(Type(kind=A, name="Model", id=7)))
    again = backend.write(
        lambda tx: tx.put_type(put.model_copy(update={"description": "what was trained"}))
    )
    other = backend.write(lambda tx: tx.put_type(Type(kind=E, name="Train")))
    assert put.id == again.id == 7 != other.id
    with backend.read() as reader:
        assert sorted(t.id or 0 for t in reader.types()) == sorted([7, other.id or 0])
        assert again in reader.types()


@pytest.mark.backends("memory", "sqlite")
def test_a_type_cannot_take_the_key_of_another_id(backend: Backend) -> None:
    backend.write(lambda tx: tx.put_type(Type(kind=A, name="Model")))
    with pytest.raises(AlreadyExists, match="Model"):
        backend.write(lambda tx: tx.put_type(Type(kind=A, name="Model", id=900)))


def test_what_is_created_comes_back_equal(backend: Backend, types: Types) -> None:
    properties = {"n": 1, "x": 1.0, "z": -0.0, "t": True, "s": "é\U0001f600", "b": b"\x00\xff"}
    [id] = apply(
        backend,
        types.write(
            A, name="a", uri="s3://a", state="LIVE", external_id="x", properties=properties
        ),
    )
    found = stored(backend, A, id)
    assert found == Artifact(
        type="Tartifact",
        type_id=types.of[A].id,
        id=id,
        version=1,
        name="a",
        external_id="x",
        uri="s3://a",
        state="LIVE",
        properties=properties,
        created_ms=NOW,
        updated_ms=NOW,
    )
    # By name, and exactly: 1 isn't 1.0, nor 0.0 -0.0.
    assert encode(found.properties) == encode(properties, sort=True)


@pytest.mark.parametrize("kind", [A, E])
def test_without_a_state_it_is_unknown_and_found_so(
    backend: Backend, types: Types, kind: Kind
) -> None:
    [id] = apply(backend, types.write(kind))
    with backend.read() as reader:
        assert [n.id for n in reader.find(kind, Filter(state="UNKNOWN"))] == [id]


@pytest.mark.parametrize("mode", [WriteMode.CREATE, WriteMode.MERGE])
@pytest.mark.backends("memory", "sqlite")
def test_a_given_id_is_kept_and_never_given_out_again(
    backend: Backend, types: Types, mode: WriteMode
) -> None:
    assert apply(backend, types.write(A, mode, "id", id=5), types.write(A)) == [5, 6]
    assert apply(backend, types.write(A)) == [7]


@pytest.mark.backends("memory", "sqlite")
def test_a_given_id_that_is_taken_is_refused(backend: Backend, types: Types) -> None:
    [id] = apply(backend, types.write(A))
    with pytest.raises(AlreadyExists, match=rf"artifact\.id {id} "):
        apply(backend, types.write(A, id=id))
    with pytest.raises(AlreadyExists, match=r"artifact\.id 50 "):
        apply(backend, types.write(A, id=50), types.write(A, id=50))


def test_after_the_last_id_there_is_none(backend: Backend, types: Types) -> None:
    apply(
        backend,
        types.write(A, WriteMode.UPSERT_EXACT, "id", id=2**63 - 1, created_ms=1, updated_ms=1),
    )
    with pytest.raises(StoreError, match="no ids left"):
        apply(backend, types.write(A))


@pytest.mark.parametrize("mode", [WriteMode.CREATE, WriteMode.UPSERT_EXACT])
@pytest.mark.parametrize("field", ["name", "external_id"])
def test_a_taken_field_is_refused_by_name(
    backend: Backend, types: Types, field: str, mode: WriteMode
) -> None:
    [owner] = apply(backend, types.write(A, **{field: "taken"}))
    fresh = (
        {"id": owner + 1000, "created_ms": 1, "updated_ms": 1}
        if mode is WriteMode.UPSERT_EXACT
        else {}
    )
    with pytest.raises(AlreadyExists, match=rf"artifact\.{field} 'taken'"):
        apply(backend, types.write(A), types.write(A, mode, **fresh, **{field: "taken"}))
    with pytest.raises(AlreadyExists, match=rf"artifact\.{field} 'twice'"):
        apply(backend, types.write(A, **{field: "twice"}), types.write(A, **{field: "twice"}))
    with backend.read() as reader:
        assert reader.counts().artifacts == 1


def test_the_same_name_is_free_for_other_types_and_kinds(backend: Backend, types: Types) -> None:
    other = backend.write(lambda tx: tx.put_type(Type(kind=A, name="Other")))
    second = types.write(A, name="n")
    second.type = other
    apply(backend, types.write(A, name="n"), second, types.write(E, name="n"))


def test_merge_sets_only_what_is_given(backend: Backend, types: Types) -> None:
    [id] = apply(
        backend,
        types.write(
            A,
            name="a",
            uri="u",
            state="LIVE",
            properties={"declared": 1},
            custom_properties={"declared": "c"},
        ),
    )
    merged = types.write(A, WriteMode.MERGE, "name", name="a", properties={"y": 2}, now_ms=NOW + 5)
    assert apply(backend, merged) == [id]
    found = stored(backend, A, id)
    assert isinstance(found, Artifact)
    assert (found.uri, found.state) == ("u", "LIVE")
    assert found.properties == {"declared": 1, "y": 2}
    assert found.custom_properties == {"declared": "c"}
    assert (found.created_ms, found.updated_ms) == (NOW, NOW + 5)


@pytest.mark.parametrize("key", ["name", "external_id", "id"])
def test_a_merge_that_changes_nothing_leaves_the_time(
    backend: Backend, types: Types, key: str
) -> None:
    same = {"n": float("nan"), "i": 1, "s": {"b": 1, "a": [2]}}
    [id] = apply(backend, types.write(A, name="a", external_id="e", state="LIVE", properties=same))
    for properties in (same, dict(reversed(same.items())), {}):
        fields = {"name": "a", "external_id": "e", "id": id}
        write = types.write(
            A, WriteMode.MERGE, key, **{key: fields[key]}, properties=properties, now_ms=NOW + 5
        )
        apply(backend, write)
        assert stored(backend, A, id).updated_ms == NOW


@pytest.mark.parametrize(
    ("before", "after"), [(1, 1.0), (0.0, -0.0), (1, True), ("1", 1), (b"a", "a"), ([1], [1.0])]
)
def test_a_value_of_another_kind_is_a_change(
    backend: Backend, types: Types, before: object, after: object
) -> None:
    [id] = apply(backend, types.write(C, name="c", custom_properties={"p": before}))
    apply(
        backend, types.write(C, WriteMode.MERGE, "name", name="c", custom_properties={"p": after})
    )
    found = stored(backend, C, id)
    # The clock stood still, and yet the time tells the two apart.
    assert found.updated_ms == NOW + 1
    assert encode(found.custom_properties) == encode({"p": after})


def test_a_merge_cannot_take_what_another_has(backend: Backend, types: Types) -> None:
    _, other = apply(backend, types.write(A, name="a"), types.write(A, external_id="e"))
    with pytest.raises(AlreadyExists, match=r"artifact\.external_id 'e'"):
        apply(backend, types.write(A, WriteMode.MERGE, "name", name="a", external_id="e"))
    assert stored(backend, A, other).external_id == "e"


def test_replace_sets_everything(backend: Backend, types: Types) -> None:
    [id] = apply(
        backend,
        types.write(A, name="a", uri="u", external_id="e", state="LIVE", properties={"x": 1}),
    )
    apply(backend, types.write(A, WriteMode.REPLACE, "id", id=id, expected_ms=NOW, now_ms=NOW + 1))
    found = stored(backend, A, id)
    assert isinstance(found, Artifact)
    assert (found.name, found.uri, found.external_id, found.state) == (None, None, None, "UNKNOWN")
    assert (found.properties, found.updated_ms) == ({}, NOW + 1)
    # What it had is free again.
    apply(backend, types.write(A, name="a", external_id="e"))


def test_replace_refuses_what_has_changed_or_is_not_there(backend: Backend, types: Types) -> None:
    [id] = apply(backend, types.write(A))
    with pytest.raises(Conflict, match=f"artifact:{id} "):
        apply(backend, types.write(A, WriteMode.REPLACE, "id", id=id, expected_ms=NOW - 1))
    with pytest.raises(NotFound, match="999"):
        apply(backend, types.write(A, WriteMode.REPLACE, "id", id=999))


def test_a_reference_must_exist(backend: Backend, types: Types) -> None:
    [id] = apply(backend, types.write(A, name="a", external_id="e"))
    found = apply(
        backend,
        reference(A, id),
        types.write(A, WriteMode.REFERENCE, "name", name="a"),
        types.write(A, WriteMode.REFERENCE, "external_id", external_id="e"),
    )
    assert found == [id] * 3
    with pytest.raises(NotFound, match="artifact with the id 999"):
        apply(backend, reference(A, 999))
    with pytest.raises(NotFound, match="name 'b'"):
        apply(backend, types.write(A, WriteMode.REFERENCE, "name", name="b"))


def test_mirror_is_exact_and_may_be_repeated(backend: Backend, types: Types) -> None:
    write = types.write(
        A,
        WriteMode.UPSERT_EXACT,
        "id",
        id=42,
        name="m",
        state="DELETED",
        created_ms=5,
        updated_ms=7,
    )
    for _ in range(2):
        assert apply(backend, write) == [42]
        found = stored(backend, A, 42)
        assert (found.created_ms, found.updated_ms, found.name) == (5, 7, "m")
    write.name = "n"
    apply(backend, write)
    with backend.read() as reader:
        assert reader.find(A, Filter(name="m")) == []
        assert [n.id for n in reader.find(A, Filter(name="n"))] == [42]
    [fresh] = apply(backend, types.write(A, name="m"))
    assert fresh != 42


def test_a_batch_sees_its_own_nodes(backend: Backend, types: Types) -> None:
    first, second = apply(
        backend,
        types.write(C, WriteMode.MERGE, "name", name="c"),
        types.write(C, WriteMode.MERGE, "name", name="c"),
    )
    assert first == second


def test_what_fails_leaves_nothing(backend: Backend, types: Types) -> None:
    [old] = apply(backend, types.write(A, name="old", uri="u", properties={"x": 1}))

    def work(tx: object) -> None:
        batch = Batch(
            nodes=[
                types.write(A, WriteMode.MERGE, "name", name="old", uri="v", properties={"x": 2}),
                types.write(A, name="new", external_id="e"),
                types.write(E),
                types.write(C, name="c"),
                types.write(C, name="d"),
            ],
            events=[EventWrite(0, 2, EventType.INPUT, (), NOW, NOW)],
            memberships=[(0, 3), (2, 3)],
            parents=[(3, 4)],
        )
        tx.apply(batch)  # type: ignore[attr-defined]
        tx.put_type(Type(kind=A, name="New"))  # type: ignore[attr-defined]
        tx.set_metadata("k", "v")  # type: ignore[attr-defined]
        raise ZeroDivisionError

    before = stored(backend, A, old)
    with pytest.raises(ZeroDivisionError):
        backend.write(work)
    with backend.read() as reader:
        counts = reader.counts()
        assert (counts.types, counts.artifacts, counts.executions) == (3, 1, 0)
        assert (counts.contexts, counts.events, reader.metadata("k")) == (0, 0, None)
        assert reader.find(A, Filter(uri="u")) == [before]
        assert reader.find(A, Filter(uri="v")) == reader.find(A, Filter(external_id="e")) == []
    apply(backend, types.write(A, name="new", external_id="e"))


def test_what_is_read_or_given_is_not_shared(backend: Backend, types: Types) -> None:
    given = {"s": {"deep": [1]}}
    [id] = apply(backend, types.write(A, properties=given))
    given["s"]["deep"].append(2)
    stored(backend, A, id).properties["s"]["deep"].append(3)
    assert stored(backend, A, id).properties == {"s": {"deep": [1]}}


@pytest.mark.backends("memory", "sqlite")
def test_a_write_inside_a_write_is_refused_at_once(backend: Backend) -> None:
    with pytest.raises(StoreError, match="inside"):
        backend.write(lambda tx: backend.write(lambda inner: None))
    backend.write(lambda tx: tx.set_metadata("still", "works"))


def test_metadata(backend: Backend) -> None:
    for value in ("one", "two", None):
        backend.write(lambda tx, value=value: tx.set_metadata("k", value))
        with backend.read() as reader:
            assert reader.metadata("k") == value


def test_contexts_and_members(backend: Backend, types: Types) -> None:
    batch = Batch(
        nodes=[types.write(A), types.write(E), *(types.write(C, name=n) for n in "pqr")],
        memberships=[(0, 2), (1, 2), (0, 3), (0, 2)],
        parents=[(2, 4), (3, 4), (2, 4)],
    )
    for _ in range(2):
        a, e, p, q, r = backend.write(lambda tx: tx.apply(batch))
        batch.nodes = [reference(A, a), reference(E, e), *(reference(C, i) for i in (p, q, r))]
    with backend.read() as reader:
        assert reader.contexts_of(A, [a, a]) == [(a, p), (a, q)]
        assert reader.contexts_of(E, [e]) == [(e, p)]
        assert reader.members_of([p, q], A) == [(p, a), (q, a)]
        assert reader.members_of([p], E) == [(p, e)]
        assert reader.parents_of([p, q]) == [(p, r), (q, r)]
        assert reader.children_of([r]) == [(p, r), (q, r)]
        assert [n.id for n in reader.find(C, Filter(context_id=r))] == [p, q]
        assert [n.id for n in reader.find(A, Filter(context_id=q))] == [a]
        assert reader.find(E, Filter(context_id=q)) == []
        assert reader.contexts_of(A, []) == reader.members_of([999], A) == []


def test_an_event_that_is_there_stays(backend: Backend, types: Types) -> None:
    [a], [e] = connected(backend, types, 1, 1, [(0, 0, EventType.INPUT, NOW)])
    batch = Batch(
        nodes=[reference(A, a), reference(E, e)],
        events=[
            EventWrite(0, 1, EventType.INPUT, (0,), NOW + 9, NOW + 9),
            EventWrite(0, 1, EventType.INPUT, ("0",), NOW + 9, NOW + 9),
            EventWrite(0, 1, EventType.OUTPUT, (0,), NOW + 9, NOW + 9),
        ],
    )
    backend.write(lambda tx: tx.apply(batch))
    with backend.read() as reader:
        found = reader.events(artifact_ids=[a])
        assert reader.counts().events == 3
    assert [(f.type, f.path, f.recorded_ms) for f in found] == [
        (EventType.INPUT, ("0",), NOW + 9),
        (EventType.INPUT, (0,), NOW),
        (EventType.OUTPUT, (0,), NOW + 9),
    ]


_types = st.sampled_from(list(EventType))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    events=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 3), _types, st.integers(0, 3)), max_size=25
    ),
    depth=st.none() | st.integers(0, 4),
    as_of=st.none() | st.integers(0, 3),
    page=st.integers(1, 5),
)
def test_generated_graphs(
    tmp_path_factory: pytest.TempPathFactory,
    events: list[tuple[int, int, EventType, int]],
    depth: int | None,
    as_of: int | None,
    page: int,
) -> None:
    """Closure, events and scans are as their definitions say, on the backends without a server."""
    folder = tmp_path_factory.mktemp("graph")
    for url in ("memory://", f"sqlite:///{folder}/g.db?synchronous=normal"):
        backend = open_backend(url)
        artifacts, executions = connected(backend, Types(backend), 5, 4, events)
        arrows = set()
        for a, e, type, recorded in events:
            if type.flow is not None and (as_of is None or recorded <= as_of):
                ends = ((A, artifacts[a]), (E, executions[e]))
                arrows.add(ends if type.flow == "INPUT" else ends[::-1])
        with backend.read() as reader:
            for direction in Direction:
                ways = arrows if direction == "downstream" else {(t, s) for s, t in arrows}
                level = {(A, artifacts[0]), (A, artifacts[1])}
                seen, expected = set(level), []
                while level and (depth is None or len(expected) <= depth):
                    expected.append((next(iter(level))[0], sorted(id for _, id in level)))
                    level = {t for s, t in ways if s in level} - seen
                    seen |= level
                found = reader.closure(
                    A, [*artifacts[1::-1], 999], direction, max_depth=depth, as_of_ms=as_of
                )
                assert found == expected
                for kind, ids in ((A, artifacts), (E, executions)):
                    near = reader.neighbours(kind, [*ids, 999, ids[0]], direction, as_of_ms=as_of)
                    assert set(near) == {(s[1], t[1]) for s, t in ways if s[0] is kind}
            everything = reader.events()
            order = [
                (e.execution_id, e.artifact_id, e.type, encode_path(e.path)) for e in everything
            ]
            assert len(everything) == len(events)
            assert order == sorted(order)
            few, some = set(artifacts[:3]), set(executions[:2])
            assert reader.events(artifact_ids=[*few, *few]) == [
                e for e in everything if e.artifact_id in few
            ]
            assert reader.events(artifact_ids=list(few), execution_ids=list(some)) == [
                e for e in everything if e.artifact_id in few and e.execution_id in some
            ]
            assert reader.events(execution_ids=[]) == reader.events(artifact_ids=[]) == []
            scanned, after = [], None
            while batch := reader.scan_events(after, page):
                scanned += batch
                last = batch[-1]
                after = (
                    last.execution_id,
                    last.artifact_id,
                    str(last.type),
                    encode_path(last.path),
                )
            assert scanned == everything
        backend.close()


def test_neighbours_are_one_data_carrying_event_away(backend: Backend, types: Types) -> None:
    artifacts, executions = connected(
        backend,
        types,
        3,
        2,
        [
            (0, 0, EventType.INPUT, 1),
            (1, 0, EventType.DECLARED_OUTPUT, 2),
            (2, 0, EventType.PENDING_OUTPUT, 1),
            (1, 1, EventType.INTERNAL_INPUT, 3),
            (0, 1, EventType.OUTPUT, 1),
            (2, 1, EventType.UNKNOWN, 1),
        ],
    )
    (a, b, c), (x, y) = artifacts, executions
    with backend.read() as reader:
        after = [
            set(reader.neighbours(A, [*artifacts, 999], Direction.DOWNSTREAM)),
            set(reader.neighbours(E, [y, x, y], Direction.DOWNSTREAM)),
        ]
        before = set(reader.neighbours(A, [a, b, c], Direction.UPSTREAM, as_of_ms=1))
        assert reader.neighbours(E, [x], Direction.UPSTREAM, as_of_ms=0) == []
        assert reader.neighbours(E, [], Direction.UPSTREAM) == []
    assert after == [{(a, x), (b, y)}, {(x, b), (y, a)}]
    assert before == {(a, y)}


def test_filters(backend: Backend, types: Types) -> None:
    ids = apply(
        backend,
        *(
            types.write(A, name=f"n{i}", uri=f"u{i % 2}", state=["LIVE", "DELETED"][i % 3 == 0])
            for i in range(6)
        ),
    )

    def found(**fields: object) -> list[int]:
        with backend.read() as reader:
            return [ids.index(n.id or 0) for n in reader.find(A, Filter(**fields))]  # type: ignore[arg-type]

    assert found() == [0, 1, 2, 3, 4, 5]
    assert found(uri="u1") == [1, 3, 5]
    assert found(uri="u1", state="DELETED") == [3]
    assert found(name="n2", uri="u1") == []
    assert found(type_ids=[]) == []
    assert found(type_ids=[types.of[A].id, 999]) == [0, 1, 2, 3, 4, 5]
    assert found(limit=0) == []
    assert found(limit=2, after_id=ids[1]) == [2, 3]
    assert found(limit=2, newest_first=True) == [5, 4]
    assert found(limit=2, after_id=ids[4], newest_first=True) == [3, 2]


def test_nodes_come_in_the_order_of_the_ids(backend: Backend, types: Types) -> None:
    a, b = apply(backend, types.write(A), types.write(A))
    with backend.read() as reader:
        assert [n.id for n in reader.nodes(A, [b, 999, a])] == [b, a]
        assert reader.nodes(A, []) == []


def test_the_nodes_of_each_type_are_counted(backend: Backend, types: Types) -> None:
    with backend.read() as reader:
        assert not any(reader.count_types(A).values())
    apply(backend, types.write(A), types.write(A), types.write(E))
    with backend.read() as reader:
        assert reader.count_types(A) == {types.of[A].id: 2}
        assert reader.count_types(E) == {types.of[E].id: 1}
        assert not any(reader.count_types(C).values())


def test_events_are_scanned_after_a_path_of_any_script(backend: Backend, types: Types) -> None:
    paths = ["z", "\ue000", "\uff21", "\U0001f600", "\U0001f600a"]
    batch = Batch(nodes=[types.write(A), types.write(E), types.write(A)])
    batch.events += [EventWrite(0, 1, EventType.INPUT, (path,), 1, 1) for path in paths]
    batch.events += [EventWrite(2, 1, EventType.OUTPUT, ("a",), 1, 1)]
    backend.write(lambda tx: tx.apply(batch))
    found: list[tuple[str | int, ...]] = []
    after = None
    with backend.read() as reader:
        while events := reader.scan_events(after, 1):
            found += [event.path for event in events]
            after = event_order(events[-1])
    assert found == [*((path,) for path in paths), ("a",)]
