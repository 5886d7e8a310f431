"""What an MLflow store has, read through MLflow's own client, page by page."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from lineage.errors import LineageError, NotFound, StoreUnavailable, Unsupported
from lineage.recording.redaction import redact_text, redact_url

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, LoggedModel, Metric, Run
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

# MLflow reads a file store whole for every page.
_FILE_PAGE, _PAGE = 50_000, 1_000
_SETTINGS = {
    # Imports only read; what they read is nobody else's business.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Without it MLflow 3 refuses folders of runs, which is where most are.
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}


class MlflowSource:
    """An MLflow tracking store and its registry; only read.

    Parameters
    ----------
    uri
        A folder (`mlruns`), a database (`sqlite:///mlflow.db`, `postgresql://…`), or a server
        (`http://…`).

    Raises
    ------
    Unsupported
        Where MLflow is not installed.
    NotFound
        Where the folder or file is not there: MLflow would make an empty one.
    """

    def __init__(self, uri: str) -> None:
        self.left_out: list[str] = []
        self.is_folder = "://" not in uri or uri.startswith("file:")
        self.uri = str(_find_folder(uri)) if self.is_folder else uri
        _check_database(self.uri)
        self.name = redact_url(self.uri)
        with self._failing():
            self._client = _connect(self.uri)

    def __enter__(self) -> Self:
        # Its folders' registry asks the tracking store that the process has, not its client's.
        import mlflow

        self._before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
        mlflow.set_tracking_uri(self.uri)
        return self

    def __exit__(self, *raised: object) -> None:
        import mlflow

        mlflow.set_tracking_uri(self._before)

    def experiments(self) -> Iterator[Experiment]:
        """Yield all experiments, deleted ones too."""
        client = self._client
        return self._pages(lambda token: client.search_experiments(view_type=3, page_token=token))

    def runs(self, experiment_id: str, since_ms: int | None = None) -> Iterator[list[Run]]:
        """Yield pages of the runs of an experiment, by their start; deleted ones are among them."""
        client = self._client
        size = _FILE_PAGE if self.is_folder else _PAGE
        where = "" if since_ms is None else f"attributes.start_time >= {int(since_ms)}"

        def read(token: str | None) -> Any:
            return client.search_runs(
                [experiment_id],
                filter_string=where,
                run_view_type=3,
                max_results=size,
                order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
                page_token=token,
            )

        token: str | None = None
        while True:
            with self._failing():
                page = read(token)
            yield list(page)
            token = page.token
            if not token:
                return

    def run(self, run_id: str) -> Run:
        """Return a run by its id."""
        with self._failing():
            return self._client.get_run(run_id)

    def experiment(self, experiment_id: str) -> Experiment:
        """Return an experiment by its id."""
        with self._failing():
            return self._client.get_experiment(experiment_id)

    def logged_model(self, model_id: str) -> LoggedModel:
        """Return a logged model of MLflow 3 by its id."""
        with self._failing():
            return self._client.get_logged_model(model_id)

    def registered_model(self, name: str) -> RegisteredModel:
        """Return a registered model by its name."""
        with self._failing():
            return self._client.get_registered_model(name)

    def logged_models(self, experiment_ids: list[str]) -> Iterator[LoggedModel]:
        """Yield the logged models of MLflow 3; none where the client or the server is older."""
        search = getattr(self._client, "search_logged_models", None)
        if search is None:
            return
        for at in range(0, len(experiment_ids), 50):
            some = experiment_ids[at : at + 50]
            try:
                yield from self._pages(lambda token, some=some: search(some, page_token=token))  # type: ignore[misc]
            except StoreUnavailable as error:
                if _is_missing_endpoint(error.__cause__):
                    return
                raise

    def registered_models(self) -> Iterator[RegisteredModel]:
        """Yield all registered models; none where the store has no registry."""
        client = self._client
        try:
            yield from self._pages(lambda token: client.search_registered_models(page_token=token))
        except StoreUnavailable as error:
            if not _is_missing_endpoint(error.__cause__):
                raise

    def versions(self, model: str) -> Iterator[ModelVersion]:
        """Yield the versions of a registered model, in their order."""
        quoted = model.replace("'", "\\'") if '"' in model else model
        where = f'name="{quoted}"' if "'" in model else f"name='{model}'"
        client = self._client
        found = self._pages(
            lambda token: client.search_model_versions(where, max_results=1_000, page_token=token)
        )
        return iter(sorted(found, key=lambda version: int(version.version)))

    def history(self, run_id: str, metric: str) -> list[Metric]:
        """Return all values of a metric of a run."""
        with self._failing():
            return list(self._client.get_metric_history(run_id, metric))

    def _pages(self, read: Callable[[str | None], Any]) -> Iterator[Any]:
        token: str | None = None
        while True:
            with self._failing():
                page = read(token)
            yield from page
            token = page.token
            if not token:
                return

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Turn whatever MLflow and what it stands on raise into one error, with its source.

        What a folder has that MLflow can't read it leaves out with a warning, which is kept.
        """
        try:
            with warnings.catch_warnings(), _warnings_kept(self.left_out):
                warnings.simplefilter("ignore")
                yield
        except LineageError:
            raise
        except Exception as error:
            told = redact_text(str(error)).strip().splitlines()
            raise StoreUnavailable(
                f"MLflow can't read {self.name}: {told[0] if told else type(error).__name__}"
            ) from error


