"""One expression, one text or one value can't take the process along: in a child, watched.

Each query runs with a deadline of 2 s in a process that may use 3 GB of address space; it is
answered, or refused or stopped by an error of ours, and the process has grown to no more than
1.5 GB by then. Where nothing else is said, whichever of these comes first.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.terminal import ROOT

_MOST_MEGABYTES = 1500
# A quiet machine takes about the deadline for each at most; this is for one that is busy.
_PATIENCE = 1500
_CHILD = """
import json, resource, sys, lineage
from tests.queries.test_bounds import CASES
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
with lineage.connect(sys.argv[1]) as store:
    store.put(lineage.Artifact(type="Dataset", name="raw"))
    for name, case in CASES.items():
        try:
            said = f"answered {len(store.query(case.cypher, case.given(), timeout=2).rows)}"
        except lineage.LineageError as error:
            said = f"{type(error).__name__} {error}"
        except Exception as error:
            said = f"no error of ours: {error!r}"
        assert store.query("MATCH (n:Dataset) RETURN count(n)").value() == 1
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps([name, said, used]), flush=True)
"""


@dataclass(frozen=True)
class Case:
    """A query, its parameters (a pair stands for a text that comes so often), its outcome."""

    cypher: str
    expected: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """The parameters."""
        return {
            name: value[0] * value[1] if isinstance(value, tuple) else value
            for name, value in self.parameters.items()
        }


def doubled(text: str, times: int, rest: str, expected: str) -> Case:
    """A text that the query makes itself, by doubling."""
    made = f"WITH reduce(s = $x, i IN range(1, {times}) | s + s) AS s "
    return Case(made + rest, expected, {"x": text})


def nested(rest: str, expected: str) -> Case:
    """A list inside a list, 100,000 deep."""
    return Case(f"WITH reduce(x = [], i IN range(1, 100000) | [x]) AS x {rest}", expected)


def shared(rest: str, expected: str) -> Case:
    """A list that has the same list twice, 40 deep: 2^40 values, in 40 lists."""
    made = "reduce(x = [1], i IN range(1, 40) | [x, x])"
    return Case(f"WITH {made} AS x, {made} AS y {rest}", expected)


_LONG = "QueryStopped the query would make a text"
_DEEP = "QueryStopped the query would put lists or maps into each other too deep"
_MANY = "QueryStopped the query would hold more than"
_REGEX = "CypherArgumentError the regular expression"
_WORDS = "CypherSyntaxError the query has more than 60,000 words and signs"
_SIZE = "CypherSyntaxError the query has"
_NESTED = "CypherUnsupported"
CASES: dict[str, Case] = {
    # Texts
    "toUpper of 60 MB": doubled("a" * 1000, 16, "RETURN size(toUpper(s))", _LONG),
    "toUpper that grows": doubled("\u0390", 23, "RETURN size(toUpper(s))", _LONG),
    "toLower": doubled("A", 23, "RETURN size(toLower(s))", "answered 1"),
    "a long parameter": Case("RETURN size(toUpper($x))", "answered 1", {"x": ("a", 5_000_000)}),
    "a huge parameter": Case("RETURN size(toUpper($x))", _LONG, {"x": ("ß", 30_000_000)}),
    "normalize": doubled("\ufdfa", 23, "RETURN size(normalize(s, NFKC))", _LONG),
    "normalize more": doubled("\ufdfa", 26, "RETURN size(normalize(s, NFKC))", _LONG),
    "normalize what grows little": doubled("\u00e9", 22, "RETURN size(normalize(s, NFD))",
                                           "answered 1"),
    "normalize marks": doubled("\u0301\u0316", 20, "RETURN size(normalize(s))",
                               "QueryStopped a text has more than 1,000 combining marks"),
    "IS NORMALIZED marks": doubled("\u0301\u0316", 20, "RETURN s IS NORMALIZED",
                                   "QueryStopped a text has more than 1,000 combining marks"),
    "replace that grows": doubled("a", 23, "RETURN size(replace(s, 'a', 'bbbbbbbbbb'))", _LONG),
    "replace by nothing": doubled("ab", 22, "RETURN size(replace(s, 'a', ''))", "answered 1"),
    "split": doubled("a", 23, "RETURN size(split(s, ''))", _MANY),
    "CONTAINS": doubled("ab", 22, "RETURN s CONTAINS (s + 'c')", "answered 1"),
    "CONTAINS near misses": Case(
        "WITH reduce(s = 'a', i IN range(1, 22) | s + s) AS s, "
        "reduce(s = 'a', i IN range(1, 20) | s + s) AS t RETURN s CONTAINS (t + 'b' + t)",
        "answered 1"),
    "trim": doubled(" ", 23, "RETURN size(trim(s))", "answered 1"),
    "comparing": doubled("a", 23, "WITH s + 'a' AS s, s + 'b' AS t UNWIND range(1, 100000) AS i "
                                  "WITH s, t, i WHERE s < t RETURN count(*)", ""),
    # Regular expressions
    "a long expression": doubled("a|", 22, "RETURN 'b' =~ s", _REGEX),
    "an optional many": doubled("a?", 20, "RETURN 'a' =~ s", _REGEX),
    "many classes": doubled("[a&&[b--[c]]]", 15, "RETURN 'b' =~ s", _REGEX),
    "nested alternatives": Case(
        f"RETURN 'a' =~ '{'(' * 17}a{'|)+' * 17}' AS r", _REGEX),
    "nested numbers": Case(f"RETURN 'a' =~ '{'(' * 17}a{'{1,9})' * 17}' AS r", _REGEX),
    "large numbers": Case("RETURN 'a' =~ '(.*){1000000}' AS r", _REGEX),
    "one that explodes": Case("RETURN $t =~ '(x+x+)+y' AS r", "",
                              {"t": ("x", 2000)}),
    "many brackets": Case("RETURN 'a' =~ $p", _NESTED, {"p": "(" * 4000 + "a" + ")" * 4000}),
    # Numbers and times
    "toInteger of a million digits": Case(
        "RETURN toInteger($x)", "CypherTypeError", {"x": ("9", 1_000_000)}),
    "toInteger of zeros": Case("RETURN toInteger($x)", "answered 1", {"x": ("0", 1_000_000)}),
    "toFloat": Case("RETURN toFloat($x)", "answered 1", {"x": ("9", 5_000_000)}),
    "a date": Case("RETURN date($x)", "InvalidTemporal", {"x": ("1", 30_000_000)}),
    "a date and time": Case("RETURN datetime($x)", "InvalidTemporal", {"x": ("1", 30_000_000)}),
    "a duration": doubled("1", 23, "RETURN duration('P' + s + 'D')", "InvalidTemporal"),
    "a zone": Case("RETURN datetime({year: 2000, timezone: $x})", "InvalidTemporal",
                   {"x": ("1", 10_000_000)}),
    "a number": Case(f"RETURN {'9' * 100_000}", "CypherSyntaxError"),
    # Nested values
    "deep lists": nested("RETURN x", _DEEP),
    "deep maps": Case("RETURN reduce(x = {}, i IN range(1, 100000) | {a: x}) AS x", _DEEP),
    "deep lists compared": nested("RETURN x = [x]", _DEEP),
    "deep lists sorted": nested("UNWIND [1, 2] AS k RETURN k ORDER BY x", _DEEP),
    "rather deep lists": Case("RETURN reduce(x = [], i IN range(1, 90) | [x]) AS x", "answered 1"),
    "collected deep": Case(
        "WITH [1] AS x " + "WITH collect(x) AS x " * 300 + "RETURN x", "QueryStopped the answer"),
    "shared lists": shared("RETURN x", _MANY),
    "shared lists compared": shared("RETURN x = y", _MANY),
    "shared lists distinct": shared("RETURN DISTINCT x", _MANY),
    "shared lists collected": shared("RETURN collect(x)", _MANY),
    "shared lists typed": shared("RETURN valueType(x), x IS :: LIST<INTEGER>", _MANY),
    "shared by clauses": Case(
        "WITH [1] AS x " + "WITH [x, x] AS x " * 40 + "RETURN x < [1]", _MANY),
    "a list of numbers": Case("RETURN size(range(1, 1000000000)) AS x", _MANY),
    # The text of the query
    "a long literal": Case(f"RETURN '{'a' * 20_000_000}' AS x", _SIZE),
    "many escapes": Case("RETURN '" + "\\n" * 400_000 + "' AS x", "answered 1"),
    "a long list": Case(f"RETURN [{','.join(['1'] * 450_000)}] AS x", _WORDS),
    "a list": Case(f"RETURN [{','.join(['1'] * 25_000)}] AS x", "answered 1"),
    "many nodes": Case("MATCH " + "-->".join(f"(n{i})" for i in range(2000)) + " RETURN 1", ""),
    "many patterns": Case("MATCH " + ",".join(f"(n{i})" for i in range(2000)) + " RETURN 1",
                          "QueryStopped"),
    "many MATCH": Case(" ".join(f"MATCH (a{n}:X {{k: 1}})" for n in range(3000)) + " RETURN 1", ""),
    "many WITH": Case("WITH 1 AS a " + "WITH a + 1 AS a " * 8000 + "RETURN a", ""),
    "many columns": Case("RETURN " + ",".join(f"{n} AS a{n}" for n in range(14_000)), ""),
    "many UNION": Case(" UNION ".join(f"RETURN {n} AS a" for n in range(9_000)), ""),
    "many OR": Case("MATCH (n) WHERE " + " OR ".join(f"n.x = {n}" for n in range(9_000))
                    + " RETURN n", ""),
    "many WHEN": Case("RETURN CASE " + " ".join(f"WHEN {i} = 2 THEN {i}" for i in range(9_000))
                      + " END AS x", ""),
    "many labels": Case("MATCH (n:" + "|".join(f"L{i}" for i in range(25_000)) + ") RETURN n", ""),
    "many plus": Case("RETURN " + "+".join(["1"] * 29_000) + " AS x", ""),
    "many NOT": Case("RETURN " + "NOT " * 50_000 + "true AS x", ""),
    "many brackets in the text": Case("RETURN " + "(" * 5000 + "1" + ")" * 5000, _NESTED),
    "many dots": Case("RETURN {a: 1}" + ".a" * 25_000 + " AS x", ""),
    "spaces": Case("RETURN" + " " * 900_000 + "1", "answered 1"),
    "a comment without an end": Case("RETURN 1 /* " + "*" * 900_000, "CypherSyntaxError"),
}  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, int]]:
    """What came of each in the child, and how large it had grown by then."""
    store = tmp_path_factory.mktemp("bounds") / "lineage.db"
    child = subprocess.run(
        (sys.executable, "-c", _CHILD, f"sqlite:///{store}"),
        capture_output=True, text=True, cwd=ROOT, timeout=_PATIENCE, check=False,
    )  # fmt: skip
    found = [json.loads(line) for line in child.stdout.splitlines()]
    assert child.returncode == 0, (found[-1:], child.stderr[-2000:])
    return {name: (said, megabytes) for name, said, megabytes in found}


@pytest.mark.parametrize("name", CASES)
def test_it_ends_in_time_and_in_memory(name: str, outcomes: dict[str, tuple[str, int]]) -> None:
    said, megabytes = outcomes[name]
    stopped = "QueryStopped the query was stopped at its deadline of 2 s"
    assert said.startswith((CASES[name].expected, stopped)), said[:300]
    assert len(said) < 1_000
    assert megabytes < _MOST_MEGABYTES
