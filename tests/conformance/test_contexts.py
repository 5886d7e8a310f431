"""Contexts: what is in them, and what they are in."""

from __future__ import annotations

import pytest

from lineage import Artifact, Context, Execution, Kind, Store, Type
from lineage.errors import (
    ContextCycle,
    InvalidInput,
    InvalidValue,
    LineageError,
    NotFound,
    UnknownType,
)
from tests.conformance.readable import listing


def context(name: str) -> Context:
    return Context(type="Project", name=name)


def test_members(store: Store) -> None:
    a, b = store.put(Artifact(type="Dataset", name="a")), store.put(Artifact(type="Dataset"))
    e = store.put(Execution(type="Train"))
    c, d = store.put(context("c")), store.put(context("d"))
    store.put_in_context(c.id, artifacts=[a.id, "Dataset:a", b], executions=[e])
    store.put_in_context("Project:d", artifacts=[a])
    assert store.contexts_of("Dataset:a") == [c, d]
    assert store.contexts_of(e.id, kind=Kind.EXECUTION) == [c]
    assert store.artifacts(context=c.id) == [a, b]
    assert store.artifacts(context="Project:d") == [a]
    assert store.executions(context="Project:c") == [e]
    assert store.executions(context="Project:d") == []
    assert store.artifacts(context=c.id, name="a") == [a]


def test_putting_into_a_context_again_changes_nothing(store: Store) -> None:
    a = store.put(Artifact(type="Dataset"))
    store.put_in_context(context("c"), artifacts=[a, a])
    before = listing(store)
    store.put_in_context(context("c"), artifacts=[a])
    assert listing(store) == before


def test_members_and_context_may_be_made_on_the_way(store: Store) -> None:
    store.put_in_context(
        context("c"),
        artifacts=[Artifact(type="Dataset", name="new")],
        executions=[Execution(type="Train", name="new")],
    )
    assert [a.name for a in store.artifacts(context="Project:c")] == ["new"]
    assert [e.name for e in store.executions(context="Project:c")] == ["new"]


def test_ids_of_different_kinds_do_not_mix(store: Store) -> None:
    """Artifact 1, execution 1 and context 1 are three nodes."""
    a = store.put(Artifact(type="Dataset"))
    e = store.put(Execution(type="Train"))
    c, d = store.put(context("c")), store.put(context("d"))
    store.put_in_context(c, artifacts=[a])
    store.put_in_context(d, executions=[e])
    with store.backend.read() as reader:
        assert reader.contexts_of(Kind.ARTIFACT, [a.id, e.id]) == [(a.id, c.id)]
        assert reader.contexts_of(Kind.EXECUTION, [a.id, e.id]) == [(e.id, d.id)]
        assert reader.members_of([c.id, d.id], Kind.ARTIFACT) == [(c.id, a.id)]
        assert reader.members_of([c.id, d.id], Kind.EXECUTION) == [(d.id, e.id)]


def test_refused_members_write_nothing(store: Store) -> None:
    a = store.put(Artifact(type="Dataset", name="a"))
    e = store.put(Execution(type="Train", name="e"))
    store.put(Context(type="Experiment", name="x", external_id="ext"))
    before = listing(store)
    for error, said, act in (
        (NotFound, "999", lambda: store.put_in_context(context("c"), artifacts=[a, 999])),
        (NotFound, "999", lambda: store.put_in_context(999, artifacts=[a])),
        (NotFound, "gone", lambda: store.put_in_context("Project:gone", artifacts=[a])),
        (NotFound, "Train:e", lambda: store.put_in_context(context("c"), artifacts=["Train:e"])),
        (InvalidValue, "artifact", lambda: store.put_in_context(context("c"), artifacts=[e])),
        (InvalidValue, "context", lambda: store.put_in_context(a, artifacts=[a])),
        (
            UnknownType,
            "Nope",
            lambda: store.put_in_context(Context(type="Nope", name="x"), artifacts=[a]),
        ),
        (
            InvalidValue,
            r"'ext'.*'Experiment'.*'Project'",
            lambda: store.put_in_context(
                Context(type="Project", name="y", external_id="ext"), artifacts=[a]
            ),
        ),
        (
            InvalidValue,
            r"'ext'.*'Experiment'.*'Project'",
            lambda: store.put_parent(
                context("z"), Context(type="Project", name="y", external_id="ext")
            ),
        ),
        (InvalidInput, str(2**63), lambda: store.put_in_context(2**63, artifacts=[a])),
        (InvalidValue, "None", lambda: store.put_in_context(None, artifacts=[a])),
        (InvalidValue, "1.5", lambda: store.put_in_context(context("c"), artifacts=[1.5])),
    ):
        with pytest.raises(error, match=said):
            act()
        assert listing(store) == before


