"""What the steps of a MATCH are called in a plan: by Neo4j's words, where the same is meant."""

from __future__ import annotations

from collections.abc import Sequence

from lineage.opencypher.planning.match_planner import Anchor, Follow
from lineage.opencypher.planning.pattern_graph import HIDDEN, Hop, Link, oriented
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.unparser import (
    arrow_text,
    length_text,
    name_of,
    quantifier_text,
    selector_text,
    written,
)
from lineage.opencypher.values.graph import Types


def anchor_text(anchor: Anchor, *, again: bool) -> str:
    """`m:Model WHERE m.name = $name`; `again`: looked for anew for each row before."""
    node = name_of(anchor.node)
    text = node if anchor.label is None else f"{node}:{name_of(anchor.label)}"
    if anchor.key is not None and anchor.value is not None:
        sign = "IN" if anchor.each else "="
        text += f" WHERE {node}.{name_of(anchor.key)} {sign} {written(anchor.value)}"
    if anchor.bounds:
        bounds = (f"{node}.{name_of(b.key)} {b.sign} {written(b.value)}" for b in anchor.bounds)
        text += f" WHERE {' AND '.join(bounds)}"
    if anchor.order is not None:
        descending = " DESC" if anchor.order.descending else ""
        text += f" ORDER BY {node}.{name_of(anchor.order.key)}{descending}"
    return f"{text}, for each row" if again else text


def predicate_text(predicates: Sequence[ast.Expression]) -> str:
    """Predicates that must all hold."""
    return " AND ".join(map(written, predicates))


def walk_name(step: Follow, *, pruned: bool) -> str:
    """The operator that walks a link."""
    link = step.link
    into = "Into" if step.closes or link.left == link.right else "All"
    if link.selector is not None:
        return "ShortestPath"
    if not link.repeated:
        return f"Expand({into})"
    if pruned:
        return "VarLengthExpand(Pruning,BFS)"
    return f"VarLengthExpand({into})" if len(link.hops) == 1 else "Repeat(Trail)"


def scan_name(hop: Hop) -> str:
    """The operator that goes through all relationships that a hop can be."""
    way = "Undirected" if hop.direction == "both" else "Directed"
    if hop.types is None:
        return f"{way}AllRelationshipsScan"
    kind = "RelationshipTypeScan" if len(hop.types) == 1 else "UnionRelationshipTypesScan"
    return f"{way}{kind}"


def link_text(link: Link, *, from_left: bool) -> str:
    """`(d)-[:INPUT|OUTPUT*]->(m)`, from the end that it is walked from."""
    start, end = (link.left, link.right) if from_left else (link.right, link.left)
    if not link.repeated:
        hop = link.hops[0] if from_left else link.hops[0].reversed_to(link.left)
        return f"({name_of(start)}){_arrow(hop, '')}({name_of(end)})"
    first, hops = oriented(link, from_left=from_left)
    if len(hops) == 1 and not _seen(hops[0].right) and not _seen(first):
        # A variable-length relationship, whose name is its list's.
        names = [name for name in link.lists if name != hops[0].name]
        length = length_text(*_written_length(link))
        middle = _arrow(hops[0], length, names[0] if names else None)
    else:
        inner = f"({_shown(first)})"
        for hop in hops:
            inner += f"{_arrow(hop, '')}({_shown(hop.right)})"
        middle = f" ({inner}){quantifier_text(link.minimum, link.maximum)} "
    text = f"({name_of(start)}){middle}({name_of(end)})"
    if link.selector is not None:
        text = f"{selector_text(link.selector)} {text}"
    return text + (f" WHERE {predicate_text(link.where)}" if link.where else "")


def _written_length(link: Link) -> tuple[int | None, int | None]:
    if link.minimum == 1 and link.maximum != 1:
        return None, link.maximum
    return link.minimum, link.maximum


def _arrow(hop: Hop, length: str, name: str | None = None) -> str:
    own = hop.name if name is None else name
    inside = f"{_shown(own)}{_types(hop.types)}{length}"
    return arrow_text(inside, hop.direction)


def _types(types: Types) -> str:
    return "" if types is None else ":" + "|".join(map(name_of, sorted(types)))


def _seen(name: str) -> bool:
    return not name.startswith(HIDDEN)


def _shown(name: str) -> str:
    return name_of(name) if _seen(name) else ""
