"""The Cypher that the engine runs: one statement a file, in `cypher/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from lineage.errors import StoreError


@cache
def template(name: str) -> str:
    """The text of a template by its path without `.cypher`, such as `read/nodes`."""
    tried: list[str] = []
    # In the installed package; in a checkout the folder stands beside it.
    package = files("lineage")
    for folder in (package / "cypher", Path(str(package)).parent / "cypher"):
        found = folder / f"{name}.cypher"
        if found.is_file():
            return found.read_text(encoding="utf-8")
        tried.append(str(found))
    raise StoreError(f"no Cypher template {name!r}: it is neither at {' nor at '.join(tried)}")
