"""Types: what they declare, how they evolve, and how names lead to them."""

from __future__ import annotations

import pytest

import lineage
from lineage import Artifact, BaseType, Execution, Kind, PropertyKind, Store, Type
from lineage.errors import (
    AlreadyExists,
    InvalidInput,
    InvalidValue,
    LineageError,
    TypeConflict,
    UnknownProperty,
    UnknownType,
)
from tests.conformance.readable import listing

ALL_KINDS = {kind.value: kind for kind in PropertyKind}


def artifact_type(name: str = "T", **fields: object) -> Type:
    return Type(kind=Kind.ARTIFACT, name=name, **fields)


def test_a_type_comes_back_as_it_was_put(store: Store) -> None:
    given = Type(
        kind=Kind.ARTIFACT,
        name="T",
        version="2.0-β",
        properties=ALL_KINDS,
        base=BaseType.MODEL,
        description="what a 'model' is 🦊",
        external_id="ext/1",
    )
    put = store.put_type(given)
    assert put.id is not None
    assert put.model_copy(update={"id": None}) == given
    assert store.get_type(Kind.ARTIFACT, "T", "2.0-β") == put
    assert store.types() == [put]
    assert store.counts().types == 1


def test_types_are_seen_by_a_store_opened_later(url: str) -> None:
    with lineage.connect(url) as first:
        put = first.put_type(artifact_type(properties={"a": "int"}))
        with lineage.connect(url) as second:
            assert second.get_type(Kind.ARTIFACT, "T") == put
            second.put_type(artifact_type(properties={"a": "int", "b": "string"}))
        # The first store remembers the type without `b`, and has to look again.
        made = first.put(Artifact(type="T", properties={"a": 1, "b": "x"}))
        assert first.artifact(made.id).properties == {"a": 1, "b": "x"}


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_has_its_own_names(store: Store, kind: Kind) -> None:
    for each in Kind:
        store.put_type(Type(kind=each, name="Same", properties={each.value: "int"}))
    assert store.get_type(kind, "Same").properties == {kind.value: PropertyKind.INT}
    assert [t.kind for t in store.types()] == list(Kind)
    assert [t.name for t in store.types(kind)] == ["Same"]


def test_putting_a_type_again_changes_nothing(store: Store) -> None:
    put = store.put_type(artifact_type(properties={"a": "int"}, base="MODEL", description="d"))
    before = listing(store)
    assert store.put_type(artifact_type(properties={"a": "int"})) == put
    assert listing(store) == before


def test_properties_may_be_added(store: Store) -> None:
    first = store.put_type(artifact_type(properties={"a": "int"}))
    second = store.put_type(artifact_type(properties={"a": "int", "b": "bytes"}))
    assert second.id == first.id
    assert second.properties == {"a": PropertyKind.INT, "b": PropertyKind.BYTES}
    assert store.get_type(Kind.ARTIFACT, "T") == second


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"properties": {"a": "double"}}, "'a'"),
        ({"properties": {"b": "int"}}, "'a'"),
        ({"properties": {}}, "'a'"),
        ({"properties": {"a": "int"}, "base": "DATASET"}, "DATASET"),
    ],
)
def test_what_a_type_had_can_not_change(store: Store, changed: dict, said: str) -> None:
    store.put_type(artifact_type(properties={"a": "int"}, base="MODEL"))
    before = listing(store)
    with pytest.raises(TypeConflict, match=said):
        store.put_type(artifact_type(**changed))
    assert listing(store) == before


def test_a_property_is_dropped_where_that_is_said(store: Store) -> None:
    store.put_type(artifact_type(properties={"a": "int", "b": "int"}))
    node = store.put(Artifact(type="T", properties={"a": 1, "b": 2}))
    assert store.put_type(artifact_type(properties={"a": "int"}), drop=["b"]).properties == {
        "a": PropertyKind.INT
    }
    with pytest.raises(UnknownProperty, match="'b'"):
        store.put(Artifact(type="T", properties={"b": 3}))
    assert store.artifact(node.id).properties["a"] == 1


def test_what_a_type_that_extends_leaves_out_stays(store: Store) -> None:
    store.put_type(artifact_type(properties={"a": "int"}, description="d"))
    extended = store.put_type(artifact_type(properties={"b": "string"}), extend=True)
    assert extended.properties == {"a": PropertyKind.INT, "b": PropertyKind.STRING}
    assert extended.description == "d"
    assert store.put_type(artifact_type(), extend=True) == extended
    with pytest.raises(TypeConflict, match="'a'"):
        store.put_type(artifact_type(properties={"a": "string"}), extend=True)
    # A step says what it knows of a type; another version of the pipeline may know more.
    for name in ("c", "a"):
        store.record(
            Execution(type="Train"),
            outputs=[Artifact(type="T", properties={name: 1})],
            types=[artifact_type(properties={name: "int"})],
        )
    assert set(store.get_type(Kind.ARTIFACT, "T").properties) == {"a", "b", "c"}


def test_a_property_that_another_store_dropped_is_not_written(url: str) -> None:
    with lineage.connect(url) as first, lineage.connect(url) as second:
        first.put_type(artifact_type(properties={"a": "int", "b": "int"}))
        second.put_type(artifact_type(properties={"a": "int"}), drop=["b"])
        with pytest.raises(UnknownProperty, match="'b'"):
            second.put(Artifact(type="T", properties={"b": 3}))


