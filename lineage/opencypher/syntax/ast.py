"""What a query says: one frozen class for each thing that the grammar knows.

Every part has its `position`, which does not count when two parts are compared: `n.name` equals
`n.name` wherever it stands. Write clauses are here because the grammar reads them; the evaluator
refuses them, and the TCK's harness executes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from typing import Literal as OneOf

from lineage.opencypher.errors import Position as Position


@dataclass(frozen=True, slots=True)
class Part:
    """Anything that has a place in the text."""

    position: Position = field(compare=False, repr=False)


# --- Expressions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Expression(Part):
    """Something with a value."""


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A constant; `kind` keeps 1, 1.0 and true apart."""

    kind: OneOf["null", "boolean", "integer", "float", "string"]
    value: Any


@dataclass(frozen=True, slots=True)
class Parameter(Expression):
    """`$name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable(Expression):
    """A name that a clause bound."""

    name: str


@dataclass(frozen=True, slots=True)
class Property(Expression):
    """`subject.key`."""

    subject: Expression
    key: str


@dataclass(frozen=True, slots=True)
class Index(Expression):
    """`subject[index]`."""

    subject: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Slice(Expression):
    """`subject[start..end]`."""

    subject: Expression
    start: Expression | None
    end: Expression | None


@dataclass(frozen=True, slots=True)
class ListLiteral(Expression):
    """`[1, 2]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class MapLiteral(Expression):
    """`{key: value}`."""

    items: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class MapProjection(Expression):
    """`n {.name, .*, other, key: value}`.

    An item is (key, None) for `.key`, ("*", None) for `.*`, else (key, expression); a bare
    variable is its own key.
    """

    subject: Variable
    items: tuple[tuple[str, Expression | None], ...]


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """`NOT x`, `-x`, `+x`."""

    operator: OneOf["NOT", "-", "+"]
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """`OR XOR AND + - * / % ^ || IN =~`, `STARTS WITH`, `ENDS WITH`, `CONTAINS`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Comparison(Expression):
    """`a < b <= c`: operators `= <> < <= > >=`, each holding between its neighbours."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class IsNull(Expression):
    """`x IS NULL`, `x IS NOT NULL`."""

    operand: Expression
    negated: bool


@dataclass(frozen=True, slots=True)
class IsType(Expression):
    """`x IS :: INTEGER NOT NULL`, `x IS NOT :: …`; the type as `value_types` writes it."""

    operand: Expression
    type: str
    negated: bool


@dataclass(frozen=True, slots=True)
class IsNormalized(Expression):
    """`x IS NORMALIZED`, `x IS NOT NFD NORMALIZED`; `form` is NFC, NFD, NFKC or NFKD."""

    operand: Expression
    form: str
    negated: bool


@dataclass(frozen=True, slots=True)
class HasLabels(Expression):
    """`n:A|B&!C` as a predicate, of a node or a relationship."""

    subject: Expression
    labels: LabelExpression


@dataclass(frozen=True, slots=True)
class FunctionCall(Expression):
    """`name(arguments)`; a namespace is part of the name. `count(*)` is CountStar."""

    name: str
    arguments: tuple[Expression, ...]
    distinct: bool


@dataclass(frozen=True, slots=True)
class CountStar(Expression):
    """`count(*)`."""


# The name that the subject of a CASE has in what is asked of it.
SUBJECT = "\0subject"
# Names that are numbers where nothing else is called so.
FLOAT_NAMES = {"NAN": float("nan"), "INF": float("inf"), "INFINITY": float("inf")}


@dataclass(frozen=True, slots=True)
class CaseTest(Expression):
    """`> 3`, `IS NULL` after WHEN: a condition on SUBJECT."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Case(Expression):
    """`CASE [subject] WHEN … THEN … ELSE … END`. An alternative is a predicate; with a subject, a
    value that equals it, or a `CaseTest`; `WHEN 1, 2` is two alternatives."""

    subject: Expression | None
    alternatives: tuple[tuple[Expression, Expression], ...]
    default: Expression | None


@dataclass(frozen=True, slots=True)
class ListComprehension(Expression):
    """`[variable IN source WHERE where | projection]`."""

    variable: str
    source: Expression
    where: Expression | None
    projection: Expression | None


@dataclass(frozen=True, slots=True)
class PatternComprehension(Expression):
    """`[variable = pattern WHERE where | projection]`; the variable is the pattern's."""

    pattern: PathPattern
    where: Expression | None
    projection: Expression


@dataclass(frozen=True, slots=True)
class Quantifier(Expression):
    """`all(variable IN source WHERE where)`."""

    kind: OneOf["all", "any", "none", "single"]
    variable: str
    source: Expression
    where: Expression | None


@dataclass(frozen=True, slots=True)
class Reduce(Expression):
    """`reduce(accumulator = initial, variable IN source | expression)`."""

    accumulator: str
    initial: Expression
    variable: str
    source: Expression
    expression: Expression


@dataclass(frozen=True, slots=True)
class PatternPredicate(Expression):
    """`(a)-[:R]->(b)` as a predicate."""

    pattern: PathPattern


@dataclass(frozen=True, slots=True)
class PathValue(Expression):
    """`shortestPath((a)-[*]->(b))` as an expression: a path, or a list of paths."""

    pattern: PathPattern


@dataclass(frozen=True, slots=True)
class Subquery(Expression):
    """`EXISTS { }`, `COUNT { }`, `COLLECT { }`. A bare pattern is a query without RETURN."""

    kind: OneOf["exists", "count", "collect"]
    query: Query


# --- Patterns ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LabelExpression(Part):
    """`A|B&!C`, `%`. Operators: "is" (one name), "any" (`%`), "not", "and", "or", "dynamic"."""

    operator: OneOf["is", "any", "not", "and", "or", "dynamic"]
    name: str | None = None
    operands: tuple[LabelExpression, ...] = ()
    expression: Expression | None = None


@dataclass(frozen=True, slots=True)
class NodePattern(Part):
    """`(variable:labels {properties} WHERE where)`."""

    variable: str | None
    labels: LabelExpression | None
    properties: MapLiteral | Parameter | None
    where: Expression | None


@dataclass(frozen=True, slots=True)
class Length(Part):
    """`*`, `*2`, `*1..3`: None where no bound is given."""

    minimum: int | None
    maximum: int | None


@dataclass(frozen=True, slots=True)
class RelationshipPattern(Part):
    """`-[variable:types *1..3 {properties} WHERE where]->`."""

    variable: str | None
    types: LabelExpression | None
    direction: OneOf["out", "in", "both"]
    length: Length | None
    properties: MapLiteral | Parameter | None
    where: Expression | None


@dataclass(frozen=True, slots=True)
class QuantifiedPattern(Part):
    """`((a)-[r]->(b) WHERE where){minimum, maximum}`."""

    elements: tuple[NodePattern | RelationshipPattern, ...]
    where: Expression | None
    minimum: int
    maximum: int | None


Element = NodePattern | RelationshipPattern | QuantifiedPattern


@dataclass(frozen=True, slots=True)
class Selector(Part):
    """Which of the paths: `shortestPath()`, `allShortestPaths()`, `ANY k`, `SHORTEST k`,
    `ALL SHORTEST`, `SHORTEST k GROUPS`."""

    kind: OneOf[
        "shortestPath", "allShortestPaths", "any", "shortest", "all shortest", "shortest groups"
    ]
    count: int = 1


@dataclass(frozen=True, slots=True)
class PathPattern(Part):
    """`variable = selector elements`; elements as written, left to right.

    Nodes and relationships alternate. A quantified pattern stands where a relationship would, and
    may also begin, end, or follow another; then the nodes that nobody wrote are not there. `where`
    stands with them in brackets: what is selected from is only what it holds for.
    """

    variable: str | None
    selector: Selector | None
    elements: tuple[Element, ...]
    where: Expression | None = None


# --- Clauses -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clause(Part):
    """One step of a query."""


@dataclass(frozen=True, slots=True)
class Match(Clause):
    """`[OPTIONAL] MATCH patterns WHERE where`."""

    optional: bool
    patterns: tuple[PathPattern, ...]
    where: Expression | None


@dataclass(frozen=True, slots=True)
class Unwind(Clause):
    """`UNWIND expression AS variable`."""

    expression: Expression
    variable: str


@dataclass(frozen=True, slots=True)
class ProjectionItem(Part):
    """`expression AS alias`; `name` is the alias or the expression's text."""

    expression: Expression
    name: str
    aliased: bool


@dataclass(frozen=True, slots=True)
class SortItem(Part):
    """One expression of ORDER BY."""

    expression: Expression
    descending: bool


@dataclass(frozen=True, slots=True)
class Projection(Part):
    """What WITH and RETURN share. `everything`: it has a `*`."""

    distinct: bool
    everything: bool
    items: tuple[ProjectionItem, ...]
    order_by: tuple[SortItem, ...]
    skip: Expression | None
    limit: Expression | None


@dataclass(frozen=True, slots=True)
class With(Clause):
    """`WITH projection WHERE where`."""

    projection: Projection
    where: Expression | None


@dataclass(frozen=True, slots=True)
class Return(Clause):
    """`RETURN projection`."""

    projection: Projection


@dataclass(frozen=True, slots=True)
class CallSubquery(Clause):
    """`[OPTIONAL] CALL (imports) { query }`.

    `imports` is None where no scope was given (then a leading WITH imports), ("*",) for all.
    """

    imports: tuple[str, ...] | None
    query: Query
    optional: bool
    in_transactions: bool


@dataclass(frozen=True, slots=True)
class CallProcedure(Clause):
    """`CALL name(arguments) YIELD items`; `arguments` None where there are no brackets.

    `yields` is None without YIELD, ("*", None) for `YIELD *`, else (field, alias or None).
    """

    name: str
    arguments: tuple[Expression, ...] | None
    yields: tuple[tuple[str, str | None], ...] | None
    where: Expression | None
    optional: bool


@dataclass(frozen=True, slots=True)
class Create(Clause):
    """`CREATE patterns`."""

    patterns: tuple[PathPattern, ...]


@dataclass(frozen=True, slots=True)
class SetItem(Part):
    """One assignment: `target.key = value` ("property"), `target = value` ("replace"),
    `target += value` ("add"), `target:A:B` ("labels").

    For "property" the target is a Property or an Index.
    """

    kind: OneOf["property", "replace", "add", "labels"]
    target: Expression
    value: Expression | None
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merge(Clause):
    """`MERGE pattern ON CREATE SET … ON MATCH SET …`."""

    pattern: PathPattern
    on_create: tuple[SetItem, ...]
    on_match: tuple[SetItem, ...]


@dataclass(frozen=True, slots=True)
class SetClause(Clause):
    """`SET items`."""

    items: tuple[SetItem, ...]


@dataclass(frozen=True, slots=True)
class RemoveItem(Part):
    """`target.key` (a Property or Index), or `target:A:B` with labels."""

    target: Expression
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remove(Clause):
    """`REMOVE items`."""

    items: tuple[RemoveItem, ...]


@dataclass(frozen=True, slots=True)
class Delete(Clause):
    """`[DETACH] DELETE expressions`."""

    expressions: tuple[Expression, ...]
    detach: bool


@dataclass(frozen=True, slots=True)
class Foreach(Clause):
    """`FOREACH (variable IN source | clauses)`."""

    variable: str
    source: Expression
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class LoadCsv(Clause):
    """`LOAD CSV [WITH HEADERS] FROM source AS variable`."""

    source: Expression
    variable: str
    headers: bool


WRITES = (Create, Merge, SetClause, Remove, Delete, Foreach)


@dataclass(frozen=True, slots=True)
class SingleQuery(Part):
    """Clauses, one after the other."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Union(Part):
    """`left UNION [ALL] right`."""

    left: Query
    right: SingleQuery
    all: bool


Query = SingleQuery | Union
