"""How often a cache gives a stale result: single mutations of small pipelines, by several caches.

What is true is what computing anew gives. Each cache decorates the same three functions.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.measuring import Measured
from tests.recording.mutation import Pipeline, pipelines, write_pipeline

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Cache:
    """How a cache is put on a function: what is imported, and the decorator by name of step."""

    name: str
    imports: str
    decorator: str

    def decorate(self, pipeline: Pipeline) -> Pipeline:
        """Return a pipeline with this cache instead of Lineage's."""
        text = pipeline.files["steps.py"]
        text = text.replace("import lineage\nfrom lineage import Input\n", f"{self.imports}\n")
        text = text.replace("Input[Path]", "Path")
        for step in ("load", "work", "finish"):
            text = text.replace(
                f'@lineage.step(cache=True, name="{step}")', self.decorator.format(step=step)
            )
        return replace(pipeline, files={**pipeline.files, "steps.py": text})


OURS = Cache("lineage", "", "")
PEERS = (
    Cache(
        "joblib", "from joblib import Memory\nmemory = Memory('kept', verbose=0)", "@memory.cache"
    ),
    Cache("diskcache", "from diskcache import Cache\nkept = Cache('kept')", "@kept.memoize()"),
    Cache(
        "cachier", "from cachier import cachier", "@cachier(cache_dir='kept', separate_files=True)"
    ),
)


def measure(bench: Bench) -> list[Measured]:
    each = bench.size(3, 1)
    found = {cache.name: _count(bench, cache, each) for cache in (OURS, *PEERS)}
    stale, needless, changed, neutral = found["lineage"]
    others = ", ".join(f"{cache.name} {found[cache.name][0]}" for cache in PEERS)
    return [
        Measured(
            name="stale_results",
            what=f"stale results after {changed} single mutations of 20 small pipelines",
            against="the same functions under other caches",
            target="0",
            ours=str(stale),
            peer=others,
            ratio="-",
            met=stale == 0,
            note=f"of {neutral} changes that matter to nothing, {needless} had something computed",
        )
    ]


def _count(bench: Bench, cache: Cache, each: int) -> tuple[int, int, int, int]:
    """Stale results, needless computations, mutations that matter, and those that do not."""
    stale = needless = changed = neutral = 0
    for number, plain in enumerate(pipelines()):
        pipeline = plain if cache is OURS else cache.decorate(plain)
        home = bench.folder / cache.name / str(number)
        base = home / "base"
        _run(base, write_pipeline(pipeline, base))
        chance = random.Random(plain.name)
        mutations = pipeline.mutations(chance)
        for turn in range(each):
            mutation = next(mutations)
            folder = home / str(turn)
            shutil.copytree(base, folder)
            environment = write_pipeline(pipeline, folder, mutation)
            got = _run(folder, environment)
            anew = home / f"{turn}-anew"
            truth = _run(anew, write_pipeline(pipeline, anew, mutation))
            stale += got != truth
            changed += not mutation.is_neutral
            neutral += mutation.is_neutral
            if cache is OURS and mutation.is_neutral:
                needless += _computed(folder)
        bench.say(f"{cache.name}: {plain.name}")
    return stale, needless, changed, neutral


def _run(folder: Path, environment: Mapping[str, str]) -> object:
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=folder,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("LINEAGE_")},
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _computed(folder: Path) -> bool:
    import lineage

    with lineage.connect(f"sqlite:///{folder}/.lineage/lineage.db") as store:
        return any(e.state.value == "COMPLETE" for e in store.executions()[-3:])