def test_versions_are_types_of_their_own(store: Store) -> None:
    plain = store.put_type(artifact_type())
    one = store.put_type(artifact_type(version="1", properties={"a": "int"}))
    two = store.put_type(artifact_type(version="2", properties={"a": "string"}))
    assert len({plain.id, one.id, two.id}) == 3
    assert store.get_type(Kind.ARTIFACT, "T") == plain
    assert store.get_type(Kind.ARTIFACT, "T", "1") == one
    with pytest.raises(UnknownType, match="'3'"):
        store.get_type(Kind.ARTIFACT, "T", "3")
    made = store.put(Artifact(type="T", type_version="2", properties={"a": "x"}))
    assert (made.type_id, made.type_version) == (two.id, "2")
    assert store.artifact(made.id) == made


def test_without_an_unversioned_type_the_newest_is_meant(store: Store) -> None:
    store.put_type(artifact_type(version="1"))
    two = store.put_type(artifact_type(version="2"))
    assert store.get_type(Kind.ARTIFACT, "T") == two
    made = store.put(Artifact(type="T", name="n"))
    assert made.type_version == "2"
    assert store.artifact(made.id) == made
    assert [a.id for a in store.artifacts(type="T")] == [made.id]
    assert store.artifacts(type="T@1") == []


def test_a_well_known_type_needs_no_declaration(store: Store) -> None:
    made = store.put(Artifact(type="Model", name="m"))
    assert store.get_type(Kind.ARTIFACT, "Model").base is BaseType.MODEL
    assert made.type_id == store.get_type(Kind.ARTIFACT, "Model").id


def test_a_refused_write_leaves_no_well_known_type(store: Store) -> None:
    with pytest.raises(UnknownProperty, match="'nope'"):
        store.put(Artifact(type="Model", properties={"nope": 1}))
    assert store.counts().types == 0
    store.put(Artifact(type="Model"))
    assert store.counts().types == 1


def test_names_that_need_quoting_or_collide(store: Store) -> None:
    names = [
        "Artifact", "Execution", "Context", "Type", "Mark", "MarkLabel", "Meta", "artifact",
        "a b", "a.b", "a`b", "a'b", 'a"b', "a\\b", "🦊", "日本", "match", "`", "``", "_", "1",
        "a;b", "$x", "{}", "Model`) DETACH DELETE n //", "x" * 1024, "\t", "\u2028",
    ]  # fmt: skip
    for name in names:
        store.put_type(artifact_type(name, properties={"p": "int"}))
        made = store.put(Artifact(type=name, name="n", properties={"p": 1}))
        assert store.artifact(made.id) == made
        assert store.artifacts(type=name) == [made]
    assert sorted(t.name for t in store.types()) == sorted(names)
    assert sorted(a.type for a in store.artifacts()) == sorted(names)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "name"),
        ({"name": "a:b"}, "a:b"),
        ({"name": "a\x00b"}, r"a\\x00b"),
        ({"name": "a\ud800"}, "name"),
        ({"name": "x" * 1025}, "1,025"),
        ({"version": ""}, "version"),
        ({"version": "\ud800"}, "version"),
        ({"external_id": "a\x00"}, "external_id"),
        ({"description": "a\x00"}, "description"),
        ({"description": "a\ud800"}, "description"),
        ({"description": "x" * 10_000_000}, "description"),
        ({"properties": {"": "int"}}, "properties"),
        ({"properties": {"a\x00": "int"}}, "properties"),
        ({"properties": {"a": "integer"}}, "integer"),
        ({"properties": {"x" * 1025: "int"}}, "properties"),
        ({"base": "TRAIN"}, "TRAIN"),
        ({"base": "NOPE"}, "NOPE"),
        ({"id": 2**63}, "id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_type_is_refused(store: Store, fields: dict, said: str) -> None:
    before = listing(store)
    with pytest.raises(InvalidInput, match=said) as caught:
        store.put_type(artifact_type(**fields))
    assert len(str(caught.value)) < 2_000
    assert listing(store) == before


def test_a_bad_kind_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValue, match="thing"):
        store.put_type(Type(kind="thing", name="T"))


def test_an_id_that_another_type_has_is_refused(store: Store) -> None:
    first = store.put_type(artifact_type("First"))
    store.put(Artifact(type="First", name="n"))
    before = listing(store)
    with pytest.raises(AlreadyExists, match="First"):
        store.put_type(artifact_type("Second", id=first.id))
    assert listing(store) == before


def test_an_external_id_that_another_type_has_is_refused(store: Store) -> None:
    mine = Type(kind=Kind.ARTIFACT, name="Mine", external_id="ext/1")
    store.put_type(mine)
    other = Type(kind=Kind.EXECUTION, name="Other")
    for given in (other, other.model_copy(update={"kind": Kind.ARTIFACT, "version": "2"})):
        store.put_type(given)
        with pytest.raises(AlreadyExists, match=r"'ext/1' belongs to the artifact type 'Mine'"):
            store.put_type(given.model_copy(update={"external_id": "ext/1"}))
        assert store.get_type(given.kind, "Other", given.version).external_id is None
    assert store.put_type(mine).external_id == "ext/1"


def test_an_unknown_type_is_refused_with_those_there_are(store: Store) -> None:
    store.put_type(artifact_type("Alpha"))
    before = listing(store)
    with pytest.raises(UnknownType, match=r"'Beta'.*'Alpha'"):
        store.put(Artifact(type="Beta"))
    with pytest.raises(UnknownType, match="'Beta'"):
        store.get_type(Kind.ARTIFACT, "Beta")
    with pytest.raises(LineageError, match="'Beta'"):
        store.artifacts(type="Beta")
    assert listing(store) == before


def test_a_type_may_declare_hundreds_of_properties(store: Store) -> None:
    declared = {f"p{i}": "int" for i in range(300)}
    store.put_type(artifact_type(properties=declared))
    made = store.put(Artifact(type="T", properties=dict.fromkeys(declared, 7)))
    assert store.artifact(made.id) == made
