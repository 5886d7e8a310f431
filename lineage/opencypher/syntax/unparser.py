"""Expressions and patterns as text again: for plans, and for whoever must show one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lineage.opencypher.syntax import ast

# How tightly operators bind, as in the grammar; what binds less stands in brackets.
_OR, _XOR, _AND, _NOT, _COMPARE, _PREDICATE = range(6)
_ADD, _MULTIPLY, _POWER, _SIGN, _POSTFIX, _ATOM = range(6, 12)
_BINDING = {
    "OR": _OR, "XOR": _XOR, "AND": _AND, "IN": _PREDICATE, "STARTS WITH": _PREDICATE,
    "ENDS WITH": _PREDICATE, "CONTAINS": _PREDICATE, "=~": _PREDICATE, "+": _ADD, "-": _ADD,
    "||": _ADD, "*": _MULTIPLY, "/": _MULTIPLY, "%": _MULTIPLY, "^": _POWER,
}  # fmt: skip
_PLAIN = re.compile(r"[^\W\d]\w*|\0[a-z]+[0-9]*")
_ESCAPED = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def written(part: ast.Expression) -> str:
    """An expression as text. The query inside a sub-query is left out: `EXISTS { … }`."""
    return _expression(part)[1]


def name_of(name: str) -> str:
    """A name, in back quotes where it needs them."""
    return name if _PLAIN.fullmatch(name) else "`" + name.replace("`", "``") + "`"


def _at_least(binding: int, part: ast.Expression) -> str:
    mine, text = _expression(part)
    return text if mine >= binding else f"({text})"


def _expression(part: ast.Expression) -> tuple[int, str]:
    """How tightly it binds, and the text."""
    match part:
        case ast.Binary(operator=operator, left=left, right=right):
            mine = _BINDING[operator]
            return mine, f"{_at_least(mine, left)} {operator} {_at_least(mine + 1, right)}"
        case ast.Comparison(first=first, rest=rest):
            sides = "".join(f" {sign} {_at_least(_PREDICATE, side)}" for sign, side in rest)
            return _COMPARE, _at_least(_PREDICATE, first) + sides
        case ast.Unary(operator="NOT", operand=operand):
            return _NOT, f"NOT {_at_least(_NOT, operand)}"
        case ast.Unary(operator=operator, operand=operand):
            return _SIGN, f"{operator}{_at_least(_POSTFIX, operand)}"
        case ast.IsNull(operand=operand, negated=negated):
            said = "IS NOT NULL" if negated else "IS NULL"
            return _PREDICATE, f"{_at_least(_PREDICATE, operand)} {said}"
        case ast.IsType(operand=operand, type=type, negated=negated):
            said = "IS NOT ::" if negated else "IS ::"
            return _PREDICATE, f"{_at_least(_PREDICATE, operand)} {said} {type}"
        case ast.IsNormalized(operand=operand, form=form, negated=negated):
            said = "IS NOT" if negated else "IS"
            return _PREDICATE, f"{_at_least(_PREDICATE, operand)} {said} {form} NORMALIZED"
        case ast.CaseTest(condition=condition):
            return _COMPARE, written(condition).removeprefix(f"{name_of(ast.SUBJECT)} ")
        case ast.HasLabels(subject=subject, labels=labels):
            return _POSTFIX, f"{_at_least(_ATOM, subject)}:{label_text(labels)}"
        case ast.Property(subject=subject, key=key):
            return _POSTFIX, f"{_at_least(_POSTFIX, subject)}.{name_of(key)}"
        case ast.Index(subject=subject, index=index):
            return _POSTFIX, f"{_at_least(_POSTFIX, subject)}[{written(index)}]"
        case ast.Slice(subject=subject, start=start, end=end):
            bounds = f"{_or_nothing(start)}..{_or_nothing(end)}"
            return _POSTFIX, f"{_at_least(_POSTFIX, subject)}[{bounds}]"
        case ast.Literal(kind="integer" | "float", value=value) if value < 0:
            return _SIGN, str(value)
    return _ATOM, _atom(part)


def _atom(part: ast.Expression) -> str:
    match part:
        case ast.Literal():
            return _literal(part)
        case ast.Parameter(name=name):
            return f"${name_of(name)}"
        case ast.Variable(name=name):
            return name_of(name)
        case ast.ListLiteral(items=items):
            return f"[{_listed(items)}]"
        case ast.MapLiteral(items=items):
            return map_text(part)
        case ast.MapProjection(subject=subject, items=chosen):
            return f"{name_of(subject.name)} {{{', '.join(_chosen(*one) for one in chosen)}}}"
        case ast.FunctionCall(name=name, arguments=(of, ast.Literal(value=form))) if (
            name.lower() == "normalize"
        ):
            return f"{name}({written(of)}, {form})"
        case ast.FunctionCall(name=name, arguments=arguments, distinct=distinct):
            return f"{name}({'DISTINCT ' if distinct else ''}{_listed(arguments)})"
        case ast.CountStar():
            return "count(*)"
        case ast.Case(subject=of, alternatives=alternatives, default=default):
            whens = "".join(f" WHEN {written(a)} THEN {written(b)}" for a, b in alternatives)
            last = "" if default is None else f" ELSE {written(default)}"
            return f"CASE{'' if of is None else ' ' + written(of)}{whens}{last} END"
        case ast.ListComprehension(variable=name, source=source, where=where, projection=made):
            last = "" if made is None else f" | {written(made)}"
            return f"[{name_of(name)} IN {written(source)}{_where(where)}{last}]"
        case ast.PatternComprehension(pattern=pattern, where=where, projection=made):
            return f"[{path_text(pattern)}{_where(where)} | {written(made)}]"
        case ast.Quantifier(kind=kind, variable=name, source=source, where=where):
            return f"{kind}({name_of(name)} IN {written(source)}{_where(where)})"
        case ast.Reduce():
            first = f"{name_of(part.accumulator)} = {written(part.initial)}"
            through = f"{name_of(part.variable)} IN {written(part.source)}"
            return f"reduce({first}, {through} | {written(part.expression)})"
        case ast.PatternPredicate(pattern=pattern) | ast.PathValue(pattern=pattern):
            return path_text(pattern)
        case ast.Subquery(kind=kind):
            return f"{kind.upper()} {{ … }}"
    return type(part).__name__


def _literal(part: ast.Literal) -> str:
    match part.kind:
        case "null":
            return "null"
        case "boolean":
            return "true" if part.value else "false"
        case "string":
            return "'" + "".join(map(_character, part.value)) + "'"
    return str(part.value)


def _character(c: str) -> str:
    if c in _ESCAPED:
        return _ESCAPED[c]
    return c if c.isprintable() or ord(c) > 0xFFFF else f"\\u{ord(c):04X}"


def _listed(parts: Iterable[ast.Expression]) -> str:
    return ", ".join(map(written, parts))


def _or_nothing(part: ast.Expression | None) -> str:
    return "" if part is None else written(part)


def _where(part: ast.Expression | None) -> str:
    return "" if part is None else f" WHERE {written(part)}"


def _chosen(key: str, value: ast.Expression | None) -> str:
    if value is None:
        return ".*" if key == "*" else f".{name_of(key)}"
    if isinstance(value, ast.Variable) and value.name == key:
        return name_of(key)
    return f"{name_of(key)}: {written(value)}"


def map_text(part: ast.MapLiteral) -> str:
    """`{key: value}`."""
    return f"{{{', '.join(f'{name_of(key)}: {written(value)}' for key, value in part.items)}}}"


# --- Patterns ------------------------------------------------------------------------------------


def label_text(labels: ast.LabelExpression, outside: int = 0) -> str:
    """`A|B&!C`."""
    match labels.operator:
        case "is":
            return name_of(labels.name or "")
        case "any":
            return "%"
        case "not":
            return f"!{label_text(labels.operands[0], 2)}"
        case "dynamic":
            return f"$({_or_nothing(labels.expression)})"
    sign, mine = ("&", 1) if labels.operator == "and" else ("|", 0)
    text = sign.join(label_text(operand, mine + 1) for operand in labels.operands)
    return f"({text})" if mine < outside else text


def path_text(pattern: ast.PathPattern) -> str:
    """A pattern with its name and selector."""
    text = "".join(map(_element, pattern.elements))
    selector = pattern.selector
    if pattern.where is not None:
        text = f"({text}{_where(pattern.where)})"
    if selector is not None:
        if selector.kind.startswith(("shortestPath", "allShortestPaths")):
            text = f"{selector.kind}({text})"
        else:
            text = f"{selector_text(selector)} {text}"
    return text if pattern.variable is None else f"{name_of(pattern.variable)} = {text}"


def selector_text(selector: ast.Selector) -> str:
    """`SHORTEST 2 GROUPS`, say."""
    match selector.kind:
        case "any":
            return f"ANY {selector.count}"
        case "shortest":
            return f"SHORTEST {selector.count}"
        case "shortest groups":
            return f"SHORTEST {selector.count} GROUPS"
        case "all shortest":
            return "ALL SHORTEST"
    return selector.kind


def quantifier_text(minimum: int, maximum: int | None) -> str:
    """`+`, `*`, `{2}`, `{1,3}`."""
    if maximum is None and minimum < 2:
        return "+" if minimum else "*"
    if minimum == maximum:
        return f"{{{minimum}}}"
    return f"{{{minimum},{'' if maximum is None else maximum}}}"


def arrow_text(inside: str, direction: str) -> str:
    """`-[inside]->`, without brackets where there is nothing inside."""
    middle = f"[{inside}]" if inside else ""
    return f"{'<' if direction == 'in' else ''}-{middle}-{'>' if direction == 'out' else ''}"


def _element(element: ast.Element) -> str:
    if isinstance(element, ast.QuantifiedPattern):
        inner = "".join(map(_element, element.elements)) + _where(element.where)
        return f"({inner}){quantifier_text(element.minimum, element.maximum)}"
    inside = "" if element.variable is None else name_of(element.variable)
    if isinstance(element, ast.NodePattern):
        if element.labels is not None:
            inside += f":{label_text(element.labels)}"
    else:
        if element.types is not None:
            inside += f":{label_text(element.types)}"
        if element.length is not None:
            inside += length_text(element.length.minimum, element.length.maximum)
    if element.properties is not None:
        inside += f"{' ' if inside else ''}{written(element.properties)}"
    inside += _where(element.where) if inside else _where(element.where).lstrip()
    if isinstance(element, ast.NodePattern):
        return f"({inside})"
    return arrow_text(inside, element.direction)


def length_text(minimum: int | None, maximum: int | None) -> str:
    """`*`, `*2`, `*1..3`."""
    if minimum is None and maximum is None:
        return "*"
    if minimum == maximum:
        return f"*{minimum}"
    return f"*{'' if minimum is None else minimum}..{'' if maximum is None else maximum}"
