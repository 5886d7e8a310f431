"""The bodies of the API as OpenAPI has them, with examples."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt

_NODE = {
    "kind": "artifact",
    "id": 42,
    "type": "Model",
    "name": "churn",
    "uri": "s3://models/churn",
    "type_version": None,
    "version": 3,
    "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "external_id": None,
    "state": "LIVE",
    "properties": {},
    "custom_properties": {"accuracy": 0.93},
    "created_ms": 1_760_000_000_000,
    "updated_ms": 1_760_000_000_000,
}
_EVENT = {
    "artifact_id": 42,
    "execution_id": 7,
    "type": "OUTPUT",
    "path": ["model"],
    "time_ms": 1_760_000_000_000,
    "recorded_ms": 1_760_000_000_000,
}


def _shown(*examples: Any) -> ConfigDict:
    return ConfigDict(extra="allow", json_schema_extra={"examples": list(examples)})


class Problem(BaseModel):
    """An error: its name in Python, what was wrong and what to do, and the request's id."""

    model_config = _shown(
        {
            "error": "NotFound",
            "message": "there is no artifact with the id 42",
            "request_id": "5d2f0a2f0c5e4d7f9a3c1b2d4e5f6a7b",
        }
    )
    error: str
    message: str
    request_id: str | None


class NodeFields(BaseModel):
    """What every answer says of a node."""

    model_config = ConfigDict(extra="allow")
    kind: str
    id: int
    type: str
    name: str | None
    uri: str | None
    type_version: str | None
    version: int | None
    digest: str | None
    external_id: str | None
    state: str | None
    properties: dict[str, Any]
    custom_properties: dict[str, Any]
    created_ms: int | None
    updated_ms: int | None


class NodeOut(NodeFields):
    """An artifact, execution or context."""

    model_config = _shown(_NODE)


class NodeIn(BaseModel):
    """A node to be written. Bytes in a property are `{"$bytes": base64}`.

    What an answer has besides (`kind`, `id`, the times) may stay in it: it is looked at where a
    node is replaced.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "type": "Model",
                    "name": "churn",
                    "uri": "s3://models/churn",
                    "custom_properties": {"accuracy": 0.93},
                }
            ]
        },
    )
    type: str
    name: str | None = None
    uri: str | None = None
    external_id: str | None = None
    state: str | None = None
    properties: dict[str, Any] = Field(default_factory=dict)
    custom_properties: dict[str, Any] = Field(default_factory=dict)
    type_version: str | None = None
    digest: str | None = None
    version: StrictInt | None = None
    kind: str | None = None
    id: StrictInt | None = None
    type_id: StrictInt | None = None
    created_ms: StrictInt | None = None
    updated_ms: StrictInt | None = None


class EventOut(BaseModel):
    """An artifact was an input or an output of an execution."""

    model_config = _shown(_EVENT)
    artifact_id: int
    execution_id: int
    type: str
    path: list[str | int]
    time_ms: int | None
    recorded_ms: int | None


class PageOut(BaseModel):
    """Nodes that were found. `next_page_token` leads on; it is null, and `complete`, at the end."""

    model_config = _shown(
        {"nodes": [_NODE], "complete": True, "next_page_token": None, "after": None}
    )
    nodes: list[NodeOut]
    complete: bool
    next_page_token: str | None
    after: int | None


class FoundOut(NodeFields):
    """A node, and how many events away it is."""

    depth: int


class LineageOut(BaseModel):
    """Nodes by depth, and the events between them."""

    model_config = _shown(
        {
            "direction": "downstream",
            "starts": ["artifact:1"],
            "nodes": [{**_NODE, "depth": 2}],
            "events": [_EVENT],
            "complete": True,
            "causal": False,
            "against_time": 0,
        }
    )
    direction: str
    starts: list[str]
    nodes: list[FoundOut]
    events: list[EventOut]
    complete: bool
    causal: bool
    against_time: int


class QueryIn(BaseModel):
    """A query in Cypher. `parameters` are the values of its `$name`s."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "cypher": "MATCH (m:Model) WHERE m.accuracy > $least RETURN m.name AS name",
                    "parameters": {"least": 0.9},
                    "limit": 100,
                }
            ]
        },
    )
    cypher: str = Field(max_length=1_000_000)
    parameters: dict[str, Any] = Field(default_factory=dict)
    limit: StrictInt | None = Field(None, ge=0, le=2**63 - 1)
    timeout: float | None = Field(None, gt=0, le=1_000_000)


