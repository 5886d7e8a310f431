"""What is to blame, and which version was the first bad one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import AsOf
from lineage.cli.completion import complete_context
from lineage.cli.output import echo, name_node, print_json, print_table, title, to_one_line

if TYPE_CHECKING:
    from lineage.questions.bisect import Bisection
    from lineage.questions.blame import Blame

Good = Annotated[
    list[str] | None, typer.Option(metavar="REF", help="One that turned out well; repeatable.")
]
Metric = Annotated[
    str | None, typer.Option(metavar="NAME", help="The metric that tells good from bad.")
]
Below = Annotated[
    float | None, typer.Option(metavar="NUMBER", help="Bad where the metric is below this.")
]
Above = Annotated[
    float | None, typer.Option(metavar="NUMBER", help="Bad where the metric is above this.")
]


@app.command(epilog="Example: lineage blame --type Model --metric accuracy --below 0.9")
def blame(
    context: typer.Context,
    bad: Annotated[
        list[str] | None, typer.Argument(metavar="BAD", help="Runs or models gone wrong.")
    ] = None,
    good: Good = None,
    type: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE", help="Look at all of this type: runs by state, models by --metric."
        ),
    ] = None,
    metric: Metric = None,
    below: Below = None,
    above: Above = None,
    context_ref: Annotated[
        str | None,
        typer.Option(
            "--context", metavar="REF", autocompletion=complete_context, help="Only what is in it."
        ),
    ] = None,
    formula: Annotated[
        str, typer.Option(metavar="NAME", help="ochiai, tarantula or dstar.")
    ] = "ochiai",
    limit: Annotated[int, typer.Option(metavar="N", min=0, help="Show so many; 0 shows all.")] = 20,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """What caused these runs to fail, or these models to be bad?

    Ranks the data, code, parameters, libraries and machines upstream. Without --good, the bad ones
    are compared with the others of their type.
    """
    found = open_store(context).blame(
        *(bad or ()),
        good=good or (),
        type=type,
        metric=metric,
        below=below,
        above=above,
        context=context_ref,
        formula=formula,
        as_of=as_of,
    )
    if json:
        print_json(found.to_dict())
    else:
        print_blame(found, limit)


@app.command(epilog="Example: lineage bisect Model:churn-9 --good Model:churn-2 --versions")
def bisect(
    context: typer.Context,
    bad: Annotated[list[str], typer.Argument(metavar="BAD", help="Versions that are bad.")],
    good: Good = None,
    type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Only this type may be to blame.")
    ] = None,
    versions: Annotated[
        bool, typer.Option("--versions", help="The versions of BAD, one after the other.")
    ] = False,
    metric: Metric = None,
    below: Below = None,
    above: Above = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Which version upstream was the first bad one, or which to test next?"""
    found = open_store(context).bisect(
        *bad,
        good=good or (),
        type=type,
        versions=versions,
        metric=metric,
        below=below,
        above=above,
        as_of=as_of,
    )
    if json:
        print_json(found.to_dict())
    else:
        print_bisection(found)


def print_blame(found: Blame, limit: int) -> None:
    """A table of suspects."""
    if found.open:
        shown_runs = ", ".join(name_node(run) for run in found.open[:5])
        more_runs = ", …" if len(found.open) > 5 else ""
        runs = "1 run has" if len(found.open) == 1 else f"{len(found.open)} runs have"
        echo(f"{runs} not ended: {shown_runs}{more_runs} (see lineage runs)")
    if not found.bad:
        echo("Nothing failed." if found.open else "Nothing went wrong.")
        return
    shown = found.suspects[: limit or None]
    print_table(
        ("rank", "score", "bad", "good", "what", "suspect"),
        [
            (
                s.rank,
                f"{s.score:.3f}",
                f"{s.counts.bad_with}/{len(found.bad)}",
                f"{s.counts.good_with}/{len(found.good)}",
                s.what,
                to_one_line(s.label),
            )
            for s in shown
        ],
        empty="nothing is upstream of what went wrong",
    )
    more = f", {len(shown)} shown (--limit 0 shows all)" if len(shown) < len(found) else ""
    echo(f"{len(found)} suspects of {len(found.bad)} bad and {len(found.good)} good{more}.")


def print_bisection(found: Bisection) -> None:
    """What is known, and what to do next."""
    if found.first_bad is not None:
        echo(f"First bad: {title(found.first_bad)}  ({name_node(found.first_bad)})")
    elif found.test is not None:
        echo(f"Test next: {title(found.test)}  ({name_node(found.test)})")
        echo(
            f"Candidates: {len(found.candidates)}; left {found.if_bad} if it is bad, "
            f"{found.if_good} if it is good; about {found.tests} to test."
        )
    elif found.candidates:
        echo("These can't be told apart, for each came of the other:")
        print_table(("id", "node"), [(name_node(node), title(node)) for node in found.candidates])
    else:
        echo("No single version explains what is bad and what is good.")
