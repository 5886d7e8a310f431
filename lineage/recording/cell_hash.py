"""Hashes of the cells of an Arrow column, 64 bits each, the same everywhere and always.

Numbers are hashed by their value, text by its bytes; text that writes a number or a time is what
it writes. An empty cell has the hash 0, and no other has.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

MISSING = ("", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None", "<NA>")
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_LONG_INTEGER = r"^[+-]?\d{16,}$"
_TIME = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]00:?00)?$"
# Integers up to here are exact as floats.
_EXACT = 1 << 53
_POSITIONS = 256


def mix(values: Hashes) -> Hashes:
    """Return each value with its bits well mixed (splitmix64's end)."""
    mixed = values.copy()
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def hash_name(name: str) -> np.uint64:
    """Return the hash of a column's name."""
    import pyarrow

    return np.uint64(_of_text(pyarrow.array([name or " "]))[0])


def hash_cells(column: Any) -> Hashes:
    """Return the hash of each cell of an Arrow array or chunked array."""
    import pyarrow

    if isinstance(column, pyarrow.ChunkedArray):
        parts = [hash_cells(chunk) for chunk in column.chunks]
        return np.concatenate(parts) if parts else np.empty(0, np.uint64)
    kind = column.type
    types = pyarrow.types
    if types.is_dictionary(kind):
        values = hash_cells(column.dictionary)
        codes = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
        found = values[codes] if len(values) else np.zeros(len(column), np.uint64)
        return _without_nulls(found, column)
    if types.is_null(kind):
        return np.zeros(len(column), np.uint64)
    if types.is_boolean(kind):
        return _of_text(column.cast(pyarrow.string()))
    if types.is_integer(kind):
        return _of_integers(column)
    if types.is_float32(kind) or types.is_float16(kind):
        # 0.1 is 0.1, whatever it is rounded to.
        column = column.cast(pyarrow.float32()).cast(pyarrow.string()).cast(pyarrow.float64())
        return _of_floats(column)
    if types.is_float64(kind):
        return _of_floats(column)
    if types.is_temporal(kind) or types.is_decimal(kind):
        return _of_writing(column.cast(pyarrow.string()))
    if types.is_string(kind) or types.is_large_string(kind) or str(kind) == "string_view":
        return _of_writing(column.cast(pyarrow.large_string()))
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return _of_text(column.cast(pyarrow.large_binary()))
    shown = [
        None if value is None else json.dumps(value, default=str, sort_keys=True)
        for value in column.to_pylist()
    ]
    return _of_text(pyarrow.array(shown, pyarrow.large_string()))


def _of_integers(column: Any) -> Hashes:
    import pyarrow
    import pyarrow.compute as compute

    values = column.fill_null(0)
    largest = compute.min_max(values).as_py()
    if (largest["max"] or 0) > _EXACT or (largest["min"] or 0) < -_EXACT:
        return _of_writing(column.cast(pyarrow.large_string()))
    return _without_nulls(_of_doubles(values.to_numpy(zero_copy_only=False)), column)


def _of_floats(column: Any) -> Hashes:
    return _without_nulls(
        _of_doubles(column.fill_null(float("nan")).to_numpy(zero_copy_only=False)), column
    )


def _of_doubles(values: NDArray[Any]) -> Hashes:
    doubles = values.astype(np.float64) + 0.0
    found = mix(doubles.view(np.uint64) ^ np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1)
    found[np.isnan(doubles)] = 0
    return found


def _of_writing(column: Any) -> Hashes:
    """Text by what it writes: a number, a time, a truth, or itself."""
    import pyarrow
    import pyarrow.compute as compute

    text = compute.utf8_trim_whitespace(column.cast(pyarrow.large_string()))
    missing = compute.is_in(text, pyarrow.array(MISSING, pyarrow.large_string()))
    text = compute.if_else(missing, pyarrow.scalar(None, pyarrow.large_string()), text)
    try:
        # Mostly a column is all numbers, or none.
        if not _has_long_integers(text):
            return _of_floats(text.cast(pyarrow.float64()))
    except pyarrow.ArrowInvalid:
        pass
    numbers = compute.and_(
        compute.match_substring_regex(text, _NUMBER),
        compute.invert(compute.match_substring_regex(text, _LONG_INTEGER)),
    ).fill_null(False)
    found = _of_text(_plain(text))
    mask = numbers.to_numpy(zero_copy_only=False)
    if mask.any():
        found[mask] = _of_floats(text.filter(numbers).cast(pyarrow.float64()))
    return found


def _has_long_integers(text: Any) -> bool:
    import pyarrow.compute as compute

    longest = compute.max(compute.binary_length(text)).as_py()
    return (longest or 0) >= 16 and bool(
        compute.any(compute.match_substring_regex(text, _LONG_INTEGER)).as_py()
    )


def _plain(text: Any) -> Any:
    """Times without what says nothing, truths in small letters."""
    import pyarrow
    import pyarrow.compute as compute

    times = compute.match_substring_regex(text, _TIME).fill_null(False)
    if compute.any(times).as_py():
        plain = compute.replace_substring_regex(text, r"(Z|[+-]00:?00)$", "")
        plain = compute.replace_substring(plain, "T", " ", max_replacements=1)
        plain = compute.replace_substring_regex(plain, r"(\.\d*?)0+$", r"\1")
        plain = compute.replace_substring_regex(plain, r"\.$", "")
        plain = compute.replace_substring_regex(plain, r"^(.{10} \d\d:\d\d)$", r"\1:00")
        plain = compute.replace_substring_regex(plain, r" 00:00:00$", "")
        text = compute.if_else(times, plain, text)
    truths = compute.is_in(
        text, pyarrow.array(["True", "TRUE", "False", "FALSE"], pyarrow.large_string())
    )
    if compute.any(truths).as_py():
        text = compute.if_else(truths, compute.utf8_lower(text), text)
    return text


def _of_text(column: Any) -> Hashes:
    """Tabulation hashing: the sum of a random number for each byte at each position."""
    import pyarrow

    column = column.cast(pyarrow.large_binary())
    size = len(column)
    _, offsets_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64, size + 1, column.offset * 8)
    start, end = int(offsets[0]), int(offsets[-1])
    data = (
        np.frombuffer(data_buffer, np.uint8, end - start, start)
        if data_buffer is not None and end > start
        else np.empty(0, np.uint8)
    )
    begins = offsets[:-1] - start
    lengths = np.diff(offsets)
    found = np.zeros(size, np.uint64)
    if len(data):
        places = np.arange(len(data), dtype=np.int64) - np.repeat(begins, lengths)
        weighed = _table()[places % _POSITIONS, data]
        far = places >= _POSITIONS
        if far.any():
            turn = (places[far] // _POSITIONS).astype(np.uint64)
            weighed[far] *= mix(turn) | np.uint64(1)
        there = np.flatnonzero(lengths)
        found[there] = np.add.reduceat(weighed, begins[there])
    found += lengths.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return _without_nulls(mix(found) | np.uint64(1), column)


def _without_nulls(found: Hashes, column: Any) -> Hashes:
    if column.null_count:
        found[column.is_null().to_numpy(zero_copy_only=False)] = 0
    return found


@cache
def _table() -> Hashes:
    numbers = np.arange(1, _POSITIONS * 256 + 1, dtype=np.uint64)
    return mix(numbers * np.uint64(0x9E3779B97F4A7C15)).reshape(_POSITIONS, 256)
