"""What breaks if it goes, and deleting it: `impact`, `delete`, `receipts`."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage.captions import caption
from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import AnyRefs, ByContent, Refs
from lineage.cli.commands.mark import Reason, Who, user
from lineage.cli.output import (
    echo,
    format_time,
    name_node,
    note,
    print_fields,
    print_json,
    print_table,
    progress_bar,
    title,
)

if TYPE_CHECKING:
    from lineage.model import Plan, Receipt
    from lineage.questions.impact import Impact

_ROWS = 50

Purge = Annotated[
    bool, typer.Option("--purge", help="Take it out of the graph; nothing may depend on it.")
]
Bytes = Annotated[
    bool, typer.Option("--bytes", help="Remove what is behind its uri, through fsspec.")
]
PlanOnly = Annotated[bool, typer.Option("--plan-only", help="Show the plan, and change nothing.")]
Save = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the plan, and change nothing.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]


@app.command(epilog="Example: lineage impact Dataset:raw")
def impact(
    context: typer.Context,
    refs: Refs,
    storage: Annotated[
        bool, typer.Option("--storage", help="Ask the storage for sizes, through fsspec.")
    ] = False,
    by_content: ByContent = True,
    json: Json = False,
) -> None:
    """What would break if these went? Nothing is changed."""
    store = open_store(context)
    sizes = None
    if storage:
        from lineage.storage import sizes as sizes_of

        uris = [getattr(store.get(ref), "uri", None) for ref in refs]
        sizes = sizes_of(uri for uri in uris if uri)
    found = store.impact(*refs, sizes=sizes, by_content=by_content)
    if json:
        print_json(found.to_dict())
    else:
        print_impact(found)


@app.command(epilog="Example: lineage delete Dataset:raw --policy tombstone --reason 'mislabelled'")
def delete(
    context: typer.Context,
    refs: AnyRefs = None,
    policy: Annotated[
        str,
        typer.Option(
            metavar="POLICY",
            help="restrict: not if anything live depends on it; tombstone: empty it, whatever "
            "depends on it; cascade: what was derived, too.",
        ),
    ] = "restrict",
    purge: Purge = False,
    bytes: Bytes = False,
    with_members: Annotated[
        bool,
        typer.Option("--with-members", help="Of a context, also its runs and what they made."),
    ] = False,
    plan_only: PlanOnly = False,
    save: Save = None,
    apply: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Apply a plan that was saved.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on removing bytes after an interruption.")
    ] = False,
    yes: Yes = False,
    who: Who = None,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Plan a deletion, show the plan, and apply it. Exit code 1 where it is refused or stale."""
    from lineage.errors import InvalidValue

    if sum((bool(refs), apply is not None, resume)) != 1:
        raise InvalidValue("give REFs to delete, or --apply FILE, or --resume")
    store = open_store(context)
    if resume:
        _confirm_resumption(store.unfinished_deletions(), yes=yes, json=json)
        with progress_bar("removed", show=not json) as advance:
            return _report([*store.resume_deletions(progress=advance)], json)
    if apply is not None:
        plan = _read_plan(apply)
    else:
        plan = store.plan_deletion(
            *(refs or ()),
            policy=policy,
            purge=purge,
            bytes=bytes,
            with_members=with_members,
            who=who or user(),
            reason=reason,
        )
    return decide(store, plan, plan_only=plan_only, save=save, yes=yes, who=who, json=json)


