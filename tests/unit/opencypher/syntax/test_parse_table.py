"""The parser's table: it is of this grammar, and does what the grammar does."""

from __future__ import annotations

from pathlib import Path

import pytest
from lark import Lark
from lark.exceptions import UnexpectedToken

from lineage.opencypher.syntax import parse_table

QUERIES = [
    "MATCH (n) RETURN n",
    "MATCH p = (a:Dataset {name: $n})-[:INPUT|OUTPUT*1..5]->(m:Model) WHERE m.acc > 0.9 "
    "OPTIONAL MATCH (m)--(x) WITH DISTINCT m, count(x) AS n ORDER BY n DESC SKIP 1 LIMIT 2 "
    "RETURN m.name, [y IN range(1, n) WHERE y % 2 = 0 | y ^ 2], CASE n WHEN 1 THEN 'a' END",
    "MATCH (s) (()-[e:INPUT WHERE e.time < 3]->(n))+ (t) RETURN s UNION ALL RETURN 1 AS s",
    "MATCH p = SHORTEST 2 PATHS (a)-->+(b) RETURN p, EXISTS { (a)-->(b) }, COUNT { MATCH (a) }",
    "UNWIND [1, 2.5, 'x', null, true] AS x CALL (x) { RETURN x AS y } RETURN y.z[0..2] IN [1]",
]
WRONG = ["MATCH (n", "MATCH (n) RETURN", "RETURN 1 +", "MATCH (a)-[*..-]->(b) RETURN a", "FOO"]


@pytest.fixture(scope="module")
def made() -> Lark:
    return parse_table.build_parser()


def test_the_table_is_there_and_of_this_grammar() -> None:
    assert parse_table.load_parser() is not None, "run `python -m tools.grammar`"


@pytest.mark.parametrize("query", QUERIES)
def test_it_parses_as_the_grammar_does(made: Lark, query: str) -> None:
    assert parse_table.get_parser().parse(query) == made.parse(query)


@pytest.mark.parametrize("query", WRONG)
def test_it_refuses_as_the_grammar_does(made: Lark, query: str) -> None:
    said = []
    for parser in (parse_table.get_parser(), made):
        with pytest.raises(UnexpectedToken) as caught:
            parser.parse(query)
        said.append((caught.value.token, caught.value.accepts, caught.value.expected))
    assert said[0] == said[1]


def test_a_table_of_another_grammar_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "grammar.lark"
    changed.write_text(parse_table.GRAMMAR.read_text("utf-8") + "\n// changed\n", "utf-8")
    monkeypatch.setattr(parse_table, "GRAMMAR", changed)
    assert parse_table.load_parser() is None


def test_without_a_table_the_grammar_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_table, "TABLE", tmp_path / "none")
    assert parse_table.load_parser() is None
