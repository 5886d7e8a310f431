"""What "in a context" means: directly, or in a context below it.

A pipeline run is below its pipeline, and a step that is recorded in the run is in the pipeline as
well, however many contexts lie between. Whoever means only what is directly in a context says
`direct=True`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lineage.filters.tree import Alias, Attribute, In, Predicate, Relation
from lineage.model import Kind
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader

# No identifier, so that no filter that is written down has an alias of this name.
_WITHIN = Alias(Relation.CONTEXT, "in a context")


def contexts_below(reader: Reader, ids: Iterable[int]) -> set[int]:
    """Return these contexts and all below them."""
    found: set[int] = set()
    frontier = set(ids)
    while frontier:
        found |= frontier
        frontier = {child for child, _ in reader.children_of(sorted(frontier))} - found
    return found


def contexts_above(reader: Reader, ids: Iterable[int]) -> dict[int, list[int]]:
    """Return, for each of these contexts, itself and all above it, nearest first."""
    parents: dict[int, list[int]] = {}
    frontier = set(starts := list(dict.fromkeys(ids)))
    while frontier:
        parents.update((id, []) for id in frontier)
        for child, parent in reader.parents_of(sorted(frontier)):
            parents[child].append(parent)
        frontier = {above for id in frontier for above in parents[id]} - parents.keys()
    found: dict[int, list[int]] = {}
    for start in starts:
        climbed = {start: None}
        for id in (waiting := [start]):
            fresh = [above for above in parents[id] if above not in climbed]
            climbed.update(dict.fromkeys(fresh))
            waiting += fresh
        found[start] = list(climbed)
    return found


def members_within(reader: Reader, ids: Iterable[int], kind: Kind) -> set[int]:
    """Return the artifacts, or executions, that are in any of these contexts."""
    contexts = contexts_below(reader, ids)
    return {member for _, member in reader.members_of(sorted(contexts), kind)}


def contexts_around(reader: Reader, kind: Kind, ids: Iterable[int]) -> dict[int, list[int]]:
    """Return, for each artifact or execution, the contexts that it is in, nearest first."""
    pairs = reader.contexts_of(kind, sorted(set(ids)))
    above = contexts_above(reader, (context for _, context in pairs))
    found: dict[int, dict[int, int]] = {id: {} for id in ids}
    for id, context in pairs:
        for height, one in enumerate(above[context]):
            found[id][one] = min(height, found[id].get(one, height))
    return {id: sorted(some, key=lambda c: (some[c], c)) for id, some in found.items()}


def restrict_to_context(
    reader: Reader, kind: Kind, where: Filter, context_id: int, *, direct: bool = False
) -> Filter:
    """Return the filter, for what is in a context only; of contexts, for those below it."""
    below = set() if direct else contexts_below(reader, [context_id]) - {context_id}
    if not below:
        return replace(where, context_id=context_id)
    if kind is Kind.CONTEXT:
        condition = In(Attribute("id"), tuple(sorted(below)))
    else:
        condition = In(Attribute("id", _WITHIN), tuple(sorted({context_id, *below})))
    return replace(where, where=Predicate(kind, condition).also(where.where))
