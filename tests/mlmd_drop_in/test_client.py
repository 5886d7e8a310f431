"""The unmodified `ml-metadata` client against the gRPC server."""

from __future__ import annotations

from lineage import Store
from lineage.server.addresses import Address
from lineage.server.mlmd.service import Server
from tests.mlmd_drop_in.conftest import Beside


def test_the_client_works_over_every_backend(store: Store, protobuf_4: Beside) -> None:
    with Server(store, Address("localhost", 0)) as server:
        assert protobuf_4.checks("checks.py", f"--server={server.address}") > 10


def test_the_server_works_in_the_clients_own_process(either: Beside) -> None:
    """With the same message names registered by the `ml_metadata` package."""
    assert either.checks("checks.py") > 10
