"""The gRPC service on SQLite beside ML Metadata's library behind gRPC, by the same client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.measuring import Measured, Turns, in_turns, rate, shown
from benchmarks.mlmd import Mlmd
from benchmarks.shapes import layered
from tools.mlmd.environment import ROOT, environment

_QUERY = "properties.rows.int_value = 1 AND uri LIKE '%/bulk-1%' AND name LIKE '%77'"


@contextmanager
def _served(command: list[str | Path]) -> Iterator[int]:
    """A server's port; it prints that last on its first line, and stops with its input or by a
    signal."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline().split(":")[-1])
        assert process.stdin is not None
        process.stdin.close()
        process.terminate()


def measure(bench: Bench) -> list[Measured]:
    steps, count = bench.size(300, 10), bench.size(20_000, 200)
    layers, width = 20, bench.size(1_000, 20)
    ours_url = bench.sqlite_url("service")
    server = [sys.executable, "-m", "lineage.cli", "--store", ours_url, "serve"]
    theirs_file = bench.folder / "service-mlmd.db"
    with (
        _served([*server, "--grpc", "localhost:0"]) as our_port,
        _served(
            [environment(), "-m", "tools.mlmd.pass_through", "--database", theirs_file]
        ) as their_port,
        Mlmd(port=our_port) as ours,
        Mlmd(port=their_port) as theirs,
    ):
        turns = bench.size(7, 1)

        def side_by_side(command: str, **arguments: object) -> Turns:
            return in_turns(
                lambda: float(ours.ask(command, **arguments)["seconds"]),
                lambda: float(theirs.ask(command, **arguments)["seconds"]),
                turns,
            )

        # The shape first: its ids count from 1.
        shape = layered(layers, width)
        for client in (ours, theirs):
            client.ask("load", shape="layered", arguments=[layers, width])
        lineage = side_by_side("downstream", artifact=shape.root)
        reached = [c.ask("downstream", artifact=shape.root)["nodes"] for c in (ours, theirs)]
        assert reached[0] == reached[1] == shape.reached + 1, reached
        recorded = side_by_side("record", count=steps)
        for client in (ours, theirs):
            client.ask("bulk", count=count)
        found = [c.ask("filtered", query=_QUERY)["nodes"] for c in (ours, theirs)]
        assert found[0] == found[1] > 0, found
        filtered = side_by_side("filtered", query=_QUERY)
    against = "MLMD's library behind gRPC, on SQLite"
    return [
        Measured(
            name="service_put_execution",
            what="put_execution by gRPC (2 in, 2 new out, 4 events, 1 context), SQLite, durable",
            against=against,
            target="5x or more",
            ours=rate(steps, recorded.our_median),
            peer=rate(steps, recorded.peer_median),
            ratio=f"{recorded.faster:.1f}x",
            met=recorded.faster >= 5,
            note=f"{steps} steps a turn; {recorded.spread}",
        ),
        Measured(
            name="service_filter_query",
            what=f"filter_query by gRPC over {count:,} artifacts and more, SQLite",
            against=against,
            target="not slower",
            ours=shown(filtered.our_median),
            peer=shown(filtered.peer_median),
            ratio=f"{filtered.faster:.1f}x",
            met=filtered.faster >= 1,
            note=f"{found[0]:,} found on both sides; {filtered.spread}",
        ),
        Measured(
            name="service_lineage_subgraph",
            what=f"get_lineage_subgraph by gRPC, {shape.reached:,} nodes, SQLite",
            against=against,
            target="not slower",
            ours=shown(lineage.our_median),
            peer=shown(lineage.peer_median),
            ratio=f"{lineage.faster:.1f}x",
            met=lineage.faster >= 1,
            note=f"the same number of nodes on both sides; {lineage.spread}",
        ),
    ]
