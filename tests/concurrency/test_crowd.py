"""Many threads of many processes record steps that share types, contexts and artifacts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import lineage
from lineage import EventType, Kind
from tests.concurrency import crowd

LONG = bool(os.environ.get("LINEAGE_LONG"))
PROCESSES, THREADS = 4, 8


@pytest.mark.backends("sqlite", "neo4j")
def test_nothing_is_lost_doubled_or_refused(url: str) -> None:
    # As many as there are shared names, or more.
    steps = 50 if LONG else 4
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.concurrency.crowd",
                url,
                str(n),
                str(THREADS),
                str(steps),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for n in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    # No error reached a caller.
    assert [process.communicate()[1] for process in processes] == [""] * PROCESSES
    assert [process.returncode for process in processes] == [0] * PROCESSES

    threads = [f"{p}-{t}" for p in range(PROCESSES) for t in range(THREADS)]
    expected = {f"{who}-{number}" for who in threads for number in range(steps)}
    with lineage.connect(url) as store:
        _check_nodes(store, threads, steps, expected)
        _check_events(store, expected)
        _check_contexts(store, expected)


def _check_nodes(store: lineage.Store, threads: list[str], steps: int, expected: set[str]) -> None:
    executions = Counter(e.custom_properties["step"] for e in store.executions())
    assert executions == Counter(expected)
    names = Counter(a.label for a in store.artifacts() if a.name)
    shared = [f"Dataset:shared-{n}" for n in range(min(steps, crowd.INPUTS))]
    written = Counter(int(step.rpartition("-")[2]) % crowd.LATEST for step in expected)
    # Each step that writes the shared model makes its next version: no number twice, none left out.
    shared += [
        f"Model:latest-{n}@{number}" if number > 1 else f"Model:latest-{n}"
        for n, times in written.items()
        for number in range(1, times + 1)
    ]
    assert names == Counter([*shared, *(f"Grown:{step}" for step in expected)])
    assert {a.uri for a in store.artifacts(type="Dataset")} == {"s3://shared"}
    external = Counter(a.external_id for a in store.artifacts(type="Table"))
    assert external == Counter(f"external-{n}" for n in range(min(steps, crowd.EXTERNAL)))
    # Each version has what its own writer said, and each writer's word is there.
    models = Counter(
        (who, number)
        for m in store.artifacts(type="Model")
        for who, number in m.custom_properties.items()
    )
    assert models == Counter((who, number) for who in threads for number in range(steps))
    types = Counter(t.label for t in store.types(Kind.ARTIFACT))
    assert types == Counter(["Dataset", "Model", "Table", "Grown"])
    grown = store.get_type(Kind.ARTIFACT, "Grown").properties
    assert set(grown) == {
        f"p{n}_{t}" for n in range(min(steps, crowd.PROPERTIES)) for t in range(THREADS)
    }
    assert all(len(a.properties) == 1 for a in store.artifacts(type="Grown"))


def _check_events(store: lineage.Store, expected: set[str]) -> None:
    labels = {a.id: a.name or a.external_id for a in store.artifacts()}
    steps = {e.id: e.custom_properties["step"] for e in store.executions()}
    with store.backend.read() as reader:
        found = Counter(
            (steps[e.execution_id], e.type, e.path, labels[e.artifact_id]) for e in reader.events()
        )
    wanted: Counter[tuple[str, EventType, tuple[str | int, ...], str | None]] = Counter()
    for step in expected:
        n = int(step.rpartition("-")[2])
        wanted[step, EventType.INPUT, ("shared",), f"shared-{n % crowd.INPUTS}"] += 1
        wanted[step, EventType.INPUT, ("external",), f"external-{n % crowd.EXTERNAL}"] += 1
        wanted[step, EventType.INPUT, ("also",), f"shared-{(n + 1) % crowd.INPUTS}"] += 1
        wanted[step, EventType.OUTPUT, ("own",), step] += 1
        wanted[step, EventType.OUTPUT, ("latest",), f"latest-{n % crowd.LATEST}"] += 1
    assert found == wanted


def _check_contexts(store: lineage.Store, expected: set[str]) -> None:
    runs = {int(step.rpartition("-")[2]) % crowd.RUNS for step in expected}
    assert Counter(c.label for c in store.contexts()) == Counter(
        ["Pipeline:all", *(f"PipelineRun:run-{n}" for n in runs)]
    )
    everything = {e.custom_properties["step"] for e in store.executions(context="Pipeline:all")}
    assert everything == expected
    for run in runs:
        members = store.executions(context=f"PipelineRun:run-{run}")
        assert {e.custom_properties["step"] for e in members} == {
            step for step in expected if int(step.rpartition("-")[2]) % crowd.RUNS == run
        }
