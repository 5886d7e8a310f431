"""A drawing in Graphviz's DOT language."""

from __future__ import annotations

from lineage.captions import printable
from lineage.pictures.drawing import Box, Drawing


def dot(drawing: Drawing) -> str:
    """The directed graph, from left to right."""
    lines = [
        "digraph lineage {",
        "    rankdir=LR",
        '    node [fontname="Helvetica" fontsize=11]',
        '    edge [fontname="Helvetica" fontsize=9 color="#666666"]',
    ]
    lines += [f"    {box.key} [{_attributes(box)}]" for box in drawing.boxes]
    for arrow in drawing.arrows:
        label = f" [label={_quote(arrow.label)}]" if arrow.label else ""
        lines.append(f"    {arrow.source} -> {arrow.target}{label}")
    return "\n".join([*lines, "}"]) + "\n"


def _attributes(box: Box) -> str:
    given = {
        "label": _quote(box.caption),
        "shape": "box",
        "style": '"rounded,filled"' if box.round else "filled",
        "fillcolor": '"#e8eef7"' if box.round else '"#fdf6e3"',
        "tooltip": _quote(getattr(box.node, "uri", None) or f"{box.node.kind}:{box.node.id}"),
    }
    if box.start:
        given["penwidth"] = "2.5"
    return " ".join(f"{name}={value}" for name, value in given.items())


def _quote(text: str) -> str:
    """A quoted string in which nothing is an escape, and no HTML entity is read."""
    shown = printable(text)
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") + '"'
