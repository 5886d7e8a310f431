"""`export`: an answer for other people's tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import REF_HELP, AsOf
from lineage.cli.files import write_text
from lineage.cli.output import echo, print_json, progress_bar

_BOTH = "both"
# The formats of which each is one JSON document.
_AS_JSON = ("cyclonedx", "json", "prov")


@app.command(epilog="Example: lineage export html Model:churn --output churn.html")
def export(
    context: typer.Context,
    format: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT",
            help="cyclonedx, dot, graphml, html, json, mermaid, openlineage, prov or svg; "
            "mlmd takes a FILE and writes the whole store.",
        ),
    ],
    refs: Annotated[list[str] | None, typer.Argument(metavar="REF", help=REF_HELP)] = None,
    direction: Annotated[
        str, typer.Option(metavar="upstream|downstream|both", help="Which way from there.")
    ] = "upstream",
    depth: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="At most so many events away.")
    ] = None,
    as_of: AsOf = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file; else print it."),
    ] = None,
    json: Json = False,
) -> None:
    """Write what is upstream or downstream of REF in another tool's format.

    `lineage export mlmd FILE` writes the whole store as a SQLite database that the ml-metadata
    library opens, ids and times kept.
    """
    if format == "mlmd":
        _whole_store(context, refs or [], json)
        return
    from lineage.errors import InvalidValue
    from lineage.formats.export import export, validate_format

    validate_format(format)
    if not refs:
        raise InvalidValue(f"name what to export: lineage export {format} REF")
    if json and output is None and format not in _AS_JSON:
        raise InvalidValue(
            f"{format} is no JSON; --json tells of the file that --output writes, or goes with "
            f"{', '.join(_AS_JSON)}"
        )
    store = open_store(context)
    ways = {"upstream": [store.upstream], "downstream": [store.downstream],
            _BOTH: [store.upstream, store.downstream]}  # fmt: skip
    if direction not in ways:
        raise InvalidValue(f"direction is {direction!r}; say {', '.join(ways)}")
    first, *rest = (ask(*refs, depth=depth, as_of=as_of) for ask in ways[direction])
    answer = first
    for other in rest:
        answer = answer | other
    text = export(store, answer, format)
    if output is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    write_text(output, text)
    done = {
        "file": str(output),
        "format": format,
        "nodes": len(answer),
        "bytes": len(text.encode()),
    }
    if json:
        print_json(done)
    else:
        echo(f"{output}: {len(answer)} {'node' if len(answer) == 1 else 'nodes'} as {format}")


def _whole_store(context: typer.Context, files: list[str], json: bool) -> None:
    from lineage.errors import InvalidInput
    from lineage.formats.mlmd.exporter import export_mlmd

    if len(files) != 1:
        raise InvalidInput("name one file: lineage export mlmd FILE")
    store = open_store(context)
    with progress_bar("exported", show=not json) as advance:
        done = export_mlmd(store, files[0], progress=advance)
    if json:
        print_json(done.to_dict())
    else:
        echo(f"{files[0]} has {done}")
