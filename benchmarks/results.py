"""RESULTS.md, and the JSON beside it from which a later run of some figures keeps the others."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import time
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.figures import FIGURES
from benchmarks.measuring import Measured
from tools.mlmd.environment import WHEEL

_FOLDER = Path(__file__).parent
_KEPT = _FOLDER / "results.json"
_PAGE = _FOLDER / "RESULTS.md"


def machine(neo4j_version: str | None) -> dict[str, str]:
    """What it ran on."""
    described = {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "peer": WHEEL,
    }
    for package in ("networkx", "neo4j", "neo4j-rust-ext", "pydantic"):
        try:
            described[package] = version(package)
        except PackageNotFoundError:
            described[package] = "not installed"
    if neo4j_version is not None:
        described["neo4j server"] = neo4j_version
    return described


def keep(figure: str, rows: list[Measured], described: dict[str, str]) -> None:
    """Replace what is kept of a figure, and write the page again."""
    kept: dict[str, Any] = json.loads(_KEPT.read_text()) if _KEPT.is_file() else {}
    kept[figure] = {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "machine": described,
        "rows": [asdict(row) for row in rows],
    }
    _KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    _PAGE.write_text(_page(kept))


def line(row: Measured) -> str:
    """One row for the terminal."""
    state = {True: "met", False: "MISSED", None: ""}[row.met]
    return (
        f"{row.what}\n    ours {row.ours}; {row.against}: {row.peer}; {row.ratio} "
        f"(target {row.target}) {state}"
    )


def _page(kept: dict[str, Any]) -> str:
    lines = [
        "# Results",
        "",
        "Written by `make bench`: each figure measures ours and the peer in one run, alternating; "
        "medians. `python -m benchmarks NAME` measures one again.",
        "",
        "| what | against | ours | peer | ratio | target | state |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    notes: list[str] = []
    machines: dict[str, list[str]] = {}
    for figure in FIGURES:
        if figure not in kept:
            lines.append(f"| {figure} | | not measured yet | | | | open |")
            continue
        entry = kept[figure]
        described = "; ".join(f"{k} {v}" for k, v in entry["machine"].items())
        machines.setdefault(described, []).append(figure)
        for row in entry["rows"]:
            state = {True: "met", False: "**missed**", None: "-"}[row["met"]]
            columns = ("what", "against", "ours", "peer", "ratio", "target")
            lines.append("| " + " | ".join([*(row[c] for c in columns), state]) + " |")
        notes += [
            f"- **{row['name']}** ({entry['date']}, load {entry['load']}): {row['note']}"
            for row in entry["rows"]
        ]
    lines += ["", "## Notes", "", *notes, "", "## Machine", ""]
    for described, figures in machines.items():
        which = "" if len(machines) == 1 else f" ({', '.join(figures)})"
        lines.append(f"- {described}{which}")
    return "\n".join(lines) + "\n"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
