"""The patterns of one MATCH as nodes, links between them, and predicates.

Inline labels, properties and WHERE become predicates like those of WHERE itself, so that there is
one way to plan them. Names that nobody wrote begin with a NUL, which no query can have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from lineage.opencypher.errors import CypherUnsupported
from lineage.opencypher.semantics.free_variables import find_variables
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import split_conjuncts
from lineage.opencypher.values.graph import Direction, Types

HIDDEN = "\0"
# Rows keep hidden names from one MATCH to the next, so that no two may be the same.
_hidden = count()


@dataclass(frozen=True, slots=True)
class Hop:
    """One relationship of a link, as walked from its left to its right node."""

    name: str
    direction: Direction
    types: Types
    right: str

    def reverse_to(self, right: str) -> Hop:
        """The same relationship, walked the other way."""
        return Hop(self.name, reverse_direction(self.direction), self.types, right)


@dataclass(frozen=True, slots=True)
class PatternEdge:
    """What joins two nodes. A single relationship is one hop, taken once.

    `repeated`: a variable-length relationship or a quantified pattern: `hops` taken `minimum` to
    `maximum` times (None: without end), where `where` holds in each repetition; `first` names the
    node that a repetition begins at. `lists` are names that get the list of what they met;
    `variable_length` that only the relationship's name does. `segment` names what was walked.
    `among`: what holds for all that a selector selects from.
    """

    left: str
    right: str
    hops: tuple[Hop, ...]
    repeated: bool = False
    minimum: int = 1
    maximum: int | None = 1
    where: tuple[ast.Expression, ...] = ()
    first: str = ""
    lists: tuple[str, ...] = ()
    segment: str = ""
    selector: ast.Selector | None = None
    position: ast.Position | None = None
    among: tuple[ast.Expression, ...] = ()

    @property
    def types(self) -> Types:
        """Every type that it may walk; None for any."""
        found: set[str] = set()
        for hop in self.hops:
            if hop.types is None:
                return None
            found |= hop.types
        return frozenset(found)

    @property
    def binds(self) -> tuple[str, ...]:
        """The names that it gives a value to, besides its nodes."""
        return (*self.lists, self.segment) if self.repeated else (self.hops[0].name,)


@dataclass(frozen=True, slots=True)
class NamedPath:
    """A path with a name: its nodes and links from left to right."""

    name: str
    start: str
    links: tuple[PatternEdge, ...]


@dataclass(slots=True)
class PatternGraph:
    """All of one MATCH."""

    nodes: list[str] = field(default_factory=list)
    links: list[PatternEdge] = field(default_factory=list)
    paths: list[NamedPath] = field(default_factory=list)
    predicates: list[ast.Expression] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """Everything that has a name here."""
        return {
            *self.nodes,
            *(name for link in self.links for name in link.binds),
            *(path.name for path in self.paths),
        }


def reverse_direction(direction: Direction) -> Direction:
    """The same way, seen from the other end."""
    if direction == "both":
        return direction
    return "in" if direction == "out" else "out"


def build_pattern_graph(
    patterns: Sequence[ast.PathPattern], where: ast.Expression | None
) -> PatternGraph:
    """The shape of a MATCH. Raises CypherUnsupported for what isn't evaluated here."""
    return _PatternGraphBuilder().of(patterns, where)


