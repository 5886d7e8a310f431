"""The figure by feature folder, for the terminal and for the documentation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from tools.tck.artifact import VERSION
from tools.tck.runner import Outcome, Verdict


def table(ours: Sequence[Outcome], theirs: Sequence[Outcome] | None = None) -> str:
    """A Markdown table: for each folder how many there are, passed, were refused, were wrong."""
    mine, other = _counted(ours), _counted(theirs or [])
    head = ["feature folder", "scenarios", "passed", "refused", "wrong"]
    if theirs is not None:
        head.append("Neo4j passed")
    lines = [head]
    for folder in [*sorted(mine), ""]:
        counts = mine[folder] if folder else sum(mine.values(), Counter())
        line = [f"`{folder}`" if folder else "**all**", str(counts.total())]
        line += [str(counts[verdict]) for verdict in Verdict]
        if theirs is not None:
            there = other[folder] if folder else sum(other.values(), Counter())
            line.append(str(there[Verdict.PASSED]))
        lines.append(line)
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    cells = [map(str.ljust, line, widths) for line in lines]
    texts = [f"| {' | '.join(line)} |" for line in cells]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)


def document(ours: Sequence[Outcome], theirs: Sequence[Outcome] | None, version: str | None) -> str:
    """The page that keeps the figure."""
    passed = sum(outcome.verdict is Verdict.PASSED for outcome in ours)
    parts = [
        "# The openCypher TCK",
        "Written by `python -m tools.tck --write`; do not edit.",
        f"The evaluator of SQLite and memory stores passes {passed:,} of the {len(ours):,} "
        f"scenarios ({passed / len(ours):.2%}) of openCypher's Technology Compatibility Kit "
        f"{VERSION} whose query under test only reads and that need no procedure, outlines "
        "expanded. What it does not pass it refuses by name; none is answered wrongly. An "
        "expected error counts only where kind, phase and detail are right.",
        table(ours, theirs),
    ]
    if theirs is not None:
        parts.append(
            f"Neo4j is {version}. It names an error's kind, but neither phase nor detail. In "
            f"{sum(outcome.other_error for outcome in theirs)} scenarios it fails as it should, "
            "with another kind of error: mostly, its type checker finds before the query runs "
            "what the kit expects while it runs."
        )
    left = [outcome for outcome in ours if outcome.verdict is not Verdict.PASSED]
    if left:
        parts += ["## Not passed", _list(left)]
    wrong = [outcome for outcome in theirs or [] if outcome.verdict is not Verdict.PASSED]
    if wrong:
        parts += ["## What Neo4j does otherwise", _list(wrong)]
    return "\n\n".join(parts) + "\n"


def _list(outcomes: Sequence[Outcome]) -> str:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.verdict is Verdict.REFUSED:
            reason = f"refused: {outcome.why}"
        else:
            reason = "another kind of error" if outcome.other_error else "another answer"
        by_reason[reason].append(outcome.scenario.id)
    return "\n".join(
        f"- {reason}\n" + "\n".join(f"  - {name}" for name in names)
        for reason, names in sorted(by_reason.items())
    )


def _counted(outcomes: Sequence[Outcome]) -> dict[str, Counter[Verdict]]:
    counted: dict[str, Counter[Verdict]] = defaultdict(Counter)
    for outcome in outcomes:
        counted[outcome.scenario.folder][outcome.verdict] += 1
    return counted
