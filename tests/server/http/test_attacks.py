"""What an attacker tries, and the refusal that each attempt gets."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

import lineage
from lineage import wire
from lineage.server.http import Settings
from lineage.server.http.process import HttpServer
from lineage.server.tokens import Role, create_token, revoke_token
from tests.server.http.conftest import LOCAL, Caller, Reply, Serve, error_of, fill

OWN = "an own token, long enough to be safe"
STEP = {"execution": {"type": "Train"}}
XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def raw(caller: Caller, sent: bytes, *, wait: float = 20) -> bytes:
    """What a server says to these very bytes."""
    parts = urlsplit(caller.url)
    assert parts.hostname
    assert parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=wait) as connection:
        connection.sendall(sent)
        answer = connection.recv(65_536)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                answer += part
    return answer


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.fixture(scope="module")
def store() -> Iterator[lineage.Store]:
    """One for all of them, as no attack changes it."""
    with lineage.connect("memory://") as opened:
        fill(opened)
        yield opened


@pytest.fixture(scope="module")
def caller(store: lineage.Store) -> Iterator[Caller]:
    with HttpServer(store, LOCAL, Settings()) as server:
        yield Caller(server.url)


@pytest.fixture(scope="module")
def kept() -> Iterator[lineage.Store]:
    """A store with tokens."""
    with lineage.connect("memory://") as opened:
        fill(opened)
        yield opened


@pytest.fixture(scope="module")
def tokens(kept: lineage.Store) -> dict[str, str]:
    return {str(role): create_token(kept, str(role), [role])[1] for role in Role}


@pytest.fixture(scope="module")
def guarded(kept: lineage.Store, tokens: dict[str, str]) -> Iterator[Caller]:
    with HttpServer(kept, LOCAL, Settings(failures=1_000)) as server:
        yield Caller(server.url)


@pytest.fixture(autouse=True)
def still_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each attack the server answers as before."""
    used = "caller" in request.fixturenames
    under_attack = request.getfixturevalue("caller") if used else None
    yield
    if under_attack is not None:
        assert under_attack.get("/counts").status == 200


# Who calls


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/artifacts"),
        ("GET", "/api/v1/store"),
        ("GET", "/api/v1/audit"),
        ("GET", "/api/v1/downstream?ref=Dataset:raw"),
        ("POST", "/api/v1/query"),
        ("POST", "/api/v1/steps"),
        ("POST", "/api/v1/lineage"),
        ("POST", "/api/v1/call/mirror"),
        ("PUT", "/api/v1/artifacts/1"),
        ("DELETE", "/api/v1/queries/x"),
        ("GET", "/metrics"),
        ("POST", "/mcp"),
        ("GET", "/api/v1/there/is/no/such/path"),
        ("GET", "/api/v1/../v1/artifacts"),
        ("GET", "//api/v1/artifacts"),
    ],
)
def test_without_a_token_nothing_is_told(guarded: Caller, method: str, path: str) -> None:
    reply = guarded(method, path, None if method == "GET" else {})
    assert reply.status in (401, 404)
    if not path.startswith("//"):
        error_of(reply, 401)
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert b"Dataset" not in reply.body