class QueryOut(BaseModel):
    """The rows of an answer; `complete` is false where a limit cut them off."""

    model_config = _shown({"columns": ["name"], "rows": [["churn"]], "complete": True})
    columns: list[str]
    rows: list[list[Any]]
    complete: bool


class SavedQueryIn(BaseModel):
    """A query to be kept under a name."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"cypher": "MATCH (m:Model) RETURN m.name"}]},
    )
    cypher: str = Field(max_length=1_000_000)


class SavedQueryOut(SavedQueryIn):
    """A query that is kept under a name."""

    name: str


class PortOut(BaseModel):
    """An artifact under its path."""

    path: list[str | int]
    artifact: int


class RecordedOut(BaseModel):
    """The ids of what a recorded step consists of."""

    model_config = _shown(
        {
            "execution": 7,
            "inputs": [{"path": ["examples"], "artifact": 1}],
            "outputs": [{"path": ["model"], "artifact": 2}],
            "contexts": [3],
        }
    )
    execution: int
    inputs: list[PortOut]
    outputs: list[PortOut]
    contexts: list[int]


class StepIn(BaseModel):
    """One execution with its inputs, outputs and contexts, written whole or not at all.

    `inputs` and `outputs` map a path to an artifact or a list of them. An artifact, execution or
    context is given whole, or by a reference.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "execution": {"type": "Train", "custom_properties": {"lr": 0.1}},
                    "inputs": {"examples": {"type": "Dataset", "name": "raw"}},
                    "outputs": {"model": {"type": "Model", "name": "churn"}},
                    "contexts": [{"type": "PipelineRun", "name": "monday"}],
                }
            ]
        },
    )
    execution: dict[str, Any] | str | StrictInt
    inputs: dict[str, Any] | list[Any] | None = None
    outputs: dict[str, Any] | list[Any] | None = None
    contexts: list[dict[str, Any] | str | StrictInt] = Field(default_factory=list)
    types: list[dict[str, Any]] = Field(default_factory=list)
    time_ms: StrictInt | None = Field(None, ge=-(2**63), le=2**63 - 1)


class StepsIn(BaseModel):
    """Steps that are recorded together, whole or not at all."""

    model_config = ConfigDict(extra="forbid")
    steps: list[StepIn] = Field(max_length=10_000)


class CountOut(BaseModel):
    """How many were written."""

    count: int


class EventsIn(BaseModel):
    """Events between stored nodes; those that exist stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"events": [{"artifact_id": 1, "execution_id": 2, "type": "INPUT", "path": ["x"]}]}
            ]
        },
    )
    events: list[dict[str, Any]] = Field(max_length=100_000)


class MembersIn(BaseModel):
    """Artifacts and executions that are put into a context."""

    model_config = ConfigDict(extra="forbid")
    context: str
    artifacts: list[str] = Field(default_factory=list, max_length=100_000)
    executions: list[str] = Field(default_factory=list, max_length=100_000)


class ParentIn(BaseModel):
    """A context that is put below another."""

    model_config = ConfigDict(extra="forbid")
    child: str
    parent: str


class PolicyIn(BaseModel):
    """What a policy says; `stops` and `forbids` as in the policy file."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"stops": {"pii": ["Anonymize"]}, "forbids": {"Project:prod": ["license:nc"]}}
            ]
        },
    )
    name: str | None = None
    stops: dict[str, list[str]] = Field(default_factory=dict)
    forbids: dict[str, list[str]] = Field(default_factory=dict)
    retention: list[dict[str, Any]] = Field(default_factory=list)
    series: list[dict[str, Any]] = Field(default_factory=list)


class PlanIn(BaseModel):
    """A plan that is applied, as it was answered."""

    model_config = ConfigDict(extra="forbid")
    plan: dict[str, Any]
    who: str | None = None


class StoreOut(BaseModel):
    """Which store is served, and by what."""

    model_config = ConfigDict(extra="allow")
    url: str
    lineage: str
    wire: int


class ChangeOut(BaseModel):
    """A change of the store: when, by whom, what was asked for, and in which request."""

    id: str
    at_ms: int
    who: str
    operation: str
    request: str


class ChangesOut(BaseModel):
    """The latest changes, the last first; `before` leads on to earlier ones."""

    changes: list[ChangeOut]
    complete: bool
    before: str | None


class Health(BaseModel):
    """Whether the server does its work."""

    status: str
