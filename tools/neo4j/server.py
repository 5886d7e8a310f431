"""One server process: its folder, its password, its start and its end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.neo4j.artifacts import VERSION, CannotStart, jars, java

__all__ = ["CannotStart", "LocalNeo4j"]

_OPENS = (
    "java.base/java.nio",
    "java.base/java.io",
    "java.base/sun.nio.ch",
    "java.base/java.util.concurrent",
    "java.base/java.lang",
)
# Of a slow disk and a busy machine; one that can't start says so at once.
_START_SECONDS = 900
# How often another port is tried where somebody took the one that was free.
_PORTS = 5
_PR_SET_PDEATHSIG = 1


class _PortTaken(CannotStart):
    """Somebody else listens at the port that was free a moment ago."""


class LocalNeo4j:
    """A Neo4j Community server on a free port of 127.0.0.1.

    `home` keeps its data; without it, a temporary folder does, which goes with the server.
    """

    def __init__(self, home: Path | None = None, *, heap: str = "1g", cache: str = "512m") -> None:
        self._java, self._jars = java(), jars()
        self._temporary = tempfile.TemporaryDirectory(prefix="neo4j-") if home is None else None
        self.home = Path(self._temporary.name) if self._temporary else home or Path()
        self._heap, self._cache = heap, cache
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self.password = self._set_up()
        for _ in range(_PORTS - 1):
            try:
                self.start()
                return
            except _PortTaken:
                self.port = _free_port()
        self.start()

    @property
    def version(self) -> str:
        return str(VERSION)

    @property
    def url(self) -> str:
        """Its store URL, password included."""
        return f"neo4j://neo4j:{self.password}@127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._configure()
        log = (self.home / "server.log").open("ab")
        opens = [word for name in _OPENS for word in ("--add-opens", f"{name}=ALL-UNNAMED")]
        self._process = subprocess.Popen(
            [
                self._java, f"-Xmx{self._heap}", *opens, "-cp", f"{self._jars}/*",
                "org.neo4j.server.CommunityEntryPoint", f"--home-dir={self.home}",
                f"--config-dir={self.home}/conf",
            ],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
        )  # fmt: skip
        log.close()
        self._await()

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Start again on the same data and port."""
        self.start()

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _set_up(self) -> str:
        """Make the folder at the first start; returns the password."""
        kept = self.home / "password"
        if kept.exists():
            return kept.read_text()
        (self.home / "conf").mkdir(parents=True, exist_ok=True)
        self._configure()
        password = secrets.token_hex(8)
        told = subprocess.run(
            [
                self._java, "-cp", f"{self._jars}/*", "org.neo4j.cli.AdminTool", "dbms",
                "set-initial-password", password,
            ],
            env={
                **os.environ,
                "NEO4J_HOME": str(self.home.absolute()),
                "NEO4J_CONF": str(self.home.absolute() / "conf"),
            },
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        if told.returncode:
            raise CannotStart(f"Neo4j's password could not be set:\n{told.stdout}{told.stderr}")
        kept.touch(mode=0o600)
        kept.write_text(password)
        return password

    def _configure(self) -> None:
        lines = {
            "server.default_listen_address": "127.0.0.1",
            "server.bolt.listen_address": f"127.0.0.1:{self.port}",
            "server.bolt.advertised_address": f"127.0.0.1:{self.port}",
            "server.http.enabled": "false",
            "server.https.enabled": "false",
            "server.memory.pagecache.size": self._cache,
            "server.memory.heap.max_size": self._heap,
            "dbms.usage_report.enabled": "false",
        }
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        (self.home / "conf" / "neo4j.conf").write_text(text)

    def _await(self) -> None:
        """Wait for an answer from our own process, not from whoever else has that port."""
        import neo4j

        deadline = time.monotonic() + _START_SECONDS
        with neo4j.GraphDatabase.driver(
            f"bolt://127.0.0.1:{self.port}", auth=("neo4j", self.password)
        ) as driver:
            while True:
                assert self._process is not None
                if self._process.poll() is not None:
                    if not _is_free(self.port):
                        raise _PortTaken(f"somebody else listens at port {self.port}")
                    raise CannotStart(f"Neo4j ended while starting:\n{self._tail()}")
                with contextlib.suppress(neo4j.exceptions.DriverError, neo4j.exceptions.Neo4jError):
                    driver.verify_connectivity()
                    return
                if time.monotonic() > deadline:
                    self.kill()
                    raise CannotStart(
                        f"Neo4j did not answer in {_START_SECONDS} s:\n{self._tail()}"
                    )
                time.sleep(0.25)

    def _tail(self) -> str:
        return (self.home / "server.log").read_text(errors="replace")[-2000:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the server does: what is left of closed connections is in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _die_with_parent() -> None:
    """No server is left behind, however its owner ends (Linux only; elsewhere `stop` must do)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
