"""An OpenLineage event as the specification has it: https://openlineage.io/spec/2-0-2/OpenLineage.json.

What the specification requires is required here. Fields that it does not name are ignored, facets
of any name are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lineage.errors import InvalidValue
from lineage.model.record import invalid_value


class EventKind(StrEnum):
    """What an event is about: a run, the definition of a job, or a dataset by itself."""

    RUN = "RunEvent"
    JOB = "JobEvent"
    DATASET = "DatasetEvent"


class RunState(StrEnum):
    """What an event says of its run."""

    START = "START"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"
    FAIL = "FAIL"
    OTHER = "OTHER"

    @property
    def is_terminal(self) -> bool:
        """Whether the run is over."""
        return self in (RunState.COMPLETE, RunState.ABORT, RunState.FAIL)


def _check_text(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    if "\x00" in value:
        raise ValueError("must not contain a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must not contain a lone surrogate") from None
    return value


def _check_uuid(value: Any) -> str:
    try:
        if isinstance(value, str):
            return str(UUID(value))
    except ValueError:
        pass
    raise ValueError("must be a UUID, such as 01936893-9751-7a91-a2a0-a51101a3970c")


def _parse_time(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        # A time of day without a zone is a different moment for each reader.
        if found is not None and found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be an ISO 8601 time with its zone, such as 2026-11-28T14:00:00Z")


def _absent_as_empty(value: Any) -> Any:
    return () if value is None else value


def _present_facets(value: Any) -> Any:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {name: facet for name, facet in value.items() if facet is not None}
    return value


Text = Annotated[str, Field(strict=True), AfterValidator(_check_text)]
RunId = Annotated[str, BeforeValidator(_check_uuid)]
Time = Annotated[datetime, BeforeValidator(_parse_time)]
Facets = Annotated[dict[str, dict[str, Any]], BeforeValidator(_present_facets)]


class _Part(BaseModel):
    """A part of an event; what the specification does not name is passed over.

    Not a `Record`: those raise at the innermost part, and the way to the field would be lost.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Dataset(_Part):
    """A dataset as an event names it, with the facets that come with it."""

    namespace: Text
    name: Text
    facets: Facets = Field(default_factory=dict)
    input_facets: Facets = Field(default_factory=dict, alias="inputFacets")
    output_facets: Facets = Field(default_factory=dict, alias="outputFacets")

    @property
    def version(self) -> str | None:
        """The version that the facet of that name carries."""
        found = self.facets.get("version", {}).get("datasetVersion")
        return found if isinstance(found, str) and found else None

    @property
    def symlinks(self) -> list[tuple[str, str]]:
        """Namespace and name of what else the dataset is called."""
        found = self.facets.get("symlinks", {}).get("identifiers")
        named = (
            [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
        )
        return [
            (each["namespace"], each["name"])
            for each in named
            if all(isinstance(each.get(key), str) and each[key] for key in ("namespace", "name"))
        ]


class Job(_Part):
    """A job as an event names it."""

    namespace: Text
    name: Text
    facets: Facets = Field(default_factory=dict)


class Run(_Part):
    """The run that an event is about."""

    id: RunId = Field(alias="runId")
    facets: Facets = Field(default_factory=dict)


class JobName(_Part):
    """A job by name alone."""

    namespace: Text
    name: Text


class RunName(_Part):
    """A run by its id alone."""

    id: RunId = Field(alias="runId")


class Parent(_Part):
    """The run that a run is a part of."""

    run: RunName
    job: JobName


class LineageEvent(_Part):
    """One event of any of the three kinds."""

    kind: EventKind
    time: Time = Field(alias="eventTime")
    producer: Text
    schema_url: Text = Field(alias="schemaURL")
    state: RunState = Field(default=RunState.OTHER, alias="eventType")
    run: Run | None = None
    job: Job | None = None
    dataset: Dataset | None = None
    inputs: Annotated[tuple[Dataset, ...], BeforeValidator(_absent_as_empty)] = ()
    outputs: Annotated[tuple[Dataset, ...], BeforeValidator(_absent_as_empty)] = ()
    parents: tuple[Parent, ...] = ()

    @property
    def time_ms(self) -> int:
        """When it happened, in milliseconds since the Unix epoch."""
        since = self.time - datetime.fromtimestamp(0, UTC)
        return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000

    @property
    def stamp(self) -> str:
        """The same time as text that sorts by time."""
        return self.time.isoformat(timespec="microseconds")


def parse_event(data: object) -> LineageEvent:
    """Read one event.

    Parameters
    ----------
    data
        The JSON object of the event, as a mapping.

    Raises
    ------
    InvalidValue
        Where a field is missing or wrong; the message names it.

    Examples
    --------
    >>> parse_event({"eventTime": "2026-11-28T14:00:00Z", "run": {"runId": "x"}})
    Traceback (most recent call last):
    lineage.errors.InvalidValue: RunEvent.job: Field required (got nothing)
    """
    if not isinstance(data, Mapping):
        raise InvalidValue(f"an OpenLineage event is a JSON object, not {type(data).__name__}")
    kind = _kind_of(data)
    for field in _REQUIRED[kind]:
        if data.get(field) is None:
            raise InvalidValue(f"{kind}.{field}: Field required (got nothing)")
    given = {key: data[key] for key in _FIELDS[kind] if data.get(key) is not None}
    try:
        event = LineageEvent.model_validate({**given, "kind": kind})
        return event.model_copy(update={"parents": _parents(event)})
    except ValidationError as error:
        raise invalid_value(kind, error) from None


_BASE = ("eventTime", "producer", "schemaURL")
_REQUIRED = {
    EventKind.RUN: ("run", "job", *_BASE),
    EventKind.JOB: ("job", *_BASE),
    EventKind.DATASET: ("dataset", *_BASE),
}
_FIELDS = {
    EventKind.RUN: (*_BASE, "eventType", "run", "job", "inputs", "outputs"),
    EventKind.JOB: (*_BASE, "job", "inputs", "outputs"),
    EventKind.DATASET: (*_BASE, "dataset"),
}


def _kind_of(data: Mapping[str, Any]) -> EventKind:
    if data.get("run") is not None or data.get("eventType") is not None:
        return EventKind.RUN
    if data.get("dataset") is not None:
        return EventKind.DATASET
    if data.get("job") is not None:
        return EventKind.JOB
    raise InvalidValue(
        "an OpenLineage event has `run` and `job`, `job` alone, or `dataset`; this has "
        f"{', '.join(sorted(map(repr, data))) or 'no field'}"
    )


def _parents(event: LineageEvent) -> tuple[Parent, ...]:
    """The parent run that the facet names, and the root where that is another one."""
    if event.run is None:
        return ()
    found: list[Parent] = []
    for name in ("parent", "parentRun"):
        facet = event.run.facets.get(name)
        if facet is None:
            continue
        try:
            found.append(Parent.model_validate(facet))
            if facet.get("root") is not None:
                root = Parent.model_validate(facet["root"])
                if root.run.id not in (found[-1].run.id, event.run.id):
                    found.append(root)
        except ValidationError as error:
            raise invalid_value(f"{event.kind}.run.facets.{name}", error) from None
        if found[0].run.id == event.run.id:
            # Some producers name the outermost run its own parent.
            return tuple(found[1:])
        break
    return tuple(found)