def test_what_is_no_token_is_none(guarded: Caller, kept: lineage.Store, tokens: Any) -> None:
    with lineage.connect("memory://") as other:
        _, foreign = create_token(other, "foreign", ["admin"])
    _, late = create_token(kept, "late", ["admin"], until_ms=1)
    _, gone = create_token(kept, "gone", ["admin"])
    revoke_token(kept, "gone")
    good = tokens["admin"]
    id = good.split("_")[1]
    caller = guarded
    for header in (
        "Bearer", "Bearer ", "Bearer wrong", f"Basic {good}", good, f"Bearer {good[:-1]}",
        f"Bearer {good}x", f"Bearer {good.upper()}", f"Bearer {foreign}", f"Bearer {late}",
        f"Bearer {gone}", f"Bearer lineage_{id}_", "Bearer lineage_../../x_y",
        f"Bearer lineage_{id}_%", "Bearer " + "a" * 30_000, f"Bearer {good} {good}",
        f"Token {good}", "Bearer \xff\xfe", "Bearer null", "Bearer undefined",
    ):  # fmt: skip
        reply = caller("GET", "/api/v1/counts", headers={"Authorization": header})
        assert reply.status in (400, 401, 431), header
        assert b"artifacts" not in reply.body
    assert caller.with_token(good).get("/counts").status == 200
    assert caller("GET", f"/api/v1/counts?token={good}&access_token={good}").status == 401
    assert caller("GET", "/api/v1/counts", headers={"Cookie": f"token={good}"}).status == 401
    answer = raw(
        caller,
        f"GET /api/v1/counts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n"
        f"Authorization: Bearer {good}\r\nConnection: close\r\n\r\n".encode(),
    )
    assert status_of(answer) == 401


_NEEDS = {
    "record": [
        ("POST", "/steps", STEP),
        ("POST", "/steps/batch", {"steps": [STEP]}),
        ("POST", "/artifacts", {"type": "Model"}),
        ("PUT", "/artifacts/1", {"type": "Dataset", "updated_ms": 1}),
        ("POST", "/events", {"events": []}),
        ("POST", "/memberships", {"context": "x"}),
        ("POST", "/parents", {"child": "x", "parent": "y"}),
        ("POST", "/types", {"kind": "artifact", "name": "X"}),
        ("PUT", "/queries/x", {"cypher": "RETURN 1"}),
        ("DELETE", "/queries/x", None),
        ("POST", "/lineage", {}),
        ("POST", "/lineage/batch", []),
    ],
    "mark": [
        ("POST", "/marks", {"refs": ["Dataset:raw"], "label": "x"}),
        ("POST", "/marks/lift", {"refs": ["Dataset:raw"], "label": "x"}),
    ],
    "delete": [
        ("POST", "/plans/deletion", {"refs": ["Dataset:raw"], "bytes": True}),
        ("POST", "/plans/gc", {"bytes": True}),
        ("POST", "/deletions/resume", None),
    ],
    "admin": [
        ("PUT", "/policies/x", {"name": "x"}),
        ("DELETE", "/policies/x", None),
        ("GET", "/audit", None),
    ],
}


@pytest.mark.parametrize(
    ("role", "method", "path", "body"),
    [(role, *call) for role, calls in _NEEDS.items() for call in calls],
)
def test_another_role_may_not(
    guarded: Caller,
    tokens: dict[str, str],
    kept: lineage.Store,
    role: str,
    method: str,
    path: str,
    body: Any,
) -> None:
    before = kept.counts(), kept.marks(), kept.saved_queries(), kept.policies()
    for other in Role:
        if other not in (role, Role.ADMIN):
            reply = guarded.with_token(tokens[other])(method, f"/api/v1{path}", body)
            assert f"the role {role}" in error_of(reply, 403), other
    assert before == (kept.counts(), kept.marks(), kept.saved_queries(), kept.policies())


def test_a_plan_is_applied_by_those_who_may_delete(guarded: Caller, tokens: Any) -> None:
    reader, deleter = (guarded.with_token(tokens[role]) for role in ("read", "delete"))
    plan = reader.post("/plans/deletion", {"refs": ["Dataset:raw"], "policy": "tombstone"}).json
    assert "role delete" in error_of(reader.post("/plans/apply", {"plan": plan}), 403)
    edited = {**plan, "nodes": [*plan["nodes"], {**plan["nodes"][0], "id": 2}]}
    assert "PlanStale" in error_of(deleter.post("/plans/apply", {"plan": edited}), 409)
    assert deleter.post("/plans/apply", {"plan": plan}).status == 200


