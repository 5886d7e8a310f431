"""Spans of requests, as OpenTelemetry has them.

They go nowhere unless something collects them: a program that sets up OpenTelemetry itself, or
`lineage serve` where `OTEL_EXPORTER_OTLP_ENDPOINT` says where to send them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, StatusCode

from lineage.errors import StoreUnavailable

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@contextmanager
def trace_request(method: str, headers: Mapping[str, str], request_id: str) -> Iterator[Any]:
    """Open the span of a request, below the caller's own where its headers name one."""
    tracer = trace.get_tracer("lineage.http")
    with tracer.start_as_current_span(
        method, context=propagate.extract(dict(headers)), kind=SpanKind.SERVER
    ) as span:
        span.set_attribute("http.request.method", method)
        span.set_attribute("lineage.request_id", request_id)
        yield span


def end_span(span: Any, method: str, route: str, status: int, who: str | None) -> None:
    """Say how a request ended."""
    span.update_name(f"{method} {route}")
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if who is not None:
        span.set_attribute("enduser.id", who)
    if status >= 500 or not status:
        span.set_status(StatusCode.ERROR)


def export_spans() -> None:
    """Send the spans of this process to `OTEL_EXPORTER_OTLP_ENDPOINT`, where that is set.

    Raises
    ------
    StoreUnavailable: it is set, and the packages of the `otel` extra are not there.
    """
    if not os.environ.get(ENDPOINT):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            f"{ENDPOINT} is set, and sending traces needs {error.name}: "
            "pip install 'lineage-engine[otel]'"
        ) from error
    name = os.environ.get("OTEL_SERVICE_NAME", "lineage")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
