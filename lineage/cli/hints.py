"""What may be the reason that nothing was found: names that the store does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lineage.captions import short_type

if TYPE_CHECKING:
    from lineage import Store
    from lineage.model import Node
    from lineage.questions.query_result import QueryResult

_SHOWN = 5


def hints(store: Store, cypher: str, result: QueryResult) -> Iterator[str]:
    """For an answer in which there is nothing: labels and relationship types of the query that no
    node and no relationship has, each with the one that may be meant."""
    # `RETURN count(m)` has a row, with 0 in it.
    if len(result) > 1 or any(value for row in result for value in row):
        return
    from lineage.backends.escaping import type_label
    from lineage.errors import InvalidQuery
    from lineage.opencypher.syntax import ast
    from lineage.opencypher.syntax.ast_walk import walk_parts
    from lineage.opencypher.syntax.parser import parse

    try:
        query = parse(cypher)
    except InvalidQuery:
        # What Neo4j reads, and the evaluator does not.
        return
    labels: dict[str, None] = {}
    types: dict[str, None] = {}
    for part in sorted(walk_parts(query), key=lambda part: part.position.offset):
        if isinstance(part, ast.NodePattern):
            labels |= dict.fromkeys(_name(part.labels))
        elif isinstance(part, ast.RelationshipPattern):
            types |= dict.fromkeys(_name(part.types))
    words = store.vocabulary()
    known = {label: label for label in words.labels}
    # A label is made of a type's name, which may be far from it: tfx.components.….Trainer.
    for type in store.types():
        label = type_label(type.name)
        if label in known:
            known = {short_type(type.name): label, type.name: label, **known}
    yield from _unknown(labels, known, "no node has the label")
    yield from _unknown(types, _itself(words.relationships), "no relationship has the type")


def gaps_in(store: Store, nodes: Callable[[], Iterable[Node]]) -> list[str]:
    """The runs among the nodes of which not all was seen, by their ids.

    The nodes are asked for only where the store has such a run at all.
    """
    from lineage.questions.capture_gaps import GAPS_KEY, find_gaps

    if store.metadata(GAPS_KEY) is None:
        return []
    return [f"execution:{run.id}" for run in find_gaps(nodes())]


def of_gaps(gaps: Sequence[str]) -> Iterator[str]:
    """What a person should know where an answer passes by runs of which not all was seen."""
    if gaps:
        shown = ", ".join(gaps[:_SHOWN]) + (" …" if len(gaps) > _SHOWN else "")
        yield (
            f"this may lack what could not be seen of {shown}; `lineage show {gaps[0]}` says what"
        )


def against_time(count: int) -> str:
    """What is said where something was written more than once without versions."""
    these = "1 of these leads" if count == 1 else f"{count} of these lead"
    return (
        f"{these} here only by chains in which something precedes what it came of, as what is "
        "written more than once without versions has; --causal leaves that out"
    )


def of_type(store: Store, type: str | None, found: int) -> Iterator[str]:
    """For a question that shows one type only, and found none: whether there is such a type."""
    if found or type is None:
        return
    from lineage.model import BaseType

    known = _itself(BaseType)
    for found_type in store.types():
        known |= {short_type(found_type.name): found_type.name}
        known |= _itself((found_type.name, found_type.label))
    yield from _unknown([type], known, "nothing has the type")


def _name(part: object) -> Iterator[str]:
    from lineage.opencypher.syntax import ast
    from lineage.opencypher.syntax.ast_walk import walk_parts

    if isinstance(part, ast.LabelExpression):
        for inner in walk_parts(part):
            if isinstance(inner, ast.LabelExpression) and inner.name is not None:
                yield inner.name


def _itself(names: Iterable[str]) -> dict[str, str]:
    return {name: name for name in names}


def _unknown(names: Iterable[str], known: Mapping[str, str], said: str) -> Iterator[str]:
    """What is said of names that none of the known forms stands for, with what may be meant."""
    from lineage.rules.suggestions import find_nearest

    for name in names:
        if name in known.values():
            continue
        near = find_nearest(name, known)
        yield f"{said} {name}{f'; did you mean {near}?' if near else ''}"


def of_deleted(store: Store, references: Iterable[str]) -> Iterator[str]:
    """Of references that name what was deleted: when that was, by whom, and by which receipt."""
    from lineage.cli.output import format_time
    from lineage.errors import LineageError

    for reference in references:
        try:
            node = store.get(reference)
            if not is_deleted(node):
                continue
            told = [row for row in store.history(f"{node.kind}:{node.id}") if row.receipt]
        except LineageError:
            # Whoever asked says what is wrong with it.
            continue
        for row in told[-1:]:
            why = f" ({row.why})" if row.why else ""
            yield (
                f"{reference} was deleted {format_time(row.time_ms)} by receipt "
                f"{(row.receipt or '')[:8]}{why}; what is not shown of it is gone"
            )


def is_deleted(node: Node) -> bool:
    """Tell whether a node may be what a deletion left of it."""
    from lineage.model import Artifact, ArtifactState

    if isinstance(node, Artifact):
        return node.state is ArtifactState.DELETED
    return not node.properties and not node.custom_properties
