"""`python -m tools.tck`: the figure by feature folder, and what did not pass.

python -m tools.tck                          the evaluator on the plain graph
python -m tools.tck --neo4j URL              Neo4j beside it, which is emptied
python -m tools.tck --write                  and docs/cypher-tck.md is written anew
python -m tools.tck expressions/temporal     only what has that in its name
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.tck.evaluator_target import EvaluatorTarget
from tools.tck.neo4j_target import Neo4jTarget
from tools.tck.report import document, table
from tools.tck.runner import Outcome, Target, Verdict, judge
from tools.tck.scenarios import read_scenarios

DOCUMENT = Path(__file__).parents[2] / "docs" / "cypher-tck.md"


def _run(target: Target, wanted: str, name: str) -> list[Outcome]:
    chosen = [scenario for scenario in read_scenarios() if wanted in scenario.id]
    outcomes = []
    for number, scenario in enumerate(chosen, 1):
        outcomes.append(judge(scenario, target))
        if sys.stderr.isatty() and number % 20 == 0:
            print(f"\r{name}: {number} of {len(chosen)}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    return outcomes


def main() -> int:
    """Exits 1 if anything was answered wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tools.tck", description=__doc__)
    parser.add_argument("wanted", nargs="?", default="", help="part of a scenario's name")
    parser.add_argument("--neo4j", metavar="URL", help="a server to run beside; it is emptied")
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.name}")
    chosen = parser.parse_args()
    ours = _run(EvaluatorTarget(), chosen.wanted, "evaluator")
    theirs: list[Outcome] | None = None
    version = None
    if chosen.neo4j:
        target = Neo4jTarget(chosen.neo4j)
        theirs, version = _run(target, chosen.wanted, "Neo4j"), target.version
        target.close()
    for outcome in ours:
        if outcome.verdict is not Verdict.PASSED:
            query = " ".join(outcome.scenario.query.split())
            print(f"{outcome.verdict}: {outcome.scenario.id}\n    {query}\n    {outcome.why}")
    print(table(ours, theirs))
    if chosen.write:
        DOCUMENT.write_text(document(ours, theirs, version))
    return int(any(outcome.verdict is Verdict.WRONG for outcome in ours))


if __name__ == "__main__":
    sys.exit(main())
