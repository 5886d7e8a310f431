"""What is installed from the wheel is what is in the checkout."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pydantic
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


_USER = """
import lineage
from lineage import Artifact, Context, Execution, Kind, Run, Store


def ask(store: Store) -> list[str]:
    made = store.record(
        Execution(type="Train", name="fit", custom_properties={"lr": 0.1}),
        inputs={"examples": Artifact(type="Dataset", name="raw")},
        outputs={"model": Artifact(type="Model", name="churn")},
        contexts=[Context(type="PipelineRun", name="monday")],
    )
    model: Artifact = store.artifact(made.output("model"))
    store.mark(model, label="pii")
    clean: bool = store.check(model, label="pii").clean
    page = store.artifacts(type="Model", page_size=10)
    token: str | None = page.next_page_token
    with store.snapshot() as snapshot:
        node = snapshot.resolve("Model:churn", Kind.ARTIFACT)
    rows = store.query("MATCH (m:Model) RETURN m.name").rows
    return [found.node.label for found in store.upstream(model)] + [node.label, str(rows)]


with lineage.connect("memory://", clock=lambda: 1_000) as opened:
    print(ask(opened))
"""


def test_a_user_of_the_wheel_is_checked_strictly(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    [site] = home.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # What it needs is where the tests have it; the checkout itself is not on this path.
    ours = Path(pydantic.__file__).parents[1]
    for needed in ("pydantic", "pydantic_core", "annotated_types", "typing_inspection"):
        (site / needed).symlink_to(ours / needed)
    (site / "typing_extensions.py").symlink_to(ours / "typing_extensions.py")
    program = tmp_path / "user.py"
    program.write_text(_USER)
    told = subprocess.run(
        [
            sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=",
            "--python-executable", home / "bin" / "python", program,
        ],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout


def test_a_release_is_tried_before_it_is_published() -> None:
    yaml = pytest.importorskip("yaml")
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    jobs = workflow["jobs"]
    assert (jobs["try"]["needs"], jobs["publish"]["needs"]) == ("build", "try")
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    least = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert f">={jobs['try']['strategy']['matrix']['python'][0]}" == least
