"""One source for the Cypher templates of artifacts, executions and contexts.

A label can't be a parameter without losing its index, so what is asked of all three kinds of node
is three files in `cypher/`. Each such set is generated from one source in this folder, whose path
has `kinds` (or `kind`) where theirs has `artifacts`, `executions`, `contexts`. In a source

- `<kinds>`, `<kind>` and `<Kind>` stand for `artifacts`, `artifact` and `Artifact`;
- a first line `kinds: artifacts, executions` says that there is none for contexts;
- `<contexts> ` at the start of a line keeps that line for contexts only.

python -m tools.triples
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCES = Path(__file__).parent
TEMPLATES = SOURCES.parents[1] / "cypher"
KINDS = ("artifact", "execution", "context")
_ONLY = re.compile(r"<((?:(?:, )?(?:artifacts|executions|contexts))+)> ")


def generate(source: Path) -> Mapping[Path, str]:
    """Return the texts of the templates of a source, by their paths."""
    lines = source.read_text().splitlines()
    kinds = {f"{kind}s": kind for kind in KINDS}
    if lines[0].startswith("kinds: "):
        named = lines.pop(0).removeprefix("kinds: ").split(", ")
        kinds = {name: kinds[name] for name in named}
    relative = source.relative_to(SOURCES)
    return {
        TEMPLATES / relative.with_name(_fill_name(relative.name, kind)): _fill(lines, name, kind)
        for name, kind in kinds.items()
    }


def generate_all() -> dict[Path, str]:
    """Return the texts of all generated templates, by their paths."""
    return {path: text for source in find_sources() for path, text in generate(source).items()}


def find_sources() -> Iterator[Path]:
    """Find the sources."""
    yield from sorted(SOURCES.rglob("*.cypher"))


def _fill_name(name: str, kind: str) -> str:
    return re.sub(r"(?<![a-z])kind(?=s?(?![a-z]))", kind, name)


def _fill(lines: list[str], name: str, kind: str) -> str:
    kept = []
    for line in lines:
        only = _ONLY.match(line)
        if only is None:
            kept.append(line)
        elif name in only[1].split(", "):
            kept.append(line[only.end() :])
    text = "\n".join(kept) + "\n"
    return text.replace("<kinds>", name).replace("<kind>", kind).replace("<Kind>", kind.title())
