"""What a question costs grows with the graph, not with its square.

Counted in instructions of Python, which are the same on every run; what Neo4j itself does is not
among them, and the rest is as on the other backends.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

import lineage
from lineage import Artifact, ArtifactState, Context, Execution, Policy, Step, Store

SMALL, LARGE = 30, 240
# Eight times as much in the graph may cost so many times as much: a square would be 64.
MOST = 12


def _model(at: int) -> Artifact:
    return Artifact(type="Model", name=f"m-{at}")


def consumers(store: Store, n: int) -> None:
    """One dataset that n steps read, each writing a version of one model."""
    store.mark(store.put(Artifact(type="Dataset", name="raw")), label="pii")
    store.record_steps(
        Step(
            execution=Execution(type="Train"),
            inputs={"examples": "Dataset:raw"},
            outputs={"model": _model(at)},
        )
        for at in range(n)
    )


def nameless(store: Store, n: int) -> None:
    """The same with outputs that only their writers tell apart, half of them written anew."""
    consumers(store, 0)
    store.put(Artifact(type="Dataset", name="raw-2"))
    store.record_steps(
        Step(
            execution=Execution(type="Evaluate"),
            inputs={"of": f"Dataset:raw{'-2' if at % 2 else ''}"},
            outputs={"metrics": Artifact(type="Metrics")},
        )
        for at in range(n)
    )


def lost(store: Store, n: int) -> None:
    """A chain of n steps, the first of which can't run again."""
    store.mark(store.put(Artifact(type="Dataset", name="raw")), label="pii")
    gone = Artifact(type="File", name="gone", state=ArtifactState.DELETED)
    store.record(
        Execution(type="Process"), inputs=["Dataset:raw", gone], outputs={"model": _model(0)}
    )
    store.record_steps(
        Step(
            execution=Execution(type="Train"),
            inputs={"from": f"Model:m-{at}"},
            outputs={"model": _model(at + 1)},
        )
        for at in range(n)
    )


def behind_a_barrier(store: Store, n: int) -> None:
    """A context of n models that are clean for one and the same reason."""
    store.put_policy(Policy(stops={"pii": ("Process",)}))
    store.mark(store.put(Artifact(type="Dataset", name="raw")), label="pii")
    store.record(
        Execution(type="Process"),
        inputs=["Dataset:raw"],
        outputs=[Artifact(type="Dataset", name="clean")],
        contexts=[Context(type="Project", name="prod")],
    )
    store.record_steps(
        Step(
            execution=Execution(type="Train"),
            inputs=["Dataset:clean"],
            outputs=[_model(at)],
            contexts=["Project:prod"],
        )
        for at in range(n)
    )


def barriers(store: Store, n: int) -> None:
    """N barriers, all of which lead on to one chain of n steps."""
    behind_a_barrier(store, 0)
    store.record_steps(
        Step(
            execution=Execution(type="Process"),
            inputs=["Dataset:raw"],
            outputs=[Artifact(type="Dataset", name=f"clean-{at}")],
        )
        for at in range(n)
    )
    store.record(
        Execution(type="Train"),
        inputs=[f"Dataset:clean-{at}" for at in range(n)],
        outputs=[_model(0)],
    )
    store.record_steps(
        Step(
            execution=Execution(type="Train"),
            inputs=[f"Model:m-{at}"],
            outputs=[_model(at + 1)],
        )
        for at in range(n)
    )
    store.record(
        Execution(type="Train"),
        inputs=[f"Model:m-{n}"],
        outputs=[Artifact(type="Model", name="last")],
    )


def marks(store: Store, n: int) -> None:
    """N marked datasets of which one model was made, half of them marked clean instead."""
    data = store.put_all(Artifact(type="Dataset", name=f"d{'x' * at}") for at in range(n))
    store.mark(*data[::2], label="pii", time=1)
    store.mark(*data[1::2], label="pii", clean=True)
    store.mark(*data[1::2], label="poisoned")
    store.record(Execution(type="Train"), inputs=data, outputs=[_model(0)])


def labels(store: Store, n: int) -> None:
    """One dataset that is marked with n labels."""
    data = store.put(Artifact(type="Dataset", name="raw"))
    for at in range(n):
        store.mark(data, label=f"label-{at}")


def joined(store: Store, n: int) -> None:
    """N marked files, each read by a step of its own, whose outputs one step joins."""
    files = store.put_all(Artifact(type="File", name=f"f{at}") for at in range(n))
    store.mark(*files, label="pii")
    store.record_steps(
        Step(
            execution=Execution(type="Ingest"),
            inputs=[file],
            outputs=[Artifact(type="Dataset", name=f"d{at}")],
        )
        for at, file in enumerate(files)
    )
    store.record(
        Execution(type="Train"),
        inputs=[f"Dataset:d{at}" for at in range(n)],
        outputs=[_model(0)],
    )


