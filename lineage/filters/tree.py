"""The predicate tree: what every form of filter is read into, and every backend compiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import reduce
from typing import Literal

from lineage.model import Kind, PropertyKind


class Relation(StrEnum):
    """How a neighbour stands to the node; the value is what an alias of it begins with."""

    CONTEXT = "contexts"
    PARENT = "parent_contexts"
    CHILD = "child_contexts"
    ARTIFACT = "artifacts"
    EXECUTION = "executions"
    EVENT = "events"


RELATIONS: dict[Kind, tuple[Relation, ...]] = {
    Kind.ARTIFACT: (Relation.CONTEXT, Relation.EVENT),
    Kind.EXECUTION: (Relation.CONTEXT, Relation.EVENT),
    Kind.CONTEXT: (Relation.PARENT, Relation.CHILD, Relation.ARTIFACT, Relation.EXECUTION),
}


@dataclass(frozen=True, slots=True)
class Alias:
    """One neighbour: `contexts_a` is the alias `a` of a context."""

    relation: Relation
    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field of the node, or of a neighbour.

    `field` is one of id, type_id, type, name, uri, state, external_id, created, updated; of an
    event: type, time, artifact_id, execution_id.
    """

    field: str
    of: Alias | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the node, declared or custom; NULL where it is absent or of another kind."""

    name: str
    custom: bool
    kind: PropertyKind


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that was written down."""

    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A sum, difference, product or quotient, in doubles."""

    operator: Literal["+", "-", "*", "/"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values of one kind compared."""

    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    left: Expression
    right: Expression


class Wildcard(Enum):
    """What stands for other text in a pattern: any text, or any one character."""

    ANY = "%"
    ONE = "_"


