"""Where the kit comes from: a Maven artifact with the feature files in it."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path

from tools.maven import fetched

VERSION = "1.0.0-M23"


@cache
def jar() -> Path:
    """The artifact; fetched once a user. Raises CannotFetch where it can't be had."""
    home = fetched(
        f"opencypher-tck-{VERSION}",
        "dependency:copy", f"-Dartifact=org.opencypher:tck:{VERSION}", "-DoutputDirectory={into}",
    )  # fmt: skip
    return home / f"tck-{VERSION}.jar"


def features() -> dict[str, str]:
    """The text of each feature file, by its path below `features`."""
    with zipfile.ZipFile(jar()) as archive:
        return {
            name.removeprefix("features/"): archive.read(name).decode()
            for name in sorted(archive.namelist())
            if name.endswith(".feature")
        }


def named_graph(name: str) -> str:
    """The statement that makes a graph that scenarios name, like `binary-tree-1`."""
    with zipfile.ZipFile(jar()) as archive:
        return archive.read(f"graphs/{name}/{name}.cypher").decode()
