"""A drawing as one HTML file that needs nothing else: no server, no library, no network.

It can be moved and zoomed, searched, and clicked for details: a box shows what is recorded of it,
and its upstream and downstream stand out. A content security policy lets it load nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from lineage.captions import short_type
from lineage.pictures.drawing import Drawing
from lineage.pictures.svg import colours, svg

_HERE = Path(__file__).parent


def page(drawing: Drawing, title: str, details: Mapping[str, Mapping[str, Any]]) -> str:
    """The page. `details` has what is recorded of each node, as JSON, by the key of its box."""
    colour = colours(drawing)
    steps = {box.node.type for box in drawing.boxes if box.round}
    captions = {box.key: box.caption for box in drawing.boxes}
    data = {
        "nodes": {key: {**told, "caption": captions[key]} for key, told in details.items()},
        "colours": [
            {"type": short_type(name), "colour": c, "step": name in steps}
            for name, c in colour.items()
        ],
    }
    parts = {
        "title": escape(title),
        "style": (_HERE / "page.css").read_text(encoding="utf-8"),
        "svg": svg(drawing),
        # In a script element, only `<` could end it or begin a comment.
        "data": json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
        "script": (_HERE / "page.js").read_text(encoding="utf-8"),
    }
    whole = (_HERE / "page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], whole)
