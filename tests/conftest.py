"""Stores on every backend, a real Neo4j, and a summary of what ran where."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

import lineage
from tests.neo4j_for_tests import Neo4jForTests, emptied

BACKENDS = ("memory", "sqlite", "neo4j")
# A store behind a server is held to the same answers as the backends.
SERVED = "http"
# The fixtures that bring a server up.
_NEO4J = {"neo4j_server", "own_neo4j"}
# The same examples each time, so that a red run can be repeated; test-long looks for new ones.
_PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same-examples", derandomize=True, **_PATIENT)
settings.register_profile("new-examples", print_blob=True, **_PATIENT)
if os.environ.get("LINEAGE_LONG"):
    settings.load_profile("new-examples")
else:
    settings.load_profile("same-examples")
    # Examples are also made of the constants in those modules of ours that happen to be loaded,
    # which depends on the tests that ran before in the same process.
    providers.is_local_module_file = lambda path: False
# What `-m` chooses tests by; each is set by what the test needs.
_MARKERS = {
    "neo4j": "needs a Neo4j server",
    "browser": "opens a page in a browser",
    "server": "starts a server, or talks to one",
    "slow": "kills programs, races writers, trains models or starts other programs' clients",
}
_SLOW = ("tests/durability/", "tests/concurrency/", "tests/demo/", "tests/mlmd_drop_in/")
_ran: Counter[str] = Counter()
_servers: list[Neo4jForTests] = []
# What the workers of a run in parallel say of theirs.
_told: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-neo4j", action="store_true", help="leave out what needs a Neo4j server")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "url" in metafunc.fixturenames:
        without = metafunc.config.getoption("--no-neo4j")
        marker = metafunc.definition.get_closest_marker("backends")
        served = (SERVED,) if metafunc.module.__name__.startswith("tests.conformance.") else ()
        names = marker.args if marker else (*BACKENDS, *served)
        metafunc.parametrize(
            "url", [n for n in names if not (without and n == "neo4j")], indirect=True
        )


def pytest_configure(config: pytest.Config) -> None:
    # A shell has what it starts in the background ignore Ctrl-C, and so would all that a test
    # starts there and stops like that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "backends(*names): the backends that a test is about")
    for name, meaning in _MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1 and os.environ.get("LINEAGE_TEST_NEO4J_URL"):
        raise pytest.UsageError(
            "LINEAGE_TEST_NEO4J_URL names one server, which parallel workers would empty under "
            "each other: run with -n 0"
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for name in _markers_of(item):
            item.add_marker(name)
    if not os.environ.get("LINEAGE_LONG"):
        _shorten_served(config, items)
    if not config.getoption("--no-neo4j"):
        return
    left_out = [
        i
        for i in items
        if _NEO4J & set(getattr(i, "fixturenames", ()))
        and ("url" not in getattr(i, "fixturenames", ()))
    ]
    if left_out:
        items[:] = [i for i in items if i not in left_out]
        config.hook.pytest_deselected(items=left_out)


def _markers_of(item: pytest.Item) -> Iterator[str]:
    """What a test needs, by its fixtures, its backend and its folder."""
    fixtures = set(getattr(item, "fixturenames", ()))
    call = getattr(item, "callspec", None)
    url = None if call is None else call.params.get("url")
    if url == "neo4j" or _NEO4J & fixtures:
        yield "neo4j"
    if "browser" in fixtures:
        yield "browser"
    if url == SERVED or "http_server" in fixtures or "tests/server/" in item.nodeid:
        yield "server"
    if item.nodeid.startswith(_SLOW):
        yield "slow"


def _shorten_served(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep one case of each test for the store behind a server; test-long has them all."""
    seen: set[str] = set()
    left_out = []
    for item in items:
        call = getattr(item, "callspec", None)
        if call is None or call.params.get("url") != SERVED:
            continue
        name = item.nodeid.partition("[")[0]
        if name in seen:
            left_out.append(item)
        seen.add(name)
    if left_out:
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Neo4jForTests]:
    with ExitStack() as stack:
        server = stack.enter_context(Neo4jForTests.found())
        _servers.append(server)
        yield server


@pytest.fixture
def neo4j_url(neo4j_server: Neo4jForTests) -> str:
    """A Neo4j with nothing in it."""
    emptied(neo4j_server.url)
    return neo4j_server.url


@pytest.fixture(scope="session")
def http_server() -> Iterator[Any]:
    """A server of a store that each test puts another one in the place of."""
    from lineage.server.addresses import Address
    from lineage.server.http.process import HttpServer

    with (
        lineage.connect("memory://") as nothing,
        HttpServer(nothing, Address("localhost", 0)) as server,
    ):
        yield server


@pytest.fixture
def served(http_server: Any, tmp_path: Path) -> Iterator[Any]:
    """The server, with an empty store."""
    with lineage.connect(f"sqlite:///{tmp_path}/served.db") as behind:
        http_server.app.state.service.serve(behind)
        yield http_server


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store on one backend."""
    if request.param == "neo4j":
        return request.getfixturevalue("neo4j_url")
    if request.param == SERVED:
        return request.getfixturevalue("served").url
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/lineage.db"
    return f"memory://{tempfile.mktemp()}"


@pytest.fixture
def store(url: str, request: pytest.FixtureRequest) -> Iterator[lineage.Store]:
    with lineage.connect(url) as opened:
        if url.startswith("http"):
            # What a test says that the time is, it is where the rules are.
            behind = request.getfixturevalue("served").app.state.service.store
            behind.clock = lambda: opened.clock()
        yield opened


@pytest.fixture(scope="session", autouse=True)
def storage_roots() -> Iterator[None]:
    """Let bytes be removed where tests put them, and nowhere else."""
    allowed = f"{tempfile.gettempdir()},memory://,failing://,s3://lineage-tests"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEAGE_STORAGE_ALLOW", allowed)
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser, for the tests of a file.

    While Playwright runs, its thread has an event loop; whatever else needs one comes before or
    after.
    """
    from playwright.sync_api import sync_playwright

    from tests.pictures.pages import PATIENCE_MS

    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "no browser to open the page in: apt-get install chromium"
    # The page draws by WebGL, which a machine without a screen has in software.
    flags = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=path,
            args=[*flags, "--enable-unsafe-swiftshader"],
            timeout=PATIENCE_MS,
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LINEAGE_TEST_DATA") or beside)
    assert folder.is_dir(), f"no test data at {folder}: set LINEAGE_TEST_DATA"
    return folder


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        for name in (*BACKENDS, SERVED):
            if f"[{name}" in report.nodeid or f"-{name}" in report.nodeid:
                _ran[name] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells the main process which server it used."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["servers"] = [f"{server.version} ({server.origin})" for server in _servers]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _told.extend(getattr(node, "workeroutput", {}).get("servers", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ran = ", ".join(f"{name} {_ran[name]}" for name in (*BACKENDS, SERVED))
    terminalreporter.section("backends")
    terminalreporter.line(f"tests run on each backend: {ran}")
    servers = [f"{server.version} ({server.origin})" for server in _servers] + _told
    for server, count in Counter(servers).items():
        terminalreporter.line(f"Neo4j {server}" + (f", {count} servers" if count > 1 else ""))
    if not servers:
        terminalreporter.line("Neo4j was not used")
