"""Spans of requests, as a collector gets them."""

from __future__ import annotations

import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from lineage.errors import StoreUnavailable
from lineage.server.http.spans import ENDPOINT, export_spans
from tests.server.http.conftest import Caller


def test_each_request_is_a_span_below_the_caller_s(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(collected))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"traceparent": parent, "X-Request-ID": "r-1"}
    caller("GET", "/api/v1/artifacts/1", headers=headers)
    caller.get("/artifacts/99")
    first, second = collected.get_finished_spans()
    assert first.name == "GET /api/v1/artifacts/{id}"
    assert first.context is not None
    assert f"{first.context.trace_id:032x}" == parent.split("-")[1]
    assert first.attributes is not None
    assert first.attributes["lineage.request_id"] == "r-1"
    assert first.attributes["http.response.status_code"] == 200
    assert first.attributes["enduser.id"] == "anonymous"
    assert second.attributes is not None
    assert second.attributes["http.response.status_code"] == 404


def test_where_nothing_collects_nothing_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENDPOINT, raising=False)
    export_spans()
    monkeypatch.setenv(ENDPOINT, "http://localhost:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(StoreUnavailable, match="otel"):
        export_spans()
