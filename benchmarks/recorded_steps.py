"""What recording costs a step, and whether many steps keep memory flat."""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import lineage
from benchmarks.bench import Bench
from benchmarks.measuring import Measured, seconds, shown
from lineage import Input, Output


def measure(bench: Bench) -> list[Measured]:
    folder = bench.folder / "steps"
    folder.mkdir()
    raw, out = folder / "raw.csv", folder / "out.csv"
    raw.write_text("a\n" * 1_000)
    url = f"sqlite:///{folder}/lineage.db"

    def plain(source: Path, target: Path, lr: float) -> float:
        target.write_text(f"{len(source.read_text())} {lr}")
        return lr

    @lineage.step(store=url, type="Train")
    def recorded(source: Input[Path], target: Output[Path], lr: float) -> float:
        return plain(source, target, lr)

    @lineage.step(store=url, type="Train", cache=True)
    def cached(source: Input[Path], target: Output[Path], lr: float) -> float:
        return plain(source, target, lr)

    turns = bench.size(300, 20)
    # What differs from step to step is measured, not the first look at git and the environment.
    recorded(raw, out, 0.0)
    ours, bare, hits = [], [], []
    cached(raw, out, 0.5)
    for turn in range(turns):
        lr = turn / turns
        ours.append(seconds(lambda: recorded(raw, out, lr)))  # noqa: B023
        bare.append(seconds(lambda: plain(raw, out, lr)))  # noqa: B023
    cached(raw, out, 0.5)
    hits = [seconds(lambda: cached(raw, out, 0.5)) for _ in range(turns)]
    # Each end of a step is on the disk when it returns.
    synced = median(seconds(lambda: _sync(folder)) for _ in range(turns))
    cost = median(ours) - median(bare)
    return [
        Measured(
            name="recorded_step",
            what="a recorded step with default capture, after the first (1 file in, 1 out), SQLite",
            against="the same function, not recorded",
            target="at most 5 ms more",
            ours=shown(median(ours)),
            peer=shown(median(bare)),
            ratio="-",
            met=cost <= 0.005,
            note=f"{turns} turns, {shown(min(ours))} to {shown(max(ours))}; it is put on the disk "
            f"twice, and one fsync takes {shown(synced)} here",
        ),
        Measured(
            name="cached_step",
            what="a step whose result is used again (1 file in, 1 out), SQLite",
            against="-",
            target="-",
            ours=shown(median(hits)),
            peer="-",
            ratio="-",
            met=None,
            note=f"{turns} turns, {shown(min(hits))} to {shown(max(hits))}",
        ),
        _soak(bench, lambda turn: recorded(raw, out, float(turn))),
    ]


def _soak(bench: Bench, step: Callable[[int], object]) -> Measured:
    """Memory before and after many steps, once it has settled."""
    count = bench.size(100_000, 300)
    for turn in range(count // 10):
        step(turn)
    before = _resident()
    started = time.perf_counter()
    for turn in range(count):
        step(turn)
    took = time.perf_counter() - started
    grown = _resident() - before
    return Measured(
        name="recorded_steps_soak",
        what=f"memory after {count:,} recorded steps more, SQLite",
        against="before them",
        target="flat: at most 10 MB more",
        ours=f"{grown / 1e6:+.1f} MB",
        peer=f"{before / 1e6:.0f} MB",
        ratio="-",
        met=grown <= 10_000_000,
        note=f"{count / took:,.0f} steps a second",
    )


def _resident() -> int:
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")


def _sync(folder: Path) -> None:
    with (folder / "sync").open("ab") as file:
        file.write(b"x" * 4096)
        file.flush()
        os.fsync(file.fileno())
