"""The page, opened in a real browser: shown, searched, clicked, zoomed, and nothing is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from lineage import Artifact, Execution, Kind, Store, Type
from lineage.formats.graphml import graphml
from tests.conformance.test_questions_tracing import ladder
from tests.pictures.pages import new_page

pytestmark = pytest.mark.backends("memory")
HOSTILE = (
    "</script><script>document.title='taken'</script><img src=x onerror=alert(1)> {{data}} &amp;"
)

NO_TIMES = {"created_ms": 0, "updated_ms": 0}


@pytest.fixture
def page(browser: Browser, store: Store, tmp_path: Path) -> Iterator[Page]:
    store.record(
        Execution(type="Train", name="fit", custom_properties={"lr": 0.125, "note": HOSTILE}),
        inputs={"d": Artifact(type="Dataset", name=HOSTILE, uri="s3://bucket/raw")},
        outputs={"m": Artifact(type="Model", name="churn")},
    )
    store.record(
        Execution(type="Evaluate", name="judge"),
        inputs={"m": "Model:churn"},
        outputs=[Artifact(type="Metrics", custom_properties={"auc": 0.9})],
    )
    both = store.upstream("Model:churn") | store.downstream("Model:churn")
    file = tmp_path / "page.html"
    file.write_text(both.to_html(), encoding="utf-8")
    opened = new_page(browser, viewport={"width": 1200, "height": 700})
    said: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(file.as_uri())
    yield opened
    opened.close()
    assert said == []
    assert asked == [file.as_uri()]


def view(page: Page) -> list[float]:
    return [float(number) for number in page.get_attribute("svg", "viewBox").split()]  # type: ignore[union-attr]


def test_it_shows_what_it_is_given_and_runs_nothing_of_it(page: Page) -> None:
    assert page.title() == "Upstream and downstream of Model:churn"
    assert page.locator(".box").count() == 5
    assert page.locator(".arrows path").count() == 4
    assert page.locator("img").count() == 0
    types = page.locator("#legend li").all_inner_texts()
    assert sorted(types) == ["Dataset", "Evaluate", "Metrics", "Model", "Train"]


def test_a_click_tells_everything(page: Page) -> None:
    page.locator(".box[data-key=execution1]").click()
    told = page.locator("#details").inner_text()
    assert "Train:fit" in told
    assert "0.125" in told
    assert HOSTILE in told
    # Itself, the data, the model, and what came of that.
    assert page.locator(".box.on").count() == 5
    page.locator(".box[data-key=artifact3]").click()
    assert page.locator(".box.on").count() == 5
    page.locator("#details button", has_text="Evaluate:judge").click()
    assert "execution:2" in page.locator("#details").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#details").is_visible()
    assert page.locator(".box.on").count() == 0


def test_search_finds_names_uris_and_values(page: Page) -> None:
    for text, found in (("churn", 1), ("s3://bucket", 1), ("0.125", 1), ("metrics", 1), ("", 0)):
        page.fill("#search", text)
        assert page.locator(".box.found").count() == found
    page.fill("#search", "nothing like it")
    assert page.locator("#count").inner_text() == "0 found"
    page.fill("#search", "train fit")
    page.keyboard.press("Enter")
    assert "Train:fit" in page.locator("#details").inner_text()


def test_it_zooms_moves_and_comes_back(page: Page) -> None:
    whole = view(page)
    page.mouse.move(600, 300)
    page.mouse.wheel(0, -300)
    page.wait_for_function("before => document.querySelector('svg').viewBox.baseVal.width < before",
                           arg=whole[2])  # fmt: skip
    nearer = view(page)
    page.mouse.down()
    page.mouse.move(500, 250, steps=4)
    page.mouse.up()
    moved = view(page)
    assert moved[0] > nearer[0]
    assert moved[1] > nearer[1]
    # To drag is not to click.
    assert not page.locator("#details").is_visible()
    page.click("#fit")
    assert view(page) == whole
    page.click("#in")
    assert view(page)[2] < whole[2]
    page.locator(".box[data-key=artifact2]").focus()
    page.keyboard.press("Enter")
    assert "Model:churn" in page.locator("#details").inner_text()


def test_hundreds_of_boxes(browser: Browser, store: Store, tmp_path: Path) -> None:
    _, last = ladder(store, 60)
    file = tmp_path / "ladder.html"
    file.write_text(store.upstream(*last).to_html("The ladder"), encoding="utf-8")
    page = new_page(browser, viewport={"width": 1200, "height": 700})
    page.goto(file.as_uri())
    assert page.locator(".box").count() == 240
    # What was asked about can be read at once.
    box = page.locator(f".box[data-key=artifact{last[0]}] rect").bounding_box()
    assert box is not None
    assert 0 < box["x"] < 1200
    assert box["height"] >= 20
    page.close()


def test_it_begins_where_the_picture_ends_at_what_was_asked_about(
    browser: Browser, store: Store, tmp_path: Path
) -> None:
    first, last = ladder(store, 60)
    for answer, asked, side in (
        (store.upstream(*last), last, (900, 1200)),
        (store.downstream(*first), first, (0, 300)),
    ):
        file = tmp_path / "ladder.html"
        file.write_text(answer.to_html(), encoding="utf-8")
        page = new_page(browser, viewport={"width": 1200, "height": 700})
        page.goto(file.as_uri())
        box = page.locator(f".box[data-key=artifact{asked[0]}] rect").bounding_box()
        assert box is not None
        assert side[0] <= box["x"] < side[1]
        page.close()


def test_what_has_no_name_is_called_by_its_type(
    browser: Browser, store: Store, tmp_path: Path
) -> None:
    """As nearly all is that ML Metadata's library recorded; and TFX's types have long names."""
    store.put_type(Type(kind=Kind.EXECUTION, name="tfx.components.pusher.component.Pusher"))
    run = store.record(
        Execution(type="tfx.components.pusher.component.Pusher"),
        outputs={"pushed": Artifact(type="PushedModel")},
    )
    # An old database of ML Metadata has no times.
    store.mirror(nodes=[store.artifact(run.output("pushed")).model_copy(update=NO_TIMES)])
    answer = store.downstream(f"execution:{run.execution}")
    model = f"PushedModel (artifact:{run.output('pushed')})"
    pusher = f"Pusher (execution:{run.execution})"
    file = tmp_path / "unnamed.html"
    file.write_text(answer.to_html(), encoding="utf-8")
    page = new_page(browser, viewport={"width": 1200, "height": 700})
    page.goto(file.as_uri())
    assert page.title() == f"Downstream of {pusher}"
    assert page.locator(".box text").all_text_contents() == [pusher, model]
    assert sorted(page.locator("#legend li").all_inner_texts()) == ["PushedModel", "Pusher"]
    page.locator(".box").last.click()
    told = page.locator("#details").inner_text()
    assert told.splitlines()[1] == model
    assert "1970" not in told
    page.close()
    for text in (answer.to_mermaid(), answer.to_dot(), graphml(answer)):
        assert model in text
        assert pusher in text


def test_a_notebook_shows_a_picture_or_says_why_not(store: Store) -> None:
    _, last = ladder(store, 60)
    shown = store.upstream(*last)._repr_html_()
    assert "<svg" in shown
    assert "240 nodes" in shown
    assert "<script" not in shown
    more = [Artifact(type="Dataset", name=f"more{at}") for at in range(400)]
    store.record(Execution(type="Split"), inputs=last, outputs=more)
    large = store.downstream(*last)
    assert "<svg" not in large._repr_html_()
    assert "to_html()" in large._repr_html_()
