"""Arguments and options that several commands take."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

_AS_PATH = ("/", "./", "../")
REF_HELP = "artifact:42, Model:churn, an external id, a uri, a path."


def resolve_path(ref: str) -> str:
    """Return the uri of a path that is given as a reference; what is no path stays as it is.

    A link to a file is a place of its own, as it is recorded.

    Examples
    --------
    >>> resolve_path("Model:churn"), resolve_path("/dev/null")
    ('Model:churn', 'file:///dev/null')
    """
    # An external id may have a slash in it, so a path that leads nowhere begins as one.
    is_path = (
        ":" not in ref and "\0" not in ref and (ref.startswith(_AS_PATH) or os.path.exists(ref))
    )
    if not is_path or not ref:
        return ref
    folder, name = os.path.split(ref)
    if name in ("", ".", ".."):
        return Path(os.path.realpath(ref)).as_uri()
    return Path(os.path.realpath(folder or "."), name).as_uri()


def resolve_paths(given: list[str] | None) -> list[str] | None:
    """Return references with a uri in the place of each path."""
    return None if given is None else [resolve_path(ref) for ref in given]


Ref = Annotated[str, typer.Argument(metavar="REF", help=REF_HELP, callback=resolve_path)]
Refs = Annotated[list[str], typer.Argument(metavar="REF", help=REF_HELP, callback=resolve_paths)]
AnyRefs = Annotated[
    list[str] | None, typer.Argument(metavar="REF", help=REF_HELP, callback=resolve_paths)
]
AsOf = Annotated[
    str | None, typer.Option(metavar="TIME", help="As recorded by then, such as 2026-11-23.")
]