@app.command(epilog="Example: lineage gc --keep-last 5 --type MODEL --plan-only")
def gc(
    context: typer.Context,
    keep_last: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="All but so many of each series expire.")
    ] = None,
    keep_days: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="What is older than so many days expires."),
    ] = None,
    type: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE", help="These two are about this type, or base type such as MODEL."
        ),
    ] = None,
    purge: Purge = False,
    bytes: Bytes = False,
    plan_only: PlanOnly = False,
    save: Save = None,
    yes: Yes = False,
    who: Who = None,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Delete what nothing live or deployed and no retention rule needs.

    The rules are those of `lineage policy`, and what is given here.
    """
    from lineage.errors import InvalidValue
    from lineage.model import Retention

    rules = []
    if keep_last is not None or keep_days is not None:
        rules.append(Retention(type=type, keep_last=keep_last, keep_days=keep_days))
    elif type is not None:
        raise InvalidValue("--type says what --keep-last or --keep-days is about; give one")
    store = open_store(context)
    plan = store.plan_gc(rules=rules, purge=purge, bytes=bytes, who=who or user(), reason=reason)
    decide(store, plan, plan_only=plan_only, save=save, yes=yes, who=who, json=json)


@app.command(epilog="Example: lineage forget Subject:4711 --label pii --bytes --reason 'asked to'")
def forget(
    context: typer.Context,
    refs: Refs,
    label: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL",
            help="What stops this label stops it: steps that a policy names, marks.",
        ),
    ] = None,
    purge: Purge = False,
    bytes: Bytes = False,
    plan_only: PlanOnly = False,
    save: Save = None,
    yes: Yes = False,
    who: Who = None,
    reason: Reason = None,
    by_content: ByContent = True,
    json: Json = False,
) -> None:
    """Delete these and everything derived of them, with a receipt to show later.

    Artifacts and executions lose all that they hold but their names; live and deployed ones too.
    """
    store = open_store(context)
    plan = store.plan_forget(
        *refs,
        label=label,
        purge=purge,
        bytes=bytes,
        who=who or user(),
        reason=reason,
        by_content=by_content,
    )
    decide(store, plan, plan_only=plan_only, save=save, yes=yes, who=who, json=json)


@app.command(epilog="Example: lineage receipts")
def receipts(context: typer.Context, json: Json = False) -> None:
    """What was deleted: when, by whom, why. `lineage show receipt:ID` shows one whole."""
    found = open_store(context).receipts()
    if json:
        return print_json([receipt.model_dump(mode="json") for receipt in found])
    return print_table(
        ("receipt", "applied", "by", "what", "reason"),
        [
            (r.id[:8], format_time(r.applied_ms), r.who, _what(r.plan, r.done), r.plan.reason)
            for r in found
        ],
        empty="nothing was deleted",
    )


def decide(
    store: Any,
    plan: Plan,
    *,
    plan_only: bool,
    save: Path | None,
    yes: bool,
    who: str | None,
    json: bool,
) -> None:
    """Show a plan; then save it, or apply it once that was agreed to."""
    import sys

    from lineage.errors import InvalidInput

    if not json and not plan.nodes and not plan.blockers:
        echo("There is nothing to delete.")
    elif not json:
        print_plan(plan)
    if not json:
        for line in plan.notes:
            note(line)
    if save is not None:
        _write_plan(save, plan)
    if plan_only or save is not None or plan.refused or not plan.nodes:
        if json:
            print_json({"plan": plan.model_dump(mode="json"), "receipt": None})
        elif save is not None:
            echo(f"\nSaved; lineage delete --apply {save} applies it, as long as nothing changes.")
        if plan.refused:
            raise typer.Exit(1)
        return
    if not yes:
        if json or not sys.stdin.isatty():
            raise InvalidInput(
                "nothing was deleted: say --yes to apply the plan, --plan-only to see it, or "
                "--save FILE to keep it"
            )
        if not typer.confirm("\nApply this plan?"):
            echo("Nothing was deleted.")
            raise typer.Exit(1)
    with progress_bar("removed", show=not json) as advance:
        receipt = store.apply(plan, who=who, progress=advance)
    if json:
        print_json(
            {"plan": plan.model_dump(mode="json"), "receipt": receipt.model_dump(mode="json")}
        )
        if not receipt.done:
            raise typer.Exit(1)
        return
    echo()
    _report([receipt], json)


def print_plan(plan: Plan) -> None:
    """The plan as people read it: what goes, what stands in the way, the bytes, the impact."""
    purged = ", purge" if plan.purge else ""
    echo(f"Plan {plan.id[:8]}: {plan.operation}, policy {plan.policy}{purged}")
    echo(f"\n{'To leave the graph' if plan.purge else 'To be deleted'}")
    _print_planned(plan.nodes, "nothing")
    if plan.blockers:
        echo("\nIn the way")
        _print_planned(plan.blockers, "")
    if plan.removals is not None:
        echo("\nIn storage")
        print_table(
            ("files", "bytes", "what", "uri"),
            [
                (len(r.files), r.bytes, f"stays: {r.kept}" if r.kept else "is removed", r.uri)
                for r in plan.removals[:_ROWS]
            ],
            empty="no uri",
        )
        _more(plan.removals)
    echo("\nWhat it means")
    print_fields(_summary(plan.impact), wrap=True)
    if plan.refused:
        echo("\nRefused: something stands in the way.")


def print_receipt(receipt: Receipt) -> None:
    """A receipt as people read it."""
    plan = receipt.plan
    echo(f"Receipt {receipt.id}")
    print_fields(
        [
            ("what", _what(plan, receipt.done)),
            ("applied", format_time(receipt.applied_ms)),
            ("by", receipt.who),
            ("planned", format_time(plan.made_ms)),
            ("reason", plan.reason),
            ("policy", f"{plan.policy}{', purge' if plan.purge else ''}"),
        ]
    )
    echo(f"\n{'Left the graph' if plan.purge else 'Deleted'}")
    _print_planned(plan.nodes, "nothing")
    if plan.removals is not None:
        echo("\nIn storage")
        print_table(
            ("outcome", "files", "bytes", "uri"),
            [
                (r.outcome, r.files, r.bytes, f"{r.uri} ({r.detail})" if r.detail else r.uri)
                for r in receipt.removed
            ],
            empty="nothing done yet",
        )


def print_impact(found: Impact) -> None:
    """The impact as people read it."""
    echo("Removing " + ", ".join(f"{title(n)} ({name_node(n)})" for n in found.targets))
    echo("\nDirect consumers")
    print_table(("id", "node"), [(name_node(n), title(n)) for n in found.direct], empty="none")
    echo("\nDownstream")
    print_table(
        ("count", "type"),
        [(count, f"{type} ({kind})") for (kind, type), count in found.downstream.items()],
        empty="nothing",
    )
    echo("\nModels that are live or deployed")
    print_table(
        ("id", "depth", "live", "model"),
        [
            (
                name_node(m.model),
                m.depth,
                m.live,
                title(m.model) + (f", deployed to {', '.join(m.places)}" if m.places else ""),
            )
            for m in found.models
        ],
        empty="none",
    )
    echo("\nCould no longer be rebuilt")
    print_table(("id", "artifact"), [(name_node(a), title(a)) for a in found.lost], empty="nothing")
    echo("\nCached results that would go")
    print_table(("id", "step"), [(name_node(x), title(x)) for x in found.cached], empty="none")
    echo()
    print_fields(_summary(found.to_dict())[-3:], wrap=True)


def _summary(impact: Any) -> list[tuple[str, object]]:
    models = impact.get("models", [])
    deployed = [m for m in models if m["deployed"]]
    unsized = impact.get("unsized", 0)
    size = f"{impact.get('bytes', 0):,}" + (f", and {unsized} of unknown size" * bool(unsized))
    return [
        ("direct consumers", len(impact.get("direct", []))),
        (
            "downstream",
            ", ".join(f"{row['count']} {row['type']}" for row in impact.get("downstream", []))
            or "nothing",
        ),
        ("models", f"{len(models)} live or deployed, {len(deployed)} deployed"),
        (
            "deployed",
            "; ".join(f"{_call(m)} to {', '.join(m['deployed'])}" for m in deployed),
        ),
        ("not rebuildable", len(impact.get("lost", []))),
        ("cached results", len(impact.get("cached", []))),
        (
            "contexts",
            ", ".join(map(_call, impact.get("contexts", []))) or "none",
        ),
        ("owners", ", ".join(impact.get("owners", {})) or "none recorded"),
        ("bytes", size),
    ]


def _call(node: dict[str, Any]) -> str:
    return caption(SimpleNamespace(**node))


def _print_planned(nodes: Any, empty: str) -> None:
    print_table(
        ("id", "node", "why"),
        [(name_node(n), title(n), n.why) for n in nodes[:_ROWS]],
        empty=empty,
    )
    _more(nodes)


def _more(rows: Any) -> None:
    if len(rows) > _ROWS:
        echo(f"… and {len(rows) - _ROWS:,} more; --json has them all.")


def _what(plan: Plan, done: bool) -> str:
    first = caption(plan.nodes[0]) if plan.nodes else "nothing"
    more = f" and {len(plan.nodes) - 1:,} more" if len(plan.nodes) > 1 else ""
    return f"{plan.operation} {first}{more}" + ("" if done else " (UNFINISHED)")


def _confirm_resumption(found: list[Receipt], *, yes: bool, json: bool) -> None:
    """Show what resuming would remove, and ask: a receipt is only as good as who wrote it."""
    open_uris = {
        removal.uri: removal
        for receipt in found
        for at, removal in enumerate(receipt.plan.removals or ())
        if at >= len(receipt.removed) or receipt.removed[at].outcome in ("failed", "begun")
    }
    if yes or not open_uris:
        return
    if json or not sys.stdin.isatty():
        from lineage.errors import InvalidValue

        raise InvalidValue(
            f"resuming removes what is behind {len(open_uris):,} uris, {next(iter(open_uris))} "
            "first: look at `lineage receipts`, and give --yes"
        )
    print_table(
        ("uri", "files", "bytes"),
        [(uri, len(removal.files), removal.bytes) for uri, removal in open_uris.items()],
    )
    typer.confirm("Remove these?", abort=True)


def _report(found: list[Receipt], json: bool) -> None:
    if json:
        print_json([receipt.model_dump(mode="json") for receipt in found])
    elif not found:
        echo("There is nothing to resume.")
    else:
        for receipt in found:
            verb = "purged" if receipt.plan.purge else "deleted"
            count = len(receipt.plan.nodes)
            nodes = "node" if count == 1 else "nodes"
            echo(f"{count:,} {nodes} {verb}; lineage show receipt:{receipt.id[:8]}")
            if receipt.plan.removals is not None:
                files = sum(r.files for r in receipt.removed)
                size = sum(r.bytes for r in receipt.removed)
                word = "file" if files == 1 else "files"
                echo(f"{files:,} {word} removed, {size:,} bytes.")
            for failed in receipt.removed if not receipt.done else ():
                if failed.outcome == "failed":
                    echo(f"Not removed: {failed.uri} ({failed.detail})")
            if not receipt.done:
                echo("UNFINISHED: lineage delete --resume goes on.")
    if any(not receipt.done for receipt in found):
        raise typer.Exit(1)


def _read_plan(file: Path) -> Plan:
    from lineage.errors import NotFound
    from lineage.model import Plan
    from lineage.rules.json_text import parse_json

    try:
        data = parse_json(file.read_bytes(), str(file))
    except OSError as error:
        raise NotFound(f"{file}: {error.strerror}") from None
    if isinstance(data, dict) and "plan" in data:
        data = data["plan"]
    return Plan.parse(data)


def _write_plan(file: Path, plan: Plan) -> None:
    from lineage.cli.files import write_text

    write_text(file, plan.model_dump_json())
