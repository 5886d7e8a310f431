"""The list of commands that `lineage --help` shows, by what people want to do."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

SECTIONS = {
    "Record": ("exec", "record", "import", "copy", "demo"),
    "Ask about a model": (
        "about", "trained-on", "hyperparameters", "code", "pipeline", "environment",
        "evaluations",
        "deployments", "siblings", "diff",
    ),
    "Trace": (
        "upstream", "downstream", "why", "columns", "history", "versions", "series", "ls", "show",
        "types", "export",
    ),
    "Find what went wrong": ("failure", "blame", "bisect", "runs", "close"),
    "Clean up after bad data": (
        "mark", "lift", "marks", "policy", "taint", "overlap", "check", "rebuild",
    ),
    "Delete safely": ("impact", "delete", "gc", "forget", "receipts", "storage"),
    "Ask anything, in Cypher": ("query", "queries", "shell"),
    "Run and look after": ("serve", "token", "mcp", "cache", "doctor", "upgrade", "backup",
        "restore"),
}  # fmt: skip
_NEVER_CUT = 10_000


class Sectioned(TyperGroup):
    """A group whose commands are listed in sections, each with its whole first sentence."""

    # typer's click is private, so that its classes can't be named here.
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if getattr(error, "option_name", None) == "--store" and hasattr(error, "possibilities"):
                error.possibilities = None
                error.message = (  # type: ignore[attr-defined]
                    "--store stands before the command: lineage --store URL "
                    f"{ctx.invoked_subcommand}"
                )
            # Of a value that does not fit, pydantic says what it should be, not what it was.
            found = getattr(error.__cause__, "errors", None)
            if found is not None and hasattr(error, "param_hint"):
                value = repr(found()[0]["input"])
                error.message = error.message.replace("Input", value, 1)  # type: ignore[attr-defined]
            raise

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] != "help":
            return super().resolve_command(ctx, args)
        # What other programs have as a command.
        if len(args) == 1 or args[1].startswith("-"):
            print(ctx.get_help())
            ctx.exit()
        return super().resolve_command(ctx, [*args[1:], "--help"])

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rest = [name for name in self.list_commands(ctx) if name not in _PLACED]
        width = max(map(len, (*_PLACED, *rest)))
        for title, names in {**SECTIONS, "More": tuple(rest)}.items():
            rows = [
                (name.ljust(width), command.get_short_help_str(_NEVER_CUT))
                for name in names
                if (command := self.get_command(ctx, name)) is not None and not command.hidden
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


_PLACED = tuple(name for names in SECTIONS.values() for name in names)
