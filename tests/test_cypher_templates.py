"""Every Cypher statement is a file that says what it is, and does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import neo4j
import pytest

import lineage
from tests.neo4j_for_tests import driver, replanned

FOLDER = Path(__file__).parents[1] / "cypher"
TEMPLATES = sorted(FOLDER.rglob("*.cypher"))
WRITING = re.compile(r"\b(CREATE|MERGE|SET|REMOVE|DELETE)\b")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(FOLDER)))
def test_a_template_says_what_it_is(path: Path) -> None:
    lines = path.read_text().splitlines()
    name = str(path.relative_to(FOLDER).with_suffix(""))
    assert lines[0].startswith(f"// {name}: ")
    assert lines[1].startswith("// parameters: ")
    assert lines[2].startswith("// columns: ")
    mode = lines[3].removeprefix("// ")
    assert mode in ("read", "write", "schema", "manage")
    body = "\n".join(lines[4:])
    if mode == "read":
        assert not WRITING.search(body)
    elif mode == "write":
        assert WRITING.search(body)
    # A walk without relationship types would follow contexts too, and never end.
    assert "[*" not in body
    used = set(re.findall(r"\$(\w+)", body))
    declared = set(re.findall(r"\w+", lines[1]))
    if name != "write/apply":
        assert used <= declared


@pytest.mark.parametrize(
    "name",
    ["downstream_of_artifacts_as_of", "upstream_of_executions_as_of", "downstream_of_artifacts"],
)
def test_closures_never_enumerate_paths(neo4j_url: str, name: str) -> None:
    lineage.connect(neo4j_url).close()
    replanned(neo4j_url)
    statement = (FOLDER / "read" / f"{name}.cypher").read_text()
    with driver(neo4j_url) as bare, bare.session() as session:
        summary = session.run(f"EXPLAIN {statement}", ids=[1], as_of=1).consume()
    assert "VarLengthExpand(Pruning,BFS" in _operators(summary)


PROPAGATION = [
    f"propagation_{d}_of_{k}" for d in ("upstream", "downstream") for k in ("artifacts",)
]


@pytest.mark.parametrize(
    "name",
    [
        "propagation_of_marks",
        "propagation_of_all_marks_as_of",
        "propagation_of_all_marks",
        *PROPAGATION,
    ],
)
def test_taint_is_a_pruned_search(neo4j_url: str, name: str) -> None:
    lineage.connect(neo4j_url).close()
    replanned(neo4j_url)
    statement = (FOLDER / "read" / f"{name}.cypher").read_text()
    some = [1, 2]
    given = dict.fromkeys(re.findall(r"\$(\w+)", statement), some)
    parameters = {**given, "label": "tainted", "as_of": 1}
    with driver(neo4j_url) as bare, bare.session() as session:
        summary = session.run(f"EXPLAIN {statement}", parameters).consume()
    operators = _operators(summary)
    assert "VarLengthExpand(Pruning,BFS" in operators
    # One search from the label's node, not one for each mark.
    assert ("Apply" in operators) == ("marks" not in name)


def _operators(summary: neo4j.ResultSummary) -> str:
    names: list[str] = []
    stack = [summary.plan]
    while stack:
        plan = stack.pop()
        assert plan is not None
        names.append(str(plan["operatorType"]))
        stack.extend(plan.get("children", ()))
    return " ".join(names)
