"""The message classes of the ML Metadata wire.

They live in a descriptor pool of their own: the `ml_metadata` package registers the same names in
the default one, and both may be loaded in one process, under any protobuf library since 4.22.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from lineage.errors import StoreUnavailable

try:
    from google.protobuf import (
        any_pb2,
        descriptor_pb2,
        descriptor_pool,
        field_mask_pb2,
        message_factory,
        struct_pb2,
    )
except ModuleNotFoundError as error:
    raise StoreUnavailable(
        "the gRPC service needs protobuf and grpcio: pip install 'lineage-engine[mlmd]'"
    ) from error

PACKAGE = "ml_metadata"
SERVICE = f"{PACKAGE}.MetadataStoreService"


def _load() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for known in (any_pb2, struct_pb2, field_mask_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    content = files("lineage.server.mlmd").joinpath("descriptors.binpb").read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(content).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


POOL = _load()


@cache
def message(name: str) -> Any:
    """The class of a message, such as `Artifact` or `ListOperationOptions.OrderByField`."""
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))


def methods() -> dict[str, tuple[Any, Any]]:
    """The classes of request and answer of every call of the service, by its name."""
    return {
        method.name: (
            message_factory.GetMessageClass(method.input_type),
            message_factory.GetMessageClass(method.output_type),
        )
        for method in POOL.FindServiceByName(SERVICE).methods
    }


Value = message("Value")
Artifact = message("Artifact")
Execution = message("Execution")
Context = message("Context")
ArtifactType = message("ArtifactType")
ExecutionType = message("ExecutionType")
ContextType = message("ContextType")
Event = message("Event")
LineageGraph = message("LineageGraph")
ListOperationOptions = message("ListOperationOptions")
NextPageToken = message("ListOperationNextPageToken")
SubgraphOptions = message("LineageSubgraphQueryOptions")
