"""What is asked of one value, read into parts: `IS NULL`, `IS :: TYPE`, `IS NORMALIZED`, alone or
after WHEN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lark import Token

from lineage.opencypher.errors import CypherSyntaxError
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.type_names import format_type, parse_type

Children = list[Any]

OPERATORS = {
    "STARTS_WITH": "STARTS WITH", "ENDS_WITH": "ENDS WITH", "MATCHES": "=~", "CONCAT": "||",
    "PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/", "PERCENT": "%", "CARET": "^",
}  # fmt: skip


def find_position(child: Any) -> ast.Position:
    """Where a part or a token begins."""
    if isinstance(child, Token):
        return ast.Position(child.start_pos or 0, child.line or 1, child.column or 1)
    if isinstance(child, ast.Part):
        return child.position
    return _find_first(child)


def _find_first(children: Sequence[Any]) -> ast.Position:
    for child in children:
        if isinstance(child, Token | ast.Part) or (isinstance(child, tuple | list) and child):
            return find_position(child)
    return ast.Position(0, 1, 1)


class ValueTests:
    """Makes parts of what the grammar calls so."""

    def is_null(self, c: Children) -> ast.IsNull:
        return ast.IsNull(find_position(c[0]), c[0], False)

    def is_not_null(self, c: Children) -> ast.IsNull:
        return ast.IsNull(find_position(c[0]), c[0], True)

    def is_type(self, c: Children) -> ast.IsType:
        return ast.IsType(find_position(c[0]), c[0], _read_type(c[-1]), False)

    def is_not_type(self, c: Children) -> ast.IsType:
        return ast.IsType(find_position(c[0]), c[0], _read_type(c[-1]), True)

    def is_normalized(self, c: Children) -> ast.IsNormalized:
        return ast.IsNormalized(find_position(c[0]), c[0], str(c[-1]), False)

    def is_not_normalized(self, c: Children) -> ast.IsNormalized:
        return ast.IsNormalized(find_position(c[0]), c[0], str(c[-1]), True)

    def case_compare(self, c: Children) -> ast.CaseTest:
        place = find_position(c[1])
        return ast.CaseTest(place, ast.Comparison(place, _case_subject(place), ((c[0], c[1]),)))

    def case_text(self, c: Children) -> ast.CaseTest:
        place = find_position(c[0])
        name = OPERATORS.get(c[0].type, c[0].type)
        return ast.CaseTest(place, ast.Binary(place, name, _case_subject(place), c[1]))

    def case_null(self, c: Children) -> ast.CaseTest:
        return self._test(c, self.is_null)

    def case_not_null(self, c: Children) -> ast.CaseTest:
        return self._test(c, self.is_not_null)

    def case_type(self, c: Children) -> ast.CaseTest:
        return self._test(c, self.is_type)

    def case_not_type(self, c: Children) -> ast.CaseTest:
        return self._test(c, self.is_not_type)

    def case_normalized(self, c: Children) -> ast.CaseTest:
        return self._test(c, self.is_normalized)

    def case_not_normalized(self, c: Children) -> ast.CaseTest:
        return self._test(c, self.is_not_normalized)

    @staticmethod
    def _test(c: Children, made: Callable[[Children], ast.Expression]) -> ast.CaseTest:
        place = find_position(c[0])
        return ast.CaseTest(place, made([_case_subject(place), *c]))


def _case_subject(place: ast.Position) -> ast.Variable:
    return ast.Variable(place, ast.SUBJECT)


def _read_type(token: Token) -> str:
    try:
        return format_type(parse_type(str(token)))
    except CypherSyntaxError as error:
        raise CypherSyntaxError(error.message, position=find_position(token)) from None
