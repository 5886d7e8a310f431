"""`mark`, `lift`, `marks` and `policy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import AnyRefs
from lineage.cli.completion import complete_label
from lineage.cli.output import echo, format_time, print_json, print_table, title

if TYPE_CHECKING:
    import lineage
    from lineage.model import Mark, Node, Policy

policies = typer.Typer(
    help="Which steps stop which labels, and which labels a context may not contain.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.add_typer(policies, name="policy")

Label = Annotated[
    str,
    typer.Option(
        metavar="LABEL", autocompletion=complete_label, help="Such as tainted, pii, license:nc."
    ),
]
Reason = Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")]
Who = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        envvar="LINEAGE_WHO",
        show_envvar=True,
        help="Who says so.",
        show_default="you",
    ),
]
Clean = Annotated[
    bool, typer.Option("--clean", help="Of marks that say it is clean of the label: barriers.")
]
FromFile = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", help="More REFs, one a line; - is standard input."),
]

Where = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CONDITION",
        help="All artifacts for which it holds: 'uri~s3://scraped/*'; several must hold together.",
    ),
]
Executions = Annotated[
    bool, typer.Option("--executions", help="--where is about executions instead.")
]


@app.command(epilog='Example: lineage mark Dataset:raw --label tainted --reason "bad labels"')
def mark(
    context: typer.Context,
    label: Label,
    refs: AnyRefs = None,
    from_file: FromFile = None,
    where: Where = None,
    executions: Executions = False,
    reason: Reason = None,
    who: Who = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Since when it is so: 2026-11-23, yesterday.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it ends by itself: 2027-01-31, 30d."),
    ] = None,
    clean: Clean = False,
    json: Json = False,
) -> None:
    """Mark artifacts or executions; what comes of them is then tainted."""
    store = open_store(context)
    done = store.mark(
        *_all(refs, from_file),
        *_match(store, where, executions=executions),
        label=label,
        reason=reason,
        who=who or user(),
        time=since,
        until=until,
        clean=clean,
    )
    _print(done, "marked", json)


@app.command(epilog="Example: lineage lift Dataset:raw --label tainted --reason checked")
def lift(
    context: typer.Context,
    label: Label,
    refs: AnyRefs = None,
    from_file: FromFile = None,
    where: Where = None,
    executions: Executions = False,
    reason: Reason = None,
    who: Who = None,
    clean: Clean = False,
    json: Json = False,
) -> None:
    """Lift the marks with a label. They stay in the history."""
    store = open_store(context)
    done = store.lift(
        *_all(refs, from_file),
        *_match(store, where, executions=executions),
        label=label,
        reason=reason,
        who=who or user(),
        clean=clean,
    )
    _print(done, "lifted", json)


@app.command(epilog="Example: lineage marks Dataset:raw --history")
def marks(
    context: typer.Context,
    refs: AnyRefs = None,
    label: Annotated[str | None, typer.Option(metavar="LABEL", help="Only this label.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="Those that stood then.")
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="Also lifted and ended ones.")] = False,
    json: Json = False,
) -> None:
    """List the marks, of all nodes or of these."""
    store = open_store(context)
    found = store.marks(*(refs or ()), label=label, as_of=as_of, history=history)
    if json:
        return print_json([_to_json(m) for m in found])
    names = {ref: title(store.get(ref)) for ref in {mark.node for mark in found}}
    columns = ["id", "node", "label", "recorded", "who", "reason"]
    if any(m.until_ms or m.lifted_ms for m in found):
        columns.insert(4, "ends")
    return print_table(
        columns,
        [
            tuple(
                {
                    "id": m.id,
                    "node": names[m.node],
                    "label": describe_label(m),
                    "recorded": format_time(m.recorded_ms),
                    "ends": format_time(min(t for t in (m.lifted_ms, m.until_ms) if t is not None))
                    if m.lifted_ms or m.until_ms
                    else None,
                    "who": m.who,
                    "reason": " / lifted: ".join(r for r in (m.reason, m.lifted_reason) if r)
                    or None,
                }[column]
                for column in columns
            )
            for m in found
        ],
        empty="nothing is marked",
    )


@policies.command("apply", epilog="Example: lineage policy apply privacy.toml")
def apply_policy(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A policy as TOML.")],
    json: Json = False,
) -> None:
    """Make a policy of the store what a TOML file says; twice is once."""
    from lineage.formats.policy_toml import policy_from_toml

    store = open_store(context, create=True)
    given = policy_from_toml(file)
    before = {policy.name: policy for policy in store.policies()}.get(given.name)
    put = store.put_policy(given)
    changed = put != before
    unknown = store.unknown_step_types(put)
    if json:
        return print_json({**_policy(put), "changed": changed, "unknown_step_types": unknown})
    echo(f"policy {put.name}: {'applied' if changed else 'as it was'}")
    if unknown:
        echo(f"No step of these types was recorded yet: {', '.join(unknown)}")
    return None


@policies.command("show", epilog="Example: lineage policy show > privacy.toml")
def show_policy(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Only this one.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="Those that were in force then.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Also what was replaced or dropped.")
    ] = False,
    json: Json = False,
) -> None:
    """Print the policies as TOML."""
    from lineage.errors import NotFound
    from lineage.formats.policy_toml import policy_to_toml
    from lineage.rules.known_names import describe_unknown

    there = open_store(context).policies(as_of=as_of, history=history)
    found = [p for p in there if name is None or p.name == name]
    if name is not None and not found:
        then = "" if as_of is None else f", as was known at {as_of},"
        raise NotFound(describe_unknown(f"there is{then} no policy", name, [p.name for p in there]))
    if json:
        return print_json([_policy(policy) for policy in found])
    texts = [(f"# {_is_in_force(p)}\n" if history else "") + policy_to_toml(p) for p in found]
    print("\n".join(texts) or "# no policies\n", end="")
    return None


@policies.command("drop", epilog="Example: lineage policy drop privacy")
def drop_policy(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The policy's name.")],
    json: Json = False,
) -> None:
    """Take a policy out of force; it stays in the history."""
    open_store(context).drop_policy(name)
    if json:
        print_json({"dropped": name})
    else:
        echo(f"policy {name}: dropped")


def _all(refs: list[str] | None, file: Path | None) -> list[str]:
    """The references of the command line and of a file; blank lines and `#` lines say nothing."""
    if file is None:
        return refs or []
    from lineage.cli.files import open_text, translate_read_errors

    with translate_read_errors(file), open_text(file) as text:
        lines = [line.strip() for line in text]
    return [*(refs or []), *(line for line in lines if line and not line.startswith("#"))]


def _match(store: lineage.Store, conditions: list[str] | None, *, executions: bool) -> list[Node]:
    """The nodes for which all conditions hold. Raises NotFound where there are none."""
    from lineage.errors import InvalidValue, NotFound
    from lineage.filters.shorthand import parse_terms
    from lineage.model import Kind

    if not conditions:
        if executions:
            raise InvalidValue("--executions says what --where is about; give a condition")
        return []
    kind = Kind.EXECUTION if executions else Kind.ARTIFACT
    predicate = parse_terms(conditions, kind)
    found = list(store.find(kind, where=predicate))
    if not found:
        nothing = f"there is no {kind} for which {' and '.join(conditions)} holds"
        raise NotFound(nothing)
    return found


def user() -> str | None:
    """Who is at the keyboard, where the system says."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


def _print(done: list[Mark], verb: str, json: bool) -> None:
    if json:
        print_json([_to_json(m) for m in done])
    else:
        for m in done:
            echo(f"{verb} {m.node} {describe_label(m)} (mark {m.id})")


def describe_label(mark: Mark) -> str:
    """Return `tainted`, or `clean of tainted`."""
    return f"clean of {mark.label}" if mark.clean else mark.label


def _to_json(mark: Mark) -> dict[str, object]:
    return {"node": mark.node, **mark.model_dump(mode="json")}


def _is_in_force(policy: Policy) -> str:
    until = "" if policy.ended_ms is None else f" until {format_time(policy.ended_ms)}"
    return f"in force from {format_time(policy.recorded_ms)}{until}"


def _policy(policy: Policy) -> dict[str, object]:
    return policy.model_dump(mode="json")
