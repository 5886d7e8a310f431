"""Finding: filters, order, limits; and reads of very many ids."""

from __future__ import annotations

from typing import Any

import pytest

from lineage import Artifact, Context, Event, Execution, Kind, Store, Type
from lineage.errors import InvalidInput, LineageError, NotFound, UnknownType
from tests.conformance.readable import listing


def names(found: list[Any]) -> list[str]:
    return [node.name for node in found]


@pytest.fixture
def ten(store: Store) -> list[Artifact]:
    store.put_type(Type(kind=Kind.ARTIFACT, name="T"))
    store.put_type(Type(kind=Kind.ARTIFACT, name="T", version="2"))
    store.put_type(Type(kind=Kind.ARTIFACT, name="U"))
    made = store.put_all(
        [
            Artifact(
                type="T" if i % 2 else "U",
                name=f"n{i // 2}",
                uri=f"u{i % 3}",
                external_id=f"e{i}",
                state="LIVE" if i < 5 else "DELETED",
            )
            for i in range(10)
        ]
    )
    store.put_in_context(Context(type="Project", name="p"), artifacts=made[2:8])
    return made


def test_each_filter(store: Store, ten: list[Artifact]) -> None:
    assert store.artifacts() == ten
    assert store.artifacts(type="T") == ten[1::2]
    assert store.artifacts(type="T@2") == []
    assert store.artifacts(name="n1") == ten[2:4]
    assert store.artifacts(uri="u1") == ten[1::3]
    assert store.artifacts(external_id="e4") == [ten[4]]
    assert store.artifacts(state="LIVE") == ten[:5]
    assert store.artifacts(context="Project:p") == ten[2:8]
    assert store.artifacts(after_id=ten[6].id) == ten[7:]
    assert store.artifacts(limit=3) == ten[:3]
    assert store.artifacts(limit=0) == []
    assert store.artifacts(limit=100) == ten
    assert store.artifacts(newest_first=True) == ten[::-1]
    assert store.artifacts(name="nope") == []


@pytest.mark.parametrize("newest_first", [False, True])
def test_filters_together(store: Store, ten: list[Artifact], newest_first: bool) -> None:
    """Every combination, against the same in a few obvious lines."""
    members = {a.id for a in ten[2:8]}
    for type in (None, "T"):
        for uri in (None, "u1"):
            for state in (None, "LIVE"):
                for context in (None, "Project:p"):
                    for after in (None, 5):
                        for limit in (None, 2):
                            expected = [
                                a
                                for a in (reversed(ten) if newest_first else ten)
                                if (type is None or a.type == type)
                                and (uri is None or a.uri == uri)
                                and (state is None or a.state == state)
                                and (context is None or a.id in members)
                                and (
                                    after is None
                                    or (
                                        a.id < ten[after].id
                                        if newest_first
                                        else a.id > ten[after].id
                                    )
                                )
                            ]
                            found = store.artifacts(
                                type=type,
                                uri=uri,
                                state=state,
                                context=context,
                                after_id=None if after is None else ten[after].id,
                                limit=limit,
                                newest_first=newest_first,
                            )
                            assert found == expected[:limit]


def test_a_type_takes_all_its_versions(store: Store, ten: list[Artifact]) -> None:
    other = store.put(Artifact(type="T", type_version="2", name="n0"))
    assert store.artifacts(type="T") == [*ten[1::2], other]
    assert store.artifacts(type="T@2") == [other]
    assert store.artifacts(type="T", name="n0") == [ten[1], other]


def test_paging_meets_everything_once(store: Store) -> None:
    store.put_all([Artifact(type="Dataset", name=f"n{i}") for i in range(25)])
    for newest_first in (False, True):
        seen: list[Artifact] = []
        after = None
        while page := store.artifacts(limit=4, after_id=after, newest_first=newest_first):
            seen += page
            after = page[-1].id
        assert [a.id for a in seen] == [a.id for a in store.artifacts(newest_first=newest_first)]
        assert len(seen) == 25


def test_executions_and_contexts(store: Store) -> None:
    runs = store.put_all(
        [Execution(type="Train", name=f"r{i}", state=s) for i, s in enumerate(["NEW", "FAILED"])]
    )
    contexts = store.put_all([Context(type="Project", name=f"c{i}") for i in range(3)])
    for child in contexts[1:]:
        store.put_parent(child, contexts[0])
    assert store.executions(state="FAILED") == [runs[1]]
    assert store.executions(type="Train", limit=1, newest_first=True) == [runs[1]]
    assert store.contexts(context="Project:c0") == contexts[1:]
    assert store.contexts(context="Project:c0", limit=1, newest_first=True) == [contexts[2]]
    assert store.contexts(name="c1") == [contexts[1]]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"type": "Nope"}, "'Nope'"),
        ({"context": "Project:nope"}, "nope"),
        ({"context": 999}, "999"),
        ({"limit": -1}, "limit.*-1"),
        ({"limit": 2**63}, f"limit.*{2**63}"),
        ({"after_id": 2**63}, f"after_id.*{2**63}"),
        ({"state": "DONE"}, "state.*DONE"),
        ({"type": "\ud800"}, "ud800"),
        ({"context": "\ud800"}, "ud800"),
    ],
)
def test_bad_filters(store: Store, ten: list[Artifact], where: dict[str, Any], said: str) -> None:
    with pytest.raises((InvalidInput, NotFound, UnknownType), match=said):
        store.artifacts(**where)


