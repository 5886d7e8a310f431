"""`token`: who may do what on a server."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.output import echo, format_time, print_json, print_table

tokens = typer.Typer(help="Make and withdraw the tokens of a server.", rich_markup_mode=None)
app.add_typer(tokens, name="token")


@tokens.command(epilog="Example: lineage token create nightly --role record")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom it is for.")],
    role: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE", help="read, record, mark, delete or admin; read if none."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends, such as 2027-01-31 or 90d.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a token, and print it. It is not shown again: the store keeps a hash of it."""
    from lineage.model.times import to_milliseconds
    from lineage.server.tokens import create_token

    store = open_store(context, create=True)
    until_ms = to_milliseconds(until, ahead=True)
    made, secret = create_token(store, name, role or ["read"], until_ms=until_ms)
    if json:
        print_json({**made.to_dict(), "token": secret})
    else:
        echo(secret)


@tokens.command("list", epilog="Example: lineage token list")
def list_all(context: typer.Context, json: Json = False) -> None:
    """List the tokens that were made; withdrawn ones, too."""
    from lineage.server.tokens import list_tokens

    found = list_tokens(open_store(context))
    if json:
        return print_json([token.to_dict() for token in found])
    return print_table(
        ("id", "name", "roles", "created", "until", "revoked"),
        [
            (
                token.id,
                token.name,
                ", ".join(token.roles),
                format_time(token.created_ms),
                format_time(token.until_ms),
                format_time(token.revoked_ms),
            )
            for token in found
        ],
        empty="no tokens were made; `lineage token create NAME --role ROLE` makes one",
    )


@tokens.command(epilog="Example: lineage token revoke nightly")
def revoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The token's name or id.")],
    json: Json = False,
) -> None:
    """Withdraw a token: it counts no more from the next request on."""
    from lineage.server.tokens import revoke_token

    revoked = revoke_token(open_store(context), name)
    if json:
        print_json(revoked.to_dict())
    else:
        echo(f"revoked {revoked.name} ({revoked.id})")
