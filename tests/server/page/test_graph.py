"""The graph: what is grouped and joined, and that it can be walked, filtered, opened and saved."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineage
from lineage import Artifact, Execution, Store
from lineage.errors import InvalidValue, NotFound
from lineage.pictures.drawing import Arrow, Box, Drawing
from lineage.server.page.graph import build_graph
from lineage.server.page.grouping import contract, group
from tests.server.page.conftest import Visit, save, settle

_TYPES = ("Dataset", "Model", "Metrics")


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    count = draw(st.integers(1, 12))
    boxes = tuple(
        Box(f"artifact{id}", Artifact(type=draw(st.sampled_from(_TYPES)), id=id), id == 1)
        for id in range(1, count + 1)
    )
    ends = st.integers(1, count)
    pairs = draw(st.sets(st.tuples(ends, ends), max_size=24))
    arrows = tuple(Arrow(f"artifact{a}", f"artifact{b}", "") for a, b in sorted(pairs) if a != b)
    return Drawing(boxes, arrows)


@given(drawings(), st.booleans())
def test_no_node_and_no_arrow_is_lost_by_grouping(drawing: Drawing, opened: bool) -> None:
    names = set(group(drawing).groups)
    grouped = group(drawing, names if opened else ())
    inside = [key.key for card in grouped.drawing.boxes for key in (card.members or (card,))]
    assert sorted(inside) == sorted(box.key for box in drawing.boxes)
    home = {
        box.key: card.key for card in grouped.drawing.boxes for box in (card.members or (card,))
    }
    across = [a for a in drawing.arrows if home[a.source] != home[a.target]]
    assert sum(grouped.counts.values()) == len(across)
    assert {(a.source, a.target) for a in grouped.drawing.arrows} == set(grouped.counts)
    if opened:
        assert not any(card.members for card in grouped.drawing.boxes)


@given(drawings(), st.sets(st.sampled_from(_TYPES)))
def test_what_is_hidden_still_conducts(drawing: Drawing, types: set[str]) -> None:
    shown = [box.node for box in drawing.boxes if box.node.type in types]
    found = contract(drawing, shown, 1_000)
    assert found is not None
    kept = {box.key for box in found.boxes}
    expected = set()
    for start in kept:
        pending, seen = [start], set()
        while pending:
            key = pending.pop()
            for arrow in drawing.arrows:
                if arrow.source != key:
                    continue
                if arrow.target in kept:
                    expected.add((start, arrow.target))
                elif arrow.target not in seen:
                    seen.add(arrow.target)
                    pending.append(arrow.target)
    assert {(a.source, a.target) for a in found.arrows} == {p for p in expected if p[0] != p[1]}


def test_too_many_joined_arrows_are_refused_not_left_out() -> None:
    boxes = [Box(f"a{id}", Artifact(type="Dataset", id=id), False) for id in range(1, 22)]
    middle = Box("m", Artifact(type="Model", id=99), False)
    arrows = [Arrow(box.key, "m", "") for box in boxes] + [Arrow("m", b.key, "") for b in boxes]
    drawing = Drawing((*boxes, middle), tuple(arrows))
    assert contract(drawing, [box.node for box in boxes], 100) is None


def test_the_same_picture_each_time(large_store: Store) -> None:
    first, second = (build_graph(large_store, ["Dataset:events"]) for _ in range(2))
    assert first == second
    assert first["grouped"]
    whole = len(large_store.upstream("Dataset:events") | large_store.downstream("Dataset:events"))
    assert first["node_count"] == sum(node.get("count", 1) for node in first["nodes"]) == whole
    lefts = {node["key"]: node["x"] for node in first["nodes"]}
    assert all(
        lefts[first["nodes"][s]["key"]] < lefts[first["nodes"][t]["key"]]
        for s, t, *_ in first["edges"]
    )
    failed = [node["states"]["FAILED"] for node in first["nodes"] if node["type"] == "Train"]
    assert failed == [len(large_store.executions(state="FAILED"))]


def test_an_opened_group_says_what_stays_together(large_store: Store) -> None:
    groups = build_graph(large_store, ["Dataset:events"])["groups"]
    name = next(name for name in groups if "/Split/" in name)
    opened = build_graph(large_store, ["Dataset:events"], opened=[name])
    splits = [node for node in opened["nodes"] if node["type"] == "Split"]
    assert sum(node.get("count", 1) for node in splits) == 1_200
    assert sum("count" not in node for node in splits) == 300


def test_more_than_can_be_drawn_stays_grouped_and_says_so(large_store: Store) -> None:
    found = build_graph(large_store, ["Dataset:events"], grouped=False)
    assert found["forced"]
    assert found["grouped"]


def test_labels_kept_places_and_as_of(demo_store: Store) -> None:
    raw = ["Dataset:cancer/raw"]
    tainted = build_graph(demo_store, raw, label="withdrawn")
    plain = build_graph(demo_store, raw)
    places = [[(n["key"], n["x"], n["y"]) for n in told["nodes"]] for told in (tainted, plain)]
    assert places[0] == places[1]
    assert sum("tainted" in node for node in tainted["nodes"]) == tainted["affected"] == 35
    assert [n["type"] for n in tainted["nodes"] if "barrier" in n] == ["Aggregate"]
    assert not any("tainted" in node for node in plain["nodes"])
    early = build_graph(demo_store, raw, as_of=plain["moments"][3])
    assert 0 < early["node_count"] < plain["node_count"]


def test_questions_about_nothing_are_errors() -> None:
    with lineage.connect("memory://") as store:
        store.record(Execution(type="Train", name="fit"))
        with pytest.raises(NotFound):
            build_graph(store, ["Model:nonsense"])
        with pytest.raises(InvalidValue):
            build_graph(store, ["Train:fit"], direction="sideways")
        with pytest.raises(InvalidValue):
            build_graph(store, [])


def test_a_graph_is_walked_by_keys(visit: Visit, demo_url: str) -> None:
    page = visit(demo_url, "#/graph/Dataset:cancer%2Fraw")
    canvas = page.locator(".canvas[data-tainted]")
    canvas.focus()
    side = page.locator(".side")
    for key, name in [("ArrowRight", "raw"), ("ArrowRight", "split"), ("ArrowLeft", "raw")]:
        page.keyboard.press(key)
        side.locator("h2", has_text=f"cancer/{name}").wait_for()
    side.get_by_text("three patients withdrew").or_(side.get_by_text("bytes")).first.wait_for()
    page.get_by_role("button", name="Why withdrawn?").click()
    side.locator(".timeline").wait_for()
    page.keyboard.press("Escape")
    canvas.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/node/**")


def test_a_box_is_chosen_by_a_click(visit: Visit, demo_url: str) -> None:
    page = visit(demo_url, "#/graph/Model:cancer%2Fforest?direction=upstream")
    page.locator(".canvas[data-tainted]").wait_for()
    box = page.locator(".canvas").bounding_box()
    assert box is not None
    point = page.evaluate(
        """() => { const stage = lineageStage, at = stage.scene.cards.findIndex(
            card => card.node.start), card = stage.scene.cards[at];
            stage.bring(at); return [card.w, card.h]; }"""
    )
    assert point[0] > point[1]
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".side h2", has_text="cancer/forest").wait_for()


def test_the_table_says_what_the_canvas_shows(visit: Visit, demo_url: str) -> None:
    page = visit(demo_url, "#/graph/Dataset:cancer%2Fraw")
    page.locator(".canvas[data-tainted]").wait_for()
    rows = page.locator(".side tbody tr")
    assert rows.count() == page.evaluate("lineageStage.scene.cards.length") == 40
    assert rows.filter(has_text="tainted").count() == 35
    rows.filter(has_text="aggregate").filter(has_text="barrier").get_by_role("button").click()
    page.locator(".side h2", has_text="aggregate").wait_for()


def test_types_are_hidden_and_time_goes_back(visit: Visit, demo_url: str) -> None:
    page = visit(demo_url, "#/graph/Dataset:cancer%2Fraw?direction=downstream")
    page.get_by_role("button", name="Evaluate 6").click()
    page.wait_for_url("**type=**")
    settle(page)
    page.get_by_text("33 nodes").first.wait_for()
    page.get_by_role("button", name="All types").click()
    page.get_by_text("39 nodes").first.wait_for()
    slider = page.get_by_role("slider", name="As it was known at")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_url("**as_of=**")
    settle(page)
    page.get_by_text("39 nodes").first.wait_for(state="detached")


def test_a_group_is_opened(visit: Visit, large_url: str) -> None:
    page = visit(large_url, "#/graph/Dataset:events")
    page.get_by_text("in 9 boxes").first.wait_for()
    page.locator(".side tbody tr", has_text="failed").get_by_role("button").click()
    page.get_by_role("button", name="Draw one by one").click()
    page.wait_for_url("**open=**")
    settle(page)
    page.get_by_text("in 309 boxes").first.wait_for()


def test_what_is_shown_is_saved(visit: Visit, demo_url: str, tmp_path: Path) -> None:
    page = visit(demo_url, "#/graph/Dataset:cancer%2Fraw")
    page.locator(".canvas[data-tainted]").wait_for()
    picture = ElementTree.fromstring(save(page, tmp_path, "SVG"))
    titles = [title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 40
    assert "Aggregate: cancer/aggregate" in titles
    assert save(page, tmp_path, "PNG").startswith(b"\x89PNG")


def test_it_moves_without_stopping(visit: Visit, large_url: str) -> None:
    page = visit(large_url, "#/graph/Dataset:events?depth=2&grouped=false")
    drawn = page.evaluate(
        """async () => { const before = lineageStage.frames;
            for (let at = 0; at < 10; at += 1) { lineageStage.pan(20, 10);
                await new Promise(requestAnimationFrame); }
            return lineageStage.frames - before; }"""
    )
    assert drawn >= 10
