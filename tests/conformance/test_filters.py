"""Filter expressions: what each means, on every backend."""

from __future__ import annotations

import pytest

from lineage import Artifact, Context, Execution, Kind, Store, Type
from lineage.errors import InvalidFilter, InvalidValue
from lineage.filters.parser import parse_filter
from lineage.filters.shorthand import parse_terms
from lineage.filters.tree import Attribute, Comparison, Constant
from lineage.model import Event, EventType

INF, NAN = float("inf"), float("nan")


@pytest.fixture
def shop(store: Store) -> Store:
    """Five models a to e, two runs, two pipelines."""
    store.put_type(
        Type(
            kind=Kind.ARTIFACT,
            name="Model",
            properties={"acc": "double", "n": "int", "note": "string", "ok": "bool"},
        )
    )
    store.put_type(Type(kind=Kind.CONTEXT, name="Team"))
    given = [
        ("a", "s3://x/a", "LIVE", {"acc": 0.5, "n": 1, "note": "one"}, {}),
        ("b", "s3://x/B", "LIVE", {"acc": 0.9, "n": 2, "ok": True}, {"acc": 3, 'odd `"\\ name': 7}),
        ("c", "gs://y/a", "DELETED", {"acc": INF, "ok": False}, {"acc": "high"}),
        ("d", None, "UNKNOWN", {"acc": NAN}, {"acc": {"a": 1}, "note": "one%"}),
        ("e", "s3://x/é", "UNKNOWN", {}, {"acc": -INF, "my:team.size/2": 3}),
    ]
    a, b, c, *_ = store.put_all(
        [
            Artifact(
                type="Model", name=name, uri=uri, state=state, properties=p, custom_properties=q
            )
            for name, uri, state, p, q in given
        ]
    )
    contexts = [
        Context(type="PipelineRun", name="monday"),
        Context(type="PipelineRun", name="tuesday"),
        Context(type="Team", name="red"),
    ]
    monday, tuesday, red = store.put_all(contexts)
    store.put_parent(monday.id, red.id)
    store.put_in_context(monday.id, artifacts=[a.id, b.id])
    store.put_in_context(tuesday.id, artifacts=[b.id])
    store.put_in_context(red.id, artifacts=[a.id, c.id])
    train, serve = store.put_all(
        [Execution(type="Train", name="t", state="COMPLETE"), Execution(type="Deploy", name="s")]
    )
    store.put_in_context(monday.id, executions=[train.id])
    store.put_events(
        [
            Event(artifact_id=a.id, execution_id=train.id, type=EventType.INPUT, time_ms=100),
            Event(artifact_id=b.id, execution_id=train.id, type=EventType.OUTPUT, time_ms=200),
            Event(artifact_id=b.id, execution_id=serve.id, type=EventType.INPUT, time_ms=300),
        ]
    )
    return store


def found(store: Store, where: str, kind: Kind = Kind.ARTIFACT, *, mlmd: bool = False) -> str:
    nodes = store.find(kind, where=parse_filter(where, kind, mlmd=mlmd))
    return " ".join(str(node.name) for node in nodes)


