"""The gRPC service on SQLite beside ML Metadata's library behind gRPC, by the same client.

ML Metadata's own server is not in the wheel. The library behind a server in Python stands for it:
with its database opened for each call, as that server does, and opened once, which is faster.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench
from benchmarks.measuring import Measured, Turns, in_turns, rate, shown
from benchmarks.mlmd import Mlmd
from benchmarks.shapes import layered
from tools.mlmd.environment import ROOT, environment

_QUERY = "properties.rows.int_value = 1 AND uri LIKE '%/bulk-1%' AND name LIKE '%77'"


@contextmanager
def _served(command: Sequence[str | Path]) -> Iterator[int]:
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
    library = [environment(), "-m", "tools.mlmd.pass_through"]
    with ExitStack() as stack:

        def client(*command: str | Path) -> Mlmd:
            port = stack.enter_context(_served(command))
            return stack.enter_context(Mlmd(port=port))

        def side_by_side(peer: Mlmd, command: str, **arguments: object) -> Turns:
            return in_turns(
                lambda: float(ours.ask(command, **arguments)["seconds"]),
                lambda: float(peer.ask(command, **arguments)["seconds"]),
                bench.size(7, 1),
            )

        ours = client(*server, "--grpc", "localhost:0")
        once = client(*library, "--database", bench.folder / "service-once.db")
        each_call = client(
            *library, "--database", bench.folder / "service-each-call.db", "--open-each-call"
        )
        nothing = client(*library, "--repeat-execution")
        # The shape first: its ids count from 1.
        shape = layered(layers, width)
        for one in (ours, once, each_call):
            one.ask("load", shape="layered", arguments=[layers, width])
        lineage = side_by_side(once, "downstream", artifact=shape.root)
        reached = [c.ask("downstream", artifact=shape.root)["nodes"] for c in (ours, once)]
        assert reached[0] == reached[1] == shape.reached + 1, reached
        recorded = side_by_side(each_call, "record", count=steps)
        recorded_once = side_by_side(once, "record", count=steps)
        wire = [float(nothing.ask("record", count=steps)["seconds"]) for _ in range(4)][1:]
        for one in (ours, once):
            one.ask("bulk", count=count)
        found = [c.ask("filtered", query=_QUERY)["nodes"] for c in (ours, once)]
        assert found[0] == found[1] > 0, found
        filtered = side_by_side(once, "filtered", query=_QUERY)
    against = "MLMD's library behind gRPC, on SQLite"
    put_execution = "put_execution by gRPC (2 in, 2 new out, 4 events, 1 context), SQLite, durable"
    return [
        Measured(
            name="service_put_execution",
            what=put_execution,
            against=f"{against}, opened for each call as MLMD's own server does",
            target="5x or more",
            ours=rate(steps, recorded.our_median),
            peer=rate(steps, recorded.peer_median),
            ratio=f"{recorded.faster:.1f}x",
            met=recorded.faster >= 5,
            note=f"{steps} steps a turn; {recorded.spread}; {rate(steps, median(wire))} where the "
            "server does nothing and answers the same each time",
        ),
        Measured(
            name="service_put_execution_opened_once",
            what="the same",
            against=f"{against}, opened once",
            target="-",
            ours=rate(steps, recorded_once.our_median),
            peer=rate(steps, recorded_once.peer_median),
            ratio=f"{recorded_once.faster:.1f}x",
            met=None,
            note=f"{steps} steps a turn; {recorded_once.spread}",
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
