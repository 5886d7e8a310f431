"""Generated filters over one store of odd values: every backend against a plain reading."""

from __future__ import annotations

import os
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import Artifact, Context, Execution, Kind, Store, Type
from lineage.errors import NotFound, UnknownType
from lineage.filters import tree
from lineage.filters.tree import (
    Alias,
    And,
    Arithmetic,
    Attribute,
    Comparison,
    Constant,
    Has,
    In,
    IsNull,
    Like,
    Not,
    Or,
    Predicate,
    Property,
    Relation,
    Surely,
    Wildcard,
)
from lineage.model import Event, EventType, PropertyKind, kind_of

INF, NAN = float("inf"), float("nan")
TEXTS = ["a", "A", "ab", "a%b", "a_b", "é", "É", "x*y", "[z]", "a\nb", "\U0001f98a", "\uffff", "1"]
NUMBERS = [0, 1, 2, -1, 2**53 + 1, 2**63 - 1, 0.0, 0.5, 1.0, float(2**53), -1.5, 1e300]
VALUES = [*NUMBERS, *TEXTS, "", INF, -INF, NAN, True, False, {"$double": "inf"}, [1], b"a"]
NAMES = ["p", "q", 'odd "\\`name', "é x"]
ALIASES = [Alias(Relation.CONTEXT, "a"), Alias(Relation.CONTEXT, "b"), Alias(Relation.EVENT, "e")]


def filled(store: Store) -> list[tuple[Artifact, list[Any], list[Any]]]:
    """Each artifact with its contexts and its events."""
    declared = {"p": "double", "q": "int", NAMES[2]: "string", "é x": "bool"}
    store.put_type(Type(kind=Kind.ARTIFACT, name="T", properties=declared))
    by_kind: dict[Any, list[Any]] = {}
    for value in VALUES:
        by_kind.setdefault(kind_of(value), []).append(value)
    kinds = dict(zip(NAMES, map(PropertyKind, declared.values()), strict=True))
    made = store.put_all(
        Artifact(
            type="T",
            name=None if i % 5 == 4 else f"{TEXTS[i % len(TEXTS)]}{i // len(TEXTS)}",
            uri=None if i % 3 == 2 else TEXTS[(i * 7) % len(TEXTS)],
            state=["LIVE", "UNKNOWN", "DELETED"][i % 3],
            properties={
                n: by_kind[kinds[n]][i % len(by_kind[kinds[n]])]
                for j, n in enumerate(NAMES)
                if (i + j) % 3
            },
            custom_properties={
                n: VALUES[(i * 5 + j * 11) % len(VALUES)]
                for j, n in enumerate(NAMES)
                if (i + j) % 4
            },
        )
        for i in range(30)
    )
    contexts = store.put_all(Context(type="PipelineRun", name=name) for name in ("a", "ab", "É"))
    runs = store.put_all(Execution(type="Train", name=f"r{i}") for i in range(3))
    for i, context in enumerate(contexts):
        store.put_in_context(context.id, artifacts=[a.id for a in made[i :: i + 2]])
    store.put_events(
        Event(
            artifact_id=a.id,
            execution_id=runs[(i + j) % 3].id,
            type=[EventType.INPUT, EventType.OUTPUT, EventType.UNKNOWN][(i + j) % 3],
            time_ms=i,
        )
        for i, a in enumerate(made)
        for j in range(i % 3)
    )
    return [(a, store.contexts_of(a), store.events(artifact=a.id)) for a in store.artifacts()]


numbers = st.one_of(
    st.sampled_from(NUMBERS).map(Constant),
    st.sampled_from(
        [
            Attribute("id"),
            *(
                Property(name, custom, kind)
                for name in NAMES
                for custom in (False, True)
                for kind in (PropertyKind.INT, PropertyKind.DOUBLE)
            ),
            *(Attribute("id", alias) for alias in ALIASES[:2]),
            Attribute("time", ALIASES[2]),
            Constant(None),
        ]
    ),
)
sums = st.recursive(
    numbers,
    lambda inner: st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
    max_leaves=3,
)
texts = st.sampled_from(
    [
        Attribute("name"),
        Attribute("uri"),
        Attribute("type"),
        *(
            Property(name, custom, PropertyKind.STRING)
            for name in NAMES
            for custom in (False, True)
        ),
        Attribute("name", ALIASES[0]),
        Attribute("name", ALIASES[1]),
        Attribute("type", ALIASES[0]),
        Attribute("type", ALIASES[2]),
    ]
)
flags = st.sampled_from(
    [Property(n, c, PropertyKind.BOOL) for n in NAMES for c in (False, True)] + [Constant(True)]  # type: ignore[operator]
)
patterns = st.lists(
    st.one_of(
        st.sampled_from(list(Wildcard)), st.sampled_from(["a", "b", "É", "*", "%", "[", "0"])
    ),
    max_size=5,
).map(tuple)
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
leaves = st.one_of(
    st.builds(Comparison, signs, sums, sums),
    st.builds(Comparison, signs, texts, st.one_of(texts, st.sampled_from(TEXTS).map(Constant))),
    st.builds(Comparison, st.sampled_from(["=", "!="]), flags, flags),
    st.builds(Like, texts, patterns, st.booleans()),
    st.builds(In, texts, st.lists(st.sampled_from(TEXTS), min_size=1).map(tuple)),
    st.builds(In, numbers, st.lists(st.sampled_from([*NUMBERS, INF]), min_size=1).map(tuple)),
    st.builds(IsNull, st.one_of(sums, texts, flags)),
    st.builds(Has, st.sampled_from(NAMES), st.booleans()),
    flags,
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Surely, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda o: And(tuple(o))),
        st.lists(inner, min_size=2, max_size=3).map(lambda o: Or(tuple(o))),
    ),
    max_leaves=6,
)


