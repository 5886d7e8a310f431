"""What differs, and who did better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lineage.captions import caption
from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import AsOf
from lineage.cli.completion import complete_reference
from lineage.cli.output import echo, measure, name_node, print_json, print_table, title, to_one_line

if TYPE_CHECKING:
    from lineage.questions.diff import DataDifference, Diff, MetricDifference
    from lineage.questions.siblings import Siblings

Metric = Annotated[str | None, typer.Option(metavar="NAME", help="Which metric, such as accuracy.")]
# What is longer stands below the table instead of stretching it.
_SHORT = 24


@app.command(epilog="Example: lineage diff Model:churn-1 Model:churn-2")
def diff(
    context: typer.Context,
    first: Annotated[
        str,
        typer.Argument(
            metavar="FIRST", autocompletion=complete_reference, help="A model, or another node."
        ),
    ],
    second: Annotated[
        str,
        typer.Argument(
            metavar="SECOND", autocompletion=complete_reference, help="What it is compared with."
        ),
    ],
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """What differs in where FIRST and SECOND came from?"""
    found = open_store(context).diff(first, second, as_of=as_of)
    if json:
        print_json(found.to_dict())
    else:
        print_diff(found)


@app.command(epilog="Example: lineage siblings Model:churn --metric accuracy")
def siblings(
    context: typer.Context,
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="Whose data is asked about."),
    ],
    metric: Metric = None,
    better: Annotated[
        str | None,
        typer.Option(metavar="higher|lower", help="What is better; else the name says."),
    ] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Did anyone else train on this model's data, and did theirs do better?"""
    found = open_store(context).siblings(model, metric=metric, better=better, as_of=as_of)
    if json:
        print_json(found.to_dict())
    else:
        print_siblings(found)


def print_diff(found: Diff) -> None:
    """What differs, one section a kind of thing."""
    echo(f"1  {title(found.first)}  ({name_node(found.first)})")
    echo(f"2  {title(found.second)}  ({name_node(found.second)})")
    if found.deleted:
        echo(f"\nOf {len(found.deleted)} artifacts and their steps, what was recorded is deleted.")
    if found.same:
        echo(f"\nNothing that {'is left' if found.deleted else 'was recorded'} differs.")
        return
    if found.data:
        echo("\nData")
        print_table(("1", "2", "differ in"), [_data(row) for row in found.data])
        types = [row.first.type for row in found.data]
        values = [
            (row.first.type if types.count(row.first.type) == 1 else caption(row.first), *value)
            for row in found.data
            for value in row.values
        ]
        if values:
            echo()
            print_table(("of", "property", "1", "2"), values)
    if found.settings:
        echo("\nSettings")
        rows = [
            (row.part, row.name, to_one_line(row.first), to_one_line(row.second), _steps(row.steps))
            for row in found.settings
        ]
        short = [row for row in rows if max(len(row[2]), len(row[3])) <= _SHORT]
        if short:
            print_table(("what", "name", "1", "2", "in"), short)
        for row in rows:
            if row not in short:
                echo(f"{row[0]} {row[1]}, in {row[4]}")
                echo(f"  1  {row[2]}")
                echo(f"  2  {row[3]}")
    for side, only in (("1", found.only_first), ("2", found.only_second)):
        if only:
            echo(f"\nOnly {side} has")
            print_table(("id", "node"), [(name_node(node), title(node)) for node in only])
    if found.metrics:
        echo("\nMetrics")
        print_table(
            ("name", "1", "2", "2 is"),
            [(row.name, *_tell_apart(row), _better(row.better)) for row in found.metrics],
        )
    echo(f"\n{found.shared} {'node is' if found.shared == 1 else 'nodes are'} upstream of both.")


def print_siblings(found: Siblings) -> None:
    """Those who did best first, with the model that was asked about in its place."""
    if not found.rows:
        echo(f"Nobody else trained on the data of {caption(found.model)}.")
        return
    lines: list[tuple[object, ...]] = [
        (
            caption(row.model),
            measure(row.value),
            "deleted" if row.model.state == "DELETED" else _better(row.better),
            "same" if row.same_data else "same origin",
            caption(row.shared),
        )
        for row in found.rows
    ]
    own = (caption(found.model), measure(found.value), "this one", "", "")
    lines.insert(sum(row.better is True for row in found.rows), own)
    print_table(("model", found.metric or "metric", "it is", "data", "shared"), lines)
    better = len(found.better)
    if found.metric is None:
        echo(f"Nothing was measured of {caption(found.model)}.")
    else:
        is_better = "higher" if found.higher_is_better else "lower"
        echo(f"{better} of {len(found)} did better ({is_better} {found.metric} is better).")


def _data(row: DataDifference) -> tuple[object, ...]:
    how = "content" if row.known else "not the same artifact"
    return caption(row.first), caption(row.second), f"{how}, derived" if row.derived else how


def _tell_apart(row: MetricDifference) -> tuple[str, str]:
    """Two numbers, with all their digits where fewer would show them as one."""
    short = measure(row.first), measure(row.second)
    if short[0] == short[1] and row.first != row.second:
        return to_one_line(row.first), to_one_line(row.second)
    return short


def _steps(steps: object) -> str:
    assert isinstance(steps, tuple)
    first = steps[0][0].type
    return first if len(steps) == 1 else f"{first} and {len(steps) - 1} more"


def _better(better: bool | None) -> str:
    return "-" if better is None else "better" if better else "not better"
