"""Steps recorded over HTTP, beside the same through the library, by as many threads."""

from __future__ import annotations

import threading

import lineage
from benchmarks.bench import Bench
from benchmarks.http_readers import serve
from benchmarks.loading import ARTIFACT, CONTEXT, EXECUTION
from benchmarks.measuring import Measured, in_turns, rate, seconds
from lineage import Artifact, Context, Execution

_THREADS = 8


def measure(bench: Bench) -> list[Measured]:
    each = bench.size(50, 3)
    through_library, over_http = (bench.sqlite_url(name) for name in ("library", "http"))
    for url in (through_library, over_http):
        with lineage.connect(url) as store:
            for type in (ARTIFACT, EXECUTION, CONTEXT):
                store.put_type(type)
            store.put(Context(type="Run", name="run"))
            store.put(Artifact(type="Table", name="in"))
    serial = iter(range(1_000_000))
    with serve(over_http) as address, lineage.connect(through_library) as direct:
        clients = [lineage.connect(address) for _ in range(_THREADS)]
        turns = in_turns(
            lambda: seconds(lambda: _record(clients, next(serial), each)),
            lambda: seconds(lambda: _record([direct] * _THREADS, next(serial), each)),
            bench.size(7, 1),
        )
    count = _THREADS * each
    return [
        Measured(
            name="http_recording",
            what=f"record, {_THREADS} threads, each step durable (1 in, 2 out, 1 context): over "
            "HTTP, SQLite",
            against="the same through the library",
            target="at least 0.5x",
            ours=rate(count, turns.our_median),
            peer=rate(count, turns.peer_median),
            ratio=f"{turns.faster:.2f}x",
            met=turns.faster >= 0.5,
            note=f"{count} steps a turn; {turns.spread}; the server is a process of its own on the "
            "same cores",
        )
    ]


def _record(stores: list[lineage.Store], turn: int, each: int) -> None:
    failures: list[BaseException] = []

    def work(who: int) -> None:
        try:
            for at in range(each):
                name = f"{turn}-{who}-{at}"
                outputs = [
                    Artifact(type="Table", name=f"out-{name}-{i}", uri=f"s3://bucket/{name}/{i}")
                    for i in range(2)
                ]
                stores[who].record(
                    Execution(type="Query", name=name, properties={"seed": at}),
                    inputs={"data": "Table:in"},
                    outputs={"data": outputs},
                    contexts=["Run:run"],
                )
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=[who]) for who in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
