"""From text to the terminals of the grammar.

LALR(1) sees one token ahead. What needs more is told apart here, from the tokens on both sides and
from matching brackets: whether a word is a keyword or a name, whether `(` opens the first node of a
pattern (`NPAR`) or an expression, whether `[` opens a comprehension, whether `|` ends one (`BAR`)
or joins labels (`OR_BAR`). `ITEM` stands before each item of RETURN and WITH and has its text,
which is the column's name.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from lark import Token

from lineage.opencypher.errors import CypherSyntaxError, CypherUnsupported
from lineage.opencypher.syntax.ast import Position
from lineage.opencypher.syntax.interruption import take_steps
from lineage.opencypher.syntax.prefix import SPACE
from lineage.opencypher.syntax.spellings import respell
from lineage.opencypher.syntax.type_names import FORMS, read_type

_SCANNER = re.compile(
    rf"(?P<SPACE>{SPACE})"
    r"""
  | (?P<FLOAT>(?:\d[\d_]*\.\d+|\.\d+)(?:[eE][+-]?\d+)?\w*|\d+[eE][+-]?\d+\w*)
  | (?P<INTEGER>\d\w*)
  | (?P<NAME>[^\W\d]\w*)
  | (?P<QUOTED>`(?:[^`]|``)*`)
  | (?P<STRING>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
  | (?P<PARAMETER>\$(?:\w+|`(?:[^`]|``)*`))
  | (?P<SYMBOL><>|<=|>=|=~|\+=|\|\||\.\.|::|[()\[\]{},.:;|&!$=<>+\-*/%^])
  """,
    re.VERBOSE | re.DOTALL,
)

_SYMBOLS = {
    "(": "LPAR", ")": "RPAR", "[": "LBRACK", "]": "RBRACK", "{": "LBRACE", "}": "RBRACE",
    ",": "COMMA", ".": "DOT", "..": "DOTDOT", ":": "COLON", "::": "COLONS", ";": "SEMICOLON",
    "|": "OR_BAR", "&": "AMP", "!": "BANG", "$": "DOLLAR", "=": "EQ", "<>": "NE", "<": "LT",
    "<=": "LE", ">": "GT", ">=": "GE", "=~": "MATCHES", "+": "PLUS", "+=": "PLUS_EQ",
    "-": "MINUS", "*": "STAR", "/": "SLASH", "%": "PERCENT", "^": "CARET", "||": "CONCAT",
}  # fmt: skip
_CLOSING = {"(": ")", "[": "]", "{": "}"}

# Words that are keywords wherever they stand (but for names of labels, types and keys).
_ALWAYS = frozenset(
    {
        "MATCH", "WHERE", "WITH", "RETURN", "DISTINCT", "AS", "UNWIND", "CREATE", "MERGE", "SET",
        "DELETE", "REMOVE", "AND", "OR", "XOR", "NOT", "IN", "NULL", "TRUE", "FALSE", "CASE",
    }
)  # fmt: skip
# Words that are keywords only after something that can end an expression.
_AFTER = frozenset({"SKIP", "LIMIT", "CONTAINS", "IS", "ASC", "DESC", "YIELD", "UNION"})
_SAME = {"ASCENDING": "ASC", "DESCENDING": "DESC", "OFFSET": "SKIP"}
_ENDS = frozenset(
    {
        "NAME", "STRING", "INTEGER", "FLOAT", "PARAMETER", "RPAR", "RBRACK", "RBRACE", "NULL",
        "TRUE", "FALSE", "END", "STAR", "TYPE", "NORMALIZED",
    }
)  # fmt: skip
_CLAUSES = frozenset(
    {
        "MATCH", "OPTIONAL", "WITH", "RETURN", "UNWIND", "CREATE", "MERGE", "SET", "DELETE",
        "DETACH", "REMOVE", "FOREACH", "LOAD_CSV", "CALL", "UNION", "WHERE", "ORDER_BY", "SKIP",
        "LIMIT", "YIELD", "SEMICOLON", "BAR",
    }
)  # fmt: skip
# Legal Cypher that only looks like a mistake to this grammar.
_REFUSED_FIRST = frozenset(
    {
        "EXPLAIN", "PROFILE", "USING", "START", "STOP", "SHOW", "USE", "FINISH", "LET", "FILTER",
        "INSERT", "DROP", "ALTER", "GRANT", "DENY", "REVOKE", "TERMINATE",
    }
)  # fmt: skip
_DEEPEST = 100
# What a query may consist of; its time to be read and planned grows with it.
MOST_TOKENS = 60_000


class SourceText:
    """A query's text, and where its lines begin."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def position(self, offset: int) -> Position:
        """The place of a character."""
        line = bisect_right(self._lines, offset)
        return Position(offset, line, offset - self._lines[line - 1] + 1)