@pytest.mark.parametrize("operation", ["mirror", "put", "apply", "mark", "metadata", "put_policy"])
def test_the_client_s_endpoint_has_the_same_roles(
    guarded: Caller, tokens: dict[str, str], operation: str
) -> None:
    body = {"wire": wire.VERSION, "arguments": wire.encode([[], {}])}
    reply = guarded.with_token(tokens["read"]).post(f"/call/{operation}", body)
    assert "AccessDenied" in error_of(reply, 403)


def test_a_method_can_t_be_put_on_top_of_another(guarded: Caller, tokens: Any) -> None:
    reader = guarded.with_token(tokens["read"])
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        reply = reader("GET", "/api/v1/queries/models", headers={header: "DELETE"})
        assert reply.status == 404
    assert reader("TRACE", "/api/v1/counts").status in (404, 405)
    assert reader("PATCH", "/api/v1/artifacts/1", {}).status == 405


def test_tokens_are_not_tried_through(serve: Serve) -> None:
    caller = serve(token=OWN, failures=5)
    wrong = caller.with_token("wrong")
    spoofed = {"X-Forwarded-For": "10.0.0.1", "Forwarded": "for=10.0.0.2"}
    statuses = [
        wrong("GET", "/api/v1/counts", headers=spoofed | {"X-Real-IP": str(at)}).status
        for at in range(10)
    ]
    assert statuses == [401] * 5 + [429] * 5


def test_nobody_calls_too_often(serve: Serve) -> None:
    caller = serve(rate=1)
    replies = [caller.get("/counts") for _ in range(15)]
    assert replies[-1].status == 429
    assert replies[-1].headers["Retry-After"]
    assert replies[0].status == 200


def test_no_session_is_begun_and_none_is_taken_over(guarded: Caller, tokens: Any) -> None:
    for token in (None, tokens["read"]):
        reply = guarded.with_token(token)(
            "GET", "/api/v1/counts", headers={"Cookie": "session=fixed; sid=1"}
        )
        assert "Set-Cookie" not in reply.headers
        assert reply.status == (401 if token is None else 200)


def test_a_key_of_somebody_else_answers_nothing(guarded: Caller, tokens: Any) -> None:
    key = {"Idempotency-Key": "shared"}
    first = guarded.with_token(tokens["record"]).post("/steps", STEP, headers=key)
    second = guarded.with_token(tokens["admin"]).post("/steps", STEP, headers=key)
    assert first.json != second.json


def test_no_token_is_in_the_store(guarded: Caller, tokens: Any, kept: lineage.Store) -> None:
    admin = guarded.with_token(tokens["admin"])
    secret = tokens["admin"].rpartition("_")[2]
    for text in ("MATCH (n) RETURN n", "MATCH (n:Note) RETURN n"):
        assert secret.encode() not in admin.post("/query", {"cypher": text}).body
    with kept.backend.read() as reader:
        assert all(secret not in text for _, text in reader.metadata_under(""))


# Names and other sites


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "localhost.evil.example", "evil.example:80", "localhost@evil.example", "",
        "localhost, evil.example", "localhost/evil", "local host", "[::1", "127.0.0.1.evil.example",
    ],
)  # fmt: skip
def test_the_server_is_not_called_so(caller: Caller, host: str) -> None:
    sent = f"GET /api/v1/counts HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    answer = raw(caller, sent.encode())
    assert status_of(answer) in (400, 421)
    assert b'"artifacts"' not in answer


@pytest.mark.parametrize(
    "sent",
    [
        "GET /api/v1/counts HTTP/1.0\r\n\r\n",
        "GET /api/v1/counts HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /api/v1/counts HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET /api/v1/counts HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n\r\n",
    ],
)
def test_one_name_is_said(caller: Caller, sent: str) -> None:
    assert status_of(raw(caller, sent.encode())) in (400, 421)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": ""},
    ],
)
def test_another_site_s_page_changes_nothing(
    caller: Caller, store: lineage.Store, headers: dict[str, str]
) -> None:
    before = store.counts()
    assert caller.post("/steps", STEP, headers=headers).status in (403, 415)
    assert store.counts() == before


