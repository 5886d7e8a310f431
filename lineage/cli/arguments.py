"""Arguments and options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage.cli.completion import complete_reference

REF_HELP = "artifact:42, Model:churn, an external id, a uri, a path."

Ref = Annotated[
    str, typer.Argument(metavar="REF", help=REF_HELP, autocompletion=complete_reference)
]
Refs = Annotated[
    list[str], typer.Argument(metavar="REF", help=REF_HELP, autocompletion=complete_reference)
]
AnyRefs = Annotated[
    list[str] | None,
    typer.Argument(metavar="REF", help=REF_HELP, autocompletion=complete_reference),
]
AsOf = Annotated[
    str | None, typer.Option(metavar="TIME", help="As recorded by then: 2026-11-23, yesterday, 2h.")
]
ByContent = Annotated[
    bool,
    typer.Option("--by-content/--no-by-content", help="Whether the same content is the same data."),
]
