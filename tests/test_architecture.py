"""The arrows of the design, section 3: nothing below knows anything above."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import triples

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "lineage").rglob("*.py"))

# Each part, with the parts that it may import besides itself.
_MODEL = {"errors", "model"}
_RULES = {*_MODEL, "filters", "ports", "rules"}
_QUESTIONS = {*_RULES, "opencypher", "algorithms", "captions", "pictures", "session", "questions"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "captions": set(),
    "deprecation": set(),
    "algorithms": {"errors"},
    "model": {"errors"},
    "filters": _MODEL,
    "ports": {*_MODEL, "filters"},
    "opencypher": {"errors"},
    "backends": {*_MODEL, "filters", "ports", "opencypher"},
    "rules": {*_MODEL, "filters", "ports"},
    "session": _RULES,
    "queries": {*_QUESTIONS, "opencypher", "backends"},
    "pictures": {*_MODEL, "captions"},
    "questions": _QUESTIONS,
    "storage": _MODEL,
    "changes": {*_QUESTIONS, "storage"},
    # The one import of what opens stores is for a store that is unpickled.
    "store": {*_QUESTIONS, "changes", "queries", "connection", "deprecation"},
    "wire": {*_MODEL, "rules"},
    "aio": {"errors", "store", "connection"},
    "testing": {*_QUESTIONS, "store"},
    "client": {*_QUESTIONS, "backends", "store", "wire"},
    "connection": {*_QUESTIONS, "backends", "store", "client"},
}
# Those on top: they may use what is below and the store, but not each other's insides.
_TOP = {*ALLOWED, "__init__"}
ON_TOP: dict[str, set[str]] = {
    "recording": _TOP,
    "formats": {*_TOP, "recording"},
    "demo": {*_TOP, "recording"},
    "server": {*_TOP, "formats", "recording"},
    "cli": {*_TOP, "formats", "recording", "demo", "server"},
    "__init__": {*_TOP, "recording"},
    "__main__": {"cli"},
}


def part_of(path: Path) -> str:
    """Which part of the package a file is."""
    return path.relative_to(ROOT / "lineage").parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and part of each import of ours, wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            module = node.module or ""
            names = [f"{module}.{a.name}" if module == "lineage" else module for a in node.names]
        for name in names:
            top, _, rest = name.partition(".")
            if top == "lineage":
                yield node.lineno, _part(rest)


def _part(dotted: str) -> str:
    """`lineage.Artifact` is the package itself, `lineage.model.types` the model."""
    first = dotted.partition(".")[0]
    inside = ROOT / "lineage" / first
    return (
        first if first and (inside.is_dir() or inside.with_suffix(".py").exists()) else "__init__"
    )


def in_words(path: Path, line: int, said: str) -> str:
    return f"{path.relative_to(ROOT)}:{line}: {said}"


def test_the_templates_of_each_kind_come_of_one_source() -> None:
    generated = triples.generate_all()
    stale = [path.name for path, text in generated.items() if path.read_text() != text]
    assert not stale, f"change the sources in tools/triples, then run it: {stale}"
    assert len(generated) > 80


UNIT = ROOT / "tests" / "unit"


def test_the_unit_layer_mirrors_the_package() -> None:
    wrong = []
    for path in UNIT.rglob("test_*.py"):
        subject = ROOT / "lineage" / path.relative_to(UNIT).parent / path.stem.removeprefix("test_")
        if not (subject.is_dir() or subject.with_suffix(".py").exists()):
            wrong.append(str(path.relative_to(ROOT)))
    assert not wrong, f"no module of the package is where these say: {wrong}"


def test_the_unit_layer_opens_no_store() -> None:
    opening = re.compile(r"\bconnect\(|\burl: str\b|\bstore: Store\b|open_backend\(")
    wrong = [path.name for path in UNIT.rglob("test_*.py") if opening.search(path.read_text())]
    assert not wrong, f"these belong beside the other tests of their feature: {wrong}"


def test_every_part_has_its_place() -> None:
    unknown = {part_of(path) for path in MODULES} - {*ALLOWED, *ON_TOP}
    assert not unknown, f"say in this test what {sorted(unknown)} may import"


def test_data_flows_one_way() -> None:
    wrong = [
        in_words(path, line, f"{part_of(path)} imports {target}")
        for path in MODULES
        for line, target in imported(path)
        if target != part_of(path) and target not in {**ALLOWED, **ON_TOP}.get(part_of(path), set())
    ]
    assert not wrong, "\n".join(wrong)


def test_backends_do_not_know_each_other() -> None:
    own = ("memory", "sqlite", "neo4j")
    wrong = []
    for path in MODULES:
        inside = path.relative_to(ROOT / "lineage").parts
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.ImportFrom) and node.module):
                continue
            for backend in own:
                prefix = f"lineage.backends.{backend}"
                theirs = node.module == prefix or node.module.startswith(prefix + ".")
                mine = inside[0] == "backends" and inside[1].removesuffix(".py") == backend
                if theirs and not mine:
                    wrong.append(in_words(path, node.lineno, f"imports {node.module}"))
    assert not wrong, "\n".join(wrong)


def test_no_database_driver_outside_its_backend() -> None:
    """The MLMD importer reads SQLite files, which are its format; digests are kept in one."""
    homes = {
        "sqlite3": {"backends/sqlite", "formats/mlmd", "recording/content.py"},
        "neo4j": {"backends/neo4j"},
        "networkx": {"backends/memory", "questions", "algorithms", "formats"},
    }
    wrong = []
    for path in MODULES:
        inside = path.relative_to(ROOT / "lineage").as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            for name in names:
                places = homes.get(name.partition(".")[0])
                if places is not None and not any(inside.startswith(p) for p in places):
                    wrong.append(in_words(path, node.lineno, f"imports {name}"))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("folder", ["lineage", "tools", "tests", "benchmarks"])
def test_no_drawer_for_odds_and_ends(folder: str) -> None:
    bad = {"utils", "util", "helpers", "helper", "common", "misc"}
    found = []
    for inside, folders, files in os.walk(ROOT / folder):
        # Hidden folders hold what others write, some of them at this moment: environments, caches.
        folders[:] = [name for name in folders if not name.startswith(".")]
        named = [*folders, *(name for name in files if name.endswith(".py"))]
        found += [Path(inside, name) for name in named if name.removesuffix(".py") in bad]
    assert not found, f"name these after what they do: {found}"


@pytest.mark.parametrize("folder", ["lineage", "tools"])
def test_everything_public_says_what_it_is(folder: str) -> None:
    silent: list[str] = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text())
        if ast.get_docstring(tree) is None:
            silent.append(in_words(path, 1, "the module has no docstring"))
        silent += [
            in_words(path, node.lineno, f"{node.name} has no docstring")
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and ast.get_docstring(node) is None
        ]
    assert not silent, "\n".join(silent)


def test_no_module_has_grown_into_everything() -> None:
    """The ancestor's store had 2,000 lines."""
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for path in MODULES
        # The facade is the API reference: mostly docstrings.
        if (count := len(path.read_text().splitlines())) > 700 and path.name != "store.py"
    ]
    assert not long, "\n".join(long)


# The stages of the query engine: each imports only from those before it.
STAGES = ("syntax", "values", "functions", "semantics", "planning", "execution")


def test_each_stage_of_the_query_engine_imports_only_from_its_left() -> None:
    home = ROOT / "lineage" / "opencypher"
    above = {"__init__", "api"}
    wrong = []
    for path in sorted(home.rglob("*.py")):
        stage = path.relative_to(home).parts[0].removesuffix(".py")
        if stage in above:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom):
                continue
            for alias in node.names:
                dotted = f"{node.module}.{alias.name}".split(".")
                if dotted[:2] != ["lineage", "opencypher"]:
                    continue
                target = dotted[2]
                allowed = {"errors", *STAGES[: STAGES.index(stage) + 1 if stage in STAGES else 0]}
                if target not in allowed:
                    wrong.append(in_words(path, node.lineno, f"{stage} imports {target}"))
    assert not wrong, "\n".join(wrong)
