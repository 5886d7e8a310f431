"""ML Metadata's library behind gRPC: what it answers, byte for byte.

    python -m tools.mlmd.pass_through [--database FILE]

Run by an interpreter that has the `ml-metadata` wheel. Without a file it keeps all in memory. It
prints the port that it listens at, and serves until its standard input ends. Unlike ML Metadata's
own server it opens its database once, not for each call, so it is the faster of the two.
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


def handlers(database: str | None) -> dict[str, Any]:
    """A handler for every call that the library has."""
    config = pb.ConnectionConfig()
    config.sqlite.SetInParent()
    if database is not None:
        config.sqlite.filename_uri = database
        config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    store = library.CreateMetadataStore(
        config.SerializeToString(), pb.MigrationOptions().SerializeToString()
    )
    service = service_pb.DESCRIPTOR.services_by_name["MetadataStoreService"]
    return {
        method.name: grpc.unary_unary_rpc_method_handler(_passing(store, method.name))
        for method in service.methods
        if hasattr(library, method.name)
    }


def _passing(store: Any, name: str) -> Callable[[bytes, Any], bytes]:
    call = getattr(library, name)

    def handle(request: bytes, context: Any) -> bytes:
        answer, message, code = call(store, request)
        if code:
            context.abort(_CODES[code], message.decode(errors="replace"))
        return bytes(answer)

    return handle


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database")
    given = parser.parse_args()
    # One at a time: the library's store is no friend of threads.
    server = grpc.server(
        ThreadPoolExecutor(1),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    generic = grpc.method_handlers_generic_handler(
        "ml_metadata.MetadataStoreService", handlers(given.database)
    )
    server.add_generic_rpc_handlers((generic,))
    port = server.add_insecure_port("localhost:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(1).wait()


if __name__ == "__main__":
    main()
