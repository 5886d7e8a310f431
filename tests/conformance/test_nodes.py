"""Nodes: put, get, find, update; names, external ids and uris."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

import lineage
from lineage import (
    Artifact,
    ArtifactState,
    Context,
    Execution,
    ExecutionState,
    Kind,
    Store,
    Type,
)
from lineage.errors import (
    AlreadyExists,
    Ambiguous,
    Conflict,
    InvalidInput,
    InvalidValue,
    LineageError,
    NotFound,
    UnknownProperty,
    UnknownType,
)
from tests.conformance.readable import listing

CLASSES: dict[Kind, Any] = {
    Kind.ARTIFACT: Artifact,
    Kind.EXECUTION: Execution,
    Kind.CONTEXT: Context,
}
each_kind = pytest.mark.parametrize("kind", list(Kind))


def node(kind: Kind, name: str = "n", **fields: Any) -> Any:
    return CLASSES[kind](type="T", name=name, **fields)


@pytest.fixture(autouse=True)
def _types(request: pytest.FixtureRequest) -> None:
    if "store" in request.fixturenames:
        store: Store = request.getfixturevalue("store")
        for kind in Kind:
            store.put_type(Type(kind=kind, name="T", properties={"a": "int", "s": "struct"}))


@each_kind
def test_what_is_put_comes_back(store: Store, kind: Kind) -> None:
    given = node(kind, external_id="e", properties={"a": 1}, custom_properties={"b": [1, None]})
    put = store.put(given)
    assert put.id is not None
    assert put.created_ms == put.updated_ms
    assert put.created_ms is not None
    by_store = ["id", "type_id", "created_ms", "updated_ms", "version"]
    if kind is Kind.CONTEXT:
        by_store.remove("version")
    else:
        assert put.version == 1
    assert put.model_copy(update=dict.fromkeys(by_store)) == given
    assert store.find(kind) == [put]
    assert store.get(f"{kind}:{put.id}") == put
    assert type(store.find(kind)[0]) is CLASSES[kind]


def test_each_state(store: Store) -> None:
    for state in ArtifactState:
        made = store.put(Artifact(type="T", state=state))
        assert store.artifact(made.id).state is state
        assert [a.id for a in store.artifacts(state=state)] == [made.id]
        assert [a.id for a in store.artifacts(state=state.value)] == [made.id]
    for state in ExecutionState:
        run = store.put(Execution(type="T", state=state))
        assert store.execution(run.id).state is state
        assert [e.id for e in store.executions(state=state)] == [run.id]


def test_nameless_nodes_are_each_their_own(store: Store) -> None:
    first, second = store.put(Artifact(type="T")), store.put(Artifact(type="T"))
    third = store.put(Artifact(type="T"), reuse=True)
    assert len({first.id, second.id, third.id}) == 3
    assert store.counts().artifacts == 3


@each_kind
def test_a_name_is_taken_within_its_type_and_kind_only(store: Store, kind: Kind) -> None:
    store.put_type(Type(kind=kind, name="U"))
    store.put_type(Type(kind=kind, name="T", version="2"))
    store.put(node(kind))
    store.put(CLASSES[kind](type="U", name="n"))
    store.put(CLASSES[kind](type="T", type_version="2", name="n"))
    for other in Kind:
        if other is not kind:
            store.put(node(other))
    before = listing(store)
    with pytest.raises(AlreadyExists, match=r"name.*'n'"):
        store.put(node(kind))
    with pytest.raises(AlreadyExists, match=r"name.*'n'"):
        store.put_all([node(kind, "new"), node(kind, "n")])
    with pytest.raises(AlreadyExists, match=r"name.*'new'"):
        store.put_all([node(kind, "new"), node(kind, "new")])
    assert listing(store) == before


@pytest.mark.parametrize("taken", ["name", "external_id"])
def test_a_taken_key_among_many_is_named_and_nothing_is_written(store: Store, taken: str) -> None:
    many = [Artifact(type="T", name=f"n{i}", external_id=f"x{i}") for i in range(250)]
    # Not the first of what is written together, and not of the last either.
    many[137] = many[137].model_copy(update={taken: getattr(many[20], taken)})
    with pytest.raises(AlreadyExists, match=f"{taken}.*'{getattr(many[20], taken)}'"):
        store.put_all(many)
    assert store.counts().artifacts == 0


@each_kind
def test_an_external_id_is_taken_within_its_kind(store: Store, kind: Kind) -> None:
    store.put_type(Type(kind=kind, name="U"))
    store.put(node(kind, external_id="e"))
    for other in Kind:
        if other is not kind:
            store.put(node(other, external_id="e"))
    before = listing(store)
    with pytest.raises(AlreadyExists, match=r"external_id.*'e'"):
        store.put(CLASSES[kind](type="U", name="m", external_id="e"))
    with pytest.raises(AlreadyExists, match=r"external_id.*'f'"):
        store.put_all([node(kind, "x", external_id="f"), node(kind, "y", external_id="f")])
    assert listing(store) == before


@each_kind
def test_names_that_differ_a_little_are_different(store: Store, kind: Kind) -> None:
    names = [
        "x", "X", " x", "x ", "x\n", "é", "e\u0301", "ﬁ", "fi", "ß", "ss", "1", "01", "🦊", "\\x",
        "x'", 'x"', "x`", "x.y", "x:y", "%", "_", "x%", "*", "null", "NaN", "\u200b", "y" * 1024,
        "ÿ" * 512,
    ]  # fmt: skip
    made = store.put_all([node(kind, name, external_id=f"e{name}"[:500]) for name in names])
    for name, put in zip(names, made, strict=True):
        assert store.find(kind, name=name) == [put]
        assert store.find(kind, external_id=put.external_id) == [put]
        assert store.get(f"T:{name}", kind=kind) == put


def test_a_uri_may_be_shared(store: Store) -> None:
    uri = "s3://bucket/ключ?x=1#%20"
    first = store.put(Artifact(type="T", name="a", uri=uri))
    assert store.get(uri) == first
    assert store.artifact(uri) == first
    second = store.put(Artifact(type="T", name="b", uri=uri))
    assert store.artifacts(uri=uri) == [first, second]
    with pytest.raises(Ambiguous, match=f"artifact:{first.id}, artifact:{second.id}"):
        store.get(uri)


def test_references(store: Store) -> None:
    put = store.put(Artifact(type="T", name="n", external_id="ext", uri="file:///x"))
    for reference in (f"artifact:{put.id}", "T:n", "ext", "file:///x", put.id):
        assert store.artifact(reference) == put
    for reference in ("artifact:0", "T:m", "exT", "file:///X", "", ":", "T:", "artifact:", 0, -1):
        with pytest.raises(NotFound, match=r"nothing is named|no artifact"):
            store.artifact(reference)


@pytest.mark.parametrize(
    ("reference", "meant"),
    [
        ("Modle:churn", "Model:churn"),
        ("model:churn", "Model:churn"),
        ("Modle@2:churn", "Model@2:churn"),
        ("Trainer:t", "tfx.components.Trainer:t"),
        ("artefact:1", "artifact:1"),
        ("Model:nope", None),
        ("Zebra:churn", None),
        ("modle://churn", None),
        ("Modle", None),
        ("Modle" * 1_000_000 + ":churn", None),
    ],
)
def test_a_mistyped_type_in_a_reference(store: Store, reference: str, meant: str | None) -> None:
    store.put_type(Type(kind=Kind.EXECUTION, name="tfx.components.Trainer"))
    store.put(Artifact(type="Model", name="churn"))
    with pytest.raises(NotFound) as caught:
        store.get(reference)
    assert (f"did you mean '{meant}'?" if meant else "nothing is named") in str(caught.value)
    assert ("did you mean" in str(caught.value)) is (meant is not None)
    if meant == "Model:churn":
        with pytest.raises(NotFound, match="did you mean 'Model:churn'"):
            store.downstream(reference)


def test_a_mistyped_type_is_told_from_one_that_nobody_knows(store: Store) -> None:
    store.put(Artifact(type="Model", name="churn"))
    with pytest.raises(UnknownType, match="no artifact type 'Modle'; did you mean 'Model'"):
        store.artifacts(type="Modle")
    with pytest.raises(UnknownType, match=r"no artifact type 'Zebra' \(there are"):
        store.artifacts(type="Zebra")


@pytest.mark.parametrize(
    "reference", ["artifact:" + "9" * 30, "artifact:" + "9" * 5_000, "artifact:²", "x" * 10_000_000]
)
def test_references_that_can_not_be_anything(store: Store, reference: str) -> None:
    with pytest.raises(NotFound) as caught:
        store.get(reference)
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("id", [2**63, -(2**63) - 1, 10**30])
@each_kind
def test_ids_beyond_64_bits(store: Store, kind: Kind, id: int) -> None:
    with pytest.raises(LineageError, match=str(id)):
        getattr(store, kind.value)(id)
    with pytest.raises(LineageError, match=str(id)):
        store.update(node(kind, id=id))


@pytest.mark.parametrize("reference", ["a\x00b", "a\ud800b", "T:\ud800", "T:\x00"])
def test_references_that_are_not_text(store: Store, reference: str) -> None:
    with pytest.raises(LineageError):
        store.get(reference)


def test_a_reference_that_fits_several_kinds_is_ambiguous(store: Store) -> None:
    store.put(Artifact(type="T", name="n", external_id="e"))
    run = store.put(Execution(type="T", name="n", external_id="e"))
    for reference in ("T:n", "e"):
        with pytest.raises(Ambiguous, match=f"execution:{run.id}"):
            store.get(reference)
        assert store.get(reference, kind=Kind.EXECUTION) == run
        assert store.execution(reference) == run


def test_a_reference_without_a_version_finds_any(store: Store) -> None:
    for version in ("1", "2"):
        store.put_type(Type(kind=Kind.ARTIFACT, name="V", version=version))
        store.put(Artifact(type="V", type_version=version, name=f"n{version}"))
        store.put(Artifact(type="V", type_version=version, name="both"))
    for version in ("1", "2"):
        found = store.artifact(f"V:n{version}")
        assert found.type_version == version
        assert store.artifact(f"V@{version}:n{version}") == found
        run = store.record(Execution(type="T"), inputs=[f"V:n{version}"])
        assert run.inputs == {(0,): found.id}
    with pytest.raises(Ambiguous, match="both"):
        store.artifact("V:both")
    with pytest.raises(Ambiguous, match="both"):
        store.record(Execution(type="T"), inputs=["V:both"])
    assert store.artifact("V@1:both").type_version == "1"
    with pytest.raises(NotFound):
        store.artifact("V@1:n2")


# Re-use


@each_kind
def test_reuse_by_name_sets_what_is_given(store: Store, kind: Kind) -> None:
    first = store.put(node(kind, properties={"a": 1}, custom_properties={"x": 1, "y": 1}))
    again = store.put(
        node(kind, properties={"s": {"b": 2}}, custom_properties={"y": 2.0}), reuse=True
    )
    assert again.id == first.id
    assert again.properties == {"a": 1, "s": {"b": 2}}
    assert again.custom_properties == {"x": 1, "y": 2.0}
    assert again.created_ms == first.created_ms
    assert again.updated_ms > first.updated_ms
    assert store.find(kind) == [again]


@each_kind
def test_reuse_that_changes_nothing_does_not_touch(store: Store, kind: Kind) -> None:
    first = store.put(node(kind, external_id="e", properties={"a": 1}))
    assert store.put(node(kind), reuse=True) == first
    assert store.put(node(kind, properties={"a": 1}), reuse=True) == first
    assert store.put(node(kind, external_id="e", properties={"a": 1}), reuse=True) == first
    assert store.find(kind) == [first]


@each_kind
def test_reuse_by_external_id_may_rename(store: Store, kind: Kind) -> None:
    first = store.put(node(kind, external_id="e"))
    again = store.put(node(kind, "other", external_id="e"), reuse=True)
    assert (again.id, again.name) == (first.id, "other")
    store.put(node(kind, "third"))
    before = listing(store)
    with pytest.raises(AlreadyExists, match="third"):
        store.put(node(kind, "third", external_id="e"), reuse=True)
    assert listing(store) == before


@each_kind
def test_reuse_by_external_id_of_another_type_is_refused(store: Store, kind: Kind) -> None:
    store.put_type(Type(kind=kind, name="U"))
    store.put(node(kind, external_id="e"))
    before = listing(store)
    with pytest.raises(InvalidValue, match=r"external_id 'e'.*'T'.*'U'"):
        store.put(CLASSES[kind](type="U", name="u", external_id="e"), reuse=True)
    assert listing(store) == before


def test_reuse_keeps_what_was_not_given(store: Store) -> None:
    first = store.put(Artifact(type="T", name="n", uri="u", state="LIVE", external_id="e"))
    assert store.put(Artifact(type="T", name="n"), reuse=True) == first
    changed = store.put(Artifact(type="T", name="n", state="DELETED"), reuse=True)
    assert (changed.state, changed.uri) == (ArtifactState.DELETED, "u")
    explicit = store.put(Artifact(type="T", name="n", state="UNKNOWN"), reuse=True)
    assert explicit.state is ArtifactState.UNKNOWN


def test_the_same_name_twice_in_one_reusing_call_is_one_node(store: Store) -> None:
    made = store.put_all(
        [
            Artifact(type="T", name="n", custom_properties={"x": 1}),
            Artifact(type="T", name="n", custom_properties={"y": 2}),
        ],
        reuse=True,
    )
    assert made[0] == made[1]
    assert made[0].custom_properties == {"x": 1, "y": 2}
    assert store.counts().artifacts == 1


# Update


@each_kind
def test_update_replaces(store: Store, kind: Kind) -> None:
    read = store.put(node(kind, external_id="e", properties={"a": 1}, custom_properties={"x": 1}))
    changed = read.model_copy(
        update={
            "name": "new",
            "external_id": None,
            "properties": {"s": [1]},
            "custom_properties": {},
        }
    )
    stored = store.update(changed)
    assert stored.updated_ms > read.updated_ms
    assert stored == changed.model_copy(update={"updated_ms": stored.updated_ms})
    assert store.find(kind) == [stored]
    assert store.find(kind, external_id="e") == []
    assert store.find(kind, name="n") == []
    # What it gave up is free again.
    assert store.put(node(kind, external_id="e")).id != read.id


def test_update_of_uri_and_state(store: Store) -> None:
    read = store.put(Artifact(type="T", uri="u", state="LIVE"))
    stored = store.update(read.model_copy(update={"uri": None, "state": ArtifactState.DELETED}))
    assert (stored.uri, stored.state) == (None, ArtifactState.DELETED)
    assert store.artifacts(uri="u") == []
    assert store.artifact(read.id) == stored


@each_kind
def test_update_that_changes_nothing_does_not_touch(store: Store, kind: Kind) -> None:
    read = store.put(node(kind, properties={"a": 1}, custom_properties={"n": float("nan")}))
    before = listing(store)
    assert store.update(read).updated_ms == read.updated_ms
    assert listing(store) == before


@each_kind
def test_update_of_what_changed_meanwhile_is_a_conflict(store: Store, kind: Kind) -> None:
    read = store.put(node(kind, properties={"a": 1}))
    theirs = store.update(read.model_copy(update={"properties": {"a": 2}}))
    before = listing(store)
    with pytest.raises(Conflict, match=f"{kind}:{read.id}"):
        store.update(read.model_copy(update={"properties": {"a": 3}}))
    assert listing(store) == before
    store.update(theirs.model_copy(update={"properties": {"a": 3}}))


def test_two_changes_in_one_millisecond_still_conflict(url: str) -> None:
    with lineage.connect(url) as opened:
        store = Store(opened.backend, clock=lambda: 1_000)
        store.put_type(Type(kind=Kind.ARTIFACT, name="T", properties={"a": "int"}))
        read = store.put(Artifact(type="T", properties={"a": 1}))
        theirs = store.update(read.model_copy(update={"properties": {"a": 2}}))
        assert theirs.updated_ms > read.updated_ms == 1_000
        with pytest.raises(Conflict):
            store.update(read.model_copy(update={"properties": {"a": 3}}))


def test_a_clock_that_goes_back_still_moves_the_updated_time_on(url: str) -> None:
    times = iter([5_000, 5_000, 3_000])
    with lineage.connect(url) as opened:
        store = Store(opened.backend, clock=lambda: next(times, 0))
        store.put_type(Type(kind=Kind.ARTIFACT, name="T", properties={"a": "int"}))
        read = store.put(Artifact(type="T", properties={"a": 1}))
        later = store.update(read.model_copy(update={"properties": {"a": 2}}))
        assert later.updated_ms > read.updated_ms


@each_kind
def test_update_of_nothing(store: Store, kind: Kind) -> None:
    before = listing(store)
    with pytest.raises(NotFound, match="12345"):
        store.update(node(kind, id=12_345))
    with pytest.raises(InvalidValue, match="no id"):
        store.update(node(kind))
    assert listing(store) == before


@each_kind
def test_update_can_not_change_the_type(store: Store, kind: Kind) -> None:
    store.put_type(Type(kind=kind, name="U"))
    read = store.put(node(kind))
    before = listing(store)
    with pytest.raises(InvalidValue, match=r"'T'.*'U'"):
        store.update(read.model_copy(update={"type": "U", "type_id": None}))
    assert listing(store) == before


@each_kind
def test_update_to_a_taken_name_or_external_id(store: Store, kind: Kind) -> None:
    store.put(node(kind, "other", external_id="other-e"))
    read = store.put(node(kind))
    before = listing(store)
    with pytest.raises(AlreadyExists, match="'other'"):
        store.update(read.model_copy(update={"name": "other"}))
    with pytest.raises(AlreadyExists, match="'other-e'"):
        store.update(read.model_copy(update={"external_id": "other-e"}))
    assert listing(store) == before


def test_a_context_keeps_a_name(store: Store) -> None:
    read = store.put(Context(type="T", name="n"))
    before = listing(store)
    with pytest.raises(InvalidValue, match="name"):
        store.update(read.model_copy(update={"name": None}))
    with pytest.raises(InvalidValue, match="name"):
        Context(type="T")
    assert listing(store) == before


def test_put_refuses_what_has_an_id(store: Store) -> None:
    read = store.put(Artifact(type="T"))
    with pytest.raises(InvalidValue, match=r"update\(\)"):
        store.put(read)


# What is handed over or out is a copy


def test_changing_what_was_given_or_got_does_not_change_the_store(store: Store) -> None:
    struct = {"list": [1]}
    given = Artifact(type="T", properties={"s": struct}, custom_properties={"c": struct})
    put = store.put(given)
    struct["list"].append(2)
    put.properties["s"]["list"].append(3)
    put.custom_properties["c"]["list"].append(3)
    got = store.artifact(put.id)
    assert got.properties == {"s": {"list": [1]}}
    assert got.custom_properties == {"c": {"list": [1]}}
    got.properties["s"]["list"].append(4)
    got.properties["new"] = 1
    assert store.artifact(put.id).properties == {"s": {"list": [1]}}
    mine = {"list": [9]}
    changed = store.update(put.model_copy(update={"properties": {"s": mine}}))
    changed.properties["s"]["list"].append(5)
    mine["list"].append(6)
    assert store.artifact(put.id).properties == {"s": {"list": [9]}}


# Bad input


class Text(str, Enum):  # noqa: UP042 - its str() is not its text, which is the point
    """A text that str() would show otherwise."""

    A = "text"


def test_enums_count_by_their_text(store: Store) -> None:
    made = store.put(Artifact(type="T", custom_properties={"x": Text.A, "l": [Text.A]}))
    stored = store.artifact(made.id)
    assert stored.custom_properties == {"x": "text", "l": ["text"]}
    assert type(stored.custom_properties["x"]) is str
    renamed = store.update(stored.model_copy(update={"name": Text.A}))
    assert renamed.name == "text"
    assert store.artifact("T:text") == renamed


BAD = [
    ({"name": ""}, "name"),
    ({"name": "a\x00"}, r"name.*a\\x00"),
    ({"name": "\udc00"}, r"name.*\\udc00"),
    ({"name": "x" * 1025}, "name.*1,025"),
    ({"name": "é" * 513}, "name.*1,026"),
    ({"name": 5}, "name.*5"),
    ({"external_id": ""}, "external_id"),
    ({"external_id": "a\x00"}, r"external_id.*a\\x00"),
    ({"external_id": "\ud83e"}, r"external_id.*\\ud83e"),
    ({"external_id": "x" * 1025}, "external_id.*1,025"),
    ({"custom_properties": {"": 1}}, "custom_properties"),
    ({"custom_properties": {"a\x00": 1}}, r"custom_properties.*a\\x00"),
    ({"custom_properties": {"\ud800": 1}}, r"custom_properties.*"),
    ({"custom_properties": {"x" * 1025: 1}}, "custom_properties.*1,025"),
    ({"custom_properties": {5: 1}}, "custom_properties.*5"),
    ({"custom_properties": {"q": {1, 2}}}, "'q'.*{1, 2}"),
    ({"custom_properties": {"q": object}}, "'q'.*object"),
    ({"custom_properties": {"q": 1j}}, "'q'.*1j"),
    ({"custom_properties": {"q": 2**63}}, f"'q'.*{2**63}"),
    ({"custom_properties": {"q": -(2**63) - 1}}, "'q'.*"),
    ({"custom_properties": {"q": "a\x00"}}, r"'q'.*a\\x00"),
    ({"custom_properties": {"q": "\ud800"}}, r"'q'.*\\ud800"),
    ({"custom_properties": {"q": "x" * 10_000_000}}, "'q'.*10,000,000"),
    ({"custom_properties": {"q": b"x" * 10_000_000}}, "'q'.*10,000,000"),
    ({"custom_properties": {"q": ["x" * 10_000_000]}}, "'q'.*10,000,000"),
    ({"custom_properties": {"q": ["x" * 100_000] * 100}}, "'q'.*1,048,576"),
    ({"custom_properties": {"q": [0] * 3_000_000}}, "'q'.*1,048,576"),
    ({"custom_properties": {"q": {"k": 2**63}}}, "'q'.*'k'.*"),
    ({"custom_properties": {"q": {"k": "\ud800"}}}, "'q'.*'k'.*ud800"),
    ({"custom_properties": {"q": {"\ud800": 1}}}, "'q'.*"),
    ({"custom_properties": {"q": {"a\x00": 1}}}, "'q'.*"),
    ({"custom_properties": {"q": {1: 1}}}, "'q'.*1"),
    ({"custom_properties": {"q": [float("nan")]}}, "'q'.*nan"),
    ({"custom_properties": {"q": {"k": float("inf")}}}, "'q'.*inf"),
    ({"custom_properties": {"q": [b"x"]}}, "'q'.*"),
    ({"custom_properties": {"q": [(1, {2})]}}, "'q'.*"),
    ({"properties": {"nope": 1}}, "'nope'"),
    ({"properties": {"a": "1"}}, "'a'.*int.*'1'"),
    ({"properties": {"a": 1.0}}, "'a'.*int.*1.0"),
    ({"properties": {"a": True}}, "'a'.*int.*True"),
    ({"properties": {"a": 2**63}}, f"'a'.*{2**63}"),
    ({"properties": {"s": "text"}}, "'s'.*struct.*text"),
    ({"type": "Nope"}, "'Nope'"),
    ({"type": ""}, "type"),
    ({"type_version": "7"}, "'7'"),
    ({"state": "DONE"}, "state.*DONE"),
    ({"colour": "red"}, "colour"),
]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(("fields", "said"), BAD)
def test_bad_input_is_refused(store: Store, fields: dict[str, Any], said: str) -> None:
    good = Artifact(type="T", name="good")
    before = listing(store)

    def made() -> Artifact:
        return Artifact(**{"type": "T", **fields})

    for write in (
        lambda: store.put(made()),
        lambda: store.put_all([good, made()]),
        lambda: store.put_all([good, made()], reuse=True),
        lambda: store.record(Execution(type="T"), inputs=[good], outputs=[made()]),
        lambda: store.put_in_context(Context(type="T", name="c"), artifacts=[made()]),
    ):
        with pytest.raises((InvalidInput, UnknownProperty), match=said) as caught:
            write()
        assert len(str(caught.value)) < 2_000
    assert listing(store) == before


@pytest.mark.parametrize(("fields", "said"), [b for b in BAD if "colour" not in b[0]])
def test_bad_input_in_a_copy_is_refused(store: Store, fields: dict[str, Any], said: str) -> None:
    """`model_copy` validates nothing, so the store must."""
    stored = store.put(Artifact(type="T", name="stored"))
    before = listing(store)
    with pytest.raises(InvalidInput):
        store.put(Artifact(type="T").model_copy(update=fields))
    with pytest.raises(InvalidInput):
        store.update(stored.model_copy(update=fields))
    assert listing(store) == before


@pytest.mark.parametrize("uri", ["", "a\x00", "\ud800", "x" * 4_097, "x" * 10_000_000, 5])
def test_a_bad_uri_is_refused(store: Store, uri: Any) -> None:
    with pytest.raises(InvalidValue, match="uri"):
        store.put(Artifact(type="T", uri=uri))
    assert store.counts().artifacts == 0


def test_how_deep_a_struct_may_be(store: Store) -> None:
    made = store.put(Artifact(type="T", custom_properties={"q": deep(60)}))
    assert store.artifact(made.id).custom_properties == {"q": deep(60)}
    with pytest.raises(InvalidValue, match=r"'q'.*deep"):
        store.put(Artifact(type="T", custom_properties={"q": deep(100)}))
    with pytest.raises(InvalidValue, match=r"'q'.*deep"):
        store.put(Artifact(type="T", custom_properties={"q": deep(100_000)}))
    circular: list[Any] = []
    circular.append(circular)
    with pytest.raises(InvalidValue, match=r"'q'.*deep"):
        store.put(Artifact(type="T", custom_properties={"q": circular}))


def test_the_error_names_the_node(store: Store) -> None:
    with pytest.raises(UnknownProperty, match="T:churn"):
        store.put_all([Artifact(type="T"), Artifact(type="T", name="churn", properties={"z": 1})])


def test_who_names_a_node_of_another_kind_is_told(store: Store) -> None:
    store.record(Execution(type="Train", name="t"), contexts=[Context(type="Project", name="p")])
    for ask, named, said in (
        (store.artifact, "Train:t", "is an execution; an artifact is asked for"),
        (store.hyperparameters, "Train:t", "is an execution; an artifact is asked for"),
        (store.execution, "Project:p", "is a context; an execution is asked for"),
        (lambda ref: store.artifacts(context=ref), "Train:t", "is an execution; a context is"),
    ):
        with pytest.raises(NotFound, match=said):
            ask(named)


def test_what_is_as_if_left_out_is_not_shown(store: Store) -> None:
    stored = store.put(Artifact(type="Model", name="m", custom_properties={"lr": 0.5}))
    given = "type='Model', name='m', custom_properties={'lr': 0.5}"
    assert repr(stored) == (
        f"Artifact({given}, id={stored.id}, type_id={stored.type_id}, "
        f"created_ms={stored.created_ms}, updated_ms={stored.updated_ms})"
    )
    live = Artifact(type="Model", state=ArtifactState.LIVE)
    assert repr(live) == "Artifact(type='Model', state=<ArtifactState.LIVE: 'LIVE'>)"


def test_what_is_mirrored_over_is_of_its_new_type_alone(store: Store) -> None:
    for type in ("Dataset", "Model"):
        store.mirror(nodes=[Artifact(type=type, id=7, name="a")])
    for label, count in (("Dataset", 0), ("Model", 1), ("Artifact", 1)):
        assert store.query(f"MATCH (n:{label}) RETURN count(n)").rows == [(count,)]
