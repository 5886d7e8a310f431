"""Several processes open a store that none of them has made yet: one makes it, all have it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

LONG = bool(os.environ.get("LINEAGE_LONG"))
PROCESSES, STORES = 6, 2_000 if LONG else 200
# To make one takes a disk several waits, and some are slow: fewer are made there.
SECONDS = 600 if LONG else 60

OPEN_EACH = """
import sys
import lineage
print("ready", flush=True)
for url in sys.stdin:
    lineage.connect(url.strip()).close()
    print("opened", flush=True)
"""


def test_all_of_them_have_it(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_EACH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]

    def said() -> list[str]:
        return [p.stdout.readline() or p.stderr.read() for p in processes if p.stdout and p.stderr]

    assert said() == ["ready\n"] * PROCESSES
    try:
        began = time.monotonic()
        for n in range(STORES):
            if time.monotonic() - began > SECONDS:
                break
            for process in processes:
                assert process.stdin is not None
                process.stdin.write(f"sqlite:///{tmp_path}/{n}.db\n")
                process.stdin.flush()
            assert said() == ["opened\n"] * PROCESSES
    finally:
        for process in processes:
            process.communicate()
