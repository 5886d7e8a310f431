"""The gRPC server itself: who may call, TLS, starting and stopping; its descriptors."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from google.protobuf import descriptor_pb2, json_format

import lineage
from lineage.errors import InvalidInput, StoreUnavailable
from lineage.server.addresses import Address
from lineage.server.mlmd.messages import (
    POOL,
    SERVICE,
    Context,
    ListOperationOptions,
    SubgraphOptions,
    methods,
)
from lineage.server.mlmd.service import Options, Server
from lineage.server.tokens import create_token, revoke_token
from tools.protos import DESCRIPTORS, compiled

LOCAL = Address("localhost", 0)


def call(channel: grpc.Channel, name: str, metadata: Any = (), **fields: Any) -> Any:
    request, response = methods()[name]
    ask = channel.unary_unary(
        f"/{SERVICE}/{name}",
        request_serializer=request.SerializeToString,
        response_deserializer=response.FromString,
    )
    return ask(request(**fields), metadata=metadata, timeout=300)


def status(channel: grpc.Channel, name: str) -> str:
    """How an empty request ends. Some are refused, but none for want of an answer."""
    try:
        call(channel, name)
    except grpc.RpcError as error:
        return str(error.code().name)
    return "OK"


@pytest.fixture
def store() -> Any:
    with lineage.connect("memory://") as opened:
        yield opened


def test_the_descriptors_are_what_the_protos_say() -> None:
    """`python -m tools.protos` makes them."""
    parse = descriptor_pb2.FileDescriptorSet.FromString
    assert parse(DESCRIPTORS.read_bytes()) == parse(compiled())


def test_every_call_of_the_service_is_answered(store: lineage.Store) -> None:
    with Server(store, LOCAL) as server, grpc.insecure_channel(str(server.address)) as channel:
        for name in methods():
            assert status(channel, name) in ("OK", "INVALID_ARGUMENT", "NOT_FOUND"), name


def test_only_who_knows_the_token_may_call(store: lineage.Store) -> None:
    options = Options(token="sesame")
    with (
        Server(store, LOCAL, options) as server,
        grpc.insecure_channel(str(server.address)) as channel,
    ):
        for given in ((), (("authorization", "Bearer wrong"),), (("authorization", "sesame"),)):
            with pytest.raises(grpc.RpcError) as refused:
                call(channel, "GetArtifacts", given)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        call(channel, "GetArtifacts", (("authorization", "Bearer sesame"),))


def test_nothing_listens_beyond_this_machine_without_a_token(store: lineage.Store) -> None:
    for host in ("0.0.0.0", "::", "example.org"):
        with pytest.raises(InvalidInput, match="token"):
            Server(store, Address(host, 0))
        for guessable in ("", " ", "x", "sesame"):
            with pytest.raises(InvalidInput, match="token"):
                Server(store, Address(host, 0), Options(token=guessable))
    with Server(store, Address("0.0.0.0", 0), Options(token="sesame, sesame, open up")):
        pass


def test_a_kept_token_may_what_its_roles_say(store: lineage.Store) -> None:
    _, reading = create_token(store, "reader", ["read"])
    _, recording = create_token(store, "pipeline", ["record"])
    _, marking = create_token(store, "steward", ["mark"])
    put = {"artifact_type": {"name": "Set"}, "can_add_fields": True}
    with Server(store, LOCAL) as server, grpc.insecure_channel(str(server.address)) as channel:
        for token in (reading, marking):
            metadata = (("authorization", f"Bearer {token}"),)
            call(channel, "GetArtifacts", metadata)
            with pytest.raises(grpc.RpcError) as refused:
                call(channel, "PutArtifactType", metadata, **put)
            assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
            assert "record" in refused.value.details()
        call(channel, "PutArtifactType", (("authorization", f"Bearer {recording}"),), **put)
        revoke_token(store, "reader")
        with pytest.raises(grpc.RpcError) as refused:
            call(channel, "GetArtifacts", (("authorization", f"Bearer {reading}"),))
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_tls(store: lineage.Store, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(certificate)
    with Server(store, LOCAL, Options(certificate=certificate, key=key)) as server:
        trusted = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
        with grpc.secure_channel(str(server.address), trusted) as channel:
            call(channel, "GetArtifacts")
    for half in (Options(key=key), Options(certificate=certificate)):
        with pytest.raises(InvalidInput, match="both"):
            Server(store, LOCAL, half)


def test_a_certificate_and_another_ones_key_are_named(store: lineage.Store, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    authority.issue_cert("localhost").cert_chain_pems[0].write_to_path(certificate)
    authority.issue_cert("localhost").private_key_pem.write_to_path(key)
    for given in (Options(certificate=certificate, key=key), Options(certificate=key, key=key)):
        with pytest.raises(InvalidInput, match=r"key\.pem are no certificate with its key"):
            Server(store, LOCAL, given)


def test_an_address_in_use_is_said(store: lineage.Store) -> None:
    with Server(store, LOCAL) as server, pytest.raises(StoreUnavailable, match="in use"):
        Server(store, server.address)


@pytest.mark.parametrize("text", ["localhost", "8080", "localhost:http", ":99999"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InvalidInput, match="HOST:PORT"):
        Address.parsed(text)


def test_addresses() -> None:
    assert Address.parsed(":80") == Address("localhost", 80)
    assert Address.parsed("[::1]:80") == Address("::1", 80)
    assert str(Address("::1", 80)) == "[::1]:80"
    assert [Address(h, 1).loopback for h in ("127.0.0.9", "::1", "10.0.0.1")] == [True, True, False]


def test_a_broken_request_ends_with_its_status_and_the_next_one_is_answered(
    store: lineage.Store,
) -> None:
    with Server(store, LOCAL) as server, grpc.insecure_channel(str(server.address)) as channel:
        options = ListOperationOptions(next_page_token="no token")
        with pytest.raises(grpc.RpcError) as refused:
            call(channel, "GetArtifacts", options=options)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        call(channel, "GetArtifacts")


def test_bytes_go_out_as_the_any_that_they_are_or_as_one_around_them(store: lineage.Store) -> None:
    wrapping = "type.googleapis.com/google.protobuf.BytesValue"
    store.put_type(lineage.Type(kind=lineage.Kind.ARTIFACT, name="Odd"))
    with Server(store, LOCAL) as server, grpc.insecure_channel(str(server.address)) as channel:
        for content, url in (
            (b"\n\x03a/b\x12\x01x", "a/b"),
            (b"\n\x01x", "x"),
            (b"", wrapping),
            (b"\x12\x01x", wrapping),
            # What only begins like one, or has the field as a number.
            (b"\n\x03a/b\x00\x00", wrapping),
            (b"\tabc/defg", wrapping),
            (b"\n\x01\xff", wrapping),
            # A number that never ends.
            (b"\xff" * 2**20, wrapping),
        ):
            put = store.put(lineage.Artifact(type="Odd", custom_properties={"b": content}))
            [answer] = call(channel, "GetArtifactsByID", artifact_ids=[put.id]).artifacts
            found = answer.custom_properties["b"].proto_value
            assert found.type_url == url
            assert (content in found.value) if url == wrapping else found.SerializeToString()


def test_a_proto_value_that_nobody_could_read_is_refused(store: lineage.Store) -> None:
    with Server(store, LOCAL) as server, grpc.insecure_channel(str(server.address)) as channel:
        type_id = call(channel, "PutContextType", context_type={"name": "Run"}).type_id
        context = Context(type_id=type_id, name="monday")
        context.custom_properties["p"].proto_value.value = b"x"
        with pytest.raises(grpc.RpcError, match="type_url") as refused:
            call(channel, "PutContexts", contexts=[context])
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


NOT_UTF8 = b"\xff\xfe"
_EVENT = {"event": {"type": "OUTPUT", "path": {"steps": [{"key": "??"}]}}}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("PutArtifacts", {"artifacts": [{"name": "??"}]}),
        ("PutArtifacts", {"artifacts": [{"custom_properties": {"a": {"string_value": "??"}}}]}),
        ("PutArtifacts", {"artifacts": [{"custom_properties": {"??": {"string_value": "a"}}}]}),
        ("PutExecution", {"execution": {}, "artifact_event_pairs": [{"artifact": {}, **_EVENT}]}),
        ("GetArtifacts", {"options": {"filter_query": "name = '??'"}}),
        (
            "GetLineageSubgraph",
            {"lineage_subgraph_query_options": {"starting_artifacts": {"filter_query": "??"}}},
        ),
    ],
)
def test_texts_are_utf8(store: lineage.Store, name: str, fields: dict[str, Any]) -> None:
    request = json_format.ParseDict(fields, methods()[name][0](), descriptor_pool=POOL)
    with Server(store, LOCAL) as server, grpc.insecure_channel(str(server.address)) as channel:
        ids = [
            call(channel, "PutArtifactType", artifact_type={"name": "T"}).type_id,
            call(channel, "PutExecutionType", execution_type={"name": "T"}).type_id,
        ]
        if name == "PutExecution":
            request.execution.type_id = ids[1]
            request.artifact_event_pairs[0].artifact.type_id = ids[0]
        for artifact in getattr(request, "artifacts", ()):
            artifact.type_id = ids[0]
        ask = channel.unary_unary(f"/{SERVICE}/{name}")
        with pytest.raises(grpc.RpcError) as refused:
            ask(request.SerializeToString().replace(b"??", NOT_UTF8), timeout=300)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert store.counts().artifacts == 0


@pytest.mark.parametrize("limits", [False, True])
def test_answers_are_complete_unless_the_old_limits_are_asked_for(
    store: lineage.Store, limits: bool
) -> None:
    """A chain of 200 steps: ML Metadata ends 100 hops, and a page of 300 after 101 nodes."""
    before = store.put(lineage.Artifact(type="Dataset", name="first"))
    assert before.id is not None
    last: int = before.id
    for _ in range(200):
        step = store.record(
            lineage.Execution(type="Process"),
            inputs=[last],
            outputs=[lineage.Artifact(type="Dataset")],
        )
        last = step.output()
    options = SubgraphOptions(direction=SubgraphOptions.DOWNSTREAM)
    options.starting_artifacts.filter_query = f"id = {before.id}"
    with (
        Server(store, LOCAL, Options(mlmd_limits=limits)) as server,
        grpc.insecure_channel(str(server.address)) as channel,
    ):
        graph = call(
            channel, "GetLineageSubgraph", lineage_subgraph_query_options=options
        ).lineage_subgraph
        assert len(graph.artifacts) == (51 if limits else 201)
        page = call(channel, "GetArtifacts", options=ListOperationOptions(max_result_size=300))
        assert len(page.artifacts) == (101 if limits else 201)
        assert not page.next_page_token


def test_the_older_call_for_lineage_keeps_its_bounds(store: lineage.Store) -> None:
    """first -> 1 -> middle -> 2 -> last, from the middle."""
    first, middle, last = (
        store.put(lineage.Artifact(type="Dataset", name=name)).id
        for name in ("first", "middle", "last")
    )
    for source, target in ((first, middle), (middle, last)):
        store.record(lineage.Execution(type="Process"), inputs=[source], outputs=[target])

    def found(**stop: Any) -> tuple[set[int], set[int], int]:
        size = stop.pop("max_node_size", 0)
        request = {
            "artifacts_options": {"filter_query": "name = 'middle'"},
            "stop_conditions": stop,
            "max_node_size": size,
        }
        graph = call(channel, "GetLineageGraph", options=request).subgraph
        return (
            {a.id for a in graph.artifacts},
            {e.id for e in graph.executions},
            len(graph.events),
        )

    with Server(store, LOCAL) as server, grpc.insecure_channel(str(server.address)) as channel:
        assert found() == ({first, middle, last}, {1, 2}, 4)
        assert found(max_num_hops=0) == ({middle}, set(), 0)
        assert found(max_num_hops=1) == ({middle}, {1, 2}, 2)
        assert found(boundary_artifacts="name != 'first'") == ({middle, last}, {1, 2}, 3)
        assert found(boundary_executions="id != 2") == ({first, middle}, {1}, 2)
        assert found(max_node_size=2) == ({middle}, {1}, 1)


@contextmanager
def served(url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command that serves a store, and its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "lineage.cli", "--store", url, "serve", "--grpc", "localhost:0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path, name: signal.Signals) -> None:
    with served(f"sqlite:///{tmp_path}/a.db") as (process, address):
        with grpc.insecure_channel(address) as channel:
            call(channel, "GetArtifacts")
        process.send_signal(name)
        assert process.wait(timeout=300) == 0


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_acknowledged_is_there_when_it_ends_under_load(
    tmp_path: Path, name: signal.Signals
) -> None:
    """Of sixteen that record all the time, no step is lost, and none is there by half."""
    url = f"sqlite:///{tmp_path}/a.db"
    acknowledged: list[tuple[int, list[int]]] = []
    enough = threading.Event()

    def record(address: str, ids: dict[str, int]) -> None:
        pair = {"artifact": {"type_id": ids["artifact"]}, "event": {"type": "OUTPUT"}}
        step = json_format.ParseDict(
            {
                "execution": {"type_id": ids["execution"]},
                "artifact_event_pairs": [pair, pair],
                "contexts": [{"type_id": ids["context"], "name": "one for all"}],
                "options": {"reuse_context_if_already_exist": True},
            },
            methods()["PutExecution"][0](),
        )
        request, response = methods()["PutExecution"]
        with grpc.insecure_channel(address) as channel:
            ask = channel.unary_unary(
                f"/{SERVICE}/PutExecution",
                request_serializer=request.SerializeToString,
                response_deserializer=response.FromString,
            )
            while True:
                try:
                    done = ask(step, timeout=300)
                except grpc.RpcError:
                    return
                acknowledged.append((done.execution_id, list(done.artifact_ids)))
                if len(acknowledged) >= 200:
                    enough.set()

    with served(url) as (process, address):
        with grpc.insecure_channel(address) as channel:
            ids = {
                str(kind): call(
                    channel, f"Put{kind.capitalize()}Type", **{f"{kind}_type": {"name": "T"}}
                ).type_id
                for kind in lineage.Kind
            }
        clients = [threading.Thread(target=record, args=(address, ids)) for _ in range(16)]
        for client in clients:
            client.start()
        assert enough.wait(timeout=400)
        process.send_signal(name)
        process.wait(timeout=300)
        for client in clients:
            client.join()
    with lineage.connect(url) as store:
        outputs = {
            e.id: [event.artifact_id for event in store.events(execution=e)]
            for e in store.executions()
        }
        assert all(outputs[execution] == artifacts for execution, artifacts in acknowledged)
        assert {len(artifacts) for artifacts in outputs.values()} == {2}
        [context] = store.contexts()
        assert len(store.executions(context=context)) == len(outputs)
