"""The gRPC server: which call is answered by what, who may call, and how it stops."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lineage.errors import (
    AlreadyExists,
    Conflict,
    InvalidInput,
    LineageError,
    NotFound,
    StoreUnavailable,
)
from lineage.model import Kind, Type
from lineage.server.addresses import Address
from lineage.server.mlmd import read_calls, subgraph, write_calls
from lineage.server.mlmd.messages import SERVICE, methods
from lineage.server.mlmd.types import system_base
from lineage.server.tokens import Gate, Role, check_own_token
from lineage.session.transaction import Transaction
from lineage.store import Store

try:
    import grpc
except ModuleNotFoundError as error:
    raise StoreUnavailable(
        "the gRPC service needs grpcio: pip install 'lineage-engine[mlmd]'"
    ) from error

# Calls at work at once: each waits for the store most of the time.
_THREADS = 16
# How often a write is tried again that another one crossed.
_TRIES = 5
# How long calls under way may take to end when the server stops, in seconds.
GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Options:
    """How a server is set up.

    mlmd_limits: cut answers where ML Metadata does: pages at 101 nodes, lineage at 100 hops and
    101 starting nodes.
    token: one with every role, beside those that the store keeps; callers send it as
        `authorization: Bearer TOKEN`.
    certificate, key: PEM files for TLS.
    """

    mlmd_limits: bool = False
    token: str | None = None
    certificate: Path | None = None
    key: Path | None = None


class Server:
    """ML Metadata's service over a store. It serves once `start` was called, until `stop`."""

    def __init__(self, store: Store, address: Address, options: Options | None = None) -> None:
        options = options or Options()
        check_own_token(options.token, loopback=address.loopback)
        gate = Gate(store, options.token)
        address.check_guarded(gate.is_closed())
        self._stopped = threading.Event()
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS, thread_name_prefix="grpc"),
            interceptors=[_Guard(gate)],
            options=[
                ("grpc.max_receive_message_length", -1),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
            ],
        )
        handlers = _handlers(store, mlmd_limits=options.mlmd_limits)
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, handlers),)
        )
        try:
            if options.certificate is not None or options.key is not None:
                port = self._server.add_secure_port(str(address), _credentials(options))
            else:
                port = self._server.add_insecure_port(str(address))
        except RuntimeError as error:
            raise StoreUnavailable(
                f"nothing can listen at {address}: {error}; is it in use?"
            ) from error
        self.address = Address(address.host, port)

    def start(self) -> None:
        """Begin to serve."""
        self._server.start()

    def stop(self) -> None:
        """Take no new calls, and let those under way end."""
        self._server.stop(GRACE_SECONDS).wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Guard(grpc.ServerInterceptor):  # type: ignore[misc]
    """Lets only those in whose token has the role that a call needs."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """The call's own handler, or the refusal."""
        given = dict(details.invocation_metadata).get("authorization")
        name = details.method.rpartition("/")[2]
        role = Role.RECORD if name.startswith("Put") else Role.READ
        try:
            text = given.decode("latin-1") if isinstance(given, bytes) else given
            self._gate.identify(text).check(role, name)
        except LineageError as error:
            return _refusal(error)
        return continuation(details)


def _refusal(error: LineageError) -> Any:
    def refuse(request: Any, context: Any) -> None:
        context.abort(getattr(grpc.StatusCode, error.grpc_status), str(error))

    return grpc.unary_unary_rpc_method_handler(refuse)


def _credentials(options: Options) -> Any:
    if options.certificate is None or options.key is None:
        raise InvalidInput("TLS needs both a certificate and its key: --tls-cert and --tls-key")
    try:
        pair = (options.key.read_bytes(), options.certificate.read_bytes())
        # gRPC would say no more than that it can't listen. A password, lest it be asked for.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            options.certificate, options.key, password=""
        )
    except ssl.SSLError as error:
        raise InvalidInput(
            f"{options.certificate} and {options.key} are no certificate with its key, in PEM and "
            f"without a password: {error}"
        ) from error
    except OSError as error:
        raise InvalidInput(f"{error.filename}: {error.strerror}") from error
    return grpc.ssl_server_credentials([pair])


def _handlers(store: Store, *, mlmd_limits: bool) -> dict[str, Any]:
    handlers: dict[str, Any] = {}
    reads, writes = _reads(mlmd_limits), _writes()
    for name, (request, response) in methods().items():
        if name in reads:
            answer = _read(store, reads[name], response)
            if name in ("GetArtifactType", "GetExecutionType"):
                answer = _with_system_types(store, Kind(name[3:-4].lower()), answer)
        else:
            answer = _write(store, writes[name], response)
        handlers[name] = grpc.unary_unary_rpc_method_handler(
            _answer_calls(answer),
            request_deserializer=request.FromString,
            response_serializer=response.SerializeToString,
        )
    return handlers


