"""`lineage.autolog()`: libraries tell what they read, fit and write."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from lineage.errors import InvalidValue
from lineage.recording.fitting import move_file, session
from lineage.recording.patch import is_suppressed, suppress, switch, tell
from lineage.store import Store

# The module that, once imported, is to tell: its library, and what has it do so.
_ADAPTERS: tuple[tuple[str, str, str, str], ...] = (
    ("pandas", "pandas", "pandas", "install"),
    ("sklearn.base", "sklearn", "sklearn", "install_base"),
    ("sklearn.model_selection", "sklearn", "sklearn", "install_selection"),
    ("sklearn.utils", "sklearn", "sklearn", "install_utils"),
    ("sklearn.utils.parallel", "sklearn", "sklearn", "install_parallel"),
    ("sklearn.metrics", "sklearn", "sklearn", "install_metrics"),
    ("sklearn.datasets", "sklearn", "sklearn", "install_datasets"),
    ("joblib", "joblib", "files", "install_joblib"),
    ("pickle", "pickle", "files", "install_pickle"),
    ("numpy", "numpy", "files", "install_numpy"),
    ("polars", "polars", "frames", "install_polars"),
    ("pyarrow.parquet", "pyarrow", "frames", "install_parquet"),
    ("pyarrow.csv", "pyarrow", "frames", "install_arrow_csv"),
    ("pyarrow.json", "pyarrow", "frames", "install_arrow_json"),
    ("pyarrow.feather", "pyarrow", "frames", "install_feather"),
    ("pyarrow.orc", "pyarrow", "frames", "install_orc"),
    ("pyarrow.dataset", "pyarrow", "frames", "install_arrow_dataset"),
    ("datasets", "datasets", "frames", "install_datasets"),
    ("duckdb", "duckdb", "databases", "install_duckdb"),
    ("sqlalchemy", "sqlalchemy", "databases", "install_sqlalchemy"),
    ("pandas", "sqlalchemy", "databases", "install_pandas_sql"),
    ("xgboost", "xgboost", "boosting", "install_xgboost"),
    ("lightgbm", "lightgbm", "boosting", "install_lightgbm"),
    ("torch", "torch", "torch", "install_torch"),
    ("lightning", "lightning", "torch", "install_lightning"),
    ("pytorch_lightning", "lightning", "torch", "install_lightning"),
)
LIBRARIES = tuple(dict.fromkeys(library for _, library, _, _ in _ADAPTERS))
_installed: set[tuple[str, str]] = set()
_watching = False


def autolog(
    *libraries: str,
    store: Store | str | None = None,
    strict: bool = False,
    disable: bool = False,
) -> None:
    """Record what libraries read, fit, score and write from here on.

    In a run or step, what is read and written are its inputs and outputs, and what is fitted gives
    it parameters and metrics. Outside of one, each fit, evaluation and written file is an execution
    of its own. Libraries that are imported later are taken in then. Nothing that a library returns
    or raises is changed.

    Parameters
    ----------
    libraries
        Those that are to tell, such as `"pandas"`; without one, all that are known.
    store, strict
        As `lineage.run` takes them, for what is recorded outside of a run.
    disable
        Have these libraries tell nothing from here on.

    Raises
    ------
    InvalidValue
        There is no adapter for a library.

    Examples
    --------
    >>> import lineage
    >>> lineage.autolog("pickle", disable=True)
    """
    unknown = [name for name in libraries if name not in LIBRARIES]
    if unknown:
        raise InvalidValue(
            f"there is no adapter for {unknown[0]!r}; there are {', '.join(LIBRARIES)}"
        )
    wanted = set(libraries or LIBRARIES)
    if disable:
        switch.libraries -= wanted
        return
    session.store, session.strict = store, strict
    _watch_renames()
    switch.libraries |= wanted
    for module, library, adapter, function in _ADAPTERS:
        if library in wanted and (module, function) not in _installed:
            _installed.add((module, function))
            _when_imported(module, library, _installer(adapter, function))


def _watch_renames() -> None:
    """Follow files that are written under one name and put in place under another."""
    global _watching
    if not _watching:
        _watching = True
        # Python keeps an audit hook for good.
        sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "os.rename" or not switch.libraries or is_suppressed():
        return
    with suppress():
        tell("python", "os.rename", _move, arguments)


def _move(arguments: tuple[Any, ...]) -> None:
    source, target = (os.path.realpath(os.fsdecode(place)) for place in arguments[:2])
    move_file(source, target)


def inject(environment: Mapping[str, str], store_url: str) -> dict[str, str]:
    """Return an environment in which each Python that is started calls `autolog` first."""
    folder = str(Path(__file__).parent / "injected")
    before = environment.get("PYTHONPATH")
    return {
        **environment,
        "PYTHONPATH": folder if not before else f"{folder}{os.pathsep}{before}",
        "LINEAGE_URL": store_url,
    }


def _installer(adapter: str, function: str) -> Callable[[Any], None]:
    def install(module: Any) -> None:
        found = import_module(f"lineage.recording.adapters.{adapter}")
        getattr(found, function)(module)

    return install


def _when_imported(module: str, library: str, install: Callable[[Any], None]) -> None:
    """Install once a module is imported; at once where it is."""
    from wrapt import register_post_import_hook

    def hook(imported: Any) -> None:
        # A library of a version that nobody tried is left as it is.
        tell(library, f"version {getattr(sys.modules.get(library), '__version__', '?')}",
             install, imported)  # fmt: skip

    register_post_import_hook(hook, module)
