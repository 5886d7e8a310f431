"""The server's jars, fetched once a user by Maven."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
VERSION = re.findall(r"<version>([\d.]{3,})</version>", POM.read_text())[0]
_OLDEST_JAVA = 17


class CannotStart(Exception):
    """There is no local Neo4j to be had; the message says what to install."""


def java() -> str:
    """The path of a Java that can run the server."""
    found = shutil.which("java")
    if found is None:
        raise CannotStart(_wanted("there is no java"))
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        raise CannotStart(_wanted(f"java is too old ({told.splitlines()[:1]})"))
    return found


def jars() -> Path:
    """The folder of the jars; fetched where it isn't there yet.

    Several may ask at once: one fetches, into a folder that only gets its name when it is whole.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lineage"
    home = cache / f"neo4j-{VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            _fetch(cache, home)
    return home


def _fetch(cache: Path, home: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStart(_wanted("there is no mvn"))
    with tempfile.TemporaryDirectory(dir=cache) as partial:
        told = subprocess.run(
            [
                maven, "-B", "-q", "-f", str(POM), "dependency:copy-dependencies",
                f"-DoutputDirectory={partial}/lib",
            ],
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        if told.returncode:
            raise CannotStart(f"Maven could not fetch Neo4j {VERSION}:\n{told.stdout[-2000:]}")
        os.rename(f"{partial}/lib", home)


def _wanted(problem: str) -> str:
    return (
        f"no Neo4j to be had: {problem}. Set LINEAGE_TEST_NEO4J_URL to a running server "
        "(neo4j://user:password@host:7687), or start Docker, or install Java 17 and Maven "
        "(Debian: apt-get install openjdk-17-jre-headless maven)"
    )