def ever_earlier(store: Store, n: int) -> None:
    """One dataset that n others led to, the earlier the longer the way, and that n steps read."""
    store.mark(store.put(Artifact(type="Dataset", name="d-0")), label="pii")
    store.put(Artifact(type="Dataset", name="hub"))
    for at in range(n):
        store.record_steps(
            Step(execution=Execution(type="Transform"), inputs=[read], outputs=[made], time_ms=time)
            for read, made, time in (
                (f"Dataset:d-{at}", Artifact(type="Dataset", name=f"d-{at + 1}"), 1),
                (f"Dataset:d-{at}", "Dataset:hub", 2 * n - at),
                ("Dataset:hub", Artifact(type="Dataset", name=f"of-{at}"), 3 * n),
            )
        )


def witnesses(store: Store) -> None:
    """Why each affected node is."""
    answer = store.taint(label="pii")
    for row in answer:
        answer.witness(row.node)


@contextmanager
def instructions(counts: list[int]) -> Iterator[None]:
    """Append how many instructions the engine ran inside."""
    ran = 0

    def local(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal ran
        ran += event == "opcode"
        return local

    def entered(frame: FrameType, event: str, _: Any) -> Any:
        if "lineage" not in frame.f_globals.get("__name__", ""):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return local

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        yield
    finally:
        sys.settrace(before)
        counts.append(ran)


@pytest.mark.parametrize(
    ("graph", "ask"),
    [
        pytest.param(consumers, lambda s: s.plan_rebuild(label="pii"), id="rebuild of consumers"),
        pytest.param(nameless, lambda s: s.plan_rebuild(label="pii"), id="rebuild of nameless"),
        pytest.param(lost, lambda s: s.plan_rebuild(label="pii"), id="rebuild of what is lost"),
        pytest.param(consumers, lambda s: s.taint(label="pii"), id="taint of consumers"),
        pytest.param(marks, lambda s: s.taint(), id="taint by many marks"),
        pytest.param(marks, lambda s: s.taint(causal=True), id="taint by many marks in time"),
        pytest.param(marks, lambda s: s.check("Model:m-0", label="pii"), id="check by many marks"),
        pytest.param(barriers, lambda s: s.taint(label="pii"), id="taint of many barriers"),
        pytest.param(
            barriers,
            lambda s: s.taint(label="pii", causal=True),
            id="taint of many barriers in time",
        ),
        pytest.param(
            barriers,
            lambda s: s.check("Model:last", label="pii", causal=True),
            id="check of many barriers in time",
        ),
        pytest.param(consumers, witnesses, id="witnesses of many consumers"),
        pytest.param(labels, lambda s: s.taint(), id="taint by many labels"),
        pytest.param(
            lost,
            lambda s: s.bisect(
                *list(s.artifacts(type="Model"))[-1:], good=list(s.artifacts(type="Model"))[:-1]
            ),
            id="bisect with many good ones",
        ),
        pytest.param(
            ever_earlier,
            lambda s: s.taint(label="pii", causal=True),
            id="taint of what is reached ever earlier",
        ),
        pytest.param(
            ever_earlier, lambda s: s.plan_rebuild(label="pii"), id="rebuild of what many wrote"
        ),
        pytest.param(
            joined, lambda s: s.cheapest_cut("Model:m-0", label="pii"), id="cut of many sources"
        ),
        pytest.param(
            joined,
            lambda s: s.cheapest_cut(*s.artifacts(type="Dataset"), label="pii"),
            id="cut at many steps",
        ),
        pytest.param(
            behind_a_barrier, lambda s: s.check("Project:prod", label="pii"), id="check of many"
        ),
        pytest.param(
            behind_a_barrier,
            lambda s: s.check("Project:prod", label="pii", causal=True),
            id="check of many in time",
        ),
    ],
)
@pytest.mark.backends("memory", "sqlite")
def test_eight_times_the_graph_is_not_sixty_times_the_work(
    url: str, graph: Callable[[Store, int], None], ask: Callable[[Store], object]
) -> None:
    counts: list[int] = []
    for size in (SMALL, LARGE):
        with lineage.connect(f"{url}{size}") as store:
            graph(store, size)
            # What is loaded, or remembered, on first use counts for neither.
            ask(store)
            with instructions(counts):
                ask(store)
    small, large = counts
    assert large < MOST * small, f"{small:,} instructions became {large:,}"
