"""What objects, paths and errors are, in a few properties."""

from __future__ import annotations

import os
import traceback
from typing import Any

from lineage.recording.redaction import redact_text

_MAX_TRACEBACK = 8_000
_TABLE_LIBRARIES = frozenset(
    {"pandas", "polars", "pyarrow", "numpy", "datasets", "scipy", "duckdb", "xgboost", "lightgbm"}
)
_TABLES = frozenset(
    {
        "DataFrame", "Series", "Index", "LazyFrame", "ndarray", "Table", "RecordBatch",
        "ChunkedArray", "Dataset", "DatasetDict", "IterableDataset", "spmatrix", "sparray",
        "_spbase", "DuckDBPyRelation", "DMatrix",
    }
)  # fmt: skip
_MODEL_CLASSES = frozenset({"BaseEstimator", "Module", "Booster"})


def is_place(value: Any) -> bool:
    """Return whether a value names a file, a directory or a url."""
    return isinstance(value, str | os.PathLike)


def port_of(value: Any) -> str:
    """Return the port that a path is read or written under, where none is given: its stem."""
    name = os.path.basename(os.fspath(value).rstrip("/\\")) if is_place(value) else ""
    return os.path.splitext(name)[0] or name or "file"


def type_of_object(value: Any) -> str:
    """Return the type of artifact that an object in memory is."""
    if getattr(value, "shape", None) == ():
        return "Object"
    kinds = {(base.__module__.partition(".")[0], base.__name__) for base in type(value).__mro__}
    if any(name in _TABLES for library, name in kinds if library in _TABLE_LIBRARIES):
        return "Dataset"
    return "Model" if _MODEL_CLASSES & {name for _, name in kinds} else "Object"


def describe_object(value: Any) -> dict[str, Any]:
    """Return rows, columns and class of an object in memory."""
    found: dict[str, Any] = {"class": f"{type(value).__module__}.{type(value).__qualname__}"}
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape and all(isinstance(n, int) for n in shape):
        found["rows"] = shape[0]
        if len(shape) == 2:
            found["columns"] = shape[1]
    return found


def describe_error(error: BaseException) -> dict[str, str]:
    """Return an error and the end of its traceback as properties."""
    text = "".join(traceback.format_exception(error))
    return {
        "error": redact_text(f"{type(error).__name__}: {error}"[:2_000]),
        "traceback": redact_text(text[-_MAX_TRACEBACK:]),
    }