def test_another_site_s_page_reads_nothing(caller: Caller) -> None:
    """No header lets a browser hand an answer to another site."""
    for method in ("GET", "OPTIONS"):
        reply = caller(
            method, "/api/v1/counts",
            headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"},
        )  # fmt: skip
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]
    assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]


# Bodies


def test_bodies_have_a_size(serve: Serve) -> None:
    caller = serve(max_body=10_000)
    big = {"execution": {"type": "Train", "custom_properties": {"x": "y" * 20_000}}}
    assert "larger" in error_of(caller.post("/steps", big), 413)
    declared = b"Content-Length: 99999999999999999999\r\n"
    start = b"POST /api/v1/steps HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    assert status_of(raw(caller, start + declared + b"\r\n{")) in (400, 413)
    chunks = b"2000\r\n" + b" " * 0x2000 + b"\r\n"
    endless = start + b"Transfer-Encoding: chunked\r\n\r\n" + chunks * 4 + b"0\r\n\r\n"
    assert status_of(raw(caller, endless)) == 413
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) > 10_000
    packed = gzip.compress(json.dumps(big).encode())
    assert len(packed) < 10_000
    for body in (packed, bomb[:9_000]):
        reply = caller.post("/steps", body, headers={"Content-Encoding": "gzip"})
        assert reply.status == 413


def test_a_body_that_drips_is_not_waited_for(serve: Serve) -> None:
    caller = serve(body_seconds=0.3)
    parts = urlsplit(caller.url)
    begun = time.monotonic()
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(
            b"POST /api/v1/steps HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        assert status_of(connection.recv(65_536)) == 408
    assert time.monotonic() - begun < 20
    assert caller.get("/counts").status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"{'execution': 1}",
        b'{"execution": {"type": "Train"}} {}', b"[" * 100_000, b'{"a":' * 100_000,
        b'{"execution": ' + b"9" * 5_000 + b"}", b'{"execution": {"type": "Tr\x00ain"}}',
        b'{"execution": {"type": "\\ud800"}}', b'{"execution": {"type": "Train"}, "x": 1}',
        b'{"execution": {"type": ["Train"]}}', b'{"execution": {"type": "Train", "id": 1e400}}',
        b'{"execution": {"type": "Train"}, "time_ms": 99999999999999999999}',
        b'{"execution": {"type": "Train", "__class__": "x"}}', b"<xml/>", b"\x1f\x8b\x08",
        b'{"execution": {"type": "Train", "properties": {"__proto__": 1}}}',
    ],
)  # fmt: skip
def test_a_wrong_body_writes_nothing(caller: Caller, store: lineage.Store, body: bytes) -> None:
    before = store.counts()
    reply = caller.post("/steps", body)
    assert reply.status in (400, 404), reply.body
    error_of(reply, reply.status)
    assert store.counts() == before


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip", "x" * 1_000])
def test_a_wrong_encoding_is_refused(caller: Caller, encoding: str) -> None:
    body = b"no gzip" if encoding == "gzip" else gzip.compress(b"{}")
    reply = caller.post("/steps", body, headers={"Content-Encoding": encoding})
    assert reply.status in (400, 415)


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/static/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2f..%2fetc%2fpasswd", "/api/v1/queries/..%2f..%2f..%2fetc%2fpasswd",
        "/api/v1/receipts/..%2f..%2ftoken", "/api/v1/queries/%00", "/static/%00", "/.git/config",
        "/api/v1/receipts/%25", "/static/....//....//etc/passwd", "/" + "a" * 20_000,
        "/api/v1/artifacts/1%2f..%2f2", "/api/v1/call/__class__", "/api/v1/call/backend",
        "/api/v1/call/_write", "/api/v1/call/close", "/api/v1/call/transact",
    ],
)  # fmt: skip
def test_a_path_leads_to_no_file_and_nothing_inside(caller: Caller, path: str) -> None:
    method = "POST" if "/call/" in path else "GET"
    sent = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = raw(caller, sent.encode())
    assert status_of(answer) in (400, 404, 405, 414, 431)
    assert b"root:" not in answer


