"""The files of dbt: the manifest of a project, and the results of a run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lineage.errors import InvalidValue, NotFound
from lineage.model.record import invalid_value

_SCHEMA = re.compile(r"/dbt/(?P<what>manifest|run-results)/v(?P<version>\d+)")
# Older manifests name things otherwise.
_OLDEST = {"manifest": 4, "run-results": 3}
_RELATIONS = ("model", "seed", "snapshot", "source")


def _absent_as_empty(value: Any) -> Any:
    return {} if value is None else value


Properties = Annotated[dict[str, Any], BeforeValidator(_absent_as_empty)]


class _Part(BaseModel):
    """A part of a file of dbt; what is not asked for is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Metadata(_Part):
    """Who wrote a file, and in which run of dbt."""

    dbt_schema_version: str
    dbt_version: str | None = None
    generated_at: datetime | None = None
    invocation_id: str | None = None
    project_name: str | None = None
    project_id: str | None = None
    adapter_type: str | None = None
    env: Properties = Field(default_factory=dict)


class _Dependencies(_Part):
    nodes: tuple[str, ...] = ()


class Node(_Part):
    """A model, seed, snapshot, test, source or exposure."""

    unique_id: str
    resource_type: str
    name: str
    package_name: str | None = None
    database: str | None = None
    schema_name: str | None = Field(default=None, alias="schema")
    alias: str | None = None
    identifier: str | None = None
    relation_name: str | None = None
    description: str | None = None
    original_file_path: str | None = None
    raw_code: str | None = None
    raw_sql: str | None = None
    url: str | None = None
    type: str | None = None
    depends_on: Annotated[_Dependencies, BeforeValidator(_absent_as_empty)] = _Dependencies()
    columns: Properties = Field(default_factory=dict)
    config: Properties = Field(default_factory=dict)
    checksum: Any = None
    meta: Properties = Field(default_factory=dict)
    owner: Properties = Field(default_factory=dict)
    tags: Any = ()

    @property
    def is_relation(self) -> bool:
        """Whether it is a table or view; an ephemeral model is a part of those that use it."""
        return self.resource_type in _RELATIONS and not self.is_ephemeral

    @property
    def is_ephemeral(self) -> bool:
        """Whether it is a query that others take in."""
        return self.config.get("materialized") == "ephemeral"

    @property
    def relation(self) -> str:
        """The name of its table: `database.schema.name`, without quotes."""
        parts = (self.database, self.schema_name, self.alias or self.identifier or self.name)
        return ".".join(part for part in parts if part)


class Manifest(_Part):
    """A project as dbt understood it."""

    metadata: Metadata
    nodes: dict[str, Node]
    sources: Annotated[dict[str, Node], BeforeValidator(_absent_as_empty)] = Field(
        default_factory=dict
    )
    exposures: Annotated[dict[str, Node], BeforeValidator(_absent_as_empty)] = Field(
        default_factory=dict
    )

    @property
    def project(self) -> str:
        """What tells the project from others."""
        return self.metadata.project_id or self.metadata.project_name or "project"

    @property
    def name(self) -> str:
        """What people call the project."""
        found = self.metadata.project_name
        packages = [n.package_name for n in self.nodes.values() if n.resource_type == "model"]
        return found or next(filter(None, packages), None) or self.project


class Timing(_Part):
    """When a part of a run began and ended."""

    name: str
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Result(_Part):
    """How one node fared in a run of dbt."""

    unique_id: str
    status: str
    timing: tuple[Timing, ...] = ()
    message: Any = None
    failures: int | None = None
    compiled_code: str | None = None
    adapter_response: Properties = Field(default_factory=dict)

    def time_ms(self, end: str) -> int | None:
        """When it was executed: `started_at` or `completed_at`."""
        for timing in reversed(self.timing):
            if timing.name == "execute":
                found = getattr(timing, end)
                return None if found is None else as_milliseconds(found)
        return None


class RunResults(_Part):
    """A run of dbt."""

    metadata: Metadata
    results: tuple[Result, ...]
    args: Properties = Field(default_factory=dict)


@dataclass(slots=True)
class Files:
    """What was given, read: one manifest, and the results of any number of runs."""

    manifest: Manifest
    runs: list[tuple[str, RunResults]] = field(default_factory=list)


def read_files(files: list[Path]) -> Files:
    """Read a manifest and results of runs, in any order.

    Raises
    ------
    InvalidValue
        Where a file is neither, or a field is wrong; the message names file and field.
    NotFound
        Where a file is not there.
    """
    manifest: Manifest | None = None
    runs: list[tuple[str, RunResults]] = []
    for file in files:
        what, document = _read(file)
        try:
            if what == "run-results":
                runs.append((str(file), RunResults.model_validate(document)))
            elif manifest is None:
                manifest = Manifest.model_validate(document)
            else:
                raise InvalidValue(f"{file} is a second manifest; import one project at a time")
        except ValidationError as error:
            raise invalid_value(f"{file}: {what}", error) from None
    if manifest is None:
        raise InvalidValue("no manifest.json was given: results alone do not say what was read")
    return Files(manifest, runs)


def as_milliseconds(time: datetime) -> int:
    """Return a time of dbt, which is UTC where it says nothing, in milliseconds since 1970."""
    known = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return round(known.timestamp() * 1_000)


def _read(file: Path) -> tuple[str, Mapping[str, Any]]:
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise NotFound(f"{file}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"{file} is no JSON: {error}") from None
    metadata = document.get("metadata") if isinstance(document, dict) else None
    schema = metadata.get("dbt_schema_version") if isinstance(metadata, dict) else None
    found = _SCHEMA.search(schema) if isinstance(schema, str) else None
    if found is None:
        raise InvalidValue(
            f"{file}: metadata.dbt_schema_version is {schema!r}; give a manifest.json or "
            "run_results.json of dbt"
        )
    what, version = found["what"], int(found["version"])
    if version < _OLDEST[what]:
        raise InvalidValue(
            f"{file}: metadata.dbt_schema_version is {version}, and {_OLDEST[what]} and later are "
            "read: run `dbt parse` with a newer dbt"
        )
    return what, document
