"""The HTTP server as a part of a process: sockets, TLS, logs, and a stop that finishes writes."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import ssl
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from lineage.errors import InvalidInput, StoreUnavailable
from lineage.server.addresses import Address
from lineage.server.http.app import create_app
from lineage.server.http.settings import Settings
from lineage.server.tokens import Gate, check_own_token
from lineage.store import Store

# How long requests under way may take to end when the server stops, in seconds.
GRACE_SECONDS = 10
_START_SECONDS = 30.0
# Connections at once; a client that opens them and says nothing takes no more than these.
_CONNECTIONS = 1_000
_KEPT = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class HttpServer:
    """Serve a store by HTTP in a thread, from `start` until `stop`.

    Parameters
    ----------
    store: what is served.
    address: where to listen; port 0 takes one that is free.
    settings: limits and tokens.
    certificate, key: PEM files, for TLS.
    """

    def __init__(
        self,
        store: Store,
        address: Address,
        settings: Settings | None = None,
        *,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        settings = replace(settings or Settings(), loopback=address.loopback)
        check_own_token(settings.token, loopback=address.loopback)
        address.check_guarded(Gate(store, settings.token).is_closed())
        self._socket = _listen(address)
        self.address = Address(address.host, self._socket.getsockname()[1])
        self.scheme = "http" if certificate is None and key is None else "https"
        self.app = create_app(store, replace(settings, hosts=(*settings.hosts, address.host)))
        self._server = uvicorn.Server(
            uvicorn.Config(
                self.app,
                log_config=None,
                access_log=False,
                server_header=False,
                # The client's address is the connection's: whoever asks can't choose it.
                proxy_headers=False,
                limit_concurrency=_CONNECTIONS,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=GRACE_SECONDS,
                lifespan="on",
                **_tls(certificate, key),
            )
        )
        self._thread = threading.Thread(target=self._run, name="lineage-http", daemon=True)
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"{self.scheme}://{self.address}"

    def start(self) -> None:
        """Begin to serve; returns when it does. Raises StoreUnavailable where it can't."""
        self._thread.start()
        until = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                raise StoreUnavailable(
                    f"the server at {self.address} did not start: {self._failure}"
                )
            time.sleep(0.005)

    def stop(self) -> None:
        """Take no more requests, let those under way end, and end."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(GRACE_SECONDS + 5)
        self._socket.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            # Signals are the main thread's.
            self._server.capture_signals = contextlib.nullcontext
            self._server.run(sockets=[self._socket])
        except BaseException as error:
            self._failure = error


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        more = {name: value for name, value in vars(record).items() if name not in _KEPT}
        told: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **more,
        }
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


def log_to_stderr(level: str = "info") -> None:
    """Write the server's log to standard error, a line of JSON each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("lineage", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level.upper())
    logging.getLogger("uvicorn").setLevel("WARNING")


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.host, address.port))
        listening.listen(2_048)
    except OSError as error:
        listening.close()
        raise StoreUnavailable(
            f"nothing can listen at {address}: {error.strerror}; is it in use?"
        ) from error
    return listening


def _tls(certificate: Path | None, key: Path | None) -> dict[str, Any]:
    if certificate is None and key is None:
        return {}
    if certificate is None or key is None:
        raise InvalidInput("TLS needs both a certificate and its key: --tls-cert and --tls-key")
    try:
        # A password, lest it be asked for.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        raise InvalidInput(
            f"{certificate} and {key} are no certificate with its key, in PEM and without a "
            f"password: {error}"
        ) from error
    except OSError as error:
        raise InvalidInput(f"{error.filename}: {error.strerror}") from error
    return {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}