def tokenize(text: str) -> list[Token]:
    """The terminals of a query.

    Raises CypherSyntaxError for what is no token, CypherUnsupported for brackets too deep.
    """
    return _Classifier(SourceText(text)).classify()


def scan(source: SourceText) -> Iterator[Token]:
    """Split a text into words, numbers, strings and signs, with where each begins and ends."""
    text, at, count = source.text, 0, 0
    while at < len(text):
        found = _SCANNER.match(text, at)
        if found is None:
            raise _refuse(source, at)
        kind, value = found.lastgroup or "", found[0]
        start, at = at, found.end()
        if kind == "SPACE":
            continue
        if kind == "SYMBOL":
            kind = _SYMBOLS[value]
        count += 1
        if count > MOST_TOKENS:
            raise CypherSyntaxError(
                f"the query has more than {MOST_TOKENS:,} words and signs; give values as "
                "parameters, and long lists as one of them",
                position=source.position(start),
            )
        if not count % 100:
            take_steps(100)
        yield Token(kind, value, start_pos=start, end_pos=at)


def _refuse(source: SourceText, at: int) -> CypherSyntaxError:
    character = source.text[at]
    detail = "UnexpectedSyntax" if character.isascii() else "InvalidUnicodeCharacter"
    said = {
        "'": "a string that begins here is not closed",
        '"': "a string that begins here is not closed",
        "`": "a name that begins here is not closed",
        "/": "a comment that begins here is not closed",
    }.get(character, f"{character!r} has no meaning here")
    return CypherSyntaxError(said, detail=detail, position=source.position(at))


