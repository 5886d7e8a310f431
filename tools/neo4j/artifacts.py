"""The server's jars, fetched once a user by Maven."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tools.fetching import CannotFetch
from tools.maven import fetched

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
    """The folder of the jars; fetched where it isn't there yet."""
    try:
        return fetched(
            f"neo4j-{VERSION}",
            "-f", str(POM), "dependency:copy-dependencies", "-DoutputDirectory={into}",
        )  # fmt: skip
    except CannotFetch as error:
        raise CannotStart(_wanted(str(error))) from error


def _wanted(problem: str) -> str:
    return (
        f"no Neo4j to be had: {problem}. Set LINEAGE_TEST_NEO4J_URL to a running server "
        "(neo4j://user:password@host:7687), or start Docker, or install Java 17 and Maven "
        "(Debian: apt-get install openjdk-17-jre-headless maven)"
    )
