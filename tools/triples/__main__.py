"""Write the templates that are generated; see `tools.triples`."""

from __future__ import annotations

import sys

from tools.triples import TEMPLATES, generate_all

for path, text in generate_all().items():
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        print(path.relative_to(TEMPLATES.parent), file=sys.stderr)