def test_parents(store: Store) -> None:
    a, b, c = (store.put(context(n)) for n in "abc")
    store.put_parent(b, a)
    store.put_parent("Project:c", a.id)
    store.put_parent(c, b)
    assert store.parents_of(c.id) == [a, b]
    assert store.parents_of("Project:b") == [a]
    assert store.parents_of(a.id) == []
    assert store.children_of(a.id) == [b, c]
    assert store.children_of("Project:c") == []
    assert store.contexts(context=a.id) == [b, c]
    with store.backend.read() as reader:
        assert reader.parents_of([a.id, b.id, c.id]) == sorted(
            [(b.id, a.id), (c.id, a.id), (c.id, b.id)]
        )
        assert reader.children_of([a.id, b.id, c.id]) == sorted(
            [(b.id, a.id), (c.id, a.id), (c.id, b.id)]
        )
    before = listing(store)
    store.put_parent(c, b)
    assert listing(store) == before


def test_parents_may_be_made_on_the_way(store: Store) -> None:
    store.put_parent(context("child"), context("parent"))
    assert [c.name for c in store.parents_of("Project:child")] == ["parent"]
    with pytest.raises(ContextCycle):
        store.put_parent(context("new"), context("new"))
    assert store.contexts(name="new") == []


def test_cycles_are_refused(store: Store) -> None:
    chain = [store.put(context(f"c{i}")) for i in range(30)]
    for child, parent in zip(chain[1:], chain, strict=False):
        store.put_parent(child, parent)
    before = listing(store)
    for i in (0, 1, 15, 29):
        with pytest.raises(ContextCycle, match=f"context:{chain[i].id}"):
            store.put_parent(chain[0], chain[i])
    with pytest.raises(ContextCycle):
        store.put_parent(chain[7], chain[7])
    with pytest.raises(ContextCycle):
        store.put_parent("Project:c7", "Project:c9")
    assert listing(store) == before
    # A diamond is no circle.
    store.put_parent(chain[29], chain[0])


def test_a_cycle_in_what_is_mirrored_is_refused(store: Store) -> None:
    a, b = (store.put(context(n)) for n in "ab")
    before = listing(store)
    with pytest.raises(ContextCycle):
        store.mirror(parents=[(a.id, b.id), (b.id, a.id)])
    assert listing(store) == before


def test_parents_that_are_not_there(store: Store) -> None:
    a = store.put(context("a"))
    artifact = store.put(Artifact(type="Dataset"))
    before = listing(store)
    for parent in (999, "Project:gone", 2**63, artifact, "\ud800"):
        with pytest.raises(LineageError):
            store.put_parent(a, parent)
        with pytest.raises(LineageError):
            store.put_parent(parent, a)
    with pytest.raises(NotFound):
        store.parents_of(999)
    with pytest.raises(NotFound):
        store.children_of("gone")
    assert listing(store) == before


def test_a_context_type_with_properties(store: Store) -> None:
    store.put_type(Type(kind=Kind.CONTEXT, name="C", properties={"p": "struct"}))
    store.put_in_context(
        Context(type="C", name="x", properties={"p": [1]}),
        artifacts=[Artifact(type="Dataset")],
    )
    assert store.context("C:x").properties == {"p": [1]}
