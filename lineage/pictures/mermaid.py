"""A drawing as a Mermaid flowchart, which GitHub and notebooks show as a picture."""

from __future__ import annotations

from lineage.pictures.drawing import Box, Drawing

# In a quoted label Mermaid reads `#name;` and HTML, so both are written as such.
_ESCAPED = {"#": "#35;", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;"}


def mermaid(drawing: Drawing) -> str:
    """The flowchart, from left to right; what was asked about is marked."""
    lines = ["flowchart LR"]
    lines += [f"    {_box(box)}" for box in drawing.boxes]
    for arrow in drawing.arrows:
        label = f'|"{_text(arrow.label)}"|' if arrow.label else ""
        lines.append(f"    {arrow.source} -->{label} {arrow.target}")
    asked = [box.key for box in drawing.boxes if box.start]
    if asked:
        lines.append("    classDef asked stroke-width:3px")
        lines.append(f"    class {','.join(asked)} asked")
    return "\n".join(lines) + "\n"


def _box(box: Box) -> str:
    opening, closing = ("([", "])") if box.round else ("[", "]")
    return f'{box.key}{opening}"{_text(box.node.label)}"{closing}'


def _text(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)
    return "".join(_ESCAPED.get(c, c) for c in shown)
