"""What is installed from the wheel is what is in the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_has_every_template_and_module(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        f"lineage/{path.relative_to(ROOT).as_posix()}" for path in ROOT.glob("cypher/**/*.cypher")
    }
    expected |= {path.relative_to(ROOT).as_posix() for path in ROOT.glob("lineage/**/*.py")}
    packaged = {n for n in names if ".dist-info/" not in n and not n.endswith("/")}
    assert {n for n in packaged if n.endswith((".py", ".cypher"))} == expected


def test_an_installed_wheel_finds_its_templates(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import lineage; from lineage.backends.neo4j.templates import template; "
            "print(lineage.__file__); print(template('read/types'))",
        ],
        env={"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.startswith(str(tmp_path))
    assert "MATCH (t:Type)" in told
