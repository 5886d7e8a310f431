"""The closure of 750,000 nodes over 1,000,000 events: SQLite beside NetworkX.

Each side runs in a process of its own, so that its memory is its own. NetworkX's graph is loaded
before its clock starts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.measuring import Measured, in_turns, shown
from benchmarks.shapes import SHAPES

_LAYERS = 50


def measure(bench: Bench) -> list[Measured]:
    shape = bench.million_shape
    width = shape.executions // _LAYERS
    url = bench.million_url
    memory: dict[str, list[float]] = {"ours": [], "peer": []}

    def run(side: str, *arguments: str) -> float:
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.million_events", side, *arguments],
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        answer = json.loads(told.stdout)
        assert answer["nodes"] == shape.reached, (side, answer["nodes"], shape.reached)
        memory[side].append(answer["megabytes"])
        return float(answer["seconds"])

    turns = in_turns(
        lambda: run("ours", url, str(shape.root)),
        lambda: run("peer", str(_LAYERS), str(width)),
        bench.size(5, 1),
    )
    ours_mb, peer_mb = max(memory["ours"]), max(memory["peer"])
    return [
        Measured(
            name="million_events",
            what=f"{shape.events:,} events ({shape.executions:,} executions, 2 in, 2 out): "
            f"closure of {shape.reached:,} nodes, SQLite",
            against="nx.descendants on a loaded graph",
            target="not slower, and no more than 500 MB",
            ours=f"{shown(turns.our_median)}, {ours_mb:,.0f} MB",
            peer=f"{shown(turns.peer_median)}, {peer_mb:,.0f} MB",
            ratio=f"{turns.faster:.2f}x",
            met=turns.faster >= 1 and ours_mb <= 500,
            note=f"first question of a fresh process; {_LAYERS} layers; peak resident memory of "
            f"the whole process; {turns.spread}",
        )
    ]


def _ours(url: str, root: int) -> dict[str, float]:
    import time

    import lineage
    from lineage.ports.traversal import Direction

    with lineage.connect(url) as store:
        start = time.perf_counter()
        levels = store.closure(root, direction=Direction.DOWNSTREAM)
        taken = time.perf_counter() - start
    return {"seconds": taken, "nodes": sum(len(ids) for _, _, ids in levels) - 1}


def _peer(layers: int, width: int) -> dict[str, float]:
    import time

    import networkx

    shape = SHAPES["layered"](layers, width)
    graph = networkx.DiGraph()
    # Artifacts are even, executions odd: the cheapest keys that keep the two apart.
    graph.add_edges_from(
        (2 * execution + 1, 2 * artifact) if output else (2 * artifact, 2 * execution + 1)
        for artifact, execution, output in shape.edges()
    )
    start = time.perf_counter()
    found = networkx.descendants(graph, 2 * shape.root)
    return {"seconds": time.perf_counter() - start, "nodes": len(found)}


def _peak_megabytes() -> float:
    # Not getrusage: after a fork its peak is the parent's, where that was greater.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM in /proc/self/status")


if __name__ == "__main__":
    side, *arguments = sys.argv[1:]
    if side == "ours":
        answer = _ours(arguments[0], int(arguments[1]))
    else:
        answer = _peer(int(arguments[0]), int(arguments[1]))
    print(json.dumps({**answer, "megabytes": _peak_megabytes()}))
