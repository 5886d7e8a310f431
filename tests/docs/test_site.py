"""The documents and the API reference build without a warning, and point at what is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    reference = (tmp_path / "site" / "reference" / "store.html").read_text()
    for method in ("record", "trained_on", "plan_deletion", "query"):
        assert f'id="lineage.Store.{method}"' in reference


@pytest.mark.parametrize("name", TOP)
def test_links_at_the_top_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text()
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_each_promise_of_safety_names_a_test_that_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    promises = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(promises) >= 10
    for promise in promises:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", promise)
        assert named, f"no test is named: {promise}"
        for path, function in named:
            there = (ROOT / path).read_text() if (ROOT / path).exists() else None
            assert there is not None, f"there is no {path}: {promise}"
            assert not function or f"def {function}(" in there, f"{path} has no {function}"
