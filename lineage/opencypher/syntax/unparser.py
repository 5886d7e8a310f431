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


def unparse(part: ast.Expression) -> str:
    """An expression as text. The query inside a sub-query is left out: `EXISTS { … }`."""
    return _expression(part)[1]


def quote_name(name: str) -> str:
    """A name, in back quotes where it needs them."""
    return name if _PLAIN.fullmatch(name) else "`" + name.replace("`", "``") + "`"


def _bracket(binding: int, part: ast.Expression) -> str:
    mine, text = _expression(part)
    return text if mine >= binding else f"({text})"


def _expression(part: ast.Expression) -> tuple[int, str]:
    """How tightly it binds, and the text."""
    match part:
        case ast.Binary(operator=operator, left=left, right=right):
            mine = _BINDING[operator]
            return mine, f"{_bracket(mine, left)} {operator} {_bracket(mine + 1, right)}"
        case ast.Comparison(first=first, rest=rest):
            sides = "".join(f" {sign} {_bracket(_PREDICATE, side)}" for sign, side in rest)
            return _COMPARE, _bracket(_PREDICATE, first) + sides
        case ast.Unary(operator="NOT", operand=operand):
            return _NOT, f"NOT {_bracket(_NOT, operand)}"
        case ast.Unary(operator=operator, operand=operand):
            return _SIGN, f"{operator}{_bracket(_POSTFIX, operand)}"
        case ast.IsNull(operand=operand, negated=negated):
            said = "IS NOT NULL" if negated else "IS NULL"
            return _PREDICATE, f"{_bracket(_PREDICATE, operand)} {said}"
        case ast.IsType(operand=operand, type=type, negated=negated):
            said = "IS NOT ::" if negated else "IS ::"
            return _PREDICATE, f"{_bracket(_PREDICATE, operand)} {said} {type}"
        case ast.IsNormalized(operand=operand, form=form, negated=negated):
            said = "IS NOT" if negated else "IS"
            return _PREDICATE, f"{_bracket(_PREDICATE, operand)} {said} {form} NORMALIZED"
        case ast.CaseTest(condition=condition):
            return _COMPARE, unparse(condition).removeprefix(f"{quote_name(ast.SUBJECT)} ")
        case ast.HasLabels(subject=subject, labels=labels):
            return _POSTFIX, f"{_bracket(_ATOM, subject)}:{unparse_labels(labels)}"
        case ast.Property(subject=subject, key=key):
            return _POSTFIX, f"{_bracket(_POSTFIX, subject)}.{quote_name(key)}"
        case ast.Index(subject=subject, index=index):
            return _POSTFIX, f"{_bracket(_POSTFIX, subject)}[{unparse(index)}]"
        case ast.Slice(subject=subject, start=start, end=end):
            bounds = f"{_unparse_optional(start)}..{_unparse_optional(end)}"
            return _POSTFIX, f"{_bracket(_POSTFIX, subject)}[{bounds}]"
        case ast.Literal(kind="integer" | "float", value=value) if value < 0:
            return _SIGN, str(value)
    return _ATOM, _atom(part)


def _atom(part: ast.Expression) -> str:
    match part:
        case ast.Literal():
            return _literal(part)
        case ast.Parameter(name=name):
            return f"${quote_name(name)}"
        case ast.Variable(name=name):
            return quote_name(name)
        case ast.ListLiteral(items=items):
            return f"[{_join(items)}]"
        case ast.MapLiteral(items=items):
            return unparse_map(part)
        case ast.MapProjection(subject=subject, items=chosen):
            entries = ", ".join(_unparse_entry(*one) for one in chosen)
            return f"{quote_name(subject.name)} {{{entries}}}"
        case ast.FunctionCall(name=name, arguments=(of, ast.Literal(value=form))) if (
            name.lower() == "normalize"
        ):
            return f"{name}({unparse(of)}, {form})"
        case ast.FunctionCall(name=name, arguments=arguments, distinct=distinct):
            return f"{name}({'DISTINCT ' if distinct else ''}{_join(arguments)})"
        case ast.CountStar():
            return "count(*)"
        case ast.Case(subject=of, alternatives=alternatives, default=default):
            whens = "".join(f" WHEN {unparse(a)} THEN {unparse(b)}" for a, b in alternatives)
            last = "" if default is None else f" ELSE {unparse(default)}"
            return f"CASE{'' if of is None else ' ' + unparse(of)}{whens}{last} END"
        case ast.ListComprehension(variable=name, source=source, where=where, projection=made):
            last = "" if made is None else f" | {unparse(made)}"
            return f"[{quote_name(name)} IN {unparse(source)}{_unparse_where(where)}{last}]"
        case ast.PatternComprehension(pattern=pattern, where=where, projection=made):
            return f"[{unparse_path(pattern)}{_unparse_where(where)} | {unparse(made)}]"
        case ast.Quantifier(kind=kind, variable=name, source=source, where=where):
            return f"{kind}({quote_name(name)} IN {unparse(source)}{_unparse_where(where)})"
        case ast.Reduce():
            first = f"{quote_name(part.accumulator)} = {unparse(part.initial)}"
            through = f"{quote_name(part.variable)} IN {unparse(part.source)}"
            return f"reduce({first}, {through} | {unparse(part.expression)})"
        case ast.PatternPredicate(pattern=pattern) | ast.PathValue(pattern=pattern):
            return unparse_path(pattern)
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


