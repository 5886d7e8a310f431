"""Each program in `examples/` runs by itself, in an empty folder, and says what is expected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((ROOT / "examples").glob("*.py"))
SAID = {
    "record_by_hand": "Dataset:customers at depth 4",
    "quarantine": "Model:ranker is clean: False",
    "delete_safely": "still upstream: ['Model:churn', 'execution:1', 'Dataset:raw']",
    "cached_steps": "another rate: CACHED COMPLETE COMPLETE",
    "ask_in_cypher": "{'model': 'churn-0.01', 'lr': 0.01, 'accuracy': 0.94}",
}


def run(program: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LINEAGE_")}
    return subprocess.run(
        [sys.executable, str(program), *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("name", SAID)
def test_it_runs_and_says(name: str, tmp_path: Path) -> None:
    ran = run(ROOT / "examples" / f"{name}.py", tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert SAID[name] in ran.stdout.splitlines()


def test_the_gate_says_no_to_what_is_tainted_and_to_what_it_does_not_know(tmp_path: Path) -> None:
    gate = ROOT / "examples" / "ci_gate.py"
    assert run(ROOT / "examples" / "quarantine.py", tmp_path).returncode == 0
    refused = run(gate, tmp_path, "Model:ranker", "poisoned")
    assert (refused.returncode, refused.stdout) == (1, "Model:ranker is NOT clean of poisoned\n")
    passed = run(gate, tmp_path, "Model:churn", "poisoned")
    assert (passed.returncode, passed.stdout) == (0, "Model:churn is clean of poisoned\n")
    assert run(gate, tmp_path, "Model:rankr", "poisoned").returncode == 3


def test_each_is_listed_and_tried() -> None:
    listed = (ROOT / "examples" / "README.md").read_text()
    assert {p.stem for p in PROGRAMS} == {*SAID, "ci_gate"}
    assert [p.name for p in PROGRAMS if f"`{p.name}`" not in listed] == []


def test_the_notebook_runs_cell_by_cell(tmp_path: Path) -> None:
    notebook = json.loads((ROOT / "examples" / "autolog.ipynb").read_text())
    cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    # As IPython does it: one cell after the other in one namespace, the last value of each shown.
    program = tmp_path / "cells.py"
    program.write_text(
        "import ast, json\n"
        f"for cell in json.loads({json.dumps(json.dumps(cells))}):\n"
        "    *rest, last = ast.parse(cell).body\n"
        "    if not isinstance(last, ast.Expr):\n"
        "        rest, last = [*rest, last], None\n"
        "    exec(compile(ast.Module(rest, []), '<cell>', 'exec'), globals())\n"
        "    if last is not None:\n"
        "        print(eval(compile(ast.Expression(last.value), '<cell>', 'eval'), globals()))\n"
    )
    ran = run(program, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "patients.csv").as_uri() in ran.stdout
    assert "{'C': 0.5, 'max_iter': 5000}" in ran.stdout
    assert "lineage:" not in ran.stderr
