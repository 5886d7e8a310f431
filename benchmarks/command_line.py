"""How long the command line takes to start, help and answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import load
from benchmarks.measuring import Measured, seconds, shown
from benchmarks.shapes import layered


def measure(bench: Bench) -> list[Measured]:
    command = Path(sys.executable).with_name("lineage")
    url = bench.sqlite_url("small")
    with lineage.connect(url) as store:
        load(store, layered(5, 4))

    # As installed: Python keeps what it compiled.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def run(*arguments: str) -> None:
        subprocess.run(
            [str(command), *arguments], stdout=subprocess.DEVNULL, check=True, env=environment
        )

    made = []
    for name, shown_as, arguments, limit in (
        ("help", "lineage --help", ("--help",), 0.15),
        (
            "upstream",
            "lineage upstream on a small store",
            ("--store", url, "upstream", "Table:table-40"),
            0.3,
        ),
    ):
        run(*arguments)
        # The bare interpreter in turns with it: what of the time is nobody's to save.
        ours, bare = [], []
        for _ in range(bench.size(21, 2)):
            ours.append(seconds(lambda: run(*arguments)))  # noqa: B023
            bare.append(seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)))
        made.append(
            Measured(
                name=f"command_line_{name}",
                what=f"`{shown_as}`",
                against="-",
                target=f"{limit * 1000:.0f} ms",
                ours=shown(median(ours)),
                peer=f"{shown(median(bare))} (`python -c pass`)",
                ratio="-",
                met=median(ours) <= limit,
                note=f"{len(ours)} runs, {shown(min(ours))} to {shown(max(ours))}",
            )
        )
    return made