def _join(parts: Iterable[ast.Expression]) -> str:
    return ", ".join(map(unparse, parts))


def _unparse_optional(part: ast.Expression | None) -> str:
    return "" if part is None else unparse(part)


def _unparse_where(part: ast.Expression | None) -> str:
    return "" if part is None else f" WHERE {unparse(part)}"


def _unparse_entry(key: str, value: ast.Expression | None) -> str:
    if value is None:
        return ".*" if key == "*" else f".{quote_name(key)}"
    if isinstance(value, ast.Variable) and value.name == key:
        return quote_name(key)
    return f"{quote_name(key)}: {unparse(value)}"


def unparse_map(part: ast.MapLiteral) -> str:
    """`{key: value}`."""
    return f"{{{', '.join(f'{quote_name(key)}: {unparse(value)}' for key, value in part.items)}}}"


# --- Patterns ------------------------------------------------------------------------------------


def unparse_labels(labels: ast.LabelExpression, outside: int = 0) -> str:
    """`A|B&!C`."""
    match labels.operator:
        case "is":
            return quote_name(labels.name or "")
        case "any":
            return "%"
        case "not":
            return f"!{unparse_labels(labels.operands[0], 2)}"
        case "dynamic":
            return f"$({_unparse_optional(labels.expression)})"
    sign, mine = ("&", 1) if labels.operator == "and" else ("|", 0)
    text = sign.join(unparse_labels(operand, mine + 1) for operand in labels.operands)
    return f"({text})" if mine < outside else text


def unparse_path(pattern: ast.PathPattern) -> str:
    """A pattern with its name and selector."""
    text = "".join(map(_element, pattern.elements))
    selector = pattern.selector
    if pattern.where is not None:
        text = f"({text}{_unparse_where(pattern.where)})"
    if selector is not None:
        if selector.kind.startswith(("shortestPath", "allShortestPaths")):
            text = f"{selector.kind}({text})"
        else:
            text = f"{unparse_selector(selector)} {text}"
    return text if pattern.variable is None else f"{quote_name(pattern.variable)} = {text}"


def unparse_selector(selector: ast.Selector) -> str:
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


def unparse_quantifier(minimum: int, maximum: int | None) -> str:
    """`+`, `*`, `{2}`, `{1,3}`."""
    if maximum is None and minimum < 2:
        return "+" if minimum else "*"
    if minimum == maximum:
        return f"{{{minimum}}}"
    return f"{{{minimum},{'' if maximum is None else maximum}}}"


def unparse_arrow(inside: str, direction: str) -> str:
    """`-[inside]->`, without brackets where there is nothing inside."""
    middle = f"[{inside}]" if inside else ""
    return f"{'<' if direction == 'in' else ''}-{middle}-{'>' if direction == 'out' else ''}"


def _element(element: ast.Element) -> str:
    if isinstance(element, ast.QuantifiedPattern):
        inner = "".join(map(_element, element.elements)) + _unparse_where(element.where)
        return f"({inner}){unparse_quantifier(element.minimum, element.maximum)}"
    inside = "" if element.variable is None else quote_name(element.variable)
    if isinstance(element, ast.NodePattern):
        if element.labels is not None:
            inside += f":{unparse_labels(element.labels)}"
    else:
        if element.types is not None:
            inside += f":{unparse_labels(element.types)}"
        if element.length is not None:
            inside += unparse_length(element.length.minimum, element.length.maximum)
    if element.properties is not None:
        inside += f"{' ' if inside else ''}{unparse(element.properties)}"
    inside += _unparse_where(element.where) if inside else _unparse_where(element.where).lstrip()
    if isinstance(element, ast.NodePattern):
        return f"({inside})"
    return unparse_arrow(inside, element.direction)


def unparse_length(minimum: int | None, maximum: int | None) -> str:
    """`*`, `*2`, `*1..3`."""
    if minimum is None and maximum is None:
        return "*"
    if minimum == maximum:
        return f"*{minimum}"
    return f"*{'' if minimum is None else minimum}..{'' if maximum is None else maximum}"
