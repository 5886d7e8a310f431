"""A crowd reads over HTTP: a node's page, and 200 nodes upstream, over 1,000,000 events on SQLite.

The server is a process of its own, as it is in use, and so are the clients.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.measuring import Measured, shown

_CLIENTS = 20
_UPSTREAM = 200
_ROOT = Path(__file__).parents[1]


def measure(bench: Bench) -> list[Measured]:
    shape = bench.million_shape
    each = bench.size(100, 3)
    with serve(bench.million_url) as url:
        page = _crowd(url, "page", shape.artifacts, each)
        upstream = _crowd(url, "upstream", shape.artifacts, each)
    about = f"{_CLIENTS} clients at once, over HTTP, of {shape.events:,} events on SQLite: p99 of"
    note = "each client asks for {} nodes, one after the other; median {}, slowest {}"
    rows = []
    for name, what, times, most in (
        ("http_node_page", "a node's page", page, 0.100),
        ("http_upstream", f"`upstream` of {_UPSTREAM} nodes", upstream, 0.150),
    ):
        slow = quantile(times, 0.99)
        rows.append(
            Measured(
                name=name,
                what=f"{about} {what}",
                against="-",
                target=f"at most {most * 1000:.0f} ms",
                ours=shown(slow),
                peer="-",
                ratio="-",
                met=slow <= most,
                note=note.format(each, shown(quantile(times, 0.5)), shown(max(times))),
            )
        )
    return rows


@contextmanager
def serve(store: str) -> Iterator[str]:
    """Run `lineage serve` over a store, and yield where it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lineage", "--store", store, "serve", "--http", "localhost:0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def quantile(times: list[float], share: float) -> float:
    """Return the time that this share of requests took at most."""
    return sorted(times)[max(0, ceil(share * len(times)) - 1)]


def _crowd(url: str, what: str, artifacts: int, each: int) -> list[float]:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.http_readers", url, what, str(artifacts), str(each)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    times: list[float] = json.loads(told.stdout)
    return times


def _ask(url: str, what: str, artifacts: int, each: int) -> list[float]:
    """Have 20 threads ask, each for nodes of its own, and return the seconds of every request."""
    import random
    import threading
    import time

    import urllib3

    times: list[float] = []
    failures: list[BaseException] = []

    def work(who: int) -> None:
        chance = random.Random(who)
        pool = urllib3.HTTPConnectionPool(*_place(url), maxsize=1, retries=False, timeout=60)
        try:
            # The first request also opens the connection, and is not counted.
            for at in range(each + 1):
                id = chance.randint(artifacts // 2, artifacts)
                if what == "page":
                    path = f"/api/v1/page/node?ref=artifact:{id}"
                else:
                    path = f"/api/v1/upstream?ref=artifact:{id}&depth={depths[id]}"
                start = time.perf_counter()
                reply = pool.request("GET", path)
                taken = time.perf_counter() - start
                assert reply.status == 200, reply.data[:300]
                if at:
                    times.append(taken)
        except BaseException as error:
            failures.append(error)

    depths = _Depths(url) if what == "upstream" else {}
    if isinstance(depths, _Depths):
        for who in range(_CLIENTS):
            chance = random.Random(who)
            for _ in range(each + 1):
                depths.find(chance.randint(artifacts // 2, artifacts))
    threads = [threading.Thread(target=work, args=[who]) for who in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return times


class _Depths(dict[int, int]):
    """How deep to go from an artifact for about 200 nodes; asked before the clock starts."""

    def __init__(self, url: str) -> None:
        import urllib3

        super().__init__()
        self._pool = urllib3.HTTPConnectionPool(*_place(url), timeout=60)

    def find(self, id: int) -> None:
        depth = 2
        while True:
            path = f"/api/v1/closure?ref=artifact:{id}&direction=upstream&depth={depth}"
            levels = json.loads(self._pool.request("GET", path).data)
            count = sum(len(ids) for _, _, ids in levels)
            deepest = max(level for level, _, _ in levels)
            if count >= _UPSTREAM or deepest < depth:
                break
            depth += 2
        self[id] = depth


def _place(url: str) -> tuple[str, int]:
    host, _, port = url.rpartition("://")[2].rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    url, what, artifacts, each = sys.argv[1:]
    print(json.dumps(_ask(url, what, int(artifacts), int(each))))
