"""ML Metadata's library behind gRPC: what it answers, byte for byte.

    python -m tools.mlmd.pass_through [--database FILE [--open-each-call]] [--repeat-execution]

Run by an interpreter that has the `ml-metadata` wheel. Without a file it keeps all in memory. It
prints the port that it listens at, and serves until its standard input ends.

It opens its database once. ML Metadata's own server, which the wheel is without, opens it for each
call (`ConnectMetadataStore` in its metadata_store_service_impl.cc); --open-each-call does the same.
With --repeat-execution, PutExecution is done once and then only answered as it was: what the
client, the wire and such a server take by themselves.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as library
from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as service_pb

_CODES = {code.value[0]: code for code in grpc.StatusCode}


def handlers(
    database: str | None, *, open_each_call: bool = False, repeat_execution: bool = False
) -> dict[str, Any]:
    """A handler for every call that the library has."""
    config = pb.ConnectionConfig()
    config.sqlite.SetInParent()
    if database is not None:
        config.sqlite.filename_uri = database
        config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE

    def opened() -> Any:
        return library.CreateMetadataStore(
            config.SerializeToString(), pb.MigrationOptions().SerializeToString()
        )

    once = opened()
    service = service_pb.DESCRIPTOR.services_by_name["MetadataStoreService"]
    made = {
        method.name: _passing(opened if open_each_call else lambda: once, method.name)
        for method in service.methods
        if hasattr(library, method.name)
    }
    if repeat_execution:
        made["PutExecution"] = _repeating(made["PutExecution"])
    return {name: grpc.unary_unary_rpc_method_handler(made[name]) for name in made}


def _passing(store: Callable[[], Any], name: str) -> Callable[[bytes, Any], bytes]:
    call = getattr(library, name)

    def handle(request: bytes, context: Any) -> bytes:
        answer, message, code = call(store(), request)
        if code:
            context.abort(_CODES[code], message.decode(errors="replace"))
        return bytes(answer)

    return handle


def _repeating(handle: Callable[[bytes, Any], bytes]) -> Callable[[bytes, Any], bytes]:
    answers: list[bytes] = []

    def repeat(request: bytes, context: Any) -> bytes:
        if not answers:
            answers.append(handle(request, context))
        return answers[0]

    return repeat


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database")
    parser.add_argument("--open-each-call", action="store_true")
    parser.add_argument("--repeat-execution", action="store_true")
    given = parser.parse_args()
    # One at a time: the library's store is no friend of threads.
    server = grpc.server(
        ThreadPoolExecutor(1),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    generic = grpc.method_handlers_generic_handler(
        "ml_metadata.MetadataStoreService",
        handlers(
            given.database,
            open_each_call=given.open_each_call,
            repeat_execution=given.repeat_execution,
        ),
    )
    server.add_generic_rpc_handlers((generic,))
    port = server.add_insecure_port("localhost:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(1).wait()


if __name__ == "__main__":
    main()
