"""ML Metadata's filter_query, read into the predicate tree.

The language is the one that the comments on ListOperationOptions.filter_query in MLMD's
metadata_store.proto describe: a boolean expression in (Zeta)SQL over the node's attributes, its
properties, and its neighbours. Ours beside it: `created`, `updated`, `state` on executions, `time`
on events, `TIMESTAMP '2026-11-24 10:00'` and `DATE '2026-11-24'`, ILIKE.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, cast

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, TokenError

from lineage.errors import InvalidFilter, InvalidValue
from lineage.filters.fields import VALUES, WORDS, Field, Sort, fields_of
from lineage.filters.patterns import parse_pattern
from lineage.filters.tree import (
    RELATIONS,
    Alias,
    Arithmetic,
    Attribute,
    Comparison,
    Constant,
    Expression,
    Has,
    In,
    IsNull,
    Like,
    Not,
    Predicate,
    Property,
    Surely,
    all_of,
    any_of,
    properties_of,
)
from lineage.model import Kind
from lineage.model.times import to_milliseconds
from lineage.model.values import INT64_MAX, INT64_MIN

# As much as anyone writes, and a bound on what reading costs.
MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 100

_DIALECT = sqlglot.Dialect.get_or_raise("bigquery")
# Stands for a dot in backquotes, where the library would begin another name. No filter has it.
_DOT = "\x00"
_WORD = re.compile(r"\w+|.", re.DOTALL)
_ALIAS = re.compile(r"([a-z_]+?)_(\w+)\Z", re.ASCII)
# ZetaSQL's escapes, but for octal ones, which the library does not know.
_BACKSLASH = re.compile(r"\\.", re.DOTALL)
_ESCAPE = re.compile(
    r"\\([abfnrtv\\?\"'`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})", re.DOTALL
)
_NUMBERS = (Sort.NUMBER, Sort.TIME)
_Sign = Literal["=", "!=", "<", "<=", ">", ">="]
_COMPARISONS: dict[type[exp.Expr], _Sign] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: dict[type[exp.Expr], Literal["+", "-", "*", "/"]] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
}
_TIMES = ("TIMESTAMP", "TIMESTAMPTZ", "DATE", "DATETIME")


def parse_filter(text: str, kind: Kind, *, mlmd: bool = False) -> Predicate:
    """The predicate that a filter expression on nodes of a kind means.

    With `mlmd`, exactly as ML Metadata over SQLite has it: every property that is mentioned must
    be there (it joins them), LIKE lets ASCII case not count and has no escape character, and
    states are written without quotes. Raises InvalidFilter with the position and what is allowed
    there.
    """
    return _Parser(text, kind, mlmd).predicate()


@dataclass(frozen=True, slots=True)
class _Typed:
    """An expression with what it can be compared to."""

    it: Expression
    sort: Sort


class _Parser:
    def __init__(self, text: str, kind: Kind, mlmd: bool) -> None:
        self._text = text
        self._kind = kind
        self._mlmd = mlmd

    def predicate(self) -> Predicate:
        condition = self._boolean(self._parse(), 0)
        if self._mlmd:
            needed = [Has(name, custom) for name, custom in sorted(properties_of(condition))]
            condition = all_of([*needed, condition])
        return Predicate(self._kind, condition)

    def _parse(self) -> exp.Expr:
        text = self._text
        if not text.strip():
            raise InvalidFilter("the filter is empty; write one such as type = 'Model'", 0)
        if len(text) > MAX_CHARACTERS:
            raise InvalidFilter(
                f"the filter has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read"
            )
        for at, character in enumerate(text):
            if character == "\x00" or "\ud800" <= character <= "\udfff":
                raise self._refused(at, "is no text")
        try:
            found = _DIALECT.parser().parse(self._tokens(), text)
        except (ParseError, TokenError) as error:
            raise self._refused_by_sqlglot(error) from None
        except RecursionError:
            raise InvalidFilter("the filter is nested too deeply") from None
        if len(found) != 1 or found[0] is None:
            raise InvalidFilter("the filter is no condition; write one such as type = 'Model'", 0)
        return found[0]

    def _tokens(self) -> list[Token]:
        """The words, without what the library would let pass, but is no expression."""
        depth = 0
        tokens = _DIALECT.tokenize(self._text)
        for token in tokens:
            written = self._text[token.start : token.end + 1]
            if token.token_type in (TokenType.SEMICOLON, TokenType.COLON):
                raise self._refused(token.start, "does not belong in a filter")
            if token.token_type is TokenType.EQ and written == "==":
                raise self._refused(token.start, "is written = here")
            if token.token_type is TokenType.STRING:
                self._check_escapes(token.start, written)
            depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
            if depth > MAX_DEPTH:
                raise self._refused(
                    token.start, f"opens more than {MAX_DEPTH} brackets in one another"
                )
            if token.token_type is TokenType.IDENTIFIER:
                token.text = token.text.replace(".", _DOT)
        return tokens

    # Expressions

    def _check_escapes(self, start: int, written: str) -> None:
        """The library drops a backslash that begins no escape, which in LIKE means another text."""
        for escape in _BACKSLASH.finditer(written):
            if not _ESCAPE.match(written, escape.start()):
                raise self._refused(
                    start + escape.start(),
                    "begins no escape; a backslash is written twice, also in LIKE before a % or _ "
                    "that stands for itself",
                )

    def _boolean(self, node: exp.Expr, depth: int) -> Expression:
        found = self._any(node, depth)
        if found.sort not in (Sort.BOOL, Sort.NULL):
            raise self._refused(
                node, f"is {found.sort}, not a condition; compare it, as in type = 'Model'"
            )
        return found.it

    def _any(self, node: exp.Expr, depth: int) -> _Typed:
        if depth > 3 * MAX_DEPTH:
            raise self._refused(node, "is nested too deeply")
        depth += 1
        kind = type(node)
        match node:
            case exp.Paren():
                return self._any(node.this, depth)
            case exp.And() | exp.Or():
                operands = [self._boolean(part, depth) for part in _chained(node)]
                return _condition((all_of if kind is exp.And else any_of)(operands))
            case exp.Not():
                return _condition(Not(self._boolean(node.this, depth)))
            case exp.Column() | exp.Dot():
                return self._named(node)
            case exp.Literal() | exp.RawString() | exp.HexString() | exp.Neg():
                return self._constant(node, depth)
            case exp.Boolean():
                return _Typed(Constant(bool(node.this)), Sort.BOOL)
            case exp.Null():
                return _Typed(Constant(None), Sort.NULL)
            case exp.Between():
                low = self._compared(">=", node.this, node.args["low"], depth)
                high = self._compared("<=", node.this, node.args["high"], depth)
                return _condition(all_of([low, high]))
            case exp.In():
                return self._in(node, depth)
            case exp.Is():
                return self._is(node, depth)
            case exp.Like() | exp.ILike():
                return self._like(node, node.expression, "\\", depth)
            case exp.Escape():
                return self._escaped(node, depth)
            case exp.Cast():
                return self._time(node)
        if kind in _COMPARISONS:
            return _condition(self._compared(_COMPARISONS[kind], node.this, node.expression, depth))
        if kind in _ARITHMETIC:
            return self._arithmetic(_ARITHMETIC[kind], node, depth)
        raise self._refused(
            node,
            f"({_spoken(node)}) is not known here; a filter has comparisons, AND, OR, NOT, LIKE, "
            "IN, BETWEEN, IS NULL, + - * / and brackets",
        )

    def _constant(self, node: exp.Expr, depth: int) -> _Typed:
        match node:
            case exp.Neg():
                inner = node.this
                if isinstance(inner, exp.Literal) and not inner.is_string:
                    return self._number(node, "-" + str(inner.this))
                found = self._any(inner, depth)
                self._need(inner, found, _NUMBERS)
                return _Typed(Arithmetic("-", Constant(0), found.it), Sort.NUMBER)
            case exp.HexString():
                return self._number(node, str(int(str(node.this), 16)))
            case exp.Literal() if not node.is_string:
                return self._number(node, str(node.this))
            case _:
                return _Typed(Constant(str(node.this)), Sort.STRING)

    def _number(self, node: exp.Expr, text: str) -> _Typed:
        try:
            value: int | float = int(text)
        except ValueError:
            value = float(text)
        if isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX:
            raise self._refused(node, "does not fit in 64 bits")
        return _Typed(Constant(value), Sort.NUMBER)

    def _time(self, node: exp.Cast) -> _Typed:
        literal, target = node.this, node.to.this.name
        if target not in _TIMES or not (isinstance(literal, exp.Literal) and literal.is_string):
            raise self._refused(
                node, "can't be cast; only TIMESTAMP '...' and DATE '...' are known here"
            )
        try:
            return _Typed(Constant(to_milliseconds(str(literal.this))), Sort.TIME)
        except InvalidValue as error:
            raise self._refused(literal, str(error)) from None

    def _compared(self, sign: _Sign, left: exp.Expr, right: exp.Expr, depth: int) -> Expression:
        a, b = self._pair(left, right, depth)
        if sign not in ("=", "!=") and (a.sort in WORDS or Sort.BOOL in (a.sort, b.sort)):
            raise self._refused(
                left, f"is {a.sort}, which has no order; compare it with =, != or IN"
            )
        return Comparison(sign, a.it, b.it)

    def _pair(self, left: exp.Expr, right: exp.Expr, depth: int) -> tuple[_Typed, _Typed]:
        """Two sides that can be compared."""
        a = self._word_or_any(left, right, depth)
        b = self._word_or_any(right, left, depth)
        if a.sort in WORDS and not isinstance(b.it, Constant):
            raise self._refused(right, f"is no word; {a.sort} can be {', '.join(WORDS[a.sort])}")
        same = a.sort is b.sort or (a.sort in _NUMBERS and b.sort in _NUMBERS)
        if not same and Sort.NULL not in (a.sort, b.sort):
            hint = ""
            if Sort.TIME in (a.sort, b.sort):
                hint = "; write a time as TIMESTAMP '2026-11-24 10:00'"
            raise self._refused(right, f"is {b.sort}, and can't be compared with {a.sort}{hint}")
        return a, b

    def _word_or_any(self, node: exp.Expr, other: exp.Expr, depth: int) -> _Typed:
        """LIVE beside a state is the word LIVE; everything else is what it is."""
        sort = self._sort_of_words(other)
        return self._any(node, depth) if sort is None else self._word(node, sort, depth)

    def _sort_of_words(self, node: exp.Expr) -> Sort | None:
        node = _bare(node)
        if isinstance(node, exp.Column | exp.Dot):
            field = self._field(_names(node))
            if field is not None and field[1].sort in WORDS:
                return field[1].sort
        return None

    def _word(self, node: exp.Expr, sort: Sort, depth: int) -> _Typed:
        bare = _bare(node)
        if isinstance(bare, exp.Null):
            return _Typed(Constant(None), Sort.NULL)
        quoted = isinstance(bare, exp.Literal) and bare.is_string and not self._mlmd
        words = _names(bare) if isinstance(bare, exp.Column) else []
        if quoted or len(words) == 1:
            word = str(bare.this) if quoted else words[0]
            if word in WORDS[sort]:
                return _Typed(Constant(word), sort)
        raise self._refused(node, f"is no value of {sort}; it can be {', '.join(WORDS[sort])}")

    def _arithmetic(self, sign: Literal["+", "-", "*", "/"], node: exp.Expr, depth: int) -> _Typed:
        # A chain such as a + b + c leans to the left.
        chain: list[tuple[Literal["+", "-", "*", "/"], exp.Expr]] = []
        while type(node) in _ARITHMETIC:
            chain.append((_ARITHMETIC[type(node)], node.expression))
            node = node.this
        if len(chain) > MAX_DEPTH:
            raise self._refused(node, f"begins a sum of more than {MAX_DEPTH} operands")
        it = self._any(node, depth)
        self._need(node, it, _NUMBERS)
        for operator, operand in reversed(chain):
            right = self._any(operand, depth)
            self._need(operand, right, _NUMBERS)
            it = _Typed(Arithmetic(operator, it.it, right.it), Sort.NUMBER)
        return it

    def _in(self, node: exp.In, depth: int) -> _Typed:
        if node.args.get("query") or node.args.get("unnest") or node.args.get("field"):
            raise self._refused(node, "has IN without a list of values in brackets")
        options = node.expressions
        if not options:
            raise self._refused(node, "has IN with an empty list; give at least one value")
        values: dict[Sort, list[Any]] = {}
        others: list[Expression] = []
        value: Expression | None = None
        for option in options:
            a, b = self._pair(node.this, option, depth)
            value = a.it
            if isinstance(b.it, Constant) and b.it.value is not None:
                values.setdefault(b.sort, []).append(b.it.value)
            else:
                others.append(Comparison("=", a.it, b.it))
        assert value is not None
        known = [v for some in values.values() for v in some]
        return _condition(any_of(([In(value, tuple(known))] if known else []) + others))

    def _is(self, node: exp.Is, depth: int) -> _Typed:
        right = node.expression
        if isinstance(right, exp.Boolean):
            operand = self._boolean(node.this, depth)
            return _condition(Surely(operand if right.this else Not(operand)))
        if not isinstance(right, exp.Null):
            raise self._refused(right, "can't follow IS; write IS NULL or IS NOT NULL")
        if self._sort_of_words(node.this) in (Sort.ARTIFACT_STATE, Sort.EXECUTION_STATE):
            state = self._any(node.this, depth)
            return _condition(Comparison("=", state.it, Constant("UNKNOWN")))
        return _condition(IsNull(self._any(node.this, depth).it))

    def _like(
        self,
        node: exp.Like | exp.ILike,
        pattern_node: exp.Expr,
        escape: str | None,
        depth: int,
    ) -> _Typed:
        value = self._any(node.this, depth)
        self._need(node.this, value, (Sort.STRING,))
        written = self._any(pattern_node, depth)
        if not (isinstance(written.it, Constant) and isinstance(written.it.value, str)):
            raise self._refused(
                pattern_node, "is no pattern; LIKE needs one in quotes, such as 's3://%'"
            )
        try:
            pieces = parse_pattern(written.it.value, None if self._mlmd else escape)
        except ValueError as error:
            raise self._refused(pattern_node, f"can't be a pattern: {error}") from None
        like: Expression = Like(value.it, pieces, self._mlmd or isinstance(node, exp.ILike))
        return _condition(Not(like) if node.args.get("negate") else like)

    def _escaped(self, node: exp.Escape, depth: int) -> _Typed:
        like, character = node.this, node.expression
        negated = isinstance(like, exp.Not)
        like = like.this if negated else like
        plain = isinstance(character, exp.Literal) and character.is_string
        if not isinstance(like, exp.Like | exp.ILike) or not plain or len(character.this) != 1:
            raise self._refused(character, "can't be an ESCAPE; it is one character in quotes")
        found = self._like(like, like.expression, str(character.this), depth)
        return _condition(Not(found.it)) if negated else found

    # Names

    def _named(self, node: exp.Expr) -> _Typed:
        names = _names(node)
        if names[0] in ("properties", "custom_properties"):
            return self._property(node, names)
        field = self._field(names)
        if field is None:
            raise self._refused_name(node, names)
        return _Typed(Attribute(field[1].field, field[0]), field[1].sort)

    def _property(self, node: exp.Expr, names: list[str]) -> _Typed:
        values = " or ".join(f".{value}" for value in VALUES)
        if len(names) != 3 or names[2] not in VALUES:
            shown = ".".join(names[:2]) if len(names) > 1 else f"{names[0]}.NAME"
            raise self._refused(node, f"is no property's value; write {shown} with {values}")
        kind, sort = VALUES[names[2]]
        return _Typed(Property(names[1], names[0] == "custom_properties", kind), sort)

    def _field(self, names: list[str]) -> tuple[Alias | None, Field] | None:
        if len(names) == 1:
            field = fields_of(self._kind, None).get(names[0].lower())
            return None if field is None else (None, field)
        alias = self._alias(names[0])
        if alias is None or len(names) != 2:
            return None
        field = fields_of(self._kind, alias.relation).get(names[1].lower())
        return None if field is None else (alias, field)

    def _alias(self, name: str) -> Alias | None:
        for relation in RELATIONS[self._kind]:
            prefix = f"{relation}_"
            if name.startswith(prefix) and len(name) > len(prefix) and _ALIAS.match(name):
                return Alias(relation, name[len(prefix) :])
        return None

    def _refused_name(self, node: exp.Expr, names: list[str]) -> InvalidFilter:
        alias = self._alias(names[0])
        if alias is not None:
            there = ", ".join(fields_of(self._kind, alias.relation))
            return self._refused(node, f"is not known; {alias.relation} in a filter have {there}")
        there = ", ".join(fields_of(self._kind, None))
        aliases = ", ".join(f"{relation}_NAME.FIELD" for relation in RELATIONS[self._kind])
        article = "an" if self._kind[0] in "ae" else "a"
        name = names[0] if len(names) == 1 and names[0].isidentifier() else "NAME"
        return self._refused(
            node,
            f"is not known; {article} {self._kind} has {there}, properties.{name}.double_value and "
            f"custom_properties.{name}.double_value (or int_value, string_value, bool_value), "
            f"{aliases}",
        )

    # Errors

    def _need(self, node: exp.Expr, found: _Typed, sorts: tuple[Sort, ...]) -> None:
        if found.sort not in (*sorts, Sort.NULL):
            raise self._refused(node, f"is {found.sort}; {' or '.join(sorts[:1])} is needed here")

    def _refused(self, where: exp.Expr | int, what: str) -> InvalidFilter:
        start, end = self._word_at(where) if isinstance(where, int) else self._span(where)
        shown = self._text[start:end]
        if len(shown) > 40:
            shown = f"{shown[:37]}..."
        shown = "".join(c if c.isprintable() else "?" for c in shown)
        return InvalidFilter(f"filter, character {start + 1}: {shown} {what}", start)

    def _word_at(self, start: int) -> tuple[int, int]:
        found = _WORD.match(self._text, start)
        return start, found.end() if found else start

    def _span(self, node: exp.Expr) -> tuple[int, int]:
        """Where an expression is written. Names of digits have no place of their own."""
        places = [part.meta for part in node.walk() if "start" in part.meta]
        if not places:
            return 0, len(self._text)
        start = min(place["start"] for place in places)
        end = max(place["end"] for place in places) + 1
        for part in node.walk():
            if isinstance(part, exp.Column | exp.Dot) and "start" not in part.parts[0].meta:
                first = self._text.find(f"{part.parts[0].name}.{part.parts[1].name}")
                start = min(start, first) if first >= 0 else start
        return start, end

    def _refused_by_sqlglot(self, error: ParseError | TokenError) -> InvalidFilter:
        found = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
        line, column = found.get("line"), found.get("col")
        if line is None or column is None:
            return InvalidFilter(
                "the filter can't be read; is a quote or a bracket missing? It is a condition in "
                "SQL, such as type = 'Model' AND name LIKE 'c%'"
            )
        lines = self._text.split("\n")
        end = sum(len(before) + 1 for before in lines[: line - 1]) + column
        start = max(end - max(len(found.get("highlight") or ""), 1), 0)
        return self._refused(start, "is not expected here; after it the filter can't be read")


def _condition(expression: Expression) -> _Typed:
    return _Typed(expression, Sort.BOOL)


def _chained(node: exp.Expr) -> list[exp.Expr]:
    """The operands of a chain of the same connector, however it leans."""
    kind, found, waiting = type(node), cast(list[exp.Expr], []), [node]
    while waiting:
        at = waiting.pop()
        if type(at) is kind:
            waiting += [at.expression, at.this]
        else:
            found.append(at)
    return found


def _names(node: exp.Expr) -> list[str]:
    """`a.b.c` as its names."""
    parts = node.parts if isinstance(node, exp.Column | exp.Dot) else [node]
    return [part.name.replace(_DOT, ".") for part in parts]


def _bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _spoken(node: exp.Expr) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()
