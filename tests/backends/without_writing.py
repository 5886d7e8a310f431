"""Commands on two stores, the second one without the right to write to it; what they say as JSON.

    python -m tests.backends.without_writing WRITABLE READ_ONLY < [[WORD, ...], ...]

URL among the words is that of the store. The first round also imports what another user may not
read. Permissions don't stop root, so root becomes nobody before the second.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

from lineage.cli.__main__ import main

NOBODY = 65534


def said(url: str, words: list[str]) -> tuple[int, str, str]:
    sys.argv = ["lineage", "--store", url, *(word.replace("URL", url) for word in words)]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    own, other = sys.argv[1:]
    rounds = [[said(own, words) for words in asked]]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    rounds.append([said(other, words) for words in asked])
    print(json.dumps(rounds))