# Injection

HOSTILE = [
    "'; DROP TABLE artifacts; --", '" OR 1=1 --', "x' OR '1'='1", "1; DELETE FROM nodes",
    "Model:churn') DETACH DELETE n //", "$(rm -rf /)", "{{7*7}}", "${7*7}", "../../etc/passwd",
    "artifact:1 UNION SELECT * FROM notes", "\\", "%", "_", "\u202eevil", "\x00", XSS,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_field_is_run(caller: Caller, store: lineage.Store, text: str) -> None:
    before = store.counts()
    for path, names in (
        ("/artifacts", ("where", "match", "type", "name", "uri", "external_id", "state",
                        "context", "order_by", "page_token")),
        ("/downstream", ("ref",)), ("/taint", ("label", "source", "type", "as_of")),
        ("/check", ("ref",)), ("/why", ("source",)), ("/node", ("reference",)),
        ("/blame", ("bad", "metric", "formula")), ("/deployments", ("where", "at")),
    ):  # fmt: skip
        for name in names:
            more = {"target": "Model:churn"} if path == "/why" else {}
            reply = caller.get(path, **{name: text}, **more)
            assert reply.status in (200, 400, 404), (path, name, reply.body)
            if path == "/artifacts" and reply.status == 200:
                assert reply.json["nodes"] == [], name
    assert store.counts() == before


@pytest.mark.parametrize(
    "cypher",
    [
        "CREATE (n)", "MATCH (n) DETACH DELETE n", "MATCH (n) SET n.name = 'x'",
        "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
        "CALL dbms.listConfig() YIELD name RETURN name", "CALL { CREATE (n) } RETURN 1",
        "MERGE (n:X) RETURN n", "MATCH (n) REMOVE n.name", "DROP CONSTRAINT x",
        "TERMINATE TRANSACTION 'x'", "RETURN 1; MATCH (n) DELETE n",
    ],
)  # fmt: skip
def test_cypher_reads_and_nothing_else(caller: Caller, store: lineage.Store, cypher: str) -> None:
    before = store.counts()
    reply = caller.post("/query", {"cypher": cypher})
    assert reply.status in (400, 403), reply.body
    assert store.counts() == before


@pytest.mark.parametrize(
    "cypher",
    [
        "UNWIND range(1, 1000000000) AS a UNWIND range(1, 1000000000) AS b RETURN count(*)",
        "RETURN 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' =~ '(a+)+$'",
        "MATCH (a), (b), (c), (d), (e), (f), (g), (h), (i), (j), (k), (l), (m) "
        "UNWIND range(1, 100000000) AS x RETURN count(*)",
    ],
)
def test_a_query_that_does_not_end_is_stopped(serve: Serve, cypher: str) -> None:
    caller = serve(query_seconds=1)
    reply = caller.post("/query", {"cypher": cypher, "timeout": 1_000_000})
    assert reply.status in (200, 422), reply.body
    assert caller.get("/counts").status == 200


def test_rows_have_a_bound(serve: Serve) -> None:
    caller = serve(max_rows=10)
    told = caller.post("/query", {"cypher": "UNWIND range(1, 99) AS x RETURN x", "limit": 99})
    assert (len(told.json["rows"]), told.json["complete"]) == (10, False)


def test_a_pattern_does_not_run_away(caller: Caller, store: lineage.Store) -> None:
    store.put(lineage.Artifact(type="Dataset", name="a" * 1_000))
    reply = caller.get("/artifacts", where="name LIKE '" + "%a" * 200 + "b'")
    assert reply.status in (200, 400)


# What is stored


def test_what_is_stored_is_never_a_page(caller: Caller) -> None:
    step = {
        "execution": {"type": "Train", "name": XSS},
        "outputs": {
            XSS: {"type": "Model", "name": XSS, "uri": f"javascript:{XSS}",
                  "custom_properties": {XSS: XSS}}
        },
    }  # fmt: skip
    made = caller.post("/steps", step)
    assert made.status == 201, made.body
    caller.post("/marks", {"refs": [f"artifact:{made.json['outputs'][0]['artifact']}"],
                           "label": "x", "reason": XSS})  # fmt: skip
    for path in ("/artifacts", "/marks", "/executions"):
        _is_data(caller.get(path))
    _is_data(caller.get("/node", reference=XSS))
    _is_data(caller.get(f"/{XSS}"))
    _is_data(caller.post("/query", {"cypher": XSS}))


def _is_data(reply: Reply) -> None:
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


# Headers


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: 4\r\nContent-Length: 40",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Content-Length: -1",
        "Content-Length: 4e1",
        "Content-Length: 0x10",
        "X: a\r\n b: c\r\nContent-Length: +4",
    ],
)
def test_no_request_hides_in_another(
    guarded: Caller, kept: lineage.Store, tokens: Any, headers: str
) -> None:
    inner = (
        "POST /api/v1/artifacts HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {tokens['read']}\r\nContent-Type: application/json\r\n"
        "Content-Length: 16\r\n\r\n" + '{"type":"Model"}'
    )
    sent = (
        "POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"{headers}\r\n\r\n0\r\n\r\n{inner}"
    )
    before = kept.counts()
    answer = raw(guarded, sent.encode())
    assert status_of(answer) in (0, 400, 401, 411, 413, 415, 501)
    assert b" 200 " not in answer
    assert b" 201 " not in answer
    assert kept.counts() == before


