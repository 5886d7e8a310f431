"""The OpenAPI document: what it says is so, for requests that schemathesis makes up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

import lineage
from lineage.server.http import Settings, create_app
from lineage.server.http.process import HttpServer
from tests.server.http.conftest import LOCAL, Caller, fill

LONG = bool(os.environ.get("LINEAGE_LONG"))
LONGEST_QUERY = 32_000
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
patient = settings(
    max_examples=100 if LONG else 3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    with (
        lineage.connect("memory://") as store,
        HttpServer(store, LOCAL, Settings(query_seconds=2)) as running,
    ):
        fill(store)
        yield running


with lineage.connect("memory://") as nothing:
    # The phase that goes through each keyword of each schema takes minutes.
    config = schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": LONG}}})
    schema = schemathesis.openapi.from_dict(create_app(nothing).openapi(), config=config)


@schema.parametrize()
@patient
def test_the_api_does_what_its_document_says(case: Any, server: HttpServer) -> None:
    # Whoever reads HTTP hangs up on a longer first line, while the caller still writes it.
    assume(len(urlencode(case.query or {}, doseq=True)) < LONGEST_QUERY)
    case.call_and_validate(base_url=server.url, checks=CHECKS)


def test_calls_that_follow_from_each_other(server: HttpServer) -> None:
    """Ids and names of answers are used in further requests."""

    document = schemathesis.openapi.from_url(f"{server.url}/api/v1/openapi.json")

    class Machine(document.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            # Each walk begins in the same store, so that one that fails can be walked again.
            store = lineage.connect("memory://")
            fill(store)
            server.app.state.service.serve(store)

        def validate_response(self, response: Any, case: Any, **more: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    Machine.run(
        settings=settings(
            patient, max_examples=50 if LONG else 5, stateful_step_count=20 if LONG else 8
        )
    )


def test_the_document_has_examples_and_every_operation(server: HttpServer) -> None:
    told = Caller(server.url).get("/openapi.json").json
    operations = [item for path in told["paths"].values() for item in path.values()]
    assert len(operations) >= 70
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    assert all(operation.get("summary") for operation in operations)
    schemas = told["components"]["schemas"]
    for name in ("NodeIn", "NodeOut", "StepIn", "QueryIn", "QueryOut", "LineageOut", "Problem"):
        assert schemas[name]["examples"], name
    assert "description" in told["paths"]["/api/v1/downstream"]["get"]
