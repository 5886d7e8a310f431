"""`serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lineage.cli.app import app, open_store


@app.command(epilog="Example: lineage serve --http localhost:8000 --grpc localhost:8080")
def serve(
    context: typer.Context,
    http: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve the HTTP API and the page here."),
    ] = None,
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
            help="A token with every role, beside those of `lineage token`. Beyond this machine, "
            "some token is needed.",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A certificate, as PEM: TLS.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, as PEM.")] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name under which the HTTP server is called."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.1, help="HTTP requests a second of one caller, at most."),
    ] = None,
    log: Annotated[
        str, typer.Option(metavar="LEVEL", help="debug, info, warning or error.")
    ] = "warning",
) -> None:
    """Serve the store until Ctrl-C. What is under way then has ten seconds to end."""
    import gc
    import signal
    from contextlib import ExitStack

    from lineage.errors import InvalidInput
    from lineage.server.addresses import Address
    from lineage.server.signals import Signals
    from lineage.server.tokens import Gate, check_own_token

    levels = ("debug", "info", "warning", "error")
    if http is None and grpc is None:
        raise InvalidInput("say where to listen: --http HOST:PORT, --grpc HOST:PORT, or both")
    if log not in levels:
        raise InvalidInput(f"--log is {log!r}; it can be {', '.join(levels)}")
    addresses = [Address.parsed(text) for text in (http, grpc) if text is not None]
    open_ones = [address for address in addresses if not address.loopback]
    check_own_token(token, loopback=not open_ones)
    store = open_store(context, create=True)
    guarded = Gate(store, token).is_closed()
    for address in addresses:
        address.check_guarded(guarded)
    if open_ones and tls_cert is None:
        typer.echo(
            f"lineage: {open_ones[0]} can be reached from other machines without TLS: tokens and "
            "answers can be read on their way; give --tls-cert and --tls-key, or put a proxy with "
            "TLS before it",
            err=True,
        )
    told = Signals(signal.SIGINT, signal.SIGTERM)
    with ExitStack() as servers:
        if http is not None:
            from lineage.server.http import Settings
            from lineage.server.http.process import HttpServer, log_to_stderr
            from lineage.server.http.spans import export_spans

            log_to_stderr(log)
            export_spans()
            settings = Settings(token=token, hosts=tuple(allow_host or ()), rate=rate)
            web = HttpServer(
                store, Address.parsed(http), settings, certificate=tls_cert, key=tls_key
            )
            servers.enter_context(web)
            # What was imported stays: the collector need not go through it again and again.
            gc.freeze()
            print(f"{store.url} is served by HTTP at {web.url}", flush=True)
        if grpc is not None:
            from lineage.server.mlmd.service import Options, Server

            options = Options(
                mlmd_limits=mlmd_limits, token=token, certificate=tls_cert, key=tls_key
            )
            server = servers.enter_context(Server(store, Address.parsed(grpc), options))
            print(f"{store.url} is served by gRPC at {server.address}", flush=True)
        told.wait()


@app.command(epilog="Example: lineage --store sqlite:///lineage.db mcp")
def mcp(context: typer.Context) -> None:
    """Let an agent ask: MCP over standard input and output. Nothing can be changed by it."""
    from lineage.server.mcp import serve_stdio

    serve_stdio(open_store(context))