@pytest.mark.parametrize("given", ["a\tb", "x" * 65, "<script>", "ä", "a b", "..\\..", ""])
def test_a_request_s_id_is_plain(caller: Caller, given: str) -> None:
    reply = caller("GET", "/api/v1/counts", headers={"X-Request-ID": given.encode("latin-1")})
    assert reply.headers["X-Request-ID"] != given
    assert reply.headers["X-Request-ID"].isalnum()


# The client's own wire


def arguments(table: Any, root: Any = None) -> dict[str, Any]:
    return {"wire": wire.VERSION, "arguments": [table, root]}


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"wire": 99, "arguments": [[], []]}, {"wire": 1}, arguments(None),
        arguments([], [[], []]) | {"wire": "1"}, arguments([], {"$": 0}), arguments([], {"$": -1}),
        arguments([["os:system", {"command": "id"}]], {"$": 0}),
        arguments([["subprocess:Popen", {"args": ["id"]}]], {"$": 0}),
        arguments([["server.tokens:Token", {}]], {"$": 0}),
        arguments([["server.tokens:Caller", {"name": "x", "roles": []}]], {"$": 0}),
        arguments([["questions.closure:Lineage", {}]], {"$": 0}),
        arguments([["store:Store", {}]], {"$": 0}),
        arguments([["model.nodes:Artifact.__init__", {}]], {"$": 0}),
        arguments([["model..nodes:Artifact", {}]], {"$": 0}),
        arguments([["model.nodes:_Node", {"type": "x"}]], {"$": 0}),
        arguments([["model.nodes:Artifact", {"nope": 1}]], {"$": 0}),
        arguments([["model.nodes:Artifact", []]], {"$": 0}),
        arguments([], {"$e": "os:name", "v": 1}), arguments([], {"$b": "!"}),
        arguments([], {"$f": "x"}), arguments([], {"$nope": 1}), arguments([], {"$m": [[[], 1]]}),
        arguments([], [[], {"__class__": 1}]), arguments([], [{}, []]),
        arguments([], [[1, 2, 3], {}]),
        arguments([], [[], {"progress": 1}]),
    ],
)  # fmt: skip
def test_nothing_but_questions_comes_over_the_wire(caller: Caller, body: Any) -> None:
    reply = caller.post("/call/put", body)
    assert reply.status in (400, 404), reply.body
    error_of(reply, reply.status)
