"""Expressions written from their trees are read as the same trees again."""

from __future__ import annotations

from lineage.opencypher import CypherError
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import walk_parts
from lineage.opencypher.syntax.parser import parse
from lineage.opencypher.syntax.unparser import unparse
from tests.opencypher.cookbook import recipes
from tests.opencypher.test_expressions import EXPRESSIONS

_OTHERS = """
(1 + 2) * 3 - (4 - 5) - -6 ^ 2 ^ 3
NOT (a OR b AND NOT c) XOR (d XOR e)
1 < a.x <= 3 AND (a = b) = c
a IS NULL = (b IS NOT NULL)
(a IN [1, 2]) IN b
a.`odd key`.`tick``ed`[1..][..2][$`odd one`]
'it''s' + "two \\ \n \u0007 é🦊"
CASE a WHEN 1 THEN 'x' ELSE null END + CASE WHEN a THEN b END
[x IN xs WHERE x > 1 | x + 1] + [x IN xs] + [x IN xs | [y IN x]]
all(x IN xs WHERE x) AND none(x IN xs WHERE single(y IN x WHERE y))
reduce(a = 0, x IN xs | a + x)
a {.name, .*, b, c: a.d}
a:A|B&!(C|D)
(a:A).name
(a)-[:X|Y {z: 1}]->(:B)<--(c)
[(a)-[r:X*1..3]-(b:B {c: 1}) WHERE b.x | b.y]
[p = (a)-->(b) | length(p)]
shortestPath((a)-[:X*]->(b))
count(DISTINCT a.x) + count(*)
-(1) + -a.x + +(-(-1))
1.5e300 + 0.1
""".strip().splitlines()


def expression(text: str) -> ast.Expression:
    query = parse(f"RETURN {text} AS value")
    assert isinstance(query, ast.SingleQuery)
    [clause] = query.clauses
    assert isinstance(clause, ast.Return)
    return clause.projection.items[0].expression


def test_what_is_written_is_read_as_the_same() -> None:
    read = 0
    for text in (*EXPRESSIONS, *_OTHERS):
        try:
            tree = expression(text)
        except CypherError:
            continue
        if any(isinstance(part, ast.Subquery) for part in walk_parts(tree)):
            continue
        read += 1
        assert expression(unparse(tree)) == tree, (text, unparse(tree))
    assert read > 250


def test_all_of_the_cookbook_can_be_written() -> None:
    for recipe in recipes():
        for part in walk_parts(parse(recipe.query)):
            if isinstance(part, ast.Expression):
                assert unparse(part)
                assert type(part).__name__ not in unparse(part)
