"""What is logged through MLflow appears in a store while it runs.

`mirror_runs()` turns it on in a process; so does `MLFLOW_TRACKING_URI=lineage+URI`, without a word
in the program, by MLflow's entry points for stores.

The tracking store that MLflow itself would use is used, and stays of its class: only those of its
methods that write are followed by reading what became of the run, as an import does. A store of our
own in its place would have to follow each of MLflow's versions, and what looks at the class or the
URI of a store (the artifacts of a server among it) would not work. `lineage+URI` is therefore a
switch: once it is resolved, the process tracks at URI.

What fails here is a warning, and never fails what was to be logged.
"""

from __future__ import annotations

import functools
import os
import threading
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import lineage
from lineage.formats.mlflow.importer import import_runs
from lineage.formats.mlflow.registry import import_registered_model
from lineage.formats.mlflow.source import MlflowSource

if TYPE_CHECKING:
    from lineage.store import Store

_PREFIX = "lineage+"
# After these a run is read at once; after others, such as each metric, every so often.
_AT_ONCE = ("create_run", "update_run_info", "log_inputs", "log_outputs", "delete_run")
_NOW_AND_THEN = ("log_batch", "log_metric", "log_param", "set_tag")
_EVERY_SECONDS = 5.0
_REGISTRY = (
    "create_registered_model",
    "create_model_version",
    "transition_model_version_stage",
    "set_registered_model_alias",
    "delete_registered_model_alias",
)


class _Mirror:
    """Reads runs and registered models of one MLflow store into one of ours."""

    def __init__(self, uri: str, store: Store | None) -> None:
        self._uri = uri
        self._store = store
        self._source: MlflowSource | None = None
        self._lock = threading.RLock()
        self._read_at: dict[str, float] = {}
        self._is_reading = threading.local()

    def read_run(self, run_id: str | None, *, at_once: bool) -> None:
        """Read a run, unless it was read a moment ago."""
        now = time.monotonic()
        if run_id is None or (
            not at_once and now - self._read_at.get(run_id, 0.0) < _EVERY_SECONDS
        ):
            return
        self._read_at[run_id] = now
        self._read(lambda source, store: import_runs(source, store, [run_id]))

    def read_model(self, name: str | None) -> None:
        """Read a registered model."""
        if name is not None:
            self._read(lambda source, store: import_registered_model(source, store, name))

    def _read(self, work: Callable[[MlflowSource, Store], object]) -> None:
        # What reading writes, such as a migration, is not to be read again.
        if getattr(self._is_reading, "now", False):
            return
        self._is_reading.now = True
        try:
            with self._lock:
                if self._store is None:
                    self._store = lineage.connect()
                if self._source is None:
                    self._source = MlflowSource(self._uri)
                work(self._source, self._store)
        except Exception as error:
            warnings.warn(
                f"Lineage could not follow what MLflow logged: {error}; import it later by "
                f"`lineage import mlflow`",
                stacklevel=2,
            )
        finally:
            self._is_reading.now = False


_mirrors: dict[str, _Mirror] = {}
_on = threading.Lock()


def mirror_runs(store: Store | None = None) -> None:
    """Have what this process logs through MLflow appear in a store.

    Parameters
    ----------
    store
        Where it appears; without one, in the default store.
    """
    from mlflow.tracking._model_registry.utils import _get_store_registry
    from mlflow.tracking._tracking_service.utils import _tracking_store_registry as runs

    with _on:
        for registry, watch in (
            (runs, _watch_runs),
            (_get_store_registry(), _watch_models),
        ):
            for scheme, builder in list(registry._registry.items()):
                if not scheme.startswith(_PREFIX) and not hasattr(builder, "lineage_builder"):
                    registry.register(scheme, _watched(builder, watch, store))
            registry._get_store_with_resolved_uri.cache_clear()


def get_tracking_store(store_uri: str, artifact_uri: str | None = None) -> Any:
    """Return the tracking store of `lineage+URI`; the entry point that MLflow calls."""
    from mlflow.tracking._tracking_service.utils import _tracking_store_registry as runs

    uri = _switch_on(store_uri)
    return runs.get_store_builder(uri)(store_uri=uri, artifact_uri=artifact_uri)


def get_registry_store(store_uri: str, tracking_uri: str | None = None) -> Any:
    """Return the registry of `lineage+URI`; the entry point that MLflow calls."""
    from mlflow.tracking._model_registry.utils import _get_store_registry

    uri = _switch_on(store_uri)
    return _get_store_registry().get_store_builder(uri)(store_uri=uri, tracking_uri=uri)


def _switch_on(store_uri: str) -> str:
    """Mirror runs from here on, and track where the URI says."""
    import mlflow

    uri = store_uri.removeprefix(_PREFIX)
    mirror_runs()
    inherited = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    if inherited is not None:
        # MLflow hands its own on to what the process starts, which is to be mirrored as well.
        os.environ["MLFLOW_TRACKING_URI"] = inherited
    return uri


def _watched(
    builder: Callable[..., Any], watch: Callable[[Any, _Mirror], None], store: Store | None
) -> Callable[..., Any]:
    @functools.wraps(builder)
    def build(store_uri: str, **more: Any) -> Any:
        built = builder(store_uri=store_uri, **more)
        watch(built, _mirrors.setdefault(store_uri, _Mirror(store_uri, store)))
        return built

    build.lineage_builder = builder  # type: ignore[attr-defined]
    return build


def _watch_runs(built: Any, mirror: _Mirror) -> None:
    def follow(name: str) -> Callable[[Any, tuple[Any, ...], dict[str, Any]], None]:
        def read(answer: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
            info = getattr(answer, "info", None) or answer
            run_id = getattr(info, "run_id", None) or (given[0] if given else named.get("run_id"))
            mirror.read_run(run_id if isinstance(run_id, str) else None, at_once=name in _AT_ONCE)

        return read

    _wrap(built, (*_AT_ONCE, *_NOW_AND_THEN), follow)


def _watch_models(built: Any, mirror: _Mirror) -> None:
    def follow(name: str) -> Callable[[Any, tuple[Any, ...], dict[str, Any]], None]:
        def read(answer: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
            model = given[0] if given else named.get("name")
            mirror.read_model(model if isinstance(model, str) else None)

        return read

    _wrap(built, _REGISTRY, follow)


def _wrap(
    built: Any,
    names: tuple[str, ...],
    follow: Callable[[str], Callable[[Any, tuple[Any, ...], dict[str, Any]], None]],
) -> None:
    """Have methods of one object followed by something; its class stays what it is."""
    for name in names:
        method = getattr(built, name, None)
        if method is not None and not hasattr(method, "lineage_method"):
            setattr(built, name, _followed(method, follow(name)))


def _followed(
    method: Callable[..., Any], then: Callable[[Any, tuple[Any, ...], dict[str, Any]], None]
) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        answer = method(*given, **named)
        then(answer, given, named)
        return answer

    call.lineage_method = method  # type: ignore[attr-defined]
    return call
