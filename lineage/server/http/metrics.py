"""What Prometheus reads: requests, how long they took, and how many are under way."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The measures of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "lineage_http_requests_total",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "lineage_http_request_seconds",
            "How long a request took.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._open = Gauge(
            "lineage_http_requests_open", "Requests under way.", registry=self.registry
        )
        self._things = Gauge(
            "lineage_store_things", "What is in the store.", ("kind",), registry=self.registry
        )

    def begin(self) -> None:
        """Note that a request came in."""
        self._open.inc()

    def end(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note that a request was answered."""
        self._open.dec()
        known = method if method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS") else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def write(self, counts: dict[str, int]) -> bytes:
        """Return all measures as Prometheus reads them."""
        for kind, count in counts.items():
            self._things.labels(kind).set(count)
        return bytes(generate_latest(self.registry))
