"""Write the parser's table beside the grammar of openCypher.

python -m tools.grammar
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import sys

from lineage.opencypher.syntax.parse_table import TABLE, build_parser, identify_table


def written() -> bytes:
    """The table's file."""
    kept = io.BytesIO()
    build_parser().save(kept, exclude_options=("lexer", "transformer"))
    # Made a line before, so this pickle is nobody else's.
    saved = pickle.loads(kept.getvalue())
    saved["data"]["parser"]["lexer_conf"]["lexer_type"] = None
    text = json.dumps({"of": identify_table(), "saved": saved}, separators=(",", ":"))
    return gzip.compress(text.encode(), mtime=0)


if __name__ == "__main__":
    TABLE.write_bytes(written())
    print(f"{TABLE.name}: {TABLE.stat().st_size:,} bytes", file=sys.stderr)
