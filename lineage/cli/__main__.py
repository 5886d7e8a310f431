"""`lineage`: parse, run, and end with an exit code that scripts can trust.

0 yes, 1 a finding, 2 wrong use, 3 not found, 4 the store failed; see `LineageError.exit_code`.
130 where Ctrl-C stopped it, as shells have it.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line."""
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(130)


def _run() -> None:
    from lineage.cli.commands import app
    from lineage.errors import LineageError

    try:
        app(prog_name="lineage")
    except LineageError as error:
        _complain(type(error).__name__, str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read us has had enough (`| head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("LINEAGE_DEBUG"):
            raise
        _complain(
            type(error).__name__, f"{error}. This is a defect; LINEAGE_DEBUG=1 shows where it is."
        )
        sys.exit(4)


def _complain(kind: str, message: str) -> None:
    if "--json" in sys.argv:
        import json

        print(json.dumps({"error": kind, "message": message}), file=sys.stderr)
    else:
        print(f"lineage: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
