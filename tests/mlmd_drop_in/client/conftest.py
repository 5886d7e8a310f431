"""For the interpreter that has the unmodified `ml-metadata` wheel: a client of a server."""

from __future__ import annotations

from collections.abc import Iterator

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--server", help="HOST:PORT of a server over an empty store; else one here")


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    given = request.config.getoption("--server")
    if given:
        yield given
        return
    # In the same process as the wheel, under its protobuf.
    import lineage
    from lineage.server.addresses import Address
    from lineage.server.mlmd.service import Server

    with (
        lineage.connect("memory://") as store,
        Server(store, Address("localhost", 0)) as server,
    ):
        yield str(server.address)


@pytest.fixture
def config(address: str) -> pb.MetadataStoreClientConfig:
    host, _, port = address.rpartition(":")
    return pb.MetadataStoreClientConfig(host=host, port=int(port))


@pytest.fixture
def store(config: pb.MetadataStoreClientConfig) -> mlmd.MetadataStore:
    return mlmd.MetadataStore(config)
