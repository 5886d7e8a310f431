"""The questions, one command each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage.captions import caption
from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import AsOf, Refs
from lineage.cli.commands.deployments import print_deployments
from lineage.cli.completion import complete_reference, complete_type
from lineage.cli.hints import against_time, gaps_in, of_gaps, of_type
from lineage.cli.output import (
    echo,
    format_time,
    join_path,
    measure,
    name_node,
    note,
    print_json,
    print_table,
    title,
    to_one_line,
    type_of,
)

if TYPE_CHECKING:
    from lineage import Store
    from lineage.questions.closure import Lineage
    from lineage.questions.model_facts import (
        Evaluation,
        Provenance,
        RunFacet,
        Setting,
        TrainingData,
    )
    from lineage.questions.why import Witness

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        autocompletion=complete_reference,
        help="Model:churn, artifact:42, an external id, a uri, a path.",
    ),
]
OfType = Annotated[
    str | None,
    typer.Option(
        "--type",
        metavar="TYPE",
        autocompletion=complete_type,
        help="Only this type, or base type such as MODEL.",
    ),
]
Causal = Annotated[
    bool, typer.Option("--causal", help="Only chains in which nothing precedes what it came of.")
]
Depth = Annotated[int | None, typer.Option(metavar="N", min=0, help="At most so many events away.")]


@app.command(epilog="Example: lineage upstream Model:churn --type DATASET")
def upstream(
    context: typer.Context,
    refs: Refs,
    type: OfType = None,
    depth: Depth = None,
    as_of: AsOf = None,
    causal: Causal = False,
    json: Json = False,
) -> None:
    """Where did this come from?"""
    store = open_store(context)
    answer = store.upstream(*refs, type=type, depth=depth, as_of=as_of, causal=causal)
    _print_lineage(
        store,
        answer,
        type,
        json,
        lambda: store.upstream(*refs, depth=depth, as_of=as_of, causal=causal),
    )


@app.command(epilog="Example: lineage downstream Dataset:raw --type Model")
def downstream(
    context: typer.Context,
    refs: Refs,
    type: OfType = None,
    depth: Depth = None,
    as_of: AsOf = None,
    causal: Causal = False,
    json: Json = False,
) -> None:
    """What came of this?"""
    store = open_store(context)
    answer = store.downstream(*refs, type=type, depth=depth, as_of=as_of, causal=causal)
    _print_lineage(
        store,
        answer,
        type,
        json,
        lambda: store.downstream(*refs, depth=depth, as_of=as_of, causal=causal),
    )


@app.command(epilog="Example: lineage why Dataset:raw Model:churn")
def why(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", autocompletion=complete_reference, help="Where the data started."
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", autocompletion=complete_reference, help="Where it arrived."
        ),
    ],
    as_of: AsOf = None,
    causal: Causal = False,
    json: Json = False,
) -> None:
    """By which shortest chain did TARGET come of SOURCE? Exit code 1 where it didn't."""
    answer = open_store(context).why(source, target, as_of=as_of, causal=causal)
    if json:
        print_json(answer.to_dict())
    else:
        print_witness(answer)
    if not answer.found:
        raise typer.Exit(1)


@app.command("trained-on", epilog="Example: lineage trained-on Model:churn")
def trained_on(
    context: typer.Context, model: Model, causal: Causal = False, json: Json = False
) -> None:
    """Which data was this model trained on?"""
    found = open_store(context).trained_on(model, causal=causal)
    _print(found, print_training_data, json)


@app.command(epilog="Example: lineage hyperparameters Model:churn")
def hyperparameters(context: typer.Context, model: Model, json: Json = False) -> None:
    """With which hyperparameters was it trained?"""
    _print(open_store(context).hyperparameters(model), print_settings, json)


@app.command(epilog="Example: lineage code Model:churn")
def code(context: typer.Context, model: Model, json: Json = False) -> None:
    """Which code trained it, on which machine, in which run, and how did that end?"""
    _print(open_store(context).code(model), print_facets, json)


@app.command(epilog="Example: lineage pipeline Model:churn")
def pipeline(context: typer.Context, model: Model, json: Json = False) -> None:
    """By which pipeline and run was it made?"""
    found = open_store(context).pipeline_of(model)
    if json:
        print_json(found.to_dict())
    else:
        print_provenance(found)


@app.command(epilog="Example: lineage environment Model:churn")
def environment(context: typer.Context, model: Model, json: Json = False) -> None:
    """With which versions of Python and libraries was it trained?"""
    _print(open_store(context).environment_of(model), print_settings, json)


@app.command(epilog="Example: lineage evaluations Model:churn")
def evaluations(context: typer.Context, model: Model, json: Json = False) -> None:
    """What was measured of it?"""
    _print(open_store(context).evaluations(model), print_evaluations, json)


@app.command(epilog="Example: lineage about Model:churn")
def about(context: typer.Context, model: Model, json: Json = False) -> None:
    """All of these questions about one model."""
    found = open_store(context).about(model)
    if json:
        print_json(found.to_dict())
        return
    echo(f"{title(found.model)}  ({name_node(found.model)})")
    echo("\nTrained on")
    print_training_data(found.trained_on)
    echo("\nHyperparameters")
    print_settings(found.hyperparameters)
    echo("\nPipeline")
    print_provenance(found.pipeline)
    echo("\nEnvironment")
    print_settings(found.environment)
    echo("\nEvaluations")
    print_evaluations(found.evaluations)
    echo("\nDeployments")
    print_deployments(found.deployments)