@dataclass(frozen=True, slots=True)
class Like:
    """A text that follows a pattern, whole."""

    value: Expression
    pattern: tuple[str | Wildcard, ...]
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class In:
    """A value that is one of those written down, all of one kind."""

    value: Expression
    options: tuple[bool | int | float | str, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """A value that is absent; true or false, never unknown."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Has:
    """The node has a property of that name, whatever its value; true or false."""

    name: str
    custom: bool


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; of unknown, unknown."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Surely:
    """The operand is true; false where it is false or unknown."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these."""

    operands: tuple[Expression, ...]


Expression = (
    Attribute
    | Property
    | Constant
    | Arithmetic
    | Comparison
    | Like
    | In
    | IsNull
    | Has
    | Not
    | Surely
    | And
    | Or
)


@dataclass(frozen=True, slots=True)
class Part:
    """A condition with the aliases that it speaks of."""

    condition: Expression
    aliases: tuple[Alias, ...]


@dataclass(frozen=True, slots=True)
class Predicate:
    """Which nodes of a kind are meant: those for which the condition can be made true."""

    kind: Kind
    condition: Expression

    def parts(self) -> tuple[Part, ...]:
        """Conditions that hold or don't, each by itself; together they are the predicate.

        Conditions that share no alias are parts of their own, so that nobody has to try every
        neighbour with every other. The part without aliases comes first.
        """
        groups: list[tuple[set[Alias], list[Expression]]] = []
        for operand in _conjuncts(self.condition):
            aliases, operands = set(aliases_of(operand)), [operand]
            for group in [g for g in groups if g[0] & aliases or not (g[0] or aliases)]:
                groups.remove(group)
                aliases |= group[0]
                operands = group[1] + operands
            groups.append((aliases, operands))
        parts = [Part(all_of(o), tuple(sorted(a, key=_place))) for a, o in groups]
        return tuple(sorted(parts, key=lambda part: len(part.aliases)))

    def also(self, other: Predicate | None) -> Predicate:
        """Both predicates; an alias that both have is the same neighbour."""
        if other is None:
            return self
        return Predicate(self.kind, all_of([self.condition, other.condition]))


def all_of(operands: list[Expression]) -> Expression:
    """The conjunction, without needless nesting."""
    flat = [part for operand in operands for part in _conjuncts(operand)]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(operands: list[Expression]) -> Expression:
    """The disjunction, without needless nesting."""
    flat: list[Expression] = []
    for operand in operands:
        flat += operand.operands if isinstance(operand, Or) else (operand,)
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def aliases_of(expression: Expression) -> Iterator[Alias]:
    """The aliases that an expression speaks of, one as often as it is mentioned."""
    for part in walk(expression):
        if isinstance(part, Attribute) and part.of is not None:
            yield part.of


def properties_of(expression: Expression) -> set[tuple[str, bool]]:
    """The properties that an expression speaks of: name, and whether custom."""
    return {(p.name, p.custom) for p in walk(expression) if isinstance(p, Property | Has)}


_OF_CONTEXTS = (Relation.CONTEXT, Relation.PARENT, Relation.CHILD)
_NEIGHBOURS = {Relation.ARTIFACT: Kind.ARTIFACT, Relation.EXECUTION: Kind.EXECUTION}


def types_of(predicate: Predicate) -> list[tuple[Kind, str]]:
    """The names of types that a predicate asks for, each with the kind of what is to have it."""
    asked: list[tuple[Kind, str]] = []
    for part in walk(predicate.condition):
        match part:
            case Comparison("=", Attribute("type", of), Constant(str(name))):
                names: tuple[object, ...] = (name,)
            case In(Attribute("type", of), names):
                pass
            case _:
                continue
        if of is None or of.relation is not Relation.EVENT:
            kind = predicate.kind if of is None else _NEIGHBOURS.get(of.relation, Kind.CONTEXT)
            asked += [(kind, str(name)) for name in names]
    return list(dict.fromkeys(asked))


def contexts_of(predicate: Predicate) -> list[tuple[list[str], set[str]]]:
    """For each context that a predicate asks for by name: its names, and those of its types.

    Several are alternatives; a context that is asked for by its id has none.
    """
    names: dict[Alias, list[str]] = {}
    types: dict[Alias, set[str]] = {}
    by_id: set[Alias] = set()
    for part in walk(predicate.condition):
        match part:
            case Comparison("=", Attribute("name", Alias() as of), Constant(str(name))):
                names.setdefault(of, []).append(name)
            case Comparison("=", Attribute("type", Alias() as of), Constant(str(name))):
                types.setdefault(of, set()).add(name)
            case Comparison("=", Attribute("id", Alias() as of)):
                by_id.add(of)
            case _:
                continue
    return [
        (some, types.get(of, set()))
        for of, some in names.items()
        if of.relation in _OF_CONTEXTS and of not in by_id
    ]


def join_words(texts: list[str], word: str) -> str:
    """Texts joined by AND or OR, in brackets and evenly, as databases limit how deep they read."""
    while len(texts) > 1:
        pairs = [texts[i : i + 2] for i in range(0, len(texts), 2)]
        texts = [f"({f' {word} '.join(pair)})" if len(pair) == 2 else pair[0] for pair in pairs]
    return texts[0]


def walk(expression: Expression) -> Iterator[Expression]:
    """An expression and everything in it."""
    waiting = [expression]
    while waiting:
        at = waiting.pop()
        yield at
        waiting += reversed(_children(at))


def _children(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Arithmetic() | Comparison():
            return (expression.left, expression.right)
        case Like() | In() | IsNull():
            return (expression.value,)
        case Not() | Surely():
            return (expression.operand,)
        case And() | Or():
            return expression.operands
        case _:
            return ()


def _conjuncts(expression: Expression) -> tuple[Expression, ...]:
    if not isinstance(expression, And):
        return (expression,)
    return reduce(lambda found, operand: found + _conjuncts(operand), expression.operands, ())


def _place(alias: Alias) -> tuple[str, str]:
    return (alias.relation, alias.name)
