"""Random histories of a few pipelines, beside a reference that keeps every version apart.

The reference decides by construction what each step read and wrote. Pipelines rewrite tables, with
new content and with the same, fail and try again, copy without recording it, fold, shard, and train
a model for each shard, under names that differ in a number.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import Artifact, Execution, ExecutionState, Store

LONG = bool(os.environ.get("LINEAGE_LONG"))
_tags = count()
_steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["ingest", "ingest", "same", "train", "train", "retry", "copy", "fold", "shard",
             "per_shard", "score"]
        ),
        st.integers(0, 2),
        st.integers(0, 2),
    ),
    min_size=4,
    max_size=16,
)  # fmt: skip


@dataclass(eq=False)
class Version:
    """One version of one thing."""

    label: str
    digest: str
    uri: str | None = None

    @property
    def reference(self) -> str:
        """What names it; without a number, the newest is meant."""
        return self.label if "@" in self.label else f"{self.label}@1"


@dataclass
class Run:
    """What one attempt at a step read and wrote."""

    label: str
    inputs: list[Version]
    outputs: list[Version]


@dataclass
class History:
    """Records steps, and keeps what they were about."""

    store: Store
    tag: str
    series: dict[tuple[str, str], list[Version]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    attempts: dict[str, int] = field(default_factory=dict)
    contents: int = 0

    # What is recorded

    def ingest(self, i: int, _: int) -> None:
        """A table is written anew at its place."""
        self.step("Ingest", f"ingest-{i}", [], [self.written("Dataset", f"raw-{i}", place=True)])

    def same(self, i: int, _: int) -> None:
        """It is written again, byte for byte."""
        if newest := self.newest("Dataset", f"raw-{i}"):
            self.step("Ingest", f"ingest-{i}", [], [newest])

    def train(self, i: int, j: int) -> None:
        """A model is trained on the newest version of a table."""
        if data := self.newest("Dataset", f"raw-{i}"):
            self.step("Train", f"train-{j}", [data], [self.written("Model", f"model-{j}")])

    def retry(self, i: int, j: int) -> None:
        """A first attempt fails; the next one reads another table."""
        first = self.newest("Dataset", f"raw-{i}")
        then = self.newest("Dataset", f"raw-{(i + 1) % 3}")
        if first and then:
            self.step("Train", f"train-{j}", [first], [], state=ExecutionState.FAILED)
            self.step("Train", f"train-{j}", [then], [self.written("Model", f"model-{j}")])

    def copy(self, i: int, _: int) -> None:
        """Somebody copies a table by hand, and trains on the copy."""
        if data := self.newest("Dataset", f"raw-{i}"):
            name = f"copy-{self.contents}"
            self.contents += 1
            copy = self.number("Dataset", name, data.digest, f"s3://{self.tag}/elsewhere/{name}")
            self.step("Train", f"of-{name}", [copy], [self.written("Model", f"of-{name}")])

    def fold(self, i: int, j: int) -> None:
        """Two tables become one."""
        read = [self.newest("Dataset", f"raw-{n}") for n in sorted({i, j})]
        if all(read):
            tables = [table for table in read if table]
            self.step("Transform", "fold", tables, [self.written("Dataset", "folded")])

    def shard(self, i: int, _: int) -> None:
        """A table is parted in three, whose names differ in a number."""
        if data := self.newest("Dataset", f"raw-{i}"):
            parts = [self.written("Dataset", f"shard-{n}") for n in range(3)]
            self.step("Split", "shard", [data], parts)

    def per_shard(self, i: int, _: int) -> None:
        """A shard has a model of its own."""
        if data := self.newest("Dataset", f"shard-{i}"):
            self.step("Train", f"store-{i}", [data], [self.written("Model", f"store-{i}")])

    def score(self, _: int, j: int) -> None:
        """A model is measured on the folded table."""
        model, data = self.newest("Model", f"model-{j}"), self.newest("Dataset", "folded")
        if model and data:
            scores = self.written("Metrics", f"scores-{j}")
            self.step("Evaluate", f"score-{j}", [model, data], [scores])

    # How

    def newest(self, type: str, name: str) -> Version | None:
        there = self.series.get((type, name))
        return there[-1] if there else None

    def written(self, type: str, name: str, *, place: bool = False) -> Version:
        self.contents += 1
        digest = f"sha256:{sha256(f'{self.tag} {self.contents}'.encode()).hexdigest()}"
        return self.number(type, name, digest, f"s3://{self.tag}/{name}" if place else None)

    def number(self, type: str, name: str, digest: str, uri: str | None) -> Version:
        there = self.series.setdefault((type, name), [])
        label = f"{type}:{self.tag}/{name}" + (f"@{len(there) + 1}" if there else "")
        there.append(Version(label, digest, uri))
        return there[-1]

    def step(
        self,
        type: str,
        name: str,
        inputs: list[Version],
        outputs: list[Version],
        state: ExecutionState = ExecutionState.COMPLETE,
    ) -> None:
        self.attempts[name] = attempt = self.attempts.get(name, 0) + 1
        self.store.record(
            Execution(type=type, name=f"{self.tag}/{name}", state=state),
            inputs=[self.given(version) for version in inputs],
            outputs=[self.given(version) for version in outputs],
        )
        label = f"{type}:{self.tag}/{name}" + (f"@{attempt}" if attempt > 1 else "")
        self.runs.append(Run(label, inputs, outputs))

    def given(self, version: Version) -> Artifact:
        """What a program says that it reads or writes: a name, never a number."""
        type, _, name = version.label.partition("@")[0].partition(":")
        return Artifact(type=type, name=name, digest=version.digest, uri=version.uri)

    # The reference's answers

    def all(self, *types: str) -> list[Version]:
        return [v for (type, _), there in self.series.items() for v in there if type in types]

    def upstream(self, of: Version) -> set[str]:
        found, left = {of.label}, [of]
        while left:
            version = left.pop()
            for run in self.runs:
                if version in run.outputs:
                    found.add(run.label)
                    fresh = [v for v in run.inputs if v.label not in found]
                    found |= {v.label for v in fresh}
                    left += fresh
        return found

    def affected(self, source: Version) -> set[str]:
        everything = self.all("Dataset", "Model", "Metrics")
        found: set[str] = set()
        left: list[Version] = [source]
        while left:
            version = left.pop()
            if version.label in found:
                continue
            found.add(version.label)
            left += [v for v in everything if v.digest == version.digest]
            for run in self.runs:
                if version in run.inputs:
                    found.add(run.label)
                    left += run.outputs
        return found


def labels(nodes: Iterable[object]) -> set[str]:
    return {node.label for node in nodes}  # type: ignore[attr-defined]


def test_each_version_is_kept_apart(store: Store) -> None:
    neo4j = store.url.startswith(("neo4j", "bolt"))
    many = (200 if neo4j else 3_300) if LONG else 10 if neo4j else 25

    # Of what is recorded in one millisecond, nothing says which came first.
    now = count(1_700_000_000_000)
    store.clock = lambda: next(now)

    @settings(max_examples=many, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=_steps, marked=st.integers(0, 30), repair=_steps)
    def check(
        steps: list[tuple[str, int, int]], marked: int, repair: list[tuple[str, int, int]]
    ) -> None:
        history = History(store, f"{next(_tags):x}h")
        for what, i, j in steps:
            getattr(history, what)(i, j)
        for (type, name), there in history.series.items():
            found = store.versions(f"{type}:{history.tag}/{name}")
            assert [v.label for v in found] == [v.label for v in there]
            assert [v.digest for v in found] == [v.digest for v in there]
        for model in history.all("Model"):
            expected = history.upstream(model)
            assert labels(at.node for at in store.upstream(model.reference).nodes) == expected
            tables = {label for label in expected if label.startswith("Dataset:")}
            assert labels(t.dataset for t in store.trained_on(model.reference)) == tables
        everything = history.all("Dataset", "Model", "Metrics")
        if not everything:
            return
        source = everything[marked % len(everything)]
        store.mark(source.reference, label=history.tag, reason="poisoned")
        affected = history.affected(source)
        known = set(map(id, everything))

        def judge(version: Version) -> bool:
            """Whether the gate lets it pass, as the reference does."""
            clean = store.check(version.reference, label=history.tag).clean
            assert clean is (version.label not in affected), version.label
            return clean

        assert labels(at.node for at in store.taint(label=history.tag).nodes) == affected
        for version in everything:
            judge(version)
        progress = store.taint_progress(label=history.tag)
        tables = {v.label for v in everything if v.label in affected}
        assert (labels(progress.dirty), progress.replaced) == (tables, ())
        assert not progress.done

        # What is written from now on may replace what is affected.
        for what, i, j in repair:
            getattr(history, what)(i, j)
        affected = history.affected(source)
        progress = store.taint_progress(label=history.tag)
        replaced = {was.label: by.label for was, by in progress.replaced}
        everything = history.all("Dataset", "Model", "Metrics")
        for version in everything:
            judge(version)
        assert replaced.keys() | labels(progress.dirty) == {
            v.label for v in everything if v.label in affected
        }
        assert progress.done is (not progress.dirty)
        for was, by in replaced.items():
            assert was in affected
            assert by not in affected
        for there in history.series.values():
            for at, version in enumerate(there):
                later = [v for v in there[at + 1 :] if id(v) not in known]
                if version.label in affected and any(v.label not in affected for v in later):
                    assert version.label in replaced, version.label

    check()
