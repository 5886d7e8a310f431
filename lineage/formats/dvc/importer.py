"""The history of a DVC project into a store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from lineage.errors import InvalidValue
from lineage.formats.dvc.git_history import Commit, GitHistory
from lineage.formats.dvc.lock_file import (
    Declared,
    Place,
    Stage,
    parse_yaml,
    read_declared,
    read_lock,
    read_tracked,
)
from lineage.formats.keyed_batch import KeyedBatch
from lineage.formats.properties import drop_unkeepable, flatten, shorten
from lineage.model import (
    Artifact,
    BaseType,
    Context,
    EventType,
    Execution,
    ExecutionState,
    Kind,
    Type,
)
from lineage.rules.values import MAX_URI_BYTES
from lineage.store import Store

STAGE = Type(
    kind=Kind.EXECUTION, name="DvcStage", base=BaseType.PROCESS, description="A stage of DVC"
)
TRAINING = Type(
    kind=Kind.EXECUTION,
    name="DvcTraining",
    base=BaseType.TRAIN,
    description="A stage of DVC that wrote a model",
)
_TYPES = (STAGE, TRAINING)
_TOGETHER = 100

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Invalid:
    """A file that was left out: where it stands, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """How many commits were read, what was in them, and what was left out."""

    commits: int
    stages: int
    artifacts: int
    invalid: tuple[Invalid, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return asdict(self) | {"invalid": [asdict(each) for each in self.invalid]}


def import_dvc(
    folder: Path,
    store: Store,
    *,
    revisions: Sequence[str] = ("HEAD",),
    types: Mapping[str, str] | None = None,
    skip_invalid: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Import what the `dvc.lock` and `.dvc` files of a repository say, in all commits.

    Parameters
    ----------
    folder
        The git repository; it is only read.
    store
        Where it is recorded. Imported again, what is new is added.
    revisions
        The commits whose history is read, as `git log` takes them (`HEAD`, `--all`, a branch).
    types
        What the files are that match a pattern: `{"models/*": "Model"}`. DVC itself knows of a
        model only where a `dvc.yaml` has it among its `artifacts`.
    skip_invalid
        Leave out a file that can't be read, and say so in the answer.
    progress
        Called with the number of commits that are done, and how many there are.

    Raises
    ------
    NotFound, StoreUnavailable, Unsupported
        Where there is no repository, it can't be read, or what reads it is not installed.
    InvalidValue
        At the first file that can't be read, by commit and path; what came before it stays.
    """
    with GitHistory(folder) as history:
        commits = list(history.commits(list(revisions)))
        project = _Project(
            history,
            _read_declared(history, commits),
            _read_tracked_paths(history, commits),
            dict(types or {}),
        )
        batch = KeyedBatch(_TYPES)
        invalid: list[Invalid] = []
        for at, commit in enumerate(commits, 1):
            invalid += project.add(batch, commit, skip_invalid=skip_invalid)
            if at % _TOGETHER == 0 or at == len(commits):
                batch.write(store)
                batch = KeyedBatch(_TYPES)
            if progress is not None:
                progress(at, len(commits))
    count = len({commit.id for commit in commits})
    return Imported(count, len(project.stages), len(project.artifacts), tuple(invalid))


def _read_declared(history: GitHistory, commits: Sequence[Commit]) -> Declared:
    contents: dict[PurePosixPath, list[bytes]] = {}
    for commit in commits:
        for change in commit.changes:
            if change.path.name == "dvc.yaml":
                content = history.read(change.blob)
                if content is not None:
                    contents.setdefault(change.path, []).append(content)
    return read_declared(contents)


def _read_tracked_paths(history: GitHistory, commits: Sequence[Commit]) -> frozenset[str]:
    """Return what `.dvc` files ever tracked; one that can't be read says nothing here."""
    found: set[str] = set()
    for commit in commits:
        for change in commit.changes:
            content = history.read(change.blob) if change.path.suffix == ".dvc" else None
            if content is not None:
                with suppress(InvalidValue):
                    found |= {place.path for place in read_tracked(content, change.path).outputs}
    return frozenset(found)


@dataclass(slots=True)
class _Project:
    """A repository on its way into a store, and what of it has been met."""

    history: GitHistory
    declared: Declared
    tracked: frozenset[str]
    types: Mapping[str, str]
    stages: set[str] = field(default_factory=set)
    artifacts: set[str] = field(default_factory=set)
    key: str = ""
    name: str = ""
    remote: str | None = None

    def __post_init__(self) -> None:
        self.key = f"dvc:{self.history.root[:12]}"
        self.name = self.history.name
        self.remote = self.history.remote

    def add(self, batch: KeyedBatch, commit: Commit, *, skip_invalid: bool) -> list[Invalid]:
        """Add what a commit changed; returns the files that were left out."""
        invalid: list[Invalid] = []
        for change in commit.changes:
            if change.path.name != "dvc.lock" and change.path.suffix != ".dvc":
                continue
            content = self.history.read(change.blob)
            if content is None:
                continue
            try:
                if change.path.name == "dvc.lock":
                    stages = read_lock(content, change.path)
                else:
                    stages = [read_tracked(content, change.path)]
            except InvalidValue as error:
                where = f"{commit.id[:12]}:{change.path}"
                if not skip_invalid:
                    raise InvalidValue(f"{where}: {error}") from None
                invalid.append(Invalid(where, str(error)))
                continue
            outputs = [place for stage in stages for place in stage.outputs]
            for stage in stages:
                self._add_stage(batch, commit, change.path, stage, outputs)
        return invalid

    def _add_stage(
        self,
        batch: KeyedBatch,
        commit: Commit,
        file: PurePosixPath,
        stage: Stage,
        around: Sequence[Place],
    ) -> None:
        """Add a run of a stage where it is met first: a later commit has it from an earlier one."""
        name = shorten(f"{file.parent}:{stage.name}".removeprefix(".:"))
        key = f"{self.key}/{name}@{stage.digest}"
        if key in self.stages:
            return
        if not stage.command and not stage.dependencies:
            # A file that was put under DVC's care: nobody knows who made it.
            for place in stage.outputs:
                self._put_artifact(batch, place, commit)
            return
        self.stages.add(key)
        is_training = any(self._type_of(place.path) == "Model" for place in stage.outputs)
        batch.put(
            Execution(
                type=TRAINING.name if is_training else STAGE.name,
                name=f"{self.name}/{name}@{stage.digest[:8]}",
                external_id=key,
                state=ExecutionState.COMPLETE,
                custom_properties=drop_unkeepable(
                    {
                        **flatten(stage.parameters),
                        "stage": stage.name,
                        "command": stage.command,
                        "git_commit": commit.id,
                        "git_url": self.remote,
                        "user": commit.author,
                    }
                ),
            )
        )
        for flow, places in (
            (EventType.INPUT, stage.dependencies),
            (EventType.OUTPUT, stage.outputs),
        ):
            for place in places:
                artifact = self._put_artifact(batch, place, commit)
                batch.put_event(artifact, key, flow, (shorten(place.path),), commit.time_ms)
        # Who reads a file of a folder reads what wrote the folder, and the other way round.
        for place in stage.dependencies:
            for other in around:
                if _is_inside(place.path, other.path) or _is_inside(other.path, place.path):
                    artifact = self._put_artifact(batch, other, commit)
                    path = (shorten(place.path), shorten(other.path))
                    batch.put_event(artifact, key, EventType.INPUT, path, commit.time_ms)
        self._put_in_contexts(batch, commit, file, key)

    def _put_in_contexts(
        self, batch: KeyedBatch, commit: Commit, file: PurePosixPath, stage: str
    ) -> None:
        folder = "" if str(file.parent) == "." else f"/{shorten(str(file.parent))}"
        pipeline = batch.put(
            Context(
                type="Pipeline",
                name=f"{self.name}{folder}",
                external_id=f"{self.key}{folder}",
                custom_properties=drop_unkeepable({"git_url": self.remote}),
            )
        )
        run = batch.put(
            Context(
                type="PipelineRun",
                name=f"{self.name}{folder}@{commit.id[:12]}",
                external_id=f"{self.key}{folder}@{commit.id[:12]}",
                custom_properties=drop_unkeepable({"git_commit": commit.id, "user": commit.author}),
            )
        )
        batch.put_parent(run, pipeline)
        batch.put_in_context(Kind.EXECUTION, stage, run)

    def _put_artifact(self, batch: KeyedBatch, place: Place, commit: Commit) -> str:
        known = place.digest or "unknown"
        key = f"{self.key}/{shorten(place.path)}@{known[:100]}"
        is_new = key not in self.artifacts
        self.artifacts.add(key)
        type = self._type_of(place.path)
        properties: dict[str, Any] = {
            "path": place.path,
            "size_bytes": place.size,
            "files": place.files,
            **identify(place),
        }
        if type == "Metrics" and is_new:
            properties.update(self._read_metrics(place, commit))
        return batch.put(
            Artifact(
                type=type,
                name=f"{shorten(place.path)}@{known[:12]}",
                external_id=key,
                uri=self._uri(place),
                custom_properties=drop_unkeepable(properties),
            ),
            only_if_missing=not is_new,
        )

    def _type_of(self, path: str) -> str:
        for pattern, type in self.types.items():
            if fnmatchcase(path, pattern):
                return type
        if path in self.declared.types:
            return self.declared.types[path]
        if path in self.declared.metrics:
            return "Metrics"
        return "Dataset" if path in self.tracked else "File"

    def _uri(self, place: Place) -> str | None:
        uri = place.path if place.is_external else str(self.history.top / place.path)
        return uri if len(uri.encode(errors="replace")) <= MAX_URI_BYTES else None

    def _read_metrics(self, place: Place, commit: Commit) -> Iterator[tuple[str, Any]]:
        """Yield the numbers of a file of metrics, where the commit has it as it was written."""
        content = None if place.is_external else self.history.read(f"{commit.id}:{place.path}")
        if (
            content is None
            or hashlib.md5(content, usedforsecurity=False).hexdigest() != place.digest
        ):
            return
        try:
            found = (
                json.loads(content)
                if place.path.endswith(".json")
                else parse_yaml(content, place.path)
            )
        except (ValueError, RecursionError, InvalidValue):
            return
        if isinstance(found, Mapping):
            yield from flatten(found).items()


def identify(place: Place) -> dict[str, str]:
    """Return the property that says what the content is."""
    if place.algorithm is None or place.digest is None:
        return {}
    return {place.algorithm.replace("-", "_"): place.digest}


def _is_inside(path: str, folder: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")
