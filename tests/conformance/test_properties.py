"""Properties: every kind of value, under every name, comes back exactly."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy
import pytest

import lineage
from lineage import Artifact, Context, Execution, Kind, PropertyKind, Store, Type
from lineage.model import kind_of
from tests.conformance.readable import exact, node_form

VALUES: dict[str, list[Any]] = {
    "int": [0, 1, -1, 2**31, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)],
    "double": [
        0.0, -0.0, 1.0, 0.1, -1.5, 1e308, 5e-324, sys.float_info.max, sys.float_info.min,
        float(2**63), 1e16, 123456789.123456789, math.pi, float("nan"), float("inf"),
        float("-inf"),
    ],
    "string": [
        "", " ", "a", "null", "NaN", "1", "true", "{}", '{"$struct":1}', "$bytes", "🦊", "日本",
        "e\u0301", "é", "a\nb\r\n\t", "'", '"', "`", "\\", "\\u0000", "\x01", "\x7f", "\u200b",
        "\ufeff", "\uffff", "\u2028", "x" * 100_000, "ж" * 50_000, "; DROP TABLE artifact --",
    ],
    "bool": [True, False],
    "struct": [
        {}, [], [[]], {"": ""}, {"a": None}, [None], [0, -0.0, 1.0, 1, True, "1", None],
        {"$struct": 1}, {"$bytes": "AA=="}, {"$double": "nan"}, {"$struct": {"$struct": []}},
        {"deep": [{"er": [{"and": {"deeper": []}}]}]}, {"b": 1, "a": 2}, {"1": 1},
        [2**63 - 1, -(2**63), 1e308, 5e-324, 2**53 + 1], {"🦊": "🦊", "a.b": 1, "`": 1, "'": '"'},
        [""] * 1_000, {"x": "y" * 100_000}, {str(i): i for i in range(1_000)},
    ],
    "bytes": [b"", b"\x00", b"a", bytes(range(256)), b"\xff" * 100_000, b'{"$bytes":1}'],
}  # fmt: skip

NAMES = [
    "id", "type", "type_id", "type_version", "name", "uri", "external_id", "state", "created",
    "updated", "created_ms", "updated_ms", "properties", "custom_properties", "kind", "label",
    "_custom", "_struct", "_id", "__", "_", "property_x", "custom_x", "property_", "custom_", "x",
    "property_custom_x", "custom_property_x", "_x", "x_", "x_5f_", "_5f_", "1", "1x", "a.b", "a b",
    "a`b", "``", "`", "a'b", 'a"b', "a\\b", "a$b", "$a", "{a}", "a-b", "a:b", "a/b", "é", "🦊",
    "日本", "X", "null", "true", "MATCH", "\t", "\n", "\u2028", "x" * 1024, "ж" * 512, "$struct",
]  # fmt: skip

each_value = [(kind, value) for kind, values in VALUES.items() for value in values]


def nodes_of_each_kind(**fields: Any) -> list[Any]:
    return [c(type="T", name="n", **fields) for c in (Artifact, Execution, Context)]


def test_every_value_declared_and_custom(store: Store) -> None:
    declared = {f"{kind}{i}": kind for kind in VALUES for i in range(len(VALUES[kind]))}
    given = {f"{kind}{i}": v for kind, values in VALUES.items() for i, v in enumerate(values)}
    for kind in Kind:
        store.put_type(Type(kind=kind, name="T", properties=declared))
    for node in nodes_of_each_kind(properties=given, custom_properties=given):
        put = store.put(node)
        got = store.get(f"{node.kind}:{put.id}")
        assert exact(dict(got.properties)) == exact(given)
        assert exact(dict(got.custom_properties)) == exact(given)
        assert node_form(put) == node_form(got)
        again = store.update(got)
        assert node_form(again) == node_form(got)
        assert {n: kind_of(v) for n, v in got.properties.items()} == declared


@pytest.mark.parametrize("kind", list(VALUES))
def test_every_value_by_update_and_by_reuse(store: Store, kind: str) -> None:
    store.put_type(Type(kind=Kind.ARTIFACT, name="T", properties={"p": kind}))
    node = store.put(Artifact(type="T", name="n"))
    for value in VALUES[kind]:
        fields = {"properties": {"p": value}, "custom_properties": {"p": value}}
        changed = store.update(node.model_copy(update=fields))
        assert exact(dict(changed.properties)) == exact({"p": value})
        assert exact(dict(changed.custom_properties)) == exact({"p": value})
        node = store.update(changed.model_copy(update={"properties": {}, "custom_properties": {}}))
        assert (node.properties, node.custom_properties) == ({}, {})
        merged = store.put(Artifact(type="T", name="n", **fields), reuse=True)
        assert exact(dict(merged.properties)) == exact({"p": value})
        assert exact(dict(merged.custom_properties)) == exact({"p": value})
        node = store.artifact(node.id)
        assert node_form(node) == node_form(merged)


def test_a_change_of_kind_alone_is_a_change(store: Store) -> None:
    store.put_type(Type(kind=Kind.ARTIFACT, name="T"))
    node = store.put(Artifact(type="T", custom_properties={"p": 1}))
    for value in (1.0, True, "1", "true", [1], {"1": 1}, b"1", -0.0, 0.0, 0, False, float("nan")):
        changed = store.update(node.model_copy(update={"custom_properties": {"p": value}}))
        assert changed.updated_ms > node.updated_ms
        node = store.artifact(node.id)
        assert exact(dict(node.custom_properties)) == exact({"p": value})


def test_every_name_declared_and_custom(store: Store) -> None:
    for kind in Kind:
        store.put_type(Type(kind=kind, name="T", properties=dict.fromkeys(NAMES, "int")))
    declared = {name: i for i, name in enumerate(NAMES)}
    custom = {name: str(i) for i, name in enumerate(NAMES)}
    for node in nodes_of_each_kind(properties=declared, custom_properties=custom):
        put = store.put(node)
        got = store.get(f"{node.kind}:{put.id}")
        assert got.properties == declared
        assert got.custom_properties == custom
        assert (got.name, got.type, got.id, got.external_id) == ("n", "T", put.id, None)
        assert node_form(store.update(got)) == node_form(got)


@pytest.mark.parametrize("declared", [True, False])
def test_each_name_alone(store: Store, declared: bool) -> None:
    """With no other property about that could help or hide."""
    store.put_type(
        Type(
            kind=Kind.ARTIFACT,
            name="T",
            properties=dict.fromkeys(NAMES if declared else (), "struct"),
        )
    )
    field = "properties" if declared else "custom_properties"
    made = store.put_all([Artifact(type="T", **{field: {name: [name]}}) for name in NAMES])
    for name, put, got in zip(NAMES, made, store.artifacts(), strict=True):
        assert getattr(got, field) == {name: [name]}
        assert node_form(got) == node_form(put)


def test_a_type_that_comes_to_declare_what_nodes_have_as_custom(store: Store) -> None:
    for kind in Kind:
        store.put_type(Type(kind=kind, name="T"))
    custom = {name: f"custom {i}" for i, name in enumerate(NAMES)}
    custom["structured"] = ["custom"]  # type: ignore[assignment]
    before = [store.put(node) for node in nodes_of_each_kind(custom_properties=custom)]
    others = store.put(Artifact(type="Dataset", name="n", custom_properties=custom))
    declared = dict.fromkeys([*NAMES, "structured"], "int")
    for kind in Kind:
        store.put_type(Type(kind=kind, name="T", properties=declared))
    for node in before:
        got = store.get(f"{node.kind}:{node.id}")
        assert node_form(got) == node_form(node)
        both = store.update(got.model_copy(update={"properties": dict.fromkeys(declared, 7)}))
        assert both.properties == dict.fromkeys(declared, 7)
        assert both.custom_properties == custom
        assert node_form(store.get(f"{node.kind}:{node.id}")) == node_form(both)
    assert node_form(store.artifact(others.id)) == node_form(others)


def test_a_type_with_versions_declares_for_its_own_nodes_only(store: Store) -> None:
    for version in ("1", "2"):
        store.put_type(Type(kind=Kind.ARTIFACT, name="T", version=version))
    nodes = [
        store.put(
            Artifact(type="T", type_version=v, name="n", custom_properties={"p": v, "q": [v]})
        )
        for v in ("1", "2")
    ]
    store.put_type(
        Type(kind=Kind.ARTIFACT, name="T", version="2", properties={"p": "int", "q": "struct"})
    )
    assert [node_form(n) for n in store.artifacts()] == [node_form(n) for n in nodes]


def test_a_store_that_does_not_know_of_the_new_declaration_yet(url: str) -> None:
    with lineage.connect(url) as first, lineage.connect(url) as second:
        first.put_type(Type(kind=Kind.ARTIFACT, name="T"))
        node = first.put(Artifact(type="T", custom_properties={"p": "custom"}))
        second.put_type(Type(kind=Kind.ARTIFACT, name="T", properties={"p": "int"}))
        second.put(Artifact(type="T", properties={"p": 1}))
        again = first.put(Artifact(type="T", custom_properties={"p": "custom"}))
        for store in (first, second):
            for id in (node.id, again.id):
                got = store.artifact(id)
                assert (got.properties, got.custom_properties) == ({}, {"p": "custom"})
        full = second.update(second.artifact(again.id).model_copy(update={"properties": {"p": 1}}))
        assert (full.properties, full.custom_properties) == ({"p": 1}, {"p": "custom"})


def test_a_dropped_property_stays_readable_where_it_was_written(store: Store) -> None:
    store.put_type(Type(kind=Kind.ARTIFACT, name="T", properties={"p": "int"}))
    old = store.put(Artifact(type="T", properties={"p": 1}))
    store.put_type(Type(kind=Kind.ARTIFACT, name="T"), drop=["p"])
    assert node_form(store.artifact(old.id)) == node_form(old)
    new = store.put(Artifact(type="T", custom_properties={"p": "x"}))
    assert store.artifact(new.id).custom_properties == {"p": "x"}
    assert store.artifact(new.id).properties == {}


def test_an_int_is_taken_for_a_double_where_that_is_exact(store: Store) -> None:
    store.put_type(Type(kind=Kind.ARTIFACT, name="T", properties={"d": "double"}))
    made = store.put(Artifact(type="T", properties={"d": 2**53}))
    assert exact(store.artifact(made.id).properties["d"]) == exact(float(2**53))
    with pytest.raises(lineage.LineageError, match=str(2**53 + 1)):
        store.put(Artifact(type="T", properties={"d": 2**53 + 1}))


def test_a_megabyte_is_allowed(store: Store) -> None:
    text = "x" * (1 << 20)
    made = store.put(Artifact(type="Dataset", custom_properties={"t": text, "b": text.encode()}))
    got = store.artifact(made.id)
    assert got.custom_properties == {"t": text, "b": text.encode()}


def test_numbers_of_numpy(store: Store) -> None:
    given = {
        "i": numpy.int64(-5), "f": numpy.float32(0.5), "d": numpy.float64(0.1),
        "b": numpy.bool_(True), "s": numpy.str_("x"), "l": [numpy.int8(3), numpy.float64(1)],
    }  # fmt: skip
    made = store.put(Artifact(type="Dataset", custom_properties=given))
    assert exact(dict(store.artifact(made.id).custom_properties)) == exact(
        {"i": -5, "f": 0.5, "d": 0.1, "b": True, "s": "x", "l": [3, 1.0]}
    )


def test_all_kinds_of_the_model_are_tried() -> None:
    assert set(VALUES) == {kind.value for kind in PropertyKind}
    for kind, value in each_value:
        assert kind_of(value) == kind
