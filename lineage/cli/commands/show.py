"""`types`, `ls`, `show`, `history`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import Ref
from lineage.cli.completion import complete_context, complete_type
from lineage.cli.output import (
    echo,
    format_time,
    join_path,
    name_node,
    print_fields,
    print_json,
    print_table,
    properties,
    state_of,
    title,
    type_of,
)

if TYPE_CHECKING:
    from lineage.model import Type


@app.command(epilog="Example: lineage types --all")
def types(
    context: typer.Context,
    all: Annotated[
        bool,
        typer.Option(
            "--all", help="Also those that are built in, and what questions do with them."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """List the types with their properties."""
    from lineage.errors import NotFound
    from lineage.model.type_catalog import base_of

    found: list[Type] = []
    try:
        found = open_store(context).types()
    except NotFound:
        if not all:
            raise
        # What is built in can be read before there is a store.
    if all:
        return _print_all_types(found, json)
    if json:
        return print_json([type.model_dump(mode="json") for type in found])
    return print_table(
        ("kind", "type", "base", "properties"),
        [
            (t.kind, t.label, base_of(t), " ".join(f"{n}:{k}" for n, k in t.properties.items()))
            for t in found
        ],
        empty="no types yet; `lineage record` or `lineage demo` brings some",
    )


def _print_all_types(found: list[Type], json: bool) -> None:
    from lineage.model.type_catalog import USES, base_of, list_built_in

    there = {(type.kind, type.name) for type in found}
    others = [type for type in list_built_in() if (type.kind, type.name) not in there]
    if json:
        return print_json(
            [
                {
                    **type.model_dump(mode="json"),
                    "base": base_of(type),
                    "built_in": type.id is None,
                    "use": USES[base] if (base := base_of(type)) else None,
                }
                for type in (*found, *others)
            ]
        )
    print_table(
        ("kind", "type", "base", "", "properties"),
        [
            (t.kind, t.label, base_of(t), "built in" if t.id is None else "in the store",
             " ".join(f"{n}:{k}" for n, k in t.properties.items()))
            for t in (*found, *others)
        ],
    )  # fmt: skip
    echo("\nWhat questions do with them, beside following the data through")
    return print_table(("base", "use"), list(USES.items()))


@app.command(epilog="Example: lineage ls type=Model 'accuracy>0.9' context=churn --newest")
def ls(
    context: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KIND] [CONDITION...]",
            help="artifacts, executions or contexts; then conditions such as type=Model, "
            "'accuracy>0.9', context=churn, 'name~run-*', all of which must hold. Mind the quotes.",
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="FILTER",
            help="A filter as ML Metadata has it: \"uri LIKE 's3://%' AND events_0.type = INPUT\".",
        ),
    ] = None,
    type: Annotated[
        str | None,
        typer.Option(metavar="TYPE", autocompletion=complete_type, help="A type's name."),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="An exact name.")] = None,
    uri: Annotated[str | None, typer.Option(metavar="URI", help="An exact uri.")] = None,
    state: Annotated[
        str | None, typer.Option(metavar="STATE", help="Such as LIVE or FAILED.")
    ] = None,
    in_context: Annotated[
        str | None,
        typer.Option(
            "--context",
            metavar="CONTEXT",
            autocompletion=complete_context,
            help="Only what is in this context.",
        ),
    ] = None,
    order_by: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="id, created, updated or name; 'created desc'."),
    ] = None,
    newest: Annotated[bool, typer.Option(help="The newest first.")] = False,
    all_versions: Annotated[
        bool,
        typer.Option(
            "--all-versions", help="All versions of artifacts; else the newest of each name."
        ),
    ] = False,
    page: Annotated[
        str | None, typer.Option(metavar="TOKEN", help="Go on where a list ended.")
    ] = None,
    after: Annotated[int | None, typer.Option(metavar="ID", help="Go on after this id.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many at most.")] = 100,
    json: Json = False,
) -> None:
    """List artifacts, executions or contexts."""
    from lineage.errors import InvalidValue
    from lineage.filters.shorthand import parse_terms
    from lineage.model import Kind
    from lineage.questions.node_json import node_to_json

    kinds = {f"{kind}s": kind for kind in Kind}
    words = list(what or ())
    listed = words.pop(0) if words and words[0].isalpha() else "artifacts"
    if listed not in kinds:
        raise InvalidValue(
            f"{listed!r} can't be listed; choose {', '.join(kinds)}, or give a condition such as "
            "type=Model or, in quotes, 'accuracy>0.9'"
        )
    kind = kinds[listed]
    predicate = parse_terms(words, kind)
    if where is not None:
        from lineage.filters.parser import parse_filter

        predicate = parse_filter(where, kind).also(predicate)
    store = open_store(context)
    found = store.find(
        kind,
        where=predicate,
        type=type,
        name=name,
        uri=uri,
        state=state,
        context=_int_or_text(in_context),
        order_by=order_by,
        page_size=limit,
        page_token=page,
        after_id=after,
        newest_first=newest,
        # Every attempt of an execution is a run of its own.
        newest_versions=kind is Kind.ARTIFACT and not all_versions and not _names_version(words),
    )
    token = found.next_page_token
    if json:
        return print_json(
            {
                "nodes": [node_to_json(node) for node in found],
                "complete": token is None,
                "next_page_token": token,
                "after": found[-1].id if token else None,
            }
        )
    print_table(
        ("id", "type", "name", "state", "recorded", "properties"),
        [
            (
                name_node(n),
                type_of(n),
                _name_version(n),
                state_of(n),
                format_time(n.created_ms),
                properties(n),
            )
            for n in found
        ],
        empty=f"no {listed}",
    )
    if token:
        echo("There are more: --limit shows more at once, and this goes on:")
        echo(f"--page {token}")
    return None


@app.command(epilog="Example: lineage show Model:churn")
def show(
    context: typer.Context,
    ref: Ref,
    json: Json = False,
) -> None:
    """Show a node with its properties, events and contexts; or receipt:ID, of a deletion."""
    from lineage.cli.commands.mark import describe_label
    from lineage.model import Context
    from lineage.questions.node_json import node_to_json

    store = open_store(context)
    if ref.startswith("receipt:"):
        from lineage.cli.commands.delete import print_receipt

        receipt = store.receipt(ref.removeprefix("receipt:"))
        return print_json(receipt.model_dump(mode="json")) if json else print_receipt(receipt)
    node = store.get(ref)
    if isinstance(node, Context):
        contexts = store.parents_of(node.id or 0)
    else:
        contexts = store.contexts_of(node)
    happened = store.history(node)
    marks = [] if isinstance(node, Context) else store.marks(node)
    if json:
        answer: dict[str, Any] = node_to_json(node)
        answer["contexts"] = [node_to_json(c) for c in contexts]
        answer["marks"] = [mark.model_dump(mode="json") for mark in marks]
        answer["history"] = [h.to_dict() for h in happened]
        return print_json(answer)
    echo(f"{title(node)}  ({name_node(node)})")
    print_fields(
        [
            ("uri", getattr(node, "uri", None)),
            ("version", _later_version(node)),
            ("digest", _own_digest(node)),
            ("state", state_of(node)),
            ("external id", node.external_id),
            ("recorded", format_time(node.created_ms)),
            (
                "updated",
                format_time(node.updated_ms) if node.updated_ms != node.created_ms else None,
            ),
            *node.properties.items(),
            *node.custom_properties.items(),
            ("contexts", ", ".join(title(c) for c in contexts)),
            ("marked", ", ".join(describe_label(mark) for mark in marks)),
        ]
    )
    others = [h for h in happened if h.other is not None and h.what != "in"]
    if others:
        echo()
        _print_history(others)
    return None


@app.command(epilog="Example: lineage history Model:churn")
def history(
    context: typer.Context,
    ref: Ref,
    json: Json = False,
) -> None:
    """What happened to a node, in the order of time."""
    found = open_store(context).history(ref)
    if json:
        return print_json([happening.to_dict() for happening in found])
    return _print_history(found)


def _print_history(found: list[Any]) -> None:
    print_table(
        ("time", "what", "id", "node", "path"),
        [
            (
                format_time(h.time_ms),
                h.what,
                name_node(h.other) if h.other else f"receipt:{h.receipt[:8]}" if h.receipt else "",
                title(h.other) if h.other else h.why or "",
                join_path(h.path),
            )
            for h in found
        ],
    )


def _names_version(words: list[str]) -> bool:
    """Whether a condition asks for a version or content, which may be an older one's."""
    return any(word.startswith(("version", "digest")) for word in words)


def _own_digest(node: Any) -> str | None:
    """A digest that no property shows already."""
    from lineage.rules.digests import find_digest

    digest = getattr(node, "digest", None)
    return None if digest == find_digest(node.custom_properties, node.properties) else digest


def _later_version(node: Any) -> int | None:
    version = getattr(node, "version", None)
    return version if version is not None and version > 1 else None


def _name_version(node: Any) -> str | None:
    """A name, with its version where it is not the first."""
    version = _later_version(node)
    return node.name if node.name is None or version is None else f"{node.name}@{version}"


def _int_or_text(given: str | None) -> int | str | None:
    return int(given) if given is not None and given.isdigit() else given
