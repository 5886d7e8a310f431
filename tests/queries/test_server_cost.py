"""What a server can't stop is not sent to it: told from the text, before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from lineage.errors import QueryRefused
from lineage.queries.server_cost import check_cost

RUN: list[tuple[str, dict[str, Any]]] = [
    ("MATCH (n) WHERE n.name =~ 'a.*' RETURN n", {}),
    ("RETURN 'a' =~ '(?i)step[0-5]+'", {}),
    ("RETURN 'a' =~ '.*foo.*bar.*'", {}),
    ("RETURN 'a' =~ $p", {"p": "x.*"}),
    ("RETURN 'a' =~ $p", {}),
    ("RETURN 'a' =~ null", {}),
    (r"RETURN 'x' =~ '(\\d{1,3}\\.){3}\\d{1,3}'", {}),
    ("RETURN 'x' =~ '(abc|def)?.*'", {}),
    ("RETURN 'x' =~ ('a' + '.*')", {}),
    ("RETURN 'x' =~ '[(+*)]+'", {}),
    ("RETURN reduce(s = '', i IN ['a', 'b'] | s + i + ',')", {}),
    ("RETURN reduce(m = 0, x IN [1, 2] | CASE WHEN x > m THEN x ELSE m END)", {}),
    ("RETURN reduce(l = [], x IN [1, 2] | l + [x])", {}),
    ("RETURN reduce(a = 1, x IN $xs | a * a % 7)", {}),
    ("UNWIND range(1, 1000000000) AS x RETURN count(x)", {}),
    ("RETURN [x IN range(0, 4) WHERE x % 2 = 0 | x * x]", {}),
    ("MATCH p = (a)-->(b) RETURN [i IN range(0, length(p) - 1) | nodes(p)[i].name]", {}),
    ("RETURN range(1, $n)", {"n": 1000}),
    ("MATCH (n) RETURN n.range, n.reduce", {}),
    ("RETURN 'reduce' AS x // range =~", {}),
]
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("RETURN 'a' =~ '(a+)+b'", {}, "repeats a repetition"),
    ("RETURN 'a' =~ '(?:(?:a*)b)*'", {}, "repeats a repetition"),
    ("RETURN 'a' =~ '(a|aa)+$'", {}, "repeats alternatives"),
    ("RETURN 'a' =~ '.*.*.*.*.*x'", {}, "more than 4 repetitions"),
    ("RETURN 'a' =~ '(a{1,100}){1,100}'", {}, "more than 1,000 times"),
    ("RETURN 'a' =~ $p", {"p": "(a*)*"}, "repeats a repetition"),
    ("RETURN 'a' =~ ('(a*' + ')*')", {}, "repeats a repetition"),
    ("MATCH (n) WHERE n.a =~ n.b RETURN n", {}, "no literal and no parameter"),
    ("MATCH (n) WHERE n.a=~toUpper('a') RETURN n", {}, "no literal and no parameter"),
    ("RETURN 'a' =~ '(a\\u002b)\\u002b'", {}, "repeats a repetition"),
    ("RETURN 1 AS x //\\u000a , 'a' =~ '(a+)+' AS y", {}, "repeats a repetition"),
    ("RETURN COUNT { MATCH (n) WHERE n.x =~ '(a+)+' }", {}, "repeats a repetition"),
    ("RETURN reduce(s = 'x', i IN [1, 2] | s + s)", {}, "more than once"),
    ("RETURN reduce(l = [], x IN [1, 2] | [l, l])", {}, "more than once"),
    ("RETURN reduce(s = 'a', x IN [1] | replace(s, 'a', 'aa'))", {}, "more than once"),
    ("RETURN reduce(l = [1], x IN [1] | l + [y IN l | y])", {}, "more than once"),
    ("RETURN reduce(l = [1], x IN [1] | CASE WHEN true THEN l + l ELSE l END)", {}, "more than"),
    ("RETURN reduce(a = 0, x IN range(1, 1000000000) | a + x)", {}, "1,000,000,000 numbers"),
    ("RETURN [x IN range(1, 10000) | [y IN range(1, 10000) | y]]", {}, "100,000,000 items"),
    ("RETURN all(x IN range(1, 10000) WHERE any(y IN range(1, 10000) WHERE y > x))", {}, "items"),
    ("RETURN range(1, $n)", {"n": 10**10}, "10,000,000,000 numbers"),
    ("MATCH (n) RETURN range(1, n.x)", {}, "unknown length"),
    ("RETURN `range`(1, 10000000000)", {}, "numbers"),
    ("SHOW INDEXES YIELD name WHERE name =~ '(a+)+'", {}, "can't be read here"),
]


@pytest.mark.parametrize(("cypher", "parameters"), RUN)
def test_what_ends_is_run(cypher: str, parameters: dict[str, Any]) -> None:
    check_cost(cypher, parameters)


@pytest.mark.parametrize(("cypher", "parameters", "reason"), REFUSED)
def test_what_may_not_end_is_refused(cypher: str, parameters: dict[str, Any], reason: str) -> None:
    with pytest.raises(QueryRefused, match="the query is not run") as refused:
        check_cost(cypher, parameters)
    assert reason in str(refused.value)