ARTIFACTS = {
    "type = 'Model'": "a b c d e",
    "type != 'Model'": "",
    "name = 'a' OR name = 'b'": "a b",
    "NOT (name = 'a' OR name = \"b\")": "c d e",
    "name IN ('a', 'c', 'zz')": "a c",
    "name NOT IN ('a', NULL)": "",
    "name BETWEEN 'b' AND 'd'": "b c d",
    "name > 'b'": "c d e",
    "name = NULL": "",
    "NAME = 'a' AND Uri LIKE 's3%'": "a",
    "custom_properties.`my:team.size/2`.int_value = 3": "e",
    "uri IS NULL": "d",
    "uri IS NOT NULL AND name < 'c'": "a b",
    "uri = 's3://x/a'": "a",
    "NOT uri = 's3://x/a'": "b c e",
    "(uri = 's3://x/a') IS NULL": "d",
    "(uri = 's3://x/a') IS NOT TRUE": "b c d e",
    "uri LIKE 's3://x/_'": "a b e",
    "uri LIKE 's3%'": "a b e",
    "uri LIKE '%a'": "a c",
    "uri LIKE '%x/%'": "a b e",
    "uri LIKE '%x%a'": "a",
    "uri LIKE '%b'": "",
    "uri ILIKE '%b'": "b",
    "uri ILIKE '%É'": "",
    "uri NOT LIKE '%a'": "b e",
    "uri LIKE ''": "",
    "name LIKE '%'": "a b c d e",
    "custom_properties.note.string_value LIKE 'one\\\\%'": "d",
    "custom_properties.note.string_value LIKE 'one!%' ESCAPE '!'": "d",
    "state = LIVE": "a b",
    "state != LIVE": "c d e",
    "state IS NULL": "d e",
    "state IN (LIVE, DELETED)": "a b c",
    "state NOT IN (LIVE, DELETED)": "d e",
    "properties.acc.double_value > 0.4": "a b c",
    "properties.acc.double_value > 0.5": "b c",
    "properties.acc.double_value > 9e300": "c",
    "properties.acc.double_value IS NULL": "d e",
    "NOT properties.acc.double_value > 0.5": "a",
    "properties.acc.int_value IS NOT NULL": "",
    "custom_properties.acc.int_value = 3.0": "b",
    "custom_properties.acc.string_value = 'high'": "c",
    "custom_properties.acc.string_value IS NOT NULL": "c",
    "custom_properties.acc.double_value < -9e300": "e",
    "custom_properties.`odd ``\"\\\\ name`.int_value = 7": "b",
    "properties.n.int_value = 1 OR properties.acc.double_value = 0.9": "a b",
    "properties.n.int_value IN (1, 2.0, 2.5)": "a b",
    "properties.ok.bool_value": "b",
    "properties.ok.bool_value = false": "c",
    "properties.ok.bool_value != TRUE": "c",
    "properties.ok.bool_value IS TRUE": "b",
    "NOT properties.ok.bool_value": "c",
    "properties.n.int_value + 1 > 2": "b",
    "properties.n.int_value / 2 = 0.5": "a",
    "properties.n.int_value / (properties.n.int_value - 1) = 2": "b",
    "(properties.n.int_value / (properties.n.int_value - 1)) IS NULL": "a c d e",
    "properties.acc.double_value - properties.acc.double_value = 0": "a b",
    "-properties.n.int_value * 2 < -3": "b",
    "properties.n.int_value < properties.acc.double_value": "",
    "created >= TIMESTAMP '2020-01-01' AND id < 3": "a b",
    "create_time_since_epoch < DATE '2020-01-01'": "",
    "updated != last_update_time_since_epoch": "",
    "contexts_a.name = 'monday'": "a b",
    "contexts_a.name = 'monday' AND contexts_a.name = 'tuesday'": "",
    "contexts_a.name = 'monday' AND contexts_b.name = 'tuesday'": "b",
    "contexts_a.name = 'monday' AND contexts_b.name != 'monday'": "a b",
    "contexts_a.name = 'monday' AND contexts_b.type = 'Team'": "a",
    "contexts_a.name = 'tuesday' OR contexts_b.name = 'red'": "a b c",
    "contexts_a.name = 'tuesday' OR name = 'c' OR name = 'd'": "b c",
    "NOT (contexts_a.name = 'monday')": "a b c",
    "contexts_a.id > contexts_b.id AND contexts_b.type = 'PipelineRun'": "a b",
    "contexts_a.create_time_since_epoch > 0 AND name = 'c'": "c",
    "events_0.type = INPUT": "a b",
    "events_0.type = INPUT AND events_0.type = OUTPUT": "",
    "events_0.type = INPUT AND events_1.type = OUTPUT": "b",
    "events_0.type IN (OUTPUT, DECLARED_OUTPUT)": "b",
    "events_0.milliseconds_since_epoch > 150": "b",
    "events_0.time > 150 AND events_1.time < 150": "",
    "events_0.execution_id != events_1.execution_id": "b",
    "events_0.type = INPUT AND contexts_0.name = 'red'": "a",
}  # fmt: skip


