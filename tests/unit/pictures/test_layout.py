"""Where boxes stand and arrows run."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from lineage import Artifact, Event, EventType, Execution
from lineage.pictures.drawing import Drawing, draw
from lineage.pictures.layout import HEIGHT, layout
from lineage.pictures.svg import svg

_events = st.lists(
    st.tuples(
        st.integers(1, 8),
        st.integers(1, 8),
        st.sampled_from([EventType.INPUT, EventType.OUTPUT, EventType.PENDING_OUTPUT]),
    ),
    max_size=30,
)


def drawing(events: list[tuple[int, int, EventType]]) -> Drawing:
    nodes = [Artifact(type="Dataset", id=id, name="x" * 9 * (id % 5)) for id in range(1, 9)]
    steps = [Execution(type="Train", id=id) for id in range(1, 9)]
    return draw(
        [*nodes, *steps],
        [Event(artifact_id=a, execution_id=x, type=type) for a, x, type in events],
    )


def reached(start: str, onward: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = onward.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    return found


@given(events=_events)
def test_boxes_stand_apart_and_arrows_run_onward(
    events: list[tuple[int, int, EventType]],
) -> None:
    given_ = drawing(events)
    placed = layout(given_)
    assert [p.box for p in placed.boxes] == list(given_.boxes)
    assert [p.arrow for p in placed.arrows] == list(given_.arrows)
    for one in placed.boxes:
        assert one.x >= 0
        assert one.x + one.width <= placed.width
        assert one.y >= 0
        assert one.y + HEIGHT <= placed.height
        for other in placed.boxes:
            apart = (
                one is other
                or one.x + one.width <= other.x
                or other.x + other.width <= one.x
                or abs(one.y - other.y) >= HEIGHT
            )
            assert apart
    onward: dict[str, set[str]] = {}
    for arrow in given_.arrows:
        onward.setdefault(arrow.source, set()).add(arrow.target)
    x = {p.box.key: p.x for p in placed.boxes}
    for arrow in given_.arrows:
        if arrow.source not in reached(arrow.target, onward):
            assert x[arrow.source] < x[arrow.target]


@given(events=_events)
def test_the_picture_is_whole(events: list[tuple[int, int, EventType]]) -> None:
    given_ = drawing(events)
    root = ElementTree.fromstring(svg(given_))
    namespace = {"s": "http://www.w3.org/2000/svg"}
    assert len(root.findall(".//s:g[@class='box']", namespace)) == len(given_.boxes)
    assert len(root.findall(".//s:g[@class='arrows']/s:path", namespace)) == len(given_.arrows)


def test_one_order_has_no_crossing_where_none_is_needed() -> None:
    """Each of three chains stays a line, though its boxes are given in another order."""
    chains = ((4, 1, 5), (1, 3, 6), (2, 2, 7))
    events = [(source, step, EventType.INPUT) for source, step, _ in chains]
    events += [(target, step, EventType.OUTPUT) for _, step, target in chains]
    y = {p.box.key: p.y for p in layout(drawing(events)).boxes}
    for source, step, target in chains:
        assert abs(y[f"artifact{source}"] - y[f"execution{step}"]) < HEIGHT
        assert abs(y[f"execution{step}"] - y[f"artifact{target}"]) < HEIGHT


def test_nothing_is_a_picture_too() -> None:
    ElementTree.fromstring(svg(Drawing((), ())))
