"""`exec`: run a program and record what it read and made."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lineage.cli.app import app
from lineage.cli.output import note, print_json, to_one_line

_EPILOG = """Example: lineage exec python train.py --lr 0.1

Example: lineage exec --type Train --pipeline churn -- make model"""


@app.command(
    "exec",
    epilog=_EPILOG,
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False},
)
def run(
    context: typer.Context,
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND...", help="The program and its arguments.")
    ],
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="As before the command.", show_default=False)
    ] = None,
    root: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DIR",
            help="Files below it are data; may be given again. [default: the working directory]",
        ),
    ] = None,
    capture: Annotated[
        str,
        typer.Option(
            metavar="LAYER",
            help="audit: what Python opens; trace: all that is opened, by strace; auto: trace "
            "where that can be done.",
        ),
    ] = "auto",
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the step is called.")
    ] = None,
    type: Annotated[
        str, typer.Option(metavar="TYPE", help="Of the run: Train, Transform, Evaluate …")
    ] = "Command",
    pipeline: Annotated[
        str | None, typer.Option(metavar="NAME", help="The pipeline that it is a step of.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Leave out '*.log', scratch, 'tmp/*.csv' …"),
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Capture what is left out by default."),
    ] = None,
    artifact_type: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN=TYPE", help="Such as '*.pkl=Dataset'; may be given again."),
    ] = None,
    sketch: Annotated[
        bool, typer.Option(help="Keep a sketch of each table, for `lineage overlap`.")
    ] = True,
    cache: Annotated[
        bool,
        typer.Option(
            "--cache", help="Skip what was done already: same program, arguments, files, variables."
        ),
    ] = False,
    autolog: Annotated[
        bool,
        typer.Option(
            "--autolog", help="Record, too, what Python libraries fit, score, read and write."
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print what was recorded as a last line of JSON.")
    ] = False,
) -> None:
    """Run a program, and record what it read and made.

    The exit code is the program's; 128 and the number of the signal where one ended it. The
    program's streams, signals and terminal are its own.
    """
    from lineage.errors import InvalidValue
    from lineage.recording.capture.capture import CaptureMode
    from lineage.recording.command import CommandOptions, run_command
    from lineage.recording.file_type import parse_rules

    if capture not in set(CaptureMode):
        raise InvalidValue(f"--capture is {capture!r}; choose {', '.join(CaptureMode)}")
    done = run_command(
        command,
        CommandOptions(
            roots=root or (),
            capture=CaptureMode(capture),
            name=name,
            type=type,
            pipeline=pipeline,
            exclude=exclude or (),
            include=include or (),
            types=parse_rules(artifact_type or ()),
            sketch=sketch,
            cache=cache,
            autolog=autolog,
        ),
        store or context.obj,
        warn=note,
    )
    if json:
        print_json(done.to_dict())
    elif sys.stderr.isatty():
        named = "the run" if done.execution is None else f"execution:{done.execution}"
        lacking = f"; may lack {len(done.may_lack)}" if done.may_lack else ""
        note(
            f"{named}: {len(done.inputs)} in, {len(done.outputs)} out, "
            f"seen by {to_one_line(done.capture)}{lacking}"
        )
    raise typer.Exit(done.exit_code)