def test_what_an_expression_means(shop: Store) -> None:
    answers = {where: found(shop, where) for where in ARTIFACTS}
    assert answers == ARTIFACTS


def test_executions_and_contexts(shop: Store) -> None:
    of_executions = {
        "last_known_state = COMPLETE": "t",
        "state != COMPLETE": "s",
        "type = 'Train' AND events_x.artifact_id = 2": "t",
        "contexts_a.name = 'monday'": "t",
    }
    assert {w: found(shop, w, Kind.EXECUTION) for w in of_executions} == of_executions
    of_contexts = {
        "parent_contexts_a.name = 'red'": "monday",
        "child_contexts_a.type = 'PipelineRun'": "red",
        "artifacts_a.name = 'b'": "monday tuesday",
        "artifacts_a.name = 'a' AND artifacts_b.state = DELETED": "red",
        "executions_a.last_known_state = COMPLETE AND artifacts_a.uri LIKE 's3%'": "monday",
        "executions_a.external_id IS NULL": "monday",
    }
    assert {w: found(shop, w, Kind.CONTEXT) for w in of_contexts} == of_contexts


def test_as_ml_metadata_has_it(shop: Store) -> None:
    """There, what is mentioned is joined, and LIKE is SQLite's."""
    answers = {
        "properties.n.int_value = 1 OR properties.ok.bool_value = false": "",
        "properties.n.int_value = 1 OR custom_properties.acc.int_value = 3": "b",
        "properties.acc.double_value IS NULL": "d",
        "custom_properties.acc.int_value IS NULL": "c d e",
        "uri LIKE '%/b'": "b",
        "state = LIVE AND state != DELETED": "a b",
    }
    assert {w: found(shop, w, mlmd=True) for w in answers} == answers
    with pytest.raises(InvalidFilter, match="'LIVE' is no value"):
        parse_filter("state = 'LIVE'", Kind.ARTIFACT, mlmd=True)


def test_the_short_form(shop: Store) -> None:
    answers = {
        "type=Model acc>0.4": "a b c",
        "acc>0.5": "b c",
        "acc=high": "c",
        "ok=true": "b",
        "note=one": "a",
        "note~ONE": "a d",
        "name~[ab]": "",
        "uri~s3*a": "a",
        "uri~x/?": "",
        "uri~*x/?": "a b e",
        "context=monday": "a b",
        "context=monday context=tuesday": "b",
        "context=PipelineRun:monday": "a b",
        "context~*day": "a b",
        "state=live name!=a": "b",
        "created>2020-01-01 created<2020-01-02": "",
        "id>=2 id<=3": "b c",
    }
    answered = {
        text: " ".join(
            str(n.name) for n in shop.artifacts(where=parse_terms(text.split(), Kind.ARTIFACT))
        )
        for text in answers
    }
    assert answered == answers
    runs = shop.contexts(where=parse_terms(["parent=red"], Kind.CONTEXT))
    assert [c.name for c in runs] == ["monday"]


def test_pages(shop: Store) -> None:
    orders = {
        "id": "a b c d e",
        "id desc": "e d c b a",
        "name": "a b c d e",
        "name desc": "e d c b a",
        "created": "a b c d e",
        "updated desc": "e d c b a",
    }
    for order_by, expected in orders.items():
        for page_size in (1, 2, 5, 6):
            assert paged(shop, order_by, page_size) == expected, (order_by, page_size)


