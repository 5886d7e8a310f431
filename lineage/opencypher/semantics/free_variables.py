"""Which names an expression uses, and for what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import child_parts, walk_parts
from lineage.opencypher.values.entities import Keys

# Functions that look at a node no further than its identity.
_IDENTITY_ONLY = frozenset(
    {"id", "elementid", "count", "collect", "length", "type", "startnode", "endnode", "nodes",
     "relationships", "exists", "coalesce"}
)  # fmt: skip


@lru_cache(maxsize=4096)
def find_variables(part: ast.Part) -> frozenset[str]:
    """Every name that may come from outside, and perhaps some that come from inside.

    Names of nodes and relationships in patterns count; those that a comprehension brings don't.
    """
    names: set[str] = set()
    local: set[str] = set()
    match part:
        case ast.Variable(name=name):
            return frozenset((name,))
        case ast.ListComprehension() | ast.Quantifier():
            local = {part.variable}
            outside = find_variables(part.source)
            inside = [find_variables(p) for p in child_parts(part) if p is not part.source]
            return outside | (frozenset().union(*inside) - local)
        case ast.CaseTest():
            return find_variables(part.condition) - {ast.SUBJECT}
        case ast.Reduce():
            outside = find_variables(part.initial) | find_variables(part.source)
            return outside | (find_variables(part.expression) - {part.accumulator, part.variable})
        case ast.NodePattern(variable=str(name)) | ast.RelationshipPattern(variable=str(name)):
            names.add(name)
        case ast.PathPattern(variable=str(name)):
            local = {name}
        case ast.CallSubquery(imports=imports) if imports:
            names |= set(imports)
    for inner in child_parts(part):
        names |= find_variables(inner)
    return frozenset(names - local)


# By name of a value: the properties of it that are read.
PropertyReads = Mapping[str, Keys]
_LABELS_ONLY: Keys = frozenset()


@lru_cache(maxsize=4096)
def find_property_reads(part: ast.Part) -> PropertyReads:
    """The names of values whose labels or properties an expression reads, and which of them."""
    found: list[PropertyReads] = []
    for inner in walk_parts(part):
        match inner:
            case ast.Property(subject=ast.Variable(name=name), key=key):
                found.append({name: frozenset((key,))})
            case ast.HasLabels(subject=ast.Variable(name=name)):
                found.append({name: _LABELS_ONLY})
            case ast.MapProjection(subject=ast.Variable(name=name), items=items):
                keys = frozenset(key for key, value in items if value is None)
                found.append({name: None if "*" in keys else keys})
            case ast.Index(subject=ast.Variable(name=name)):
                found.append({name: None})
            case ast.FunctionCall(name=function, arguments=(ast.Variable(name=name),)) if (
                function.lower() == "labels"
            ):
                found.append({name: _LABELS_ONLY})
            case ast.FunctionCall(name=function, arguments=arguments):
                if function.lower() not in _IDENTITY_ONLY:
                    found += [{a.name: None} for a in arguments if isinstance(a, ast.Variable)]
    return merge_reads(found)


def merge_reads(looks: Iterable[PropertyReads]) -> PropertyReads:
    """All that is read by one of several."""
    found: dict[str, Keys] = {}
    for each in looks:
        for name, keys in each.items():
            before = found.get(name, _LABELS_ONLY)
            found[name] = None if keys is None or before is None else before | keys
    return found


@lru_cache(maxsize=4096)
def find_exposed_variables(part: ast.Part) -> frozenset[str]:
    """The names of values of which an expression tells more than properties, labels and how many
    they are."""
    match part:
        case (
            ast.Property(subject=ast.Variable())
            | ast.HasLabels(subject=ast.Variable())
            | ast.FunctionCall(arguments=(ast.Variable(),))
        ) if not isinstance(part, ast.FunctionCall) or part.name.lower() in ("labels", "type"):
            return frozenset()
        case ast.Variable(name=name):
            return frozenset((name,))
    return _skip_counted(part, find_exposed_variables)


@lru_cache(maxsize=4096)
def find_uncounted_variables(part: ast.Part) -> frozenset[str]:
    """The names of values of which an expression tells more than how many they are."""
    if isinstance(part, ast.Variable):
        return frozenset((part.name,))
    return _skip_counted(part, find_uncounted_variables)


def _skip_counted(part: ast.Part, names_of: Callable[[ast.Part], frozenset[str]]) -> frozenset[str]:
    match part:
        case ast.FunctionCall(name=name, arguments=(ast.Variable(),), distinct=False) if (
            name.lower() == "count"
        ):
            return frozenset()
        case ast.NodePattern(variable=str(name)) | ast.RelationshipPattern(variable=str(name)):
            return frozenset((name,)).union(*map(names_of, child_parts(part)))
    return frozenset().union(*map(names_of, child_parts(part)))
