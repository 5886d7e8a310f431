"""`lineage`: parse, run, and end with an exit code that scripts can trust.

0 yes, 1 a finding, 2 wrong use, 3 not found, 4 the store failed; see `LineageError.exit_code`.
130 where Ctrl-C stopped it, as shells have it.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from copy import copy
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run the command line."""
    # None of our models has any, and looking for them takes some 20 ms.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that is not of Unicode is sent escapes for what it has no signs for.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(130)


def _run() -> None:
    from lineage.cli.commands import app
    from lineage.errors import InvalidInput, LineageError

    try:
        # Not on its own, typer raises what is wrong with the command line, which it would print.
        arguments = _pull_utc(sys.argv[1:])
        ended = _narrow(app, arguments)(
            arguments, prog_name="lineage", standalone_mode=not _to_json()
        )
        sys.exit(ended if isinstance(ended, int) else 0)
    except LineageError as error:
        _complain(error.public_name, str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read us has had enough (`| head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            _complain(InvalidInput.__name__, _report_misuse(error))
            sys.exit(error.exit_code)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _complain("OSError", f"the answer can't be written: {error.strerror}; make room")
            sys.exit(4)
        if os.environ.get("LINEAGE_DEBUG"):
            raise
        _complain(
            type(error).__name__, f"{error}. This is a defect; LINEAGE_DEBUG=1 shows where it is."
        )
        sys.exit(4)


def _pull_utc(arguments: list[str]) -> list[str]:
    """The arguments with `--utc`, which every command takes, before the command.

    What stands behind `exec` or `--` is not ours.
    """
    ours = next((at for at, word in enumerate(arguments) if word in ("--", "exec")), None)
    own, others = arguments[:ours], [] if ours is None else arguments[ours:]
    if "--utc" not in own:
        return arguments
    return ["--utc", *(word for word in own if word != "--utc"), *others]


def _narrow(app: typer.Typer, arguments: Sequence[str]) -> typer.Typer:
    """An app of only the commands whose names are among the arguments: typer sets all of them up
    before it runs one, and that takes longer than most answers."""
    named = {
        (command.name or command.callback.__name__.replace("_", "-")): command
        for command in app.registered_commands
        if command.callback is not None
    }
    first = next((at for at, word in enumerate(arguments) if word in named), len(arguments))
    before = ["", *arguments[:first]]
    # Before a command, help is about all of them, and so is what to say of a word that is none.
    strange = any(
        word in ("-h", "--help") or not (word.startswith("-") or last == "--store")
        for last, word in pairwise(before)
    )
    if strange or first == len(arguments):
        return app
    narrowed = copy(app)
    narrowed.registered_commands = [named[word] for word in named if word in arguments]
    return narrowed


def _report_misuse(error: Any) -> str:
    """What is wrong with the command line; typer's errors can't be named, as they are private."""
    context = getattr(error, "ctx", None)
    told = error.format_message().rstrip(".")
    return f"{told}; see {context.command_path} --help" if context is not None else told


def _to_json() -> bool:
    return "--json" in sys.argv


def _complain(kind: str, message: str) -> None:
    if _to_json():
        import json

        print(json.dumps({"error": kind, "message": message}), file=sys.stderr)
    else:
        from lineage.cli.output import echo

        # A message names what was given, and what is there.
        echo(f"lineage: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
