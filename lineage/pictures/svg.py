"""A drawing as SVG, laid out by ourselves, so that it needs no program to be shown."""

from __future__ import annotations

from html import escape
from itertools import pairwise

from lineage.captions import printable
from lineage.pictures.drawing import Drawing
from lineage.pictures.layout import HEIGHT, Layout, PlacedArrow, PlacedBox, Point, layout

# Steps are blue; the types of what they read and write take these in turn.
_STEP = "#dbe7f6"
_COLOURS = ("#fbeecb", "#d9f0d8", "#f6dcd5", "#e6def3", "#d6eef0", "#eee5d6", "#f3d9e8", "#e4e8c8")


def svg(drawing: Drawing) -> str:
    """The picture; what was asked about has a thick border."""
    return _picture(layout(drawing), colours(drawing))


def colours(drawing: Drawing) -> dict[str, str]:
    """The colour of each type in a drawing, by the type's name."""
    types = {box.node.type: box.round for box in drawing.boxes}
    others = [name for name, step in types.items() if not step]
    taken = {name: _COLOURS[at % len(_COLOURS)] for at, name in enumerate(others)}
    return {name: taken.get(name, _STEP) for name in types}


def _picture(placed: Layout, colour: dict[str, str]) -> str:
    width, height = placed.width, placed.height
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="system-ui, sans-serif" '
        'font-size="12" role="img">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto-start-reverse">'
        '<path d="M0 0L8 4L0 8z" fill="#8a8f98"/></marker></defs>',
        '<g class="arrows" fill="none" stroke="#8a8f98" stroke-width="1.2">',
        *(_arrow(arrow) for arrow in placed.arrows),
        '</g><g class="boxes" stroke="#5b6472">',
        *(_box(box, colour[box.box.node.type]) for box in placed.boxes),
        "</g></svg>",
    ]
    return "\n".join(lines)


def _arrow(placed: PlacedArrow) -> str:
    arrow = placed.arrow
    ways = [_curve(here, there) for here, there in pairwise(placed.points)]
    x, y = placed.points[0]
    return (
        f'<path data-source="{arrow.source}" data-target="{arrow.target}" '
        f'd="M{x:.1f} {y:.1f}{"".join(ways)}" marker-end="url(#tip)">'
        f"<title>{_text(arrow.label)}</title></path>"
    )


def _curve(here: Point, there: Point) -> str:
    bend = (there[0] - here[0]) / 2
    return (
        f"C{here[0] + bend:.1f} {here[1]:.1f} {there[0] - bend:.1f} {there[1]:.1f} "
        f"{there[0]:.1f} {there[1]:.1f}"
    )


def _box(placed: PlacedBox, fill: str) -> str:
    box = placed.box
    return (
        f'<g class="box" data-key="{box.key}" '
        f'transform="translate({placed.x:.1f} {placed.y:.1f})">'
        f'<rect width="{placed.width:.1f}" height="{HEIGHT:.0f}" rx="{15 if box.round else 3}" '
        f'fill="{fill}" stroke-width="{2.5 if box.start else 1}"/>'
        f'<text x="{placed.width / 2:.1f}" y="{HEIGHT / 2 + 4:.0f}" text-anchor="middle" '
        f'fill="#1c2128" stroke="none">{_text(placed.text)}</text>'
        f"<title>{_text(box.node.label)} ({box.node.kind}:{box.node.id})</title></g>"
    )


def _text(text: str) -> str:
    return escape(printable(text))
