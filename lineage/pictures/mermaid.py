"""A drawing as a Mermaid flowchart, which GitHub and notebooks show as a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lineage.captions import printable
from lineage.pictures.drawing import Box, Drawing

# In a quoted label Mermaid reads `#name;`, HTML, formulas (`$$x$$`) and `\n`, and anywhere a
# directive (`%%{init: …}%%`), so that they are written as such.
_ESCAPED = {
    "#": "#35;", "$": "#36;", "%": "#37;", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;",
    "`": "#96;", "\\": "#92;",
}  # fmt: skip
# What Mermaid draws at most, where nobody set it up for more; a text can't do that.
_MOST_ARROWS, _MOST_TEXT = 500, 50_000
# Behind these it reads a colon: as an icon, or as a style, from which it takes the last semicolon.
_READS_COLONS = re.compile(r"fa\w?:fa-|style|classDef")


def mermaid(drawing: Drawing) -> str:
    """The flowchart, from left to right; what was asked about is marked."""
    lines = ["flowchart LR"]
    lines += [f"    {_box(box)}" for box in drawing.boxes]
    for arrow in drawing.arrows:
        text = in_label(arrow.label).strip()
        label = f'|"{text}"|' if text else ""
        lines.append(f"    {arrow.source} -->{label} {arrow.target}")
    asked = [box.key for box in drawing.boxes if box.start]
    if asked:
        lines.append("    classDef asked stroke-width:3px")
        lines.append(f"    class {','.join(asked)} asked")
    return whole(lines)


def whole(lines: Sequence[str]) -> str:
    """The text of a flowchart, which says what Mermaid needs where it draws no such large ones."""
    text = "\n".join(lines) + "\n"
    arrows = sum(" -->" in line for line in lines)
    if arrows <= _MOST_ARROWS and len(text) <= _MOST_TEXT:
        return text
    needed = f"maxEdges {arrows} and maxTextSize {len(text) + 200}"
    return f"%% To draw this, initialize Mermaid with {needed} at least.\n{text}"


def _box(box: Box) -> str:
    opening, closing = ("([", "])") if box.round else ("[", "]")
    return f'{box.key}{opening}"{in_label(box.caption)}"{closing}'


def in_label(text: str) -> str:
    """A text as it stands in a quoted label."""
    shown = printable(text)
    escaped = "".join(_ESCAPED.get(c, c) for c in shown)
    return escaped.replace(":", "#58;") if _READS_COLONS.search(shown) else escaped
