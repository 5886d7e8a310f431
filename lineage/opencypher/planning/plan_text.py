"""What the steps of a MATCH are called in a plan: by Neo4j's words, where the same is meant."""

from __future__ import annotations

from collections.abc import Sequence

from lineage.opencypher.planning.match_planner import Anchor, Expand
from lineage.opencypher.planning.pattern_graph import HIDDEN, Hop, PatternEdge, orient
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.unparser import (
    quote_name,
    unparse,
    unparse_arrow,
    unparse_length,
    unparse_quantifier,
    unparse_selector,
)
from lineage.opencypher.values.graph import Types


def describe_anchor(anchor: Anchor, *, again: bool) -> str:
    """`m:Model WHERE m.name = $name`; `again`: looked for anew for each row before."""
    node = quote_name(anchor.node)
    text = node if anchor.label is None else f"{node}:{quote_name(anchor.label)}"
    if anchor.key is not None and anchor.value is not None:
        sign = "IN" if anchor.each else "="
        text += f" WHERE {node}.{quote_name(anchor.key)} {sign} {unparse(anchor.value)}"
    if anchor.bounds:
        bounds = (f"{node}.{quote_name(b.key)} {b.sign} {unparse(b.value)}" for b in anchor.bounds)
        text += f" WHERE {' AND '.join(bounds)}"
    if anchor.order is not None:
        descending = " DESC" if anchor.order.descending else ""
        text += f" ORDER BY {node}.{quote_name(anchor.order.key)}{descending}"
    return f"{text}, for each row" if again else text


def describe_predicates(predicates: Sequence[ast.Expression]) -> str:
    """Predicates that must all hold."""
    return " AND ".join(map(unparse, predicates))


def name_expand(step: Expand, *, pruned: bool) -> str:
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


def name_scan(hop: Hop) -> str:
    """The operator that goes through all relationships that a hop can be."""
    way = "Undirected" if hop.direction == "both" else "Directed"
    if hop.types is None:
        return f"{way}AllRelationshipsScan"
    kind = "RelationshipTypeScan" if len(hop.types) == 1 else "UnionRelationshipTypesScan"
    return f"{way}{kind}"


def describe_edge(link: PatternEdge, *, from_left: bool) -> str:
    """`(d)-[:INPUT|OUTPUT*]->(m)`, from the end that it is walked from."""
    start, end = (link.left, link.right) if from_left else (link.right, link.left)
    if not link.repeated:
        hop = link.hops[0] if from_left else link.hops[0].reverse_to(link.left)
        return f"({quote_name(start)}){_describe_hop(hop, '')}({quote_name(end)})"
    first, hops = orient(link, from_left=from_left)
    if len(hops) == 1 and not _is_visible(hops[0].right) and not _is_visible(first):
        # A variable-length relationship, whose name is its list's.
        names = [name for name in link.lists if name != hops[0].name]
        length = unparse_length(*_describe_length(link))
        middle = _describe_hop(hops[0], length, names[0] if names else None)
    else:
        inner = f"({_show_name(first)})"
        for hop in hops:
            inner += f"{_describe_hop(hop, '')}({_show_name(hop.right)})"
        middle = f" ({inner}){unparse_quantifier(link.minimum, link.maximum)} "
    text = f"({quote_name(start)}){middle}({quote_name(end)})"
    if link.selector is not None:
        text = f"{unparse_selector(link.selector)} {text}"
    return text + (f" WHERE {describe_predicates(link.where)}" if link.where else "")


def _describe_length(link: PatternEdge) -> tuple[int | None, int | None]:
    if link.minimum == 1 and link.maximum != 1:
        return None, link.maximum
    return link.minimum, link.maximum


def _describe_hop(hop: Hop, length: str, name: str | None = None) -> str:
    own = hop.name if name is None else name
    inside = f"{_show_name(own)}{_describe_types(hop.types)}{length}"
    return unparse_arrow(inside, hop.direction)


def _describe_types(types: Types) -> str:
    return "" if types is None else ":" + "|".join(map(quote_name, sorted(types)))


def _is_visible(name: str) -> bool:
    return not name.startswith(HIDDEN)


def _show_name(name: str) -> str:
    return quote_name(name) if _is_visible(name) else ""
