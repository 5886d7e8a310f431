"""Generated examples are the same whatever ran before, so that a test that passed passes again."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st


def generated() -> list[tuple[int, str]]:
    found = []

    @given(st.integers(), st.text())
    def keep(number: int, text: str) -> None:
        found.append((number, text))

    keep()
    return found


@pytest.mark.skipif(bool(os.environ.get("LINEAGE_LONG")), reason="looks for new examples")
def test_a_module_that_was_loaded_meanwhile_changes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = generated()
    constants = [*range(10**9, 10**9 + 300), *(f"word {n}" for n in range(300))]
    (tmp_path / "of_constants.py").write_text(f"CONSTANTS = {constants}\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("of_constants")
    assert generated() == before
