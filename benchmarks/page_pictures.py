"""The page in a headless browser: the first picture of a graph, panning, and what it weighs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import lineage
from benchmarks.bench import Bench
from benchmarks.http_readers import serve
from benchmarks.measuring import Measured, shown
from lineage.server.page.assets import read_assets
from tests.server.page.nightly import record_nights

_PATIENCE_MS = 120_000
# WebGL in software, as on any machine without a screen.
_FLAGS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
_FRAMES = 90
_PAN = """frames => new Promise(done => {
  const times = [];
  const frame = now => {
    times.push(now);
    if (times.length > frames) { done((times.at(-1) - times[0]) / frames); return; }
    window.lineageStage.pan(times.length % 2 ? 12 : -11, times.length % 3 ? 5 : -9);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})"""


def measure(bench: Bench) -> list[Measured]:
    turns = bench.size(5, 1)
    rows = []
    with _browser() as browser:
        for nights, grouped, most in ((122, False, 1.5), (1_225, True, 2.0)):
            rows += _picture(bench, browser, bench.size(nights, 12), grouped, most, turns)
    weight = sum(len(asset.packed) for asset in read_assets().values())
    rows.append(
        Measured(
            name="page_weight",
            what="the page with all its files, compressed",
            against="-",
            target="at most 1 MB",
            ours=f"{weight / 1000:,.0f} kB",
            peer="-",
            ratio="-",
            met=weight <= 1_000_000,
            note=f"{len(read_assets())} files; nothing comes from another host",
        )
    )
    return rows


def _picture(
    bench: Bench, browser: Any, nights: int, grouped: bool, most: float, turns: int
) -> list[Measured]:
    url = bench.sqlite_url(f"nights-{nights}")
    with lineage.connect(url) as store:
        record_nights(store, nights)
        counts = store.counts()
    how = "grouped" if grouped else "each drawn"
    path = f"#/graph/Dataset:events?grouped={str(grouped).lower()}"
    times, frames = [], []
    with serve(url) as address:
        for _ in range(turns + 1):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{address}/{path}")
            page.wait_for_selector(".canvas[data-drawn]", timeout=_PATIENCE_MS)
            # From the request for the page itself until its picture was painted.
            times.append(
                page.evaluate(
                    "() => new Promise(done => requestAnimationFrame(() => "
                    "requestAnimationFrame(now => done(now))))"
                )
                / 1_000
            )
            frames.append(page.evaluate(_PAN, _FRAMES) / 1_000)
            page.close()
    # The first one also fills the server's caches.
    first, *later = times
    picture, frame = median(later), median(frames[1:])
    nodes = counts.artifacts + counts.executions
    about = f"the page, headless Chromium, WebGL in software: {nodes:,} nodes, {how}"
    return [
        Measured(
            name=f"first_picture_{nights}",
            what=f"{about}: first picture",
            against="-",
            target=f"at most {most:g} s",
            ours=shown(picture),
            peer="-",
            ratio="-",
            met=picture <= most,
            note=f"{turns} turns, {shown(min(later))} to {shown(max(later))}; with the server's "
            f"caches empty {shown(first)}",
        ),
        Measured(
            name=f"panning_{nights}",
            what=f"{about}: panning",
            against="-",
            target="at least 30 frames/s",
            ours=f"{1 / frame:.0f} frames/s",
            peer="-",
            ratio="-",
            met=1 / frame >= 30,
            note=f"{_FRAMES} frames a turn, {turns} turns",
        ),
    ]


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise RuntimeError("no browser: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield browser
        browser.close()
