"""Answers as a notebook shows them, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from lineage import Artifact, Execution, Store
from lineage.questions.notebook import MOST_ROWS

pytestmark = pytest.mark.backends("memory")
HOSTILE = "<img src=x onerror=document.title='taken'> & <b>"


@pytest.fixture
def answers(store: Store) -> dict[str, Any]:
    for at, rate in enumerate((0.5, 0.25)):
        store.record(
            Execution(
                type="Train",
                name=f"{HOSTILE}{at}",
                custom_properties={"lr": rate, HOSTILE: HOSTILE},
            ),
            inputs={HOSTILE: Artifact(type="Dataset", name=f"{HOSTILE}0")},
            outputs={"model": Artifact(type="Model", name=f"m{at}")},
        )
        store.record(
            Execution(type="Evaluate", name=f"e{at}"),
            inputs={"model": f"Model:m{at}"},
            outputs=[
                Artifact(
                    type="Metrics", name=f"{HOSTILE}{at}", custom_properties={"auc": 0.9 - rate}
                )
            ],
        )
    source = f"Dataset:{HOSTILE}0"
    store.mark(source, label=HOSTILE, reason=HOSTILE)
    store.mark(f"Train:{HOSTILE}1", label=HOSTILE, clean=True, reason=HOSTILE)
    return {
        "Taint": store.taint(label=HOSTILE),
        "Check": store.check("Model:m0", label=HOSTILE),
        "Cut": store.cheapest_cut("Model:m0", label=HOSTILE),
        "Progress": store.taint_progress(label=HOSTILE),
        "Rebuild": store.plan_rebuild(label=HOSTILE),
        "Impact": store.impact(source),
        "Diff": store.diff("Model:m0", "Model:m1"),
        "Siblings": store.siblings("Model:m0"),
        "Blame": store.blame("Model:m0", good=["Model:m1"]),
        "Bisection": store.bisect("Model:m1", good=["Model:m0"]),
        "Failure": store.failure(f"Train:{HOSTILE}1"),
        "About": store.about("Model:m0"),
        "Witness": store.why(source, "Model:m1"),
    }


def test_each_is_shown_and_nothing_in_it_runs(
    answers: dict[str, Any], browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "shown.html"
    page = browser.new_page()
    for name, answer in answers.items():
        assert type(answer).__name__ == name
        html = answer._repr_html_()
        file.write_text(f"<title>ours</title>{html}", encoding="utf-8")
        page.goto(file.as_uri())
        assert page.title() == "ours", name
        assert page.locator("img, b, script").count() == 0, name
        assert page.locator("td").count() > 0, name
        seen = page.locator("body").inner_text()
        assert "m0" in seen or "Dataset" in seen, (name, seen)
        assert "{" not in seen, (name, seen)
    page.close()


def test_a_taint_says_what_is_affected(
    answers: dict[str, Any], browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "taint.html"
    file.write_text(answers["Taint"]._repr_html_(), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    seen = page.locator("body").inner_text()
    page.close()
    assert f"Dataset:{HOSTILE}0 (artifact:1)" in seen
    assert "Model:m0" in seen
    assert "barriers (1)" in seen
    assert "Model:m1" not in seen


def test_many_rows_are_not_all_shown(store: Store) -> None:
    store.record(
        Execution(type="Split"),
        inputs={"d": Artifact(type="Dataset", name="raw")},
        outputs=[Artifact(type="Dataset", name=f"p{at}") for at in range(MOST_ROWS * 2)],
    )
    shown = store.taint(source="Dataset:raw")._repr_html_()
    assert shown.count("Dataset:p") == MOST_ROWS - 2
    assert f"({MOST_ROWS * 2 + 2:,})" in shown
    assert f"The first {MOST_ROWS} are shown." in shown