class _PatternGraphBuilder:
    def __init__(self) -> None:
        self._shape = PatternGraph()

    def of(self, patterns: Sequence[ast.PathPattern], where: ast.Expression | None) -> PatternGraph:
        for pattern in patterns:
            self._path(pattern)
        self._shape.predicates += split_conjuncts(where)
        return self._shape

    def _new(self, kind: str) -> str:
        return f"{HIDDEN}{kind}{next(_hidden)}"

    def _path(self, pattern: ast.PathPattern) -> None:
        elements = _add_missing_nodes(pattern.elements)
        links: list[PatternEdge] = []
        left = start = self._node(elements[0])
        for place in range(1, len(elements), 2):
            right = self._node(elements[place + 1])
            element = elements[place]
            if isinstance(element, ast.RelationshipPattern):
                links.append(self._relationship(element, left, right))
            elif isinstance(element, ast.QuantifiedPattern):
                links.append(self._add_quantified(element, left, right))
            left = right
        about = split_conjuncts(pattern.where)
        if pattern.selector is not None:
            ends = {start, left}
            # What is said of its ends is said of all that is between them.
            between = [p for p in about if not find_variables(p) <= ends]
            about = [p for p in about if p not in between]
            links = [self._build_selected(pattern, links, tuple(between))]
        self._shape.predicates += about
        self._shape.links += links
        if pattern.variable is not None:
            self._shape.paths.append(NamedPath(pattern.variable, start, tuple(links)))

    def _build_selected(
        self, pattern: ast.PathPattern, links: list[PatternEdge], among: tuple[ast.Expression, ...]
    ) -> PatternEdge:
        selector = pattern.selector
        assert selector is not None
        if len(links) != 1:
            raise CypherUnsupported(
                f"{selector.kind} over a pattern that is not one relationship or quantified "
                "pattern between two nodes is",
                position=selector.position,
            )
        [link] = links
        lists = link.lists
        if not link.repeated:
            # One fixed relationship: a walk of exactly one hop, whose name is no list.
            if not link.hops[0].name.startswith(HIDDEN):
                raise CypherUnsupported(
                    f"{selector.kind} with a name for a single relationship is",
                    position=selector.position,
                )
            lists = ()
        return PatternEdge(
            link.left, link.right, link.hops, True, link.minimum, link.maximum, link.where,
            link.first or self._new("first"), lists, link.segment or self._new("segment"), selector,
            selector.position, among,
        )  # fmt: skip

    def _node(self, element: ast.Element | None) -> str:
        if not isinstance(element, ast.NodePattern):
            name = self._new("node")
            self._shape.nodes.append(name)
            return name
        name = element.variable or self._new("node")
        if name not in self._shape.nodes:
            self._shape.nodes.append(name)
        self._shape.predicates += _list_inline_predicates(element, name)
        return name

    def _relationship(self, element: ast.RelationshipPattern, left: str, right: str) -> PatternEdge:
        name = element.variable or self._new("relationship")
        types, other = _split_types(element, name)
        if element.length is None:
            self._shape.predicates += other + _list_inline_predicates(element, name)
            return PatternEdge(left, right, (Hop(name, element.direction, types, right),))
        inner = self._new("each")
        types, other = _split_types(element, inner)
        if element.where is not None:
            raise CypherUnsupported(
                "WHERE inside a variable-length relationship is", position=element.position
            )
        minimum = 1 if element.length.minimum is None else element.length.minimum
        hop = Hop(inner, element.direction, types, self._new("to"))
        return PatternEdge(
            left, right, (hop,), True, minimum, element.length.maximum,
            tuple(other + _list_inline_predicates(element, inner)), self._new("from"),
            (name,) if element.variable else (), self._new("segment"), None, element.position,
        )  # fmt: skip

    def _add_quantified(self, element: ast.QuantifiedPattern, left: str, right: str) -> PatternEdge:
        where: list[ast.Expression] = []
        lists: list[str] = []
        hops: list[Hop] = []
        first = ""
        relationship: ast.RelationshipPattern | None = None
        for part in element.elements:
            if isinstance(part, ast.RelationshipPattern):
                relationship = part
                continue
            name = part.variable or self._new("inner")
            if part.variable is not None:
                lists.append(name)
            where += _list_inline_predicates(part, name)
            if relationship is None:
                first = name
                continue
            relation = relationship.variable or self._new("inner")
            if relationship.variable is not None:
                lists.append(relation)
            if relationship.length is not None:
                raise CypherUnsupported(
                    "a variable-length relationship inside a quantified pattern is",
                    position=relationship.position,
                )
            types, other = _split_types(relationship, relation)
            where += other + _list_inline_predicates(relationship, relation)
            hops.append(Hop(relation, relationship.direction, types, name))
        where += split_conjuncts(element.where)
        return PatternEdge(
            left, right, tuple(hops), True, element.minimum, element.maximum, tuple(where), first,
            tuple(lists), self._new("segment"), None, element.position,
        )  # fmt: skip


Side = Literal["left", "right"]


def _add_missing_nodes(elements: Sequence[ast.Element]) -> list[ast.Element | None]:
    """Nodes at both ends and between any two links; None for those that nobody wrote."""
    made: list[ast.Element | None] = []
    for element in elements:
        if isinstance(element, ast.NodePattern) == (len(made) % 2 == 0):
            made.append(element)
        else:
            made += [None, element]
    if len(made) % 2 == 0:
        made.append(None)
    return made


def _split_types(element: ast.RelationshipPattern, name: str) -> tuple[Types, list[ast.Expression]]:
    """The types that may be walked, and the predicate that holds for what a set can't say."""
    if element.types is None:
        return None, []
    names = list_alternatives(element.types)
    if names is not None:
        return frozenset(names), []
    subject = ast.Variable(element.position, name)
    return None, [ast.HasLabels(element.position, subject, element.types)]


def list_alternatives(labels: ast.LabelExpression) -> list[str] | None:
    """The names of which a label expression asks for any; None where it asks for something else."""
    if labels.operator == "is":
        return [labels.name or ""]
    if labels.operator == "or":
        found = [list_alternatives(operand) for operand in labels.operands]
        if all(names is not None for names in found):
            return [name for names in found for name in names or ()]
    return None


def _list_inline_predicates(
    element: ast.NodePattern | ast.RelationshipPattern, name: str
) -> list[ast.Expression]:
    subject = ast.Variable(element.position, name)
    found: list[ast.Expression] = []
    if isinstance(element, ast.NodePattern) and element.labels is not None:
        found += [
            ast.HasLabels(element.position, subject, label)
            for label in _split_labels(element.labels)
        ]
    if isinstance(element.properties, ast.MapLiteral):
        for key, value in element.properties.items:
            of = ast.Property(element.position, subject, key)
            found.append(ast.Comparison(element.position, of, (("=", value),)))
    found += split_conjuncts(element.where)
    return found


def _split_labels(labels: ast.LabelExpression) -> list[ast.LabelExpression]:
    if labels.operator == "and":
        return [label for operand in labels.operands for label in _split_labels(operand)]
    return [labels]


def can_share(one: PatternEdge, other: PatternEdge) -> bool:
    """Whether two links could stand for the same relationship."""
    return one.types is None or other.types is None or bool(one.types & other.types)


def orient(link: PatternEdge, *, from_left: bool) -> tuple[str, tuple[Hop, ...]]:
    """The name of the node that a repetition begins at, and its hops, seen from one end."""
    if from_left:
        return link.first, link.hops
    names = [link.first, *(hop.right for hop in link.hops)]
    hops = tuple(
        hop.reverse_to(names[place]) for place, hop in reversed(list(enumerate(link.hops)))
    )
    return names[-1], hops