def test_what_is_no_text_finds_nothing(store: Store, ten: list[Artifact]) -> None:
    for text in ("", "a\x00", "\ud800", "x" * 10_000_000):
        for field in ("name", "uri", "external_id"):
            assert store.artifacts(**{field: text}) == []


def test_reading_ten_thousand_ids(store: Store) -> None:
    made = store.put_all([Artifact(type="Dataset", name=f"n{i}") for i in range(10_000)])
    run = store.put(Execution(type="Train"))
    context = store.put(Context(type="Project", name="p"))
    ids = [a.id for a in made if a.id is not None]
    assert run.id is not None
    store.put_events(
        [Event(artifact_id=i, execution_id=run.id, type="INPUT") for i in ids[: len(ids) // 2]]
    )
    store.put_in_context(context, artifacts=ids)
    assert len(set(ids)) == 10_000
    with store.backend.read() as reader:
        assert [n.id for n in reader.nodes(Kind.ARTIFACT, ids)] == ids
        backwards = ids[::-1]
        assert [n.id for n in reader.nodes(Kind.ARTIFACT, backwards)] == backwards
        holes = [i for id in ids for i in (id, -id)]
        assert [n.id for n in reader.nodes(Kind.ARTIFACT, holes)] == ids
        assert reader.nodes(Kind.ARTIFACT, []) == []
        assert reader.nodes(Kind.EXECUTION, [-i for i in ids]) == []
        assert len(reader.events(artifact_ids=ids)) == 5_000
        assert reader.contexts_of(Kind.ARTIFACT, ids) == [(i, context.id) for i in ids]
        assert reader.members_of([context.id], Kind.ARTIFACT) == [(context.id, i) for i in ids]
    assert len(store.artifacts(context=context.id)) == 10_000
    before = listing(store)["counts"]
    run_again = store.record(Execution(type="Train"), inputs=ids)
    assert len(run_again.inputs) == 10_000
    after = store.counts()
    assert (after.artifacts, after.events) == (before.artifacts, before.events + 10_000)


def test_a_node_that_is_asked_for_twice_comes_twice(store: Store) -> None:
    made = store.put(Artifact(type="Dataset"))
    with store.backend.read() as reader:
        assert reader.nodes(Kind.ARTIFACT, [made.id, made.id]) == [made, made]


def test_an_empty_store(store: Store) -> None:
    assert listing(store) == {
        "counts": store.counts(),
        "types": [],
        "nodes": [],
        "events": [],
        "members": [],
        "parents": [],
        "marks": [],
        "policies": [],
        "metadata": [],
    }
    counts = store.counts()
    assert (counts.types, counts.artifacts, counts.executions) == (0, 0, 0)
    for read in (store.artifact, store.execution, store.context, store.parents_of):
        with pytest.raises(LineageError):
            read(1)


def test_ids_that_were_given_out_are_never_given_again(store: Store) -> None:
    """Whatever comes from another store with an id of its own."""
    first = store.put(Artifact(type="Dataset"))
    assert first.id is not None
    store.mirror(nodes=[Artifact(type="Dataset", id=first.id + 5_000, name="mirrored")])
    made = store.put_all([Artifact(type="Dataset") for _ in range(50)])
    ids = [a.id for a in store.artifacts()]
    assert len(ids) == len(set(ids)) == 52
    assert store.artifact(first.id + 5_000).name == "mirrored"
    assert {a.id for a in made}.isdisjoint({first.id, first.id + 5_000})


# By code points; in UTF-16, the last two would come before the two before them.
IN_ORDER = ["z", "ä", "\ud7ff", "\ue000", "\uff21", "\U0001f600", "\U0001f600a"]


@pytest.mark.parametrize("descending", [False, True])
def test_pages_by_name_pass_over_no_script(store: Store, descending: bool) -> None:
    store.put_all(Artifact(type="Dataset", name=name) for name in reversed(IN_ORDER))
    order_by = f"name{' desc' if descending else ''}"
    found: list[str | None] = []
    token = None
    while True:
        page = store.artifacts(order_by=order_by, page_size=1, page_token=token)
        found += [artifact.name for artifact in page]
        token = page.next_page_token
        if token is None:
            break
    assert found == (IN_ORDER[::-1] if descending else IN_ORDER)