def value(e: Any, at: dict[Any, Any]) -> Any:
    """What an expression is worth, as plainly as can be; None for NULL."""
    match e:
        case Attribute(field, of):
            name = {"created": "created_ms", "time": "time_ms"}.get(field, field)
            return getattr(at[of], name)
        case Property(name, custom, kind):
            found = (at[None].custom_properties if custom else at[None].properties).get(name)
            return found if kind_of(found) is kind and found == found else None
        case Constant(found):
            return found
        case Has(name, custom):
            return name in (at[None].custom_properties if custom else at[None].properties)
        case IsNull(inner):
            return value(inner, at) is None
        case Surely(inner):
            return value(inner, at) is True
        case Not(inner):
            found = value(inner, at)
            return None if found is None else not found
        case And(operands):
            found = [value(o, at) for o in operands]
            return False if False in found else None if None in found else True
        case Or(operands):
            found = [value(o, at) for o in operands]
            return True if True in found else None if None in found else False
        case In(inner, options):
            found = value(inner, at)
            return None if found is None else found in options
        case Like(inner, pattern, ignore_case):
            found = value(inner, at)
            return None if found is None else follows(found, pattern, ignore_case)
        case Arithmetic(sign, left, right) | Comparison(sign, left, right):
            a, b = value(left, at), value(right, at)
            return None if a is None or b is None else OPERATIONS[sign](a, b)
    raise AssertionError(e)


def divided(a: float, b: float) -> float | None:
    return None if b == 0 else number(float(a) / float(b))


def number(found: float) -> float | None:
    return found if found == found else None


OPERATIONS: dict[str, Any] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: number(float(a) + float(b)),
    "-": lambda a, b: number(float(a) - float(b)),
    "*": lambda a, b: number(float(a) * float(b)),
    "/": divided,
}


def follows(text: str, pattern: tuple[Any, ...], ignore_case: bool) -> bool:
    if not pattern:
        return text == ""
    first, rest = pattern[0], pattern[1:]
    if first is Wildcard.ANY:
        return any(follows(text[i:], rest, ignore_case) for i in range(len(text) + 1))
    if not text:
        return False
    same = text[0] == first
    if ignore_case and text[0].isascii() and first is not Wildcard.ONE:
        same = text[0].lower() == first.lower()
    return (first is Wildcard.ONE or same) and follows(text[1:], rest, ignore_case)


def expected(condition: Any, world: list[tuple[Artifact, list[Any], list[Any]]]) -> list[int]:
    """The whole condition, for every choice of a neighbour for each alias."""
    aliases = sorted(set(tree.aliases_of(condition)), key=str)
    return [
        artifact.id or 0
        for artifact, contexts, events in world
        if any(
            value(condition, {None: artifact, **dict(zip(aliases, choice, strict=True))}) is True
            for choice in product(
                *(events if a.relation is Relation.EVENT else contexts for a in aliases)
            )
        )
    ]


def test_every_backend_reads_a_filter_alike(store: Store) -> None:
    world = filled(store)
    many = 2_000 if os.environ.get("LINEAGE_LONG") else 60 if store.url.startswith("neo4j") else 250

    @settings(max_examples=many, suppress_health_check=list(HealthCheck))
    @given(conditions)
    def same(condition: Any) -> None:
        try:
            found = [a.id for a in store.artifacts(where=Predicate(Kind.ARTIFACT, condition))]
        except (UnknownType, NotFound):
            # Of a filter that finds nothing, a name in it may be one that nobody recorded.
            found = []
        assert found == expected(condition, world), condition

    same()
