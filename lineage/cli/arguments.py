"""Arguments and options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

_REF = "artifact:42, Model:churn, an external id, a uri."

Ref = Annotated[str, typer.Argument(metavar="REF", help=_REF)]
Refs = Annotated[list[str], typer.Argument(metavar="REF", help=_REF)]
AnyRefs = Annotated[list[str] | None, typer.Argument(metavar="REF", help=_REF)]
AsOf = Annotated[
    str | None, typer.Option(metavar="TIME", help="As recorded by then, such as 2026-11-23.")
]
