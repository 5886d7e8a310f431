"""Digests of texts, arrays and tables by their content."""

from __future__ import annotations

import hashlib
import io
import pickle
from typing import Any


def hash_texts(*parts: str) -> str:
    """Return one digest of several texts."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)}:".encode() + data)
    return digest.hexdigest()


def hash_table(value: Any) -> str | None:
    """Return the digest of an array or table by its content; None for everything else.

    However it lies in memory, the same content has the same digest.
    """
    library = type(value).__module__.partition(".")[0]
    kind = type(value).__name__
    if library == "numpy" and kind == "ndarray" and not value.dtype.hasobject:
        import numpy

        digest = hashlib.sha256(f"{value.shape} {value.dtype.descr}".encode())
        digest.update(numpy.ascontiguousarray(value).tobytes())
        return digest.hexdigest()
    if library == "pandas" and kind == "DataFrame":
        columns = [hash_table(value.iloc[:, at]) or "" for at in range(value.shape[1])]
        names = _pickle_plainly(list(value.columns))
        return hash_texts("table", names, _hash_index(value.index), *columns)
    if library == "pandas" and kind == "Series":
        return hash_texts(
            "series", str(value.dtype), _pickle_plainly(value.name), _hash_index(value.index),
            _hash_values(value),
        )  # fmt: skip
    if (library, kind) in (("pyarrow", "Table"), ("polars", "DataFrame")):
        import pyarrow.ipc

        table = value if library == "pyarrow" else value.rechunk().to_arrow()
        sink = io.BytesIO()
        with pyarrow.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
        return hash_texts(kind, hashlib.sha256(sink.getbuffer()).hexdigest())
    return None


def _hash_index(index: Any) -> str:
    return hash_texts(
        str(index.dtype), _pickle_plainly(list(index.names)), _pickle_plainly(list(index))
    )


def _hash_values(series: Any) -> str:
    import numpy

    array = series.to_numpy() if isinstance(series.dtype, numpy.dtype) else None
    if array is not None and not array.dtype.hasobject:
        return hashlib.sha256(numpy.ascontiguousarray(array).tobytes()).hexdigest()
    return _pickle_plainly(list(series))


def _pickle_plainly(value: Any) -> str:
    """The digest of values as they would be pickled, each by itself."""
    sink = io.BytesIO()
    pickler = pickle.Pickler(sink, protocol=4)
    pickler.fast = True
    pickler.dump(value)
    return hashlib.sha256(sink.getbuffer()).hexdigest()