@app.command(epilog="Example: lineage failure execution:12")
def failure(
    context: typer.Context,
    execution: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            autocompletion=complete_reference,
            help="execution:12, Train:run-7, or what it made.",
        ),
    ],
    json: Json = False,
) -> None:
    """What did a failed run have, beside the last good run of the same step?"""
    found = open_store(context).failure(execution)
    if json:
        print_json(found.to_dict())
        return
    echo(f"{title(found.run)}  ({name_node(found.run)})  {found.run.state}")
    if found.unended is not None:
        why = "its lease has ended" if found.unended.lease_until_ms else "nothing is heard of it"
        told = f"It never ended: {why}." if found.unended.stale else "It has not ended."
        echo(f"{told} lineage close {name_node(found.run)} --state CANCELED says that it is over.")
    if len(found.attempts) > 1:
        echo("\nAttempts")
        print_table(
            ("id", "attempt", "state", "recorded"),
            [
                (name_node(run), run.version, run.state, format_time(run.created_ms))
                for run in found.attempts
            ],
        )
    echo("\nInputs")
    print_table(
        ("path", "id", "node", "uri"),
        [(join_path(path), name_node(a), title(a), a.uri) for path, a in found.inputs],
    )
    if found.last_good is None:
        echo("\nThere is no good run of this step.")
        return
    good = found.last_good
    which = "Last good run" if (good.id or 0) < (found.run.id or 0) else "Good attempt after it"
    echo(f"\n{which}: {title(good)}  ({name_node(good)})  {format_time(good.created_ms)}")
    rows = [(d.what, to_one_line(d.failed), to_one_line(d.good)) for d in found.differences]
    short = [row for row in rows if max(len(row[1]), len(row[2])) <= _SHORT]
    print_table(
        ("what differs", "this run", "good run"),
        short,
        empty="" if rows else "Nothing that was recorded differs.",
    )
    for row in rows:
        if row not in short:
            echo(f"\n{row[0]}, this run: {row[1]}")
            echo(f"{row[0]}, good run: {row[2]}")


# What is longer stands below the table instead of stretching it.
_SHORT = 30


def print_witness(answer: Witness) -> None:
    """A chain, one node a line."""
    if not answer.found:
        echo(f"{caption(answer.target)} did not come of {caption(answer.source)}.")
        return
    for place, node in enumerate(answer.nodes):
        arrow = "" if place == 0 else "-> "
        hop = answer.hops[place - 1] if place else None
        port = f"  [{join_path(hop.path)}]" if hop else "  [same content]" if place else ""
        echo(f"{'  ' * place}{arrow}{title(node)}  ({name_node(node)}){port}")


def print_training_data(found: list[TrainingData]) -> None:
    """The datasets of a model."""
    print_table(
        ("id", "dataset", "depth", "direct", "uri"),
        [
            (name_node(row.dataset), title(row.dataset), row.depth, row.direct, row.dataset.uri)
            for row in found
        ],
        empty="no dataset is on record",
    )
    late = sum(not row.in_time for row in found)
    if late:
        note(against_time(late))


def print_settings(found: list[Setting]) -> None:
    """Names and values."""
    several = len({row.execution.id for row in found}) > 1
    if several:
        rows: list[tuple[object, ...]] = [
            (name_node(row.execution), row.name, row.value) for row in found
        ]
        print_table(("execution", "name", "value"), rows)
    else:
        print_table(
            ("name", "value"), [(r.name, r.value) for r in found], empty="none is on record"
        )


def print_facets(found: list[RunFacet]) -> None:
    """Names and values, by their part."""
    print_table(
        ("execution", "part", "name", "value"),
        [(name_node(row.execution), row.part, row.name, row.value) for row in found],
        empty="none was recorded",
    )


def print_provenance(found: Provenance) -> None:
    """Contexts by what they are."""
    rows = [("pipeline", c) for c in found.pipelines]
    rows += [("run", c) for c in found.runs]
    rows += [("other", c) for c in found.others]
    print_table(
        ("what", "id", "context"),
        [(what, name_node(c), title(c)) for what, c in rows],
        empty="in no context",
    )


def print_evaluations(found: list[Evaluation]) -> None:
    """Metrics with their values."""
    print_table(
        ("id", "metrics", "by", "values"),
        [
            (
                name_node(row.metrics),
                title(row.metrics),
                name_node(row.execution),
                " ".join(f"{name}={measure(value)}" for name, value in row.values.items()),
            )
            for row in found
        ],
        empty="not evaluated",
    )


def print_lineage(answer: Lineage) -> None:
    """A table of nodes by depth."""
    print_table(
        ("depth", "id", "type", "name", "uri"),
        [
            (found.depth, name_node(found.node), type_of(found.node), found.node.name,
             getattr(found.node, "uri", None))
            for found in answer
        ],
        empty="nothing",
    )  # fmt: skip
    nodes = "node" if len(answer) == 1 else "nodes"
    echo(f"{len(answer)} {nodes}, {'complete' if answer.complete else 'NOT complete'}.")


def _print_lineage(
    store: Store, answer: Lineage, type: str | None, json: bool, whole: Callable[[], Lineage]
) -> None:
    """Print an answer; `whole` is the same for all types, among which are the runs."""
    gaps = gaps_in(store, lambda: (found.node for found in (whole() if type else answer)))
    if json:
        told = answer.to_dict()
        if gaps:
            told["may_lack"] = gaps
        print_json(told)
        return
    print_lineage(answer)
    for hint in of_gaps(gaps):
        note(hint)
    if answer.against_time:
        note(against_time(answer.against_time))
    for hint in of_type(store, type, len(answer)):
        note(hint)


def _print(found: list[Any], show: Any, json: bool) -> None:
    if json:
        print_json([row.to_dict() for row in found])
    else:
        show(found)
