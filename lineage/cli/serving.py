"""`serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lineage.cli.app import app, opened


@app.command(epilog="Example: lineage serve --grpc localhost:8080")
def serve(
    context: typer.Context,
    grpc: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve ML Metadata's gRPC clients here."),
    ] = None,
    mlmd_limits: Annotated[
        bool,
        typer.Option("--mlmd-limits", help="Cut answers where ML Metadata does. See docs/mlmd.md."),
    ] = False,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            envvar="LINEAGE_TOKEN",
            show_envvar=True,
            help="What callers must send. Needed beyond this machine.",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A certificate, as PEM: TLS.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, as PEM.")] = None,
) -> None:
    """Serve the store until Ctrl-C. Calls under way then have five seconds to end."""
    import signal

    from lineage.errors import InvalidInput
    from lineage.server.addresses import Address

    if grpc is None:
        raise InvalidInput("say where to listen: --grpc HOST:PORT")
    address = Address.parsed(grpc)
    address.check_guarded(token)
    from lineage.server.mlmd.serving import Options, Server
    from lineage.server.stopping import Signals

    store = opened(context, create=True)
    options = Options(mlmd_limits=mlmd_limits, token=token, certificate=tls_cert, key=tls_key)
    told = Signals(signal.SIGINT, signal.SIGTERM)
    with Server(store, address, options) as server:
        print(f"{store.url} is served by gRPC at {server.address}", flush=True)
        told.wait()
