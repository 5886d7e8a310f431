"""Many readers and writers at once: no error, no lost write, nothing half-written to be seen."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from itertools import count

import pytest

import lineage
from lineage import Artifact, Execution
from lineage.server.http.process import HttpServer
from tests.server.http.conftest import LOCAL, Caller

LONG = bool(os.environ.get("LINEAGE_LONG"))
WRITERS, READERS, EACH = (20, 50, 10) if LONG else (5, 8, 12)
# Writers go on until so many seconds are over, and each writes its own at least.
SECONDS = 120 if LONG else 0


def test_a_crowd_over_http(store: lineage.Store) -> None:
    wrong: list[object] = []
    recorded: list[tuple[str, int]] = []
    done = threading.Event()
    until = time.monotonic() + SECONDS

    def guarded(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                wrong.append(error)

        return run

    with HttpServer(store, LOCAL) as server:

        def write(who: int) -> Callable[[], None]:
            def work() -> None:
                client = lineage.connect(server.url)
                for at in count():
                    if at >= EACH and time.monotonic() >= until:
                        break
                    run = client.record(
                        Execution(type="Train", name=f"s-{who}-{at}"),
                        inputs={"x": "Dataset:raw"},
                        outputs={"m": Artifact(type="Model", name=f"m-{who}-{at}")},
                    )
                    recorded.append((f"Model:m-{who}-{at}", run.execution))

            return guarded(work)

        def read() -> None:
            caller = Caller(server.url)
            while not done.is_set():
                told = caller.get("/downstream", ref="Dataset:raw")
                assert told.status == 200, told.body
                nodes = {(node["kind"], node["id"]) for node in told.json["nodes"]}
                for event in told.json["events"]:
                    # One state is seen: an event's ends are in the same answer.
                    assert ("artifact", event["artifact_id"]) in nodes
                    assert ("execution", event["execution_id"]) in nodes

        readers = [threading.Thread(target=guarded(read)) for _ in range(READERS)]
        writers = [threading.Thread(target=write(who)) for who in range(WRITERS)]
        for thread in (*readers, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        done.set()
        for thread in readers:
            thread.join()
    assert wrong == []
    assert len(recorded) >= WRITERS * EACH
    for model, execution in recorded:
        assert [event.execution_id for event in store.events(artifact=model)] == [execution]
    with store.backend.read() as reader:
        assert len(reader.metadata_under("audit/")) == len(recorded)


@pytest.mark.parametrize("kind", ["record", "mark"])
def test_a_repeated_write_is_done_once_by_many(store: lineage.Store, kind: str) -> None:
    """The same request, sent by several at once under one key, is one change."""
    with HttpServer(store, LOCAL) as server:
        before = store.counts().executions, len(store.marks())
        answers: list[object] = []

        def send() -> None:
            caller = Caller(server.url)
            path, body = {
                "record": ("/steps", {"execution": {"type": "Train"}}),
                "mark": ("/marks", {"refs": ["Dataset:raw"], "label": "x"}),
            }[kind]
            reply = caller.post(path, body, headers={"Idempotency-Key": "all-of-us"})
            answers.append((reply.status, reply.body))

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(answers)) == 1
        assert answers[0][0] in (200, 201)  # type: ignore[index]
        after = store.counts().executions, len(store.marks())
        assert sum(after) - sum(before) == 1