class _Classifier:
    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._raw = respell(list(scan(source)), source.position)
        self._match = self._brackets()
        self._bars = self._comprehension_bars()
        self._out: list[Token] = []
        self._cases = 0

    # --- Looking around ---

    def _type(self, at: int) -> str:
        return self._raw[at].type if 0 <= at < len(self._raw) else ""

    def _word(self, at: int) -> str:
        """The word there in capitals, if it is one that is not quoted."""
        if self._type(at) != "NAME":
            return ""
        return str(self._raw[at].value).upper()

    def _before(self) -> str:
        return self._out[-1].type if self._out else ""

    def _brackets(self) -> dict[int, int]:
        """The place of the closing bracket of each opening one."""
        pairs: dict[int, int] = {}
        opened: list[int] = []
        for at, token in enumerate(self._raw):
            if token.type in ("LPAR", "LBRACK", "LBRACE"):
                opened.append(at)
                if len(opened) > _DEEPEST:
                    raise CypherUnsupported(
                        f"brackets inside each other more than {_DEEPEST} deep are",
                        position=self._source.position(token.start_pos or 0),
                    )
            elif token.type in ("RPAR", "RBRACK", "RBRACE") and opened:
                if _CLOSING[self._raw[opened[-1]].value] == token.value:
                    pairs[opened.pop()] = at
                else:
                    self._fail(at, f"{token.value!r} closes nothing that is open")
        return pairs

    def _fail(self, at: int, said: str) -> None:
        raise CypherSyntaxError(said, position=self._source.position(self._raw[at].start_pos or 0))

    def _comprehension_bars(self) -> set[int]:
        """Those `|` that end the source of a comprehension, of reduce() or of FOREACH."""
        last: dict[int, int] = {}
        opened: list[int] = []
        for at, token in enumerate(self._raw):
            if token.type in ("LPAR", "LBRACK", "LBRACE"):
                opened.append(at)
            elif token.type in ("RPAR", "RBRACK", "RBRACE"):
                if opened:
                    opened.pop()
            elif token.type == "OR_BAR" and opened and self._may_hold_bar(opened[-1]):
                last[opened[-1]] = at
        return set(last.values())

    def _may_hold_bar(self, opening: int) -> bool:
        if self._type(opening) == "LPAR":
            return self._word(opening - 1) in ("REDUCE", "FOREACH")
        if self._type(opening) != "LBRACK":
            return False
        if self._word(opening + 2) == "IN":
            return True
        return self._begins_pattern(opening + 1) or (
            self._type(opening + 2) == "EQ" and self._begins_pattern(opening + 3)
        )

    def _begins_pattern(self, at: int) -> bool:
        """Whether a node and an arrow stand there."""
        if self._type(at) != "LPAR" or at not in self._match:
            return False
        close = self._match[at]
        return self._arrow(close + 1) and self._is_node_shape(at + 1, close)

    def _arrow(self, at: int) -> bool:
        if self._type(at) == "LT":
            at += 1
        if self._type(at) != "MINUS":
            return False
        following = self._type(at + 1)
        if following == "LBRACK":
            close = self._match.get(at + 1, -2)
            return self._type(close + 1) == "MINUS" and not (
                # `(a)-[1]-(b)` is arithmetic, but no one writes that; a relationship it is.
                self._word(at + 3) == "IN" and self._type(at + 2) == "NAME"
            )
        return following == "MINUS" and (
            self._type(at + 2) == "LPAR"
            or (self._type(at + 2) == "GT" and self._type(at + 3) == "LPAR")
        )

    def _is_node_shape(self, at: int, end: int) -> bool:
        if at < end and self._type(at) in ("NAME", "QUOTED"):
            at += 1
        return at == end or (
            self._type(at) in ("COLON", "LBRACE", "PARAMETER") or self._word(at) == "WHERE"
        )

    # --- Classifying ---

    def classify(self) -> list[Token]:
        at = 0
        # In each bracket: how many CASEs were open at its projection, whose items commas part.
        projecting: list[int | None] = [None]
        while at < len(self._raw):
            token = self._raw[at]
            kind, taken, value = self._kind(at, token)
            if kind in ("LPAR", "NPAR", "LBRACK", "LCOMP", "PCOMP", "LBRACE"):
                projecting.append(None)
            elif kind in ("RPAR", "RBRACK", "RBRACE") and len(projecting) > 1:
                projecting.pop()
            self._put(kind, token.value if value is None else value, token.start_pos or 0)
            at += taken
            if kind in ("RETURN", "WITH"):
                projecting[-1] = self._cases
                if self._word(at) == "DISTINCT":
                    self._put("DISTINCT", "DISTINCT", self._raw[at].start_pos or 0)
                    at += 1
                self._item(at)
            elif kind in _CLAUSES:
                projecting[-1] = None
            elif kind == "COMMA" and projecting[-1] == self._cases:
                self._item(at)
        return self._out

    def _put(self, kind: str, value: str, start: int) -> None:
        place = self._source.position(start)
        self._out.append(Token(kind, value, start, place.line, place.column))

    def _item(self, at: int) -> None:
        """Put the text of the projection's item that begins here before it."""
        if at >= len(self._raw):
            return
        start = self._raw[at].start_pos or 0
        depth, end, cases = 0, start, 0
        for place in range(at, len(self._raw)):
            kind = self._type(place)
            if kind in ("LPAR", "LBRACK", "LBRACE"):
                depth += 1
            elif kind in ("RPAR", "RBRACK", "RBRACE"):
                depth -= 1
                if depth < 0:
                    break
            elif depth == 0:
                if kind == "SEMICOLON" or (kind == "COMMA" and not cases):
                    break
                word = self._word(place)
                cases += (word == "CASE") - (word == "END" and cases > 0)
                if place > at and self._ends_item(place, word):
                    break
            end = self._raw[place].end_pos or end
        self._put("ITEM", self._source.text[start:end], start)

    def _ends_item(self, place: int, word: str) -> bool:
        if self._type(place - 1) == "DOT" or self._type(place - 1) == "COLON":
            return False
        if word in ("AS", "WHERE", "UNWIND", "MATCH", "RETURN", "CREATE", "MERGE", "SET",
                    "DELETE", "REMOVE", "FOREACH"):  # fmt: skip
            return True
        if word == "WITH":
            return self._word(place - 1) not in ("STARTS", "ENDS", "TIME", "TIMESTAMP")
        if word == "ORDER":
            return self._word(place + 1) == "BY"
        if word in ("SKIP", "LIMIT", "OFFSET", "UNION"):
            return self._type(place - 1) in _ENDS or self._type(place - 1) == "QUOTED"
        if word == "OPTIONAL":
            return self._word(place + 1) in ("MATCH", "CALL")
        if word == "DETACH":
            return self._word(place + 1) == "DELETE"
        if word == "CALL":
            return self._type(place + 1) in ("LBRACE", "LPAR", "NAME")
        return word == "LOAD" and self._word(place + 1) == "CSV"

    def _kind(self, at: int, token: Token) -> tuple[str, int, str | None]:
        """The terminal's name, how many tokens it takes, and its value if that is another."""
        kind = token.type
        if kind == "NAME":
            return self._word_kind(at, token)
        if kind == "QUOTED":
            name = str(token.value)[1:-1].replace("``", "`")
            if self._before() != "DOT" and self._is_function(at):
                return self._function(at)
            return "NAME", 1, name
        if kind == "LPAR":
            first = self._begins_pattern(at) and self._before() not in (
                "FUNCTION",
                "QUANTIFIER",
                "REDUCE",
            )
            return ("NPAR" if first else "LPAR"), 1, None
        if kind == "LBRACK":
            return self._square(at), 1, None
        if kind == "OR_BAR" and at in self._bars:
            return "BAR", 1, None
        if kind == "PARAMETER":
            name = str(token.value)[1:]
            quoted = name.startswith("`")
            return kind, 1, name[1:-1].replace("``", "`") if quoted else name
        return kind, 1, None

    def _square(self, at: int) -> str:
        if self._before() in _ENDS and self._before() != "STAR":
            return "LBRACK"
        if self._type(at + 1) in ("NAME", "QUOTED") and self._word(at + 2) == "IN":
            return "LCOMP"
        close = self._match.get(at, -2)
        if self._before() == "MINUS" and self._type(close + 1) == "MINUS":
            return "LBRACK"
        if any(at < bar < close for bar in self._bars) and (
            self._begins_pattern(at + 1)
            or (self._type(at + 2) == "EQ" and self._begins_pattern(at + 3))
        ):
            return "PCOMP"
        return "LBRACK"

    def _is_function(self, at: int) -> bool:
        """Whether a name, with its namespaces, is followed by `(`."""
        while self._type(at + 1) == "DOT" and self._type(at + 2) in ("NAME", "QUOTED"):
            at += 2
        return self._type(at + 1) == "LPAR"

    def _function(self, at: int) -> tuple[str, int, str | None]:
        parts = [str(self._raw[at].value).strip("`")]
        taken = 1
        while self._type(at + taken) == "DOT":
            parts.append(str(self._raw[at + taken + 1].value).strip("`"))
            taken += 2
        return "FUNCTION", taken, ".".join(parts)

    def _word_kind(self, at: int, token: Token) -> tuple[str, int, str | None]:
        word = str(token.value).upper()
        word = _SAME.get(word, word)
        before = self._before()
        following = self._word(at + 1)
        if before == "DOT":
            return "NAME", 1, None
        if before in ("COLON", "OR_BAR") and word not in _BEGINS_VALUE:
            # A label or type; as a value after a map's key only these words begin an expression.
            return self._function(at) if self._is_function(at) else ("NAME", 1, None)
        if before in ("IS", "NOT") and self._is_after(before):
            if word == "TYPED":
                return "COLONS", 1, None
            if word == "NORMALIZED":
                return "NORMALIZED", 1, "NFC"
            if word in FORMS and following == "NORMALIZED":
                return "NORMALIZED", 2, word
        if before == "COLONS":
            return self._value_type(at)
        if word == "IS" and self._tests_case(before) and self._asks(at + 1):
            return word, 1, None
        pair = self._pair(word, following, "NAME" if self._tests_case(before) else before)
        if pair is not None:
            return pair, 2, None
        if word == "ALL" and before == "UNION":
            return "ALL", 1, None
        special = self._special(at, word, following, before)
        if special is not None:
            return special, 1, None
        if self._is_function(at) and word not in _ALWAYS and not self._keyword(word, before):
            return self._function(at)
        if self._keyword(word, before):
            return word, 1, None
        if (
            word in _REFUSED_FIRST
            and (not before or before in ("SEMICOLON", "RPAR"))
            and (self._type(at + 1) not in ("EQ", "RPAR", "COMMA", "DOT", "COLON"))
        ):
            raise CypherUnsupported(
                f"{word} is", position=self._source.position(token.start_pos or 0)
            )
        return "NAME", 1, None

    def _is_after(self, before: str) -> bool:
        """Whether the last words are IS, or IS NOT."""
        return before == "IS" or (len(self._out) > 1 and self._out[-2].type == "IS")

    def _tests_case(self, before: str) -> bool:
        """Whether what comes may be asked of the subject of a CASE."""
        return before == "WHEN" or (before == "COMMA" and self._cases > 0)

    def _asks(self, at: int) -> bool:
        """Whether what IS asks stands there."""
        words = ("NULL", "NOT", "TYPED", "NORMALIZED", *FORMS)
        return self._type(at) == "COLONS" or self._word(at) in words

    def _value_type(self, at: int) -> tuple[str, int, str | None]:
        """A type of values, whole."""
        end = next((bar for bar in sorted(self._bars) if bar > at), len(self._raw))
        words = [str(token.value) for token in self._raw[at:end]]
        try:
            _, taken = read_type(words)
        except CypherSyntaxError as error:
            place = self._source.position(self._raw[at].start_pos or 0)
            raise CypherSyntaxError(error.message, position=place) from None
        return "TYPE", taken, " ".join(words[:taken])

    def _keyword(self, word: str, before: str) -> bool:
        if word in _ALWAYS:
            return True
        if word in _AFTER:
            return before in _ENDS or before in ("ASC", "DESC")
        return word in ("WHEN", "THEN", "ELSE", "END") and self._cases > 0 and self._in_case(word)

    def _in_case(self, word: str) -> bool:
        if word == "END":
            self._cases -= 1
        return True

    @staticmethod
    def _pair(word: str, following: str, before: str) -> str | None:
        """Terminals of two words."""
        match word, following:
            case "ORDER", "BY":
                return "ORDER_BY"
            case (("STARTS" | "ENDS"), "WITH") if before in _ENDS:
                return f"{word}_WITH"
            case "LOAD", "CSV":
                return "LOAD_CSV"
            case "WITH", "HEADERS" if before == "LOAD_CSV":
                return "WITH_HEADERS"
            case "ON", ("CREATE" | "MATCH"):
                return f"ON_{following}"
            case (("ALL" | "ANY"), "SHORTEST") if before in _PATTERN_BEGINS:
                return f"{word}_SHORTEST"
            case "IN", ("TRANSACTIONS" | "CONCURRENT") if before == "RBRACE":
                return "IN_TRANSACTIONS"
        return None

    def _begins_map(self, at: int) -> bool:
        """Whether the brace there opens a map, or what is picked of one: no clause begins so."""
        first = self._type(at + 1)
        return first in ("RBRACE", "DOT") or (first != "LPAR" and self._type(at + 2) == "COLON")

    def _special(self, at: int, word: str, following: str, before: str) -> str | None:
        """Words that are keywords only in one place."""
        opens = self._type(at + 1)
        match word:
            case "CASE":
                self._cases += 1
                return "CASE"
            case "OPTIONAL" if following in ("MATCH", "CALL"):
                return word
            case "DETACH" if following == "DELETE":
                return word
            case "CALL" if opens in ("LBRACE", "LPAR", "NAME", "QUOTED") and before != "COLON":
                return word
            case "FOREACH" if opens == "LPAR":
                return word
            case "FROM" if before in ("LOAD_CSV", "WITH_HEADERS"):
                return word
            case "ANY" | "SHORTEST" | "ALL" if (
                before in _PATTERN_BEGINS and opens != "EQ" and self._word(at + 3) != "IN"
            ):
                return word
            case "PATHS" | "PATH" if before in (
                "ANY", "SHORTEST", "ANY_SHORTEST", "ALL_SHORTEST", "INTEGER", "ALL",
            ):  # fmt: skip
                return "PATHS"
            case "GROUPS" | "GROUP" if before in ("INTEGER", "SHORTEST", "PATHS"):
                return "GROUPS"
            case "ALL" | "ANY" | "NONE" | "SINGLE" if opens == "LPAR":
                return "QUANTIFIER" if self._word(at + 3) == "IN" else None
            case "REDUCE" if opens == "LPAR" and self._type(at + 3) == "EQ":
                return word
            case "SHORTESTPATH" | "ALLSHORTESTPATHS" if opens == "LPAR":
                return "SHORTEST_PATH"
            case "EXISTS" | "COUNT" | "COLLECT" if opens == "LBRACE":
                # `(n:Count {…})`, `(exists {…})`: a label or a node of that name, with a map.
                return None if self._begins_map(at + 1) else "SUBQUERY"
            case "NULL" | "TRUE" | "FALSE":
                return word
        return None


_BEGINS_VALUE = frozenset(
    {"NOT", "NULL", "TRUE", "FALSE", "CASE", "ALL", "ANY", "NONE", "SINGLE", "REDUCE", "EXISTS",
     "COUNT", "COLLECT", "SHORTESTPATH", "ALLSHORTESTPATHS"}
)  # fmt: skip
_PATTERN_BEGINS = frozenset({"MATCH", "EQ", "COMMA"})
