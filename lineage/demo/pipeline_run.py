"""Recording steps while they run: started, then complete with outputs, or failed with why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lineage.errors import AlreadyExists
from lineage.model import Artifact, Context, Execution, ExecutionState, Policy, Series, Value
from lineage.store import Store


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """One run of one pipeline: where its steps are recorded and its files lie."""

    store: Store
    name: str
    number: int
    folder: Path
    contexts: tuple[int, ...]

    def named(self, part: str) -> str:
        """The name of something of this run: `cancer-1/forest`."""
        return f"{self.name}/{part}"

    def file(self, part: str) -> Path:
        """Where a file of this run goes."""
        return self.folder / part

    def file_of(self, artifact: Artifact) -> Path:
        """Where an artifact of the demo lies."""
        return Path(unquote(urlsplit(artifact.uri or "").path))

    def artifact(self, type: str, part: str, file: Path, **properties: Value) -> Artifact:
        """An artifact of this run that lies in a file that has been written."""
        content = file.read_bytes()
        return Artifact(
            type=type,
            name=self.named(part),
            uri=file.resolve().as_uri(),
            properties={
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
                **properties,
            },
        )

    @contextmanager
    def step(
        self,
        type: str,
        part: str,
        inputs: Mapping[str, Artifact],
        **properties: Value,
    ) -> Iterator[dict[str, Artifact]]:
        """Record a step around the code that does it; outputs are put in what it yields.

        The execution is there from the start, RUNNING, with its inputs, so that a crash leaves a
        trace. An exception makes it FAILED with the error's text, and goes on to the caller.
        """
        name = self.named(part)

        def write(state: ExecutionState, more: Mapping[str, Value], **ports: Any) -> None:
            self.store.record(
                Execution(type=type, name=name, state=state, properties=more),
                contexts=self.contexts,
                **ports,
            )

        write(ExecutionState.RUNNING, properties, inputs=dict(inputs))
        outputs: dict[str, Artifact] = {}
        try:
            yield outputs
        except Exception as error:
            text = f"{error.__class__.__name__}: {error}"
            write(ExecutionState.FAILED, {"error": text})
            raise
        write(ExecutionState.COMPLETE, {}, outputs=outputs)


def begin(store: Store, pipeline: str, experiment: str, work: Path) -> PipelineRun:
    """Start the next run of a pipeline, under a number that nobody has taken."""
    above = store.put(Context(type="Pipeline", name=pipeline), reuse=True)
    beside = store.put(Context(type="Experiment", name=experiment), reuse=True)
    assert above.id is not None
    assert beside.id is not None
    # Each run's names begin with its own; what follows is the thing, and the number its version.
    names = Series(pattern=f"{pipeline}-{{version}}/*")
    store.put_policy(Policy(name=f"runs of {pipeline}", series=(names,)))
    number = 1 + len(store.children_of(above.id))
    while True:
        name = f"{pipeline}-{number}"
        try:
            run = store.put(Context(type="PipelineRun", name=name))
            break
        except AlreadyExists:  # another process began at the same moment
            number += 1
    assert run.id is not None
    store.put_parent(run.id, above.id)
    # Another store may have had a run of this number in the same folder: nothing is overwritten.
    folder, attempt = work / name, 1
    while folder.exists():
        attempt += 1
        folder = work / f"{name}.{attempt}"
    folder.mkdir(parents=True)
    return PipelineRun(store, name, number, folder, (above.id, run.id, beside.id))
