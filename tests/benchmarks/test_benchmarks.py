"""That the benchmarks run and their graphs are what they say; how fast is not asserted."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import networkx
import pytest

import lineage
from benchmarks import results
from benchmarks.figures import FIGURES
from benchmarks.loading import load
from benchmarks.measuring import Measured
from benchmarks.shapes import Shape, fanned, ladder, layered

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "shape", [layered(5, 7), layered(1, 3), ladder(6), fanned(40)], ids=lambda s: str(s.events)
)
def test_shapes_are_as_described(shape: Shape) -> None:
    edges = list(shape.edges())
    assert len(edges) == len(set(edges)) == shape.events
    assert {a for a, _, _ in edges} <= set(range(1, shape.artifacts + 1))
    assert {e for _, e, _ in edges} == set(range(1, shape.executions + 1))
    graph = networkx.DiGraph(
        (("x", e), ("a", a)) if output else (("a", a), ("x", e)) for a, e, output in edges
    )
    assert networkx.is_directed_acyclic_graph(graph)
    if shape.reached:
        assert len(networkx.descendants(graph, ("a", shape.root))) == shape.reached


def test_the_large_shapes_have_the_sizes_of_the_figures() -> None:
    assert layered(20, 1_000).reached == 60_000
    assert ladder(60).reached == 240
    million = layered(50, 5_000)
    assert (million.executions, million.events, million.reached) == (250_000, 1_000_000, 750_000)
    copied = fanned(60_000)
    assert copied.artifacts == 150_000
    assert copied.events == pytest.approx(490_000, rel=0.001)


def test_loading_keeps_the_shape() -> None:
    shape = layered(4, 5)
    with lineage.connect("memory://") as store:
        load(store, shape)
        assert store.counts().events == shape.events
        assert len(store.downstream(shape.root).nodes) == shape.reached + 1


@pytest.mark.parametrize("figure", ["command_line", "million_events"])
def test_a_figure_runs(figure: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", figure],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "ours" in told.stdout


def test_an_unknown_figure_is_named() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "nonsense" in told.stderr


def test_results_keep_what_was_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "_KEPT", tmp_path / "results.json")
    monkeypatch.setattr(results, "_PAGE", tmp_path / "RESULTS.md")
    row = Measured("a", "first thing", "peer", "2x", "1 s", "3 s", "3x", True, "as it was")
    results.keep(FIGURES[0], [row], {"cores": "2"})
    results.keep(FIGURES[1], [replace(row, what="second thing", met=False)], {"cores": "2"})
    page = (tmp_path / "RESULTS.md").read_text()
    assert "| first thing | peer | 1 s | 3 s | 3x | 2x | met |" in page
    assert "| second thing | peer | 1 s | 3 s | 3x | 2x | **missed** |" in page
    assert f"| {FIGURES[2]} | | not measured yet" in page
    assert "cores 2" in page
