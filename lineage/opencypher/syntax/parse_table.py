"""The parser, by a table that was made beforehand: to make it from the grammar takes half a second.

`grammar.json.gz` holds what lark saves of a parser, as JSON, with lark's version and the grammar's
digest. `python -m tools.grammar` writes it. A table of another grammar or another lark is not
used; the parser is then made from the grammar, slowly and to the same end.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import lark
from lark import Lark, Token
from lark.lexer import Lexer

from lineage.opencypher.syntax.ast_builder import Builder
from lineage.opencypher.syntax.interruption import take_steps
from lineage.opencypher.syntax.lexer import tokenize

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLE = Path(__file__).with_name("grammar.json.gz")


class TokenLexer(Lexer):
    """Hands the parser the tokens that `tokenize` made."""

    def __init__(self, lexer_conf: Any) -> None:
        pass

    def lex(self, data: Any) -> Iterator[Token]:  # type: ignore[override]
        return _watch(tokenize(data))


def _watch(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        # About as much work as 20 steps of a query.
        take_steps(20)
        yield token


@cache
def get_parser() -> Lark:
    """The parser of the grammar, by the table where that fits."""
    return load_parser() or build_parser()


def build_parser() -> Lark:
    """The parser by the grammar alone."""
    grammar = GRAMMAR.read_text("utf-8")
    return Lark(
        grammar, parser="lalr", lexer=TokenLexer, transformer=Builder(), maybe_placeholders=True
    )


def load_parser() -> Lark | None:
    """The parser by the table; None where there is none of this grammar and this lark."""
    try:
        found = json.loads(gzip.decompress(TABLE.read_bytes()))
    except OSError:
        return None
    if found["of"] != identify_table():
        return None
    saved = _restore_numbers(found["saved"])
    saved["data"]["options"] |= {"lexer": TokenLexer, "transformer": Builder()}
    saved["data"]["parser"]["lexer_conf"]["lexer_type"] = TokenLexer
    return Lark.load(saved)


def identify_table() -> list[str]:
    """What a table is of: lark's version but for its last part, and the grammar."""
    version = lark.__version__.rpartition(".")[0]
    return [version, hashlib.sha256(GRAMMAR.read_bytes()).hexdigest()]


def _restore_numbers(value: Any) -> Any:
    """The keys that are numbers as numbers; JSON has them as texts."""
    if isinstance(value, dict):
        return {
            int(key) if key.isdigit() else key: _restore_numbers(item)
            for key, item in value.items()
        }
    return value
