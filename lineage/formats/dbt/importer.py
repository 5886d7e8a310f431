"""A dbt project and its runs into a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lineage.errors import InvalidValue
from lineage.formats.dbt.manifest import (
    Manifest,
    Node,
    Result,
    RunResults,
    as_milliseconds,
    read_files,
)
from lineage.formats.keyed_batch import KeyedBatch
from lineage.formats.properties import drop_unkeepable, shorten
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
from lineage.store import Store

RUN = Type(
    kind=Kind.EXECUTION,
    name="DbtRun",
    base=BaseType.TRANSFORM,
    description="A model, seed or snapshot of dbt was built",
)
TEST = Type(
    kind=Kind.EXECUTION, name="DbtTest", base=BaseType.EVALUATE, description="A test of dbt was run"
)
DEFINITION = Type(
    kind=Kind.EXECUTION,
    name="DbtDefinition",
    base=BaseType.TRANSFORM,
    description="What a model of dbt is declared to read and write",
)
EXPOSURE = Type(
    kind=Kind.EXECUTION,
    name="DbtExposure",
    base=BaseType.PROCESS,
    description="What uses tables of dbt: a dashboard, an application, a model",
)
_TYPES = (RUN, TEST, DEFINITION, EXPOSURE)
_TOGETHER = 500

_STATES = {
    "success": ExecutionState.COMPLETE,
    "partial success": ExecutionState.COMPLETE,
    "reused": ExecutionState.CACHED,
    # A test that found something was run to its end.
    "pass": ExecutionState.COMPLETE,
    "warn": ExecutionState.COMPLETE,
    "fail": ExecutionState.COMPLETE,
    "error": ExecutionState.FAILED,
    "runtime error": ExecutionState.FAILED,
    "skipped": ExecutionState.CANCELED,
    "no-op": ExecutionState.CANCELED,
}

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Invalid:
    """A result that was left out: where it stands, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """How many tables and results of runs there were, and what was left out."""

    tables: int
    results: int
    invalid: tuple[Invalid, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return asdict(self) | {"invalid": [asdict(each) for each in self.invalid]}


def import_dbt(
    files: Sequence[Path],
    store: Store,
    *,
    skip_invalid: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Import the manifest of a dbt project, and the results of its runs.

    Parameters
    ----------
    files
        A `manifest.json`, and any number of `run_results.json`. Without results, what the project
        declares is imported; with them, what was run.
    store
        Where it is recorded. The same files again change nothing.
    skip_invalid
        Leave out results of nodes that the manifest does not have, and say so in the answer.
    progress
        Called with the number of nodes and results that are done, and how many there are.

    Raises
    ------
    InvalidValue
        Where a file or a field is wrong; the message names it, and nothing was written.
    NotFound
        Where a file is not there.
    """
    given = read_files(list(files))
    project = _Project(given.manifest)
    invalid: list[Invalid] = []
    steps: list[Callable[[KeyedBatch], None]] = [
        lambda batch, node=node: project.add_relation(batch, node)  # type: ignore[misc]
        for node in project.relations
    ]
    results = 0
    if given.runs:
        for name, run in given.runs:
            known, unknown = project.part_results(name, run)
            if unknown and not skip_invalid:
                raise InvalidValue(f"{unknown[0].where}: {unknown[0].reason}")
            invalid += unknown
            results += len(known)
            steps += [
                lambda batch, run=run, result=result: project.add_result(batch, run, result)  # type: ignore[misc]
                for result in known
            ]
    else:
        steps += [
            lambda batch, node=node: project.add_definition(batch, node)  # type: ignore[misc]
            for node in project.relations
        ]
    steps += [
        lambda batch, node=node: project.add_exposure(batch, node)  # type: ignore[misc]
        for node in given.manifest.exposures.values()
    ]
    _write(store, steps, progress)
    return Imported(len(project.relations), results, tuple(invalid))


def _write(
    store: Store, steps: Sequence[Callable[[KeyedBatch], None]], progress: Progress | None
) -> None:
    for start in range(0, len(steps), _TOGETHER):
        batch = KeyedBatch(_TYPES)
        some = steps[start : start + _TOGETHER]
        for step in some:
            step(batch)
        batch.write(store)
        if progress is not None:
            progress(start + len(some), len(steps))


@dataclass(slots=True)
class _Project:
    """A project on its way into a store."""

    manifest: Manifest
    nodes: dict[str, Node] = field(default_factory=dict)
    key: str = ""

    def __post_init__(self) -> None:
        self.key = f"dbt:{self.manifest.project}"
        self.nodes = {**self.manifest.nodes, **self.manifest.sources}

    @property
    def _written_ms(self) -> int | None:
        written = self.manifest.metadata.generated_at
        return None if written is None else as_milliseconds(written)

    @property
    def relations(self) -> list[Node]:
        """The tables and views of the project."""
        return [node for node in self.nodes.values() if node.is_relation]

    def part_results(self, name: str, run: RunResults) -> tuple[list[Result], list[Invalid]]:
        """Part the results of a run into those of nodes that are known, and the others."""
        known, unknown = [], []
        for at, result in enumerate(run.results):
            if result.unique_id in self.nodes:
                known.append(result)
            elif result.unique_id not in self.manifest.exposures and not _has_no_data(result):
                reason = f"{result.unique_id!r} is not in the manifest; give that of the same run"
                unknown.append(Invalid(f"{name}: results.{at}.unique_id", reason))
        return known, unknown

    def add_relation(self, batch: KeyedBatch, node: Node) -> None:
        """Add the artifact of a table."""
        batch.put(
            Artifact(
                type="Table",
                name=node.relation,
                external_id=self._key(node.unique_id),
                custom_properties=drop_unkeepable(
                    {
                        "dbt_id": node.unique_id,
                        "database": node.database,
                        "schema": node.schema_name,
                        "materialized": node.config.get("materialized") or node.resource_type,
                        "description": node.description,
                        "columns": _columns(node.columns),
                        "owners": _owner(node),
                        "tags": ", ".join(map(str, node.tags or ())),
                        "meta": node.meta or node.config.get("meta"),
                    }
                ),
            )
        )

    def add_definition(self, batch: KeyedBatch, node: Node) -> None:
        """Add what a model is declared to read and write."""
        inputs = self._inputs(node)
        if not inputs and node.resource_type == "source":
            return
        step = batch.put(
            Execution(
                type=DEFINITION.name,
                name=f"{self.manifest.name}/{node.unique_id}",
                external_id=self._key(node.unique_id),
                custom_properties=drop_unkeepable(self._code(node)),
            )
        )
        batch.put_in_context(Kind.EXECUTION, step, self._pipeline(batch))
        for source in inputs:
            self._tie(batch, source, step, EventType.DECLARED_INPUT, self._written_ms)
        self._tie(batch, node, step, EventType.DECLARED_OUTPUT, self._written_ms)

    def add_exposure(self, batch: KeyedBatch, node: Node) -> None:
        """Add what uses tables."""
        step = batch.put(
            Execution(
                type=EXPOSURE.name,
                name=f"{self.manifest.name}/{node.name}",
                external_id=self._key(node.unique_id),
                custom_properties=drop_unkeepable(
                    {
                        "exposure_type": node.type,
                        "url": node.url,
                        "description": node.description,
                        "owners": _owner(node),
                    }
                ),
            )
        )
        batch.put_in_context(Kind.EXECUTION, step, self._pipeline(batch))
        for source in self._inputs(node):
            self._tie(batch, source, step, EventType.DECLARED_INPUT, self._written_ms)

    def add_result(self, batch: KeyedBatch, run: RunResults, result: Result) -> None:
        """Add how one node fared in a run."""
        node = self.nodes[result.unique_id]
        is_test = node.resource_type not in ("model", "seed", "snapshot")
        invocation = run.metadata.invocation_id or "run"
        began, ended = result.time_ms("started_at"), result.time_ms("completed_at")
        if run.metadata.generated_at is not None:
            written = as_milliseconds(run.metadata.generated_at)
            began, ended = began or written, ended or written
        state = _STATES.get(result.status, ExecutionState.UNKNOWN)
        step = batch.put(
            Execution(
                type=TEST.name if is_test else RUN.name,
                name=f"{node.name}/{invocation}",
                external_id=f"{self.key}/run/{invocation}/{shorten(node.unique_id)}",
                state=state,
                custom_properties=drop_unkeepable(
                    {
                        **self._code(node),
                        "status": result.status,
                        "error" if state is ExecutionState.FAILED else "message": (
                            None if result.message is None else str(result.message)
                        ),
                        "failures": result.failures,
                        "rows_affected": result.adapter_response.get("rows_affected"),
                        "compiled_sql": result.compiled_code,
                        "start_time": began,
                        "end_time": ended,
                        "environment": {"dbt": run.metadata.dbt_version},
                    }
                ),
            )
        )
        self._put_in_run(batch, run, invocation, step)
        if state is ExecutionState.CANCELED:
            # It was not run: it read nothing and wrote nothing.
            return
        for source in self._inputs(node):
            self._tie(batch, source, step, EventType.INPUT, began)
        if not is_test:
            self._tie(batch, node, step, EventType.OUTPUT, ended)
        elif result.failures is not None:
            found = batch.put(
                Artifact(
                    type="Metrics",
                    name=f"{node.name}/{invocation}",
                    external_id=f"{self.key}/run/{invocation}/{shorten(node.unique_id)}",
                    custom_properties={"failures": result.failures},
                )
            )
            batch.put_event(found, step, EventType.OUTPUT, ("failures",), ended)

    def _put_in_run(self, batch: KeyedBatch, run: RunResults, invocation: str, step: str) -> None:
        group = batch.put(
            Context(
                type="PipelineRun",
                name=f"{self.manifest.name}/{invocation}",
                external_id=f"{self.key}/run/{invocation}",
                custom_properties=drop_unkeepable(
                    {
                        "run_id": invocation,
                        "command": run.args.get("invocation_command"),
                        "environment": run.metadata.env,
                    }
                ),
            )
        )
        batch.put_parent(group, self._pipeline(batch))
        batch.put_in_context(Kind.EXECUTION, step, group)

    def _pipeline(self, batch: KeyedBatch) -> str:
        return batch.put(
            Context(
                type="Pipeline",
                name=self.manifest.name,
                external_id=self.key,
                custom_properties=drop_unkeepable({"adapter": self.manifest.metadata.adapter_type}),
            )
        )

    def _tie(
        self,
        batch: KeyedBatch,
        table: Node,
        step: str,
        type: EventType,
        time_ms: int | None = None,
    ) -> None:
        key = batch.refer_to_artifact(self._key(table.unique_id))
        batch.put_event(key, step, type, (shorten(table.relation),), time_ms)

    def _inputs(self, node: Node) -> list[Node]:
        """Return the tables that a node reads, those of its ephemeral models among them."""
        found: dict[str, Node] = {}
        seen: set[str] = set()
        waiting = list(reversed(node.depends_on.nodes))
        while waiting:
            id = waiting.pop()
            source = self.nodes.get(id)
            if source is None or id in seen:
                continue
            seen.add(id)
            if source.is_ephemeral:
                waiting += reversed(source.depends_on.nodes)
            elif source.is_relation:
                found[id] = source
        return list(found.values())

    def _code(self, node: Node) -> dict[str, Any]:
        checksum = node.checksum.get("checksum") if isinstance(node.checksum, dict) else None
        return {
            "dbt_id": node.unique_id,
            "module_path": node.original_file_path,
            "sql": node.raw_code or node.raw_sql,
            "code_checksum": checksum,
        }

    def _key(self, unique_id: str) -> str:
        return f"{self.key}/{shorten(unique_id)}"


def _has_no_data(result: Result) -> bool:
    """Whether it is of something that reads and writes no table: a hook, a saved query."""
    return result.unique_id.partition(".")[0] in ("operation", "saved_query", "function")


def _columns(columns: dict[str, Any]) -> str | None:
    said: list[str] = []
    for name, column in columns.items():
        kind = column.get("data_type") if isinstance(column, dict) else None
        said.append(f"{name}: {kind}" if kind else str(name))
    return ", ".join(said) or None


def _owner(node: Node) -> str | None:
    meta: Iterable[Any] = (node.meta.get("owner"), node.config.get("meta"))
    for found in (node.owner.get("email"), node.owner.get("name"), *meta):
        if isinstance(found, dict):
            found = found.get("owner")
        if isinstance(found, list):
            found = ", ".join(map(str, found))
        if isinstance(found, str) and found:
            return found
    return None