def _answer_calls(answer: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Errors of ours end the call with their status and message."""

    def handle(request: Any, context: Any) -> Any:
        try:
            return answer(request)
        except LineageError as error:
            context.abort(getattr(grpc.StatusCode, error.grpc_status), str(error))
        except UnicodeDecodeError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"a text is not UTF-8: {error}")

    return handle


def _read(store: Store, call: read_calls.Call, response: Any) -> Callable[[Any], Any]:
    def answer(request: Any) -> Any:
        made = response()
        with store.snapshot() as snapshot:
            call(snapshot, request, made)
        return made

    return answer


def _with_system_types(
    store: Store, kind: Kind, read: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    """ML Metadata's own types are there from the start; here, from when they are asked for."""

    def answer(request: Any) -> Any:
        try:
            return read(request)
        except NotFound:
            base = system_base(kind, request.type_name)
            if base is None or request.type_version:
                raise
            store.put_type(Type(kind=kind, name=request.type_name, base=base))
            return read(request)

    return answer


def _write(store: Store, call: Any, response: Any) -> Callable[[Any], Any]:
    def answer(request: Any) -> Any:
        def work(transaction: Transaction) -> Any:
            made = response()
            call(transaction, request, made)
            return made

        for _ in range(_TRIES - 1):
            try:
                return store.transact(work)
            except (AlreadyExists, Conflict) as error:
                if not _cross(request, error):
                    raise
        return store.transact(work)

    return answer


def _cross(request: Any, error: LineageError) -> bool:
    """Whether another write may have come between, so that a new try sees what it wrote."""
    options = getattr(request, "options", None)
    if isinstance(error, Conflict):
        return not getattr(options, "abort_if_latest_updated_time_changed", False)
    return bool(
        getattr(options, "reuse_context_if_already_exist", False)
        or getattr(options, "reuse_artifact_if_already_exist_by_external_id", False)
    )


def _writes() -> dict[str, Any]:
    calls: dict[str, Any] = {
        "PutTypes": write_calls.put_types,
        "PutEvents": write_calls.put_events,
        "PutExecution": write_calls.put_execution,
        "PutLineageSubgraph": write_calls.put_lineage_subgraph,
        "PutAttributionsAndAssociations": write_calls.put_attributions_and_associations,
        "PutParentContexts": write_calls.put_parent_contexts,
    }
    for kind in Kind:
        name = kind.capitalize()
        calls[f"Put{name}Type"] = write_calls.put_type(kind)
        calls[f"Put{name}s"] = write_calls.put_nodes(kind)
    return calls


def _reads(limits: bool) -> dict[str, read_calls.Call]:
    calls: dict[str, read_calls.Call] = {
        "GetArtifactsByURI": read_calls.get_artifacts_by_uri,
        "GetParentContextsByContext": read_calls.get_parents,
        "GetChildrenContextsByContext": read_calls.get_children,
        "GetParentContextsByContexts": read_calls.get_parents_of_all,
        "GetChildrenContextsByContexts": read_calls.get_children_of_all,
        "GetLineageGraph": subgraph.get_lineage_graph(limits),
        "GetLineageSubgraph": subgraph.get_lineage_subgraph(limits),
    }
    for kind in Kind:
        name = kind.capitalize()
        calls |= {
            f"Get{name}Type": read_calls.get_type(kind),
            f"Get{name}Types": read_calls.get_types(kind),
            f"Get{name}TypesByID": read_calls.get_types_by_id(kind),
            f"Get{name}TypesByExternalIds": read_calls.get_types_by_external_ids(kind),
            f"Get{name}s": read_calls.get_nodes(kind, limits),
            f"Get{name}sByID": read_calls.get_nodes_by_id(kind),
            f"Get{name}sByType": read_calls.get_nodes_by_type(kind, limits),
            f"Get{name}ByTypeAndName": read_calls.get_node_by_type_and_name(kind),
            f"Get{name}sByExternalIds": read_calls.get_nodes_by_external_ids(kind),
        }
    for kind in (Kind.ARTIFACT, Kind.EXECUTION):
        name = kind.capitalize()
        calls |= {
            f"GetEventsBy{name}IDs": read_calls.get_events_by(kind),
            f"GetContextsBy{name}": read_calls.get_contexts_by(kind),
            f"Get{name}sByContext": read_calls.get_members(kind, limits),
        }
    return calls