def paged(shop: Store, order_by: str, page_size: int) -> str:
    seen: list[str] = []
    token = None
    while True:
        page = shop.artifacts(
            where="type = 'Model'", order_by=order_by, page_size=page_size, page_token=token
        )
        seen += [str(a.name) for a in page]
        token = page.next_page_token
        if token is None:
            return " ".join(seen)
        assert len(page) == page_size


@pytest.mark.parametrize("order_by", ["name", "name desc", "created desc", "id"])
def test_what_is_written_between_pages_shifts_nothing(shop: Store, order_by: str) -> None:
    nameless = [Artifact(type="Dataset") for _ in range(3)]
    named = [Artifact(type="Dataset", name=name) for name in "yxz"]
    before = shop.put_all([*nameless, *named])
    whole = [a.id for a in shop.artifacts(type="Dataset", order_by=order_by)]
    names = [a.name for a in shop.artifacts(type="Dataset", order_by=order_by)]
    if order_by.startswith("name"):
        expected = [None, None, None, "x", "y", "z"]
        assert names == (expected if order_by == "name" else expected[::-1])
    seen: list[int | None] = []
    token = None
    for step in range(10):
        page = shop.artifacts(type="Dataset", order_by=order_by, page_size=2, page_token=token)
        seen += [a.id for a in page]
        token = page.next_page_token
        if token is None:
            break
        shop.put_all([Artifact(type="Dataset", name=f"new{step}"), Artifact(type="Dataset")])
    old = {a.id for a in before}
    assert [id for id in seen if id in old] == whole
    assert len(seen) == len(set(seen))


def test_a_token_belongs_to_its_question(shop: Store) -> None:
    token = shop.artifacts(where="name > 'a'", page_size=1).next_page_token
    assert token is not None
    assert [a.name for a in shop.artifacts(where="name > 'a'", page_token=token)] == ["c", "d", "e"]
    others = [{"where": "name > 'b'"}, {}, {"where": "name > 'a'", "order_by": "name"}]
    for other in others:
        with pytest.raises(InvalidValue, match="another question"):
            shop.artifacts(page_token=token, **other)
    for wrong in ("", "x", "!!!", "e30", token[:-4], "é"):
        with pytest.raises(InvalidValue, match="token"):
            shop.artifacts(where="name > 'a'", page_token=wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"order_by": "uri"},
        {"order_by": "name backwards"},
        {"order_by": ""},
        {"order_by": "name", "newest_first": True},
        {"page_size": 0},
        {"page_size": -1},
        {"page_size": 1, "limit": 1},
        {"where": "foo = 1"},
    ],
)
def test_what_is_refused(store: Store, wrong: dict[str, object]) -> None:
    with pytest.raises((InvalidValue, InvalidFilter)):
        store.artifacts(**wrong)


def test_a_filter_of_another_kind_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValue, match="filter of executions"):
        store.artifacts(where=parse_filter("id = 1", Kind.EXECUTION))


@pytest.mark.parametrize("mlmd", [False, True])
def test_a_backslash_that_begins_no_escape_is_refused(mlmd: bool) -> None:
    """SQL's texts have escapes of their own: left out, it would make a % any text."""
    for wrong in (r"uri LIKE 'a\%b'", r"uri LIKE 'a\_b'", r"uri = 'a\qb'", r"uri = '\\\x4'"):
        with pytest.raises(InvalidFilter, match="begins no escape") as refused:
            parse_filter(wrong, Kind.ARTIFACT, mlmd=mlmd)
        assert refused.value.position == wrong.rindex("\\")
    for right, means in (
        (r"uri = 'a\\b\x41\u0042\'\"\n'", "a\\bAB'\"\n"), (r"uri = r'a\qb'", r"a\qb"),
    ):  # fmt: skip
        plain = Comparison("=", Attribute("uri"), Constant(means))
        assert parse_filter(right, Kind.ARTIFACT, mlmd=mlmd).condition == plain