@contextmanager
def _warnings_kept(kept: list[str]) -> Iterator[None]:
    """Keep what is logged as a warning, and let nothing of it be printed."""

    own = threading.get_ident()

    def keep(record: logging.LogRecord) -> bool:
        if record.thread != own:
            return True
        # The client's own retries and migrations are no finding.
        text = record.getMessage().strip().splitlines()
        if record.levelno >= logging.WARNING and text and "Malformed" in text[0]:
            kept.extend(line for line in text[:1] if line not in kept)
        return False

    loggers = [logging.getLogger(), *map(logging.getLogger, ("mlflow", "alembic"))]
    loggers += [logging.getLogger(name) for name in logging.root.manager.loggerDict
                if name.startswith(("mlflow.", "alembic.", "urllib3"))]  # fmt: skip
    for logger in loggers:
        logger.addFilter(keep)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(keep)


def _connect(uri: str) -> MlflowClient:
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise Unsupported(
            f"this needs the client of MLflow ({error}): pip install 'lineage-engine[mlflow]'"
        ) from None
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _find_folder(uri: str) -> Path:
    path = Path(unquote(urlsplit(uri).path) if uri.startswith("file:") else uri)
    if path.is_file():
        raise NotFound(f"{path} is a file; for a SQLite database write sqlite:///{path}")
    if not path.is_dir():
        raise NotFound(f"there is no folder {str(path)!r}; give mlruns, a database or http://…")
    nested = path / "mlruns"
    # The folder of a project stands for the runs in it.
    has_runs = any((child / "meta.yaml").is_file() for child in path.iterdir() if child.is_dir())
    found = nested if nested.is_dir() and not has_runs else path
    if not has_runs and found is path:
        raise NotFound(f"{path} has no experiments of MLflow in it")
    return found.absolute()


def _check_database(uri: str) -> None:
    scheme, _, rest = uri.partition("://")
    if scheme.partition("+")[0] == "sqlite" and not Path(rest.removeprefix("/")).is_file():
        raise NotFound(f"there is no file {rest.removeprefix('/')!r}")


def _is_missing_endpoint(error: BaseException | None) -> bool:
    code = getattr(error, "error_code", None)
    return code in ("ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED", "FEATURE_DISABLED") or (
        code == "RESOURCE_DOES_NOT_EXIST" and getattr(error, "get_http_status_code", int)() == 404
    )
