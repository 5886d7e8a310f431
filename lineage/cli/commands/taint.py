"""`taint` and `check`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from lineage.captions import caption
from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import AsOf, ByContent
from lineage.cli.commands.trace import OfType, print_witness
from lineage.cli.completion import complete_label, complete_reference
from lineage.cli.hints import gaps_in, of_gaps
from lineage.cli.output import echo, name_node, note, print_json, print_table, title

if TYPE_CHECKING:
    from lineage.model import Node
    from lineage.questions.taint.answer import Taint
    from lineage.questions.taint.cut import Cut
    from lineage.questions.taint.gate import Check, Verdict
    from lineage.questions.taint.rebuild import InputBinding, Progress, Rebuild
    from lineage.recording.overlap import Copied
    from lineage.store import Store

Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="LABEL",
        autocompletion=complete_label,
        help="Such as tainted or pii; may be given again.",
    ),
]
Causal = Annotated[
    bool, typer.Option("--causal", help="Only chains in which nothing precedes what it came of.")
]


@app.command(epilog="Example: lineage taint --label tainted --type MODEL")
def taint(
    context: typer.Context,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="REF", help="What if this were the source? May be given again."),
    ] = None,
    label: Labels = None,
    barrier: Annotated[
        list[str] | None, typer.Option(metavar="REF", help="What if this were a barrier?")
    ] = None,
    type: OfType = None,
    models: Annotated[bool, typer.Option("--models", help="Only models.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Only what is live.")] = False,
    deployed: Annotated[bool, typer.Option("--deployed", help="Only what is deployed.")] = False,
    paths: Annotated[bool, typer.Option("--paths", help="By which chain of events, each.")] = False,
    progress: Annotated[
        bool, typer.Option("--progress", help="What was replaced, and what is still dirty.")
    ] = False,
    overlap: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="SHARE",
            help="Also tables that share rows with what is tainted, from this share on, as 0.01.",
        ),
    ] = None,
    as_of: AsOf = None,
    causal: Causal = False,
    by_content: ByContent = True,
    json: Json = False,
) -> None:
    """What is affected by a label, or by given sources, and what stopped it?

    Without --label and --source: by every label in use.
    """
    from lineage.errors import InvalidValue

    if models and type is not None:
        raise InvalidValue("--models means --type MODEL; give one of the two")
    store = open_store(context)
    if progress:
        if barrier or type or models or live or deployed or paths or as_of or overlap:
            raise InvalidValue(
                "--progress goes with --label, --source, --causal, --by-content and --json alone"
            )
        how_far = store.taint_progress(
            label=label, source=source, causal=causal, by_content=by_content
        )
        if json:
            print_json(how_far.to_dict())
        else:
            print_progress(how_far)
        return
    copied: list[Copied] = []
    if overlap is not None:
        source, copied = _follow_rows(store, source, label, overlap, barrier, as_of, causal)
    answer = store.taint(
        source=source,
        label=label,
        barrier=barrier,
        type="MODEL" if models else type,
        live=live,
        deployed=deployed,
        as_of=as_of,
        causal=causal,
        by_content=by_content,
    )
    gaps = gaps_in(store, lambda: _runs_after(store, answer))
    if json:
        told = answer.to_dict()
        if gaps:
            told["may_lack"] = gaps
        if overlap is not None:
            told["overlaps"] = [found.to_dict() for found in copied]
        print_json(told)
    else:
        print_taint(answer, paths=paths)
        for hint in of_gaps(gaps):
            note(hint)
        for found_copy in copied:
            note(
                f"{name_node(found_copy.table)} shares rows with {name_node(found_copy.source)}: "
                f"{found_copy.contained.share:.1%} of the latter's, "
                f"{found_copy.containing.share:.1%} of its own"
            )


def _runs_after(store: Store, answer: Taint) -> Iterator[Node]:
    sources = [f"{source.node.kind}:{source.node.id}" for source in answer.sources]
    if sources:
        yield from (found.node for found in store.downstream(*dict.fromkeys(sources)))


def _runs_before(store: Store, answer: Check) -> Iterator[Node]:
    if answer.node.kind != "context":
        node = f"{answer.node.kind}:{answer.node.id}"
        yield from (found.node for found in store.upstream(node))


def _follow_rows(
    store: Store,
    source: list[str] | None,
    label: list[str] | None,
    least: float,
    barrier: list[str] | None,
    as_of: str | None,
    causal: bool,
) -> tuple[list[str], list[Copied]]:
    """Sources with the tables that share rows with what they taint."""
    from lineage.errors import InvalidValue
    from lineage.recording.overlap import propagate_by_overlap

    if source is None and (label is None or len(label) != 1):
        raise InvalidValue("--overlap needs one --label, or a --source")
    if label is not None and len(label) > 1:
        raise InvalidValue("--overlap follows one --label at a time")
    one = label[0] if label else None
    if source is None:
        marks = store.marks(label=one, as_of=as_of)
        source = [mark.node for mark in marks if not mark.clean]
    copied = propagate_by_overlap(
        store, source, label=one, at_least=least, barrier=barrier, as_of=as_of, causal=causal
    )
    return [*source, *(f"artifact:{found.table.id}" for found in copied)], copied


@app.command(epilog="Example: lineage check Model:churn --label tainted")
def check(
    context: typer.Context,
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            autocompletion=complete_reference,
            help="artifact:42, Model:churn, a context, a uri, a path.",
        ),
    ],
    label: Labels = None,
    place: Annotated[
        str | None,
        typer.Option("--for", metavar="CONTEXT", help="Of the labels that policies forbid there."),
    ] = None,
    cut: Annotated[
        bool, typer.Option("--cut", help="Also the fewest steps to run again to clear it.")
    ] = False,
    as_of: AsOf = None,
    causal: Causal = False,
    by_content: ByContent = True,
    json: Json = False,
) -> None:
    """Is it clean? A gate: exit code 1, and the witness, where it is not.

    Without --label: of every label in use; of a context, of those that policies forbid in it.
    """
    store = open_store(context)
    answer = store.check(
        ref, label=label, context=place, as_of=as_of, causal=causal, by_content=by_content
    )
    cuts: list[Cut] = []
    if cut and answer.node.kind != "context":
        cuts = [
            store.cheapest_cut(answer.node, label=verdict.label, as_of=as_of, by_content=by_content)
            for verdict in answer.verdicts
            if not verdict.clean and verdict.label is not None
        ]
    gaps = gaps_in(store, lambda: _runs_before(store, answer)) if answer.clean else []
    if json:
        told = answer.to_dict()
        if gaps:
            told["may_lack"] = gaps
        if cut:
            told["cuts"] = [found.to_dict() for found in cuts]
        print_json(told)
    else:
        print_check(answer, place)
        for hint in of_gaps(gaps):
            note(hint)
        for found in cuts:
            _print_cut(found)
    if not answer.clean:
        raise typer.Exit(1)


@app.command(epilog="Example: lineage rebuild --label tainted --type MODEL")
def rebuild(
    context: typer.Context,
    label: Labels = None,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="REF", help="As if this were the source. May be given again."),
    ] = None,
    type: OfType = None,
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print the plan as a Mermaid flowchart.")
    ] = False,
    causal: Causal = False,
    by_content: ByContent = True,
    json: Json = False,
) -> None:
    """What to run again after a taint, in which order, and what to roll back.

    Only a plan: nothing is done. For all that is dirty, or for that of one type.
    """
    store = open_store(context)
    plan = store.plan_rebuild(
        label=label, source=source, type=type, causal=causal, by_content=by_content
    )
    if json:
        print_json(plan.to_dict())
    elif mermaid:
        print(plan.to_mermaid(), end="")
    else:
        print_rebuild(plan)


def print_rebuild(plan: Rebuild) -> None:
    """The plan, a table for each part of it."""
    if plan.inputs:
        echo("First, replace")
        print_table(("id", "node", "uri"), [(name_node(a), title(a), a.uri) for a in plan.inputs])
        echo()
    echo("Run again, in this order")
    print_table(
        ("", "id", "step", "from"),
        [
            (
                at,
                name_node(again.step),
                title(again.step) + (" (marked)" if again.marked else ""),
                ", ".join(dict.fromkeys(_take(take) for take in again.inputs)),
            )
            for at, again in enumerate(plan.steps, 1)
        ],
        empty="nothing to run again",
    )
    if plan.lost:
        echo("\nCan't be rebuilt")
        print_table(
            ("id", "node", "why"),
            [(name_node(x.artifact), title(x.artifact), x.why) for x in plan.lost],
        )
    if plan.rollbacks:
        echo("\nRoll back")
        print_table(
            ("at", "deployed", "to"),
            [
                (
                    rollback.deployment.where or caption(rollback.deployment.execution),
                    ", ".join(map(caption, rollback.deployment.models)),
                    ", ".join(map(caption, rollback.models))
                    or ("no version is known" if rollback.why else "nothing clean was there"),
                )
                for rollback in plan.rollbacks
            ],
        )
    echo()
    _print_count(plan.progress)
    for line in dict.fromkeys(r.why for r in plan.rollbacks if r.why is not None):
        note(line)


def print_progress(found: Progress) -> None:
    """What is still dirty, and what replaced what."""
    print_table(
        ("dirty", "node", "replaced by"),
        [
            *((name_node(artifact), title(artifact), "-") for artifact in found.dirty),
            *((f"was {name_node(was)}", title(was), caption(by)) for was, by in found.replaced),
        ],
        empty="nothing is affected",
    )
    for deployment in found.deployed:
        models = ", ".join(map(caption, deployment.models))
        echo(f"still deployed: {models} to {deployment.where or caption(deployment.execution)}")
    echo()
    _print_count(found)
    for line in found.notes:
        note(line)


def _print_count(found: Progress) -> None:
    echo(
        f"{len(found.dirty)} dirty, {len(found.replaced)} replaced, {len(found.gone)} gone, "
        f"{_count_nodes(len(found.deployed), 'deployment')} of what is affected"
        f"{'; all clean' if found.done else ''}"
    )


def _take(take: InputBinding) -> str:
    """What a step is to read, in words."""
    if take.artifact is not None:
        return caption(take.artifact)
    return caption(take.was) + (" anew" if take.step is not None else " replaced")


def print_taint(answer: Taint, *, paths: bool = False) -> None:
    """A table of nodes by depth, then what stopped it."""
    several = len(answer.labels) > 1
    print_table(
        ("depth", "id", *(("labels",) if several else ()), "source", "node"),
        [
            (
                row.depth,
                name_node(row.node),
                *((", ".join(str(label) for label in row.labels),) if several else ()),
                caption(row.source),
                title(row.node),
            )
            for row in answer
        ],
        empty="nothing" if answer.affected == 0 else "nothing of what was asked for",
    )
    if paths:
        for row in answer:
            echo()
            print_witness(answer.witness(row.node))
    if answer.barriers:
        echo()
        print_table(
            ("barrier", "label", "shielded", "node", "why"),
            [
                (name_node(b.node), b.label, b.shielded, title(b.node), b.why)
                for b in answer.barriers
            ],
        )
    of = ", ".join(str(label) for label in answer.labels if label is not None)
    shown = f"{len(answer)} shown of " if len(answer) != answer.affected else ""
    sources = len({(s.node.kind, s.node.id) for s in answer.sources})
    echo(
        f"\n{shown}{answer.affected} affected{f' by {of}' if of else ''}, "
        f"from {_count_nodes(sources, 'source')}"
    )
    echo(
        f"{answer.shielded} more shielded by {_count_nodes(len(answer.barriers), 'barrier')}; "
        f"{'complete' if answer.complete else 'NOT complete'}"
    )


def _count_nodes(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def print_check(answer: Check, place: str | None = None) -> None:
    """A line for each label, with the witness or what kept it clean."""
    if not answer.verdicts:
        name = f"{title(answer.node)}  ({name_node(answer.node)})"
        asked = place is not None or answer.node.kind == "context"
        why = f"no policy forbids a label in {place or 'it'}" if asked else "nothing is marked"
        echo(f"{name} is clean: {why}")
    for verdict in answer.verdicts:
        _print_verdict(answer, verdict)


def _print_verdict(answer: Check, verdict: Verdict) -> None:
    name = f"{title(answer.node)}  ({name_node(answer.node)})"
    if verdict.clean:
        echo(f"{name} is clean of {verdict.label}")
        for barrier in verdict.stopped:
            echo(f"  stopped at {title(barrier.node)}  ({name_node(barrier.node)}): {barrier.why}")
        return
    reasons = [
        f"{mark.reason}{f' ({mark.who})' if mark.who else ''}"
        for mark in verdict.marks
        if mark.reason
    ]
    echo(f"{name} is NOT clean of {verdict.label}{': ' + '; '.join(reasons) if reasons else ''}")
    if len(verdict.affected) > 1:
        echo(f"  {len(verdict.affected)} in it are affected, the nearest one so:")
    assert verdict.witness is not None
    print_witness(verdict.witness)


def _print_cut(found: Cut) -> None:
    if found.marked:
        echo(f"\nOnly lifting its mark clears it of {found.label}: it is marked itself.")
        return
    steps = _count_nodes(len(found.steps), "step")
    echo(f"\n{steps} to run again, or to bar, to clear it of {found.label}:")
    print_table(("id", "step"), [(name_node(step), title(step)) for step in found.steps])
