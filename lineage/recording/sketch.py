"""Sketches of tables: a sample of their rows by which two tables can be compared without either.

Of each table the rows with the smallest hashes are kept (a bottom-k sample), so that the samples of
two tables meet: below the smaller of their two thresholds each holds *all* of its rows, and the
share of the one's that are among the other's is what it is in the whole tables, but for the error
of a sample. A row's hash is a sum over its cells, each with the name of its column, so that neither
the order of the columns nor that of the rows matters.

Tables with different columns are compared on those that both have. For that the rows with the
smallest hashes of one column's values are kept too, for those two columns that tell rows apart
best, with a short hash of every other cell.

A cell is compared by what it says, not by its type: 1, 1.0 and "1" are the same, so are a time and
the text that CSV has for it, and an empty cell is like none. Floats with rounded digits are not.
"""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from lineage.errors import InvalidValue, NotFound, Unsupported

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

# Whole rows: 4,096 hashes of 48 bits. The rest of 47 kB is for the samples by column.
_ROWS = 4_096
_ANCHORS = 2
_ANCHOR_BYTES = 11_000
_BITS = 48
_LARGEST = 1 << _BITS
_MOST_COLUMNS = 512
_MOST_CANDIDATES = 24
_BATCH_ROWS = 1 << 16
_CONFIDENT = 1.96
_FORMAT = 1

_TABLES = {
    "csv": "csv", "tsv": "tsv", "tab": "tsv", "parquet": "parquet", "pq": "parquet",
    "jsonl": "jsonl", "ndjson": "jsonl", "arrow": "arrow", "feather": "arrow", "ipc": "arrow",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Anchor:
    """The rows with the smallest hashes of one column's values.

    Attributes
    ----------
    column
        The column.
    below
        All rows whose value has a hash below this are here.
    hashes, cells
        Of each row that hash, and 16 bits of the hash of each cell, in the order of the columns.
    """

    column: str
    below: int
    hashes: Hashes
    cells: NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a table.

    Attributes
    ----------
    columns
        Their names, in order.
    rows
        How many it has, equal ones too.
    below
        All distinct rows with a hash below this are among `hashes`; 2^48 where all are.
    """

    columns: tuple[str, ...]
    rows: int
    below: int
    hashes: Hashes
    anchors: tuple[Anchor, ...] = ()

    @property
    def distinct(self) -> int:
        """About how many distinct rows it has; exact where few."""
        if self.below == _LARGEST:
            return len(self.hashes)
        return round(len(self.hashes) * _LARGEST / self.below)

    def to_bytes(self) -> bytes:
        """Return it as bytes: at most 48 kB for a table of up to 100 columns."""
        head = json.dumps(
            {
                "format": _FORMAT,
                "columns": self.columns,
                "rows": self.rows,
                "below": self.below,
                "hashes": len(self.hashes),
                "anchors": [[a.column, a.below, len(a.hashes)] for a in self.anchors],
            },
            ensure_ascii=False,
        ).encode()
        parts = [struct.pack("<I", len(head)), head, _packed(self.hashes)]
        for anchor in self.anchors:
            parts += [_packed(anchor.hashes), anchor.cells.astype("<u2").tobytes()]
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> Sketch:
        """Return the sketch that `to_bytes` wrote. Raises InvalidValue."""
        import numpy as np

        try:
            (length,) = struct.unpack_from("<I", data)
            head = json.loads(data[4 : 4 + length])
            if head["format"] != _FORMAT:
                raise InvalidValue(f"a sketch of format {head['format']} can't be read here")
            at = 4 + length
            hashes, at = _unpacked(data, at, head["hashes"])
            columns = tuple(head["columns"])
            anchors = []
            for column, below, count in head["anchors"]:
                own, at = _unpacked(data, at, count)
                size = count * len(columns)
                cells = np.frombuffer(data, "<u2", size, at).reshape(count, len(columns))
                at += size * 2
                anchors.append(Anchor(column, below, own, cells.astype(np.uint16)))
            return cls(columns, head["rows"], head["below"], hashes, tuple(anchors))
        except (KeyError, TypeError, ValueError, struct.error) as error:
            raise InvalidValue(f"this is no sketch: {type(error).__name__}: {error}") from None

    def to_text(self) -> str:
        """Return it as text."""
        return base64.b85encode(self.to_bytes()).decode()

    @classmethod
    def from_text(cls, text: str) -> Sketch:
        """Return the sketch that `to_text` wrote. Raises InvalidValue."""
        try:
            return cls.from_bytes(base64.b85decode(text))
        except ValueError as error:
            raise InvalidValue(f"this is no sketch: {error}") from None


@dataclass(frozen=True, slots=True)
class Share:
    """Which share of one table's distinct rows is in another, and between which bounds (95%).

    Attributes
    ----------
    sample
        How many rows it is estimated from; with `low == high` it is exact.
    columns
        On which columns the rows were compared.
    """

    share: float
    low: float
    high: float
    sample: int
    columns: tuple[str, ...]


def is_table(path: str) -> bool:
    """Return whether a file is of a kind that can be sketched, by its name.

    >>> is_table("x.csv.gz"), is_table("x.parquet"), is_table("x.npy")
    (True, True, False)
    """
    return _kind_of(path) is not None


def can_sketch() -> bool:
    """Return whether the libraries are there that read tables."""
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None and find_spec("numpy") is not None


def sketch_file(path: str) -> Sketch:
    """Return the sketch of a table in a local file: CSV, TSV, Parquet, JSON lines or Arrow.

    Raises
    ------
    NotFound
        Nothing is there.
    InvalidValue
        It is no table, or one that can't be read.
    Unsupported
        pyarrow or numpy is not installed.
    """
    if not can_sketch():
        raise Unsupported("sketches of tables need pyarrow: pip install 'lineage-engine[arrow]'")
    kind = _kind_of(path)
    if kind is None:
        raise InvalidValue(
            f"{path} is no table that can be sketched; these can: {', '.join(sorted(_TABLES))}"
        )
    import pyarrow

    try:
        return sketch_batches(_batches(path, kind))
    except FileNotFoundError:
        raise NotFound(f"nothing is at {path}") from None
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{path} can't be read as {kind}: {error}") from error


def sketch_batches(batches: Iterator[Any]) -> Sketch:
    """Return the sketch of a table that comes in Arrow record batches or tables."""
    builder: _Builder | None = None
    for batch in batches:
        names = [str(name).strip() for name in batch.schema.names]
        if builder is None:
            builder = _Builder(names)
        builder.add(dict(zip(names, batch.columns, strict=True)), batch.num_rows)
    if builder is None:
        raise InvalidValue("a table without any row group can't be sketched")
    return builder.finish()


def compare(first: Sketch, second: Sketch) -> Share | None:
    """Return which share of the first table's rows is in the second; None where they can't tell.

    With the same columns, whole rows are compared. Else rows are compared on the columns that both
    have, if these are at least two and half of those of the narrower table.
    """
    import numpy as np

    if set(first.columns) == set(second.columns):
        below = min(first.below, second.below)
        exact = below == _LARGEST
        mine = first.hashes[first.hashes < below]
        theirs = second.hashes[second.hashes < below]
        met = int(np.isin(mine, theirs, assume_unique=True).sum())
        return _estimated(met, len(mine), exact, first.columns)
    common = [name for name in first.columns if name in set(second.columns)]
    narrower = min(len(first.columns), len(second.columns))
    if len(common) < max(2, math.ceil(narrower / 2)):
        return None
    best: Share | None = None
    for mine_by in first.anchors:
        for theirs_by in second.anchors:
            if mine_by.column != theirs_by.column:
                continue
            below = min(mine_by.below, theirs_by.below)
            rows = _projected(mine_by, first.columns, common, below)
            others = set(_projected(theirs_by, second.columns, common, below))
            met = sum(row in others for row in rows)
            found = _estimated(met, len(rows), below == _LARGEST, tuple(common))
            if found is not None and (best is None or found.sample > best.sample):
                best = found
    return best


def _projected(
    anchor: Anchor, columns: Sequence[str], common: Sequence[str], below: int
) -> list[bytes]:
    """Return the distinct rows of a sample, as far as they are in the common columns."""
    import numpy as np

    kept = anchor.hashes < below
    places = [columns.index(name) for name in common]
    cells = np.ascontiguousarray(anchor.cells[kept][:, places])
    keys = anchor.hashes[kept]
    return list({key.tobytes() + row.tobytes(): None for key, row in zip(keys, cells, strict=True)})


def _estimated(met: int, sample: int, exact: bool, columns: tuple[str, ...]) -> Share | None:
    if sample == 0:
        return None
    share = met / sample
    if exact:
        return Share(share, share, share, sample, columns)
    # Wilson's interval, which is right at the ends too.
    z2 = _CONFIDENT**2
    middle = (share + z2 / (2 * sample)) / (1 + z2 / sample)
    half = (
        _CONFIDENT
        * math.sqrt(share * (1 - share) / sample + z2 / (4 * sample**2))
        / (1 + z2 / sample)
    )
    low = 0.0 if met == 0 else max(0.0, middle - half)
    high = 1.0 if met == sample else min(1.0, middle + half)
    return Share(share, low, high, sample, columns)


class _Builder:
    """Takes in a table batch by batch."""

    def __init__(self, columns: Sequence[str]) -> None:
        import numpy as np

        from lineage.recording.cell_hash import hash_name

        self.columns = tuple(columns[:_MOST_COLUMNS])
        if len(set(self.columns)) < len(self.columns):
            raise InvalidValue("a table with two columns of one name can't be sketched")
        self._names = {name: hash_name(name) for name in self.columns}
        self._rows = 0
        self._kept = np.empty(0, np.uint64)
        self._below = _LARGEST
        size = _ANCHOR_BYTES // (6 + 2 * len(self.columns)) if self.columns else 0
        self._samples = (
            [_Sample(at, max(16, size)) for at in range(min(len(self.columns), _MOST_CANDIDATES))]
            if len(self.columns) > 1
            else []
        )

    def add(self, columns: Mapping[str, Any], rows: int) -> None:
        """Take in some rows."""
        import numpy as np

        from lineage.recording.cell_hash import hash_cells, mix

        if not rows:
            return
        self._rows += rows
        cells = np.zeros((len(self.columns), rows), np.uint64)
        total = np.zeros(rows, np.uint64)
        for at, name in enumerate(self.columns):
            column = columns.get(name)
            if column is not None:
                cells[at] = hash_cells(column)
                there = cells[at] != 0
                total += np.where(there, mix(cells[at] ^ self._names[name]), np.uint64(0))
        hashes = mix(total) >> np.uint64(64 - _BITS)
        small = hashes[hashes < self._below]
        if len(small):
            kept = np.unique(np.concatenate([self._kept, small]))
            if len(kept) > _ROWS:
                self._below = int(kept[_ROWS])
                kept = kept[:_ROWS]
            self._kept = kept
        for sample in self._samples:
            sample.add(cells)

    def finish(self) -> Sketch:
        """Return the sketch."""
        useful = [s for s in self._samples if s.is_useful()]
        useful.sort(key=lambda s: (-s.distinct(), s.column))
        anchors = tuple(s.finish(self.columns) for s in useful[:_ANCHORS])
        return Sketch(self.columns, self._rows, self._below, self._kept, anchors)


class _Sample:
    """The rows with the smallest hashes of one column."""

    def __init__(self, column: int, size: int) -> None:
        import numpy as np

        self.column = column
        self._size = size
        self._below = _LARGEST
        self._hashes = np.empty(0, np.uint64)
        self._cells: NDArray[np.uint16] | None = None

    def add(self, cells: NDArray[np.uint64]) -> None:
        """Take in rows, given by the hashes of their cells, a column each."""
        import numpy as np

        from lineage.recording.cell_hash import mix

        if not self._below:
            return
        own = cells[self.column]
        hashes = mix(own) >> np.uint64(64 - _BITS)
        chosen = np.flatnonzero((hashes < self._below) & (own != 0))
        if not len(chosen):
            return
        short = (cells[:, chosen] >> np.uint64(48)).astype(np.uint16).T
        rows = short if self._cells is None else np.concatenate([self._cells, short])
        kept = np.concatenate([self._hashes, hashes[chosen]])
        if len(kept) > self._size:
            # Equal rows are one; and of a value, all rows are kept or none.
            order = np.lexsort((*rows.T, kept))
            kept, rows = kept[order], rows[order]
            new = np.ones(len(kept), bool)
            new[1:] = (kept[1:] != kept[:-1]) | (rows[1:] != rows[:-1]).any(axis=1)
            kept, rows = kept[new], rows[new]
            if len(kept) > self._size:
                self._below = int(kept[self._size])
                fits = kept < self._below
                kept, rows = kept[fits], rows[fits]
                if not len(kept):
                    self._below = 0
        self._hashes, self._cells = kept, rows

    def is_useful(self) -> bool:
        """Return whether its column tells rows apart."""
        return self._below > 0 and len(self._hashes) > 0

    def distinct(self) -> float:
        """Return about how many values its column has."""
        import numpy as np

        return len(np.unique(self._hashes)) * (_LARGEST / self._below)

    def finish(self, columns: Sequence[str]) -> Anchor:
        """Return the sample."""
        assert self._cells is not None
        return Anchor(columns[self.column], self._below, self._hashes, self._cells)


def _kind_of(path: str) -> str | None:
    suffixes = [suffix.lstrip(".").lower() for suffix in PurePosixPath(path).suffixes]
    if len(suffixes) > 1 and suffixes[-1] in ("gz", "bz2", "zst", "lz4"):
        suffixes.pop()
    return _TABLES.get(suffixes[-1]) if suffixes else None


def _batches(path: str, kind: str) -> Iterator[Any]:
    import pyarrow

    if kind == "parquet":
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(path) as file:
            yield file.schema_arrow.empty_table().combine_chunks()
            yield from file.iter_batches(batch_size=_BATCH_ROWS)
    elif kind == "arrow":
        with pyarrow.memory_map(path) as source:
            try:
                opened = pyarrow.ipc.open_file(source)
                batches = (opened.get_batch(at) for at in range(opened.num_record_batches))
            except pyarrow.ArrowInvalid:
                source.seek(0)
                opened = pyarrow.ipc.open_stream(source)
                batches = iter(opened)
            yield opened.schema.empty_table()
            yield from batches
    elif kind == "jsonl":
        import pyarrow.json

        with pyarrow.input_stream(path, compression="detect") as stream:
            table = pyarrow.json.read_json(stream)
        yield table.schema.empty_table()
        yield from table.to_batches(max_chunksize=_BATCH_ROWS)
    else:
        yield from _csv_batches(path, "\t" if kind == "tsv" else ",")


def _csv_batches(path: str, delimiter: str) -> Iterator[Any]:
    """Every cell as text: what a column is may only show late in a file."""
    import csv
    import io

    import pyarrow
    import pyarrow.csv

    parsing = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    with pyarrow.input_stream(path, compression="detect") as stream:
        start = io.StringIO(stream.read(1 << 20).decode("utf-8-sig", "ignore"), newline="")
    reader = csv.reader(start, delimiter=delimiter)
    names = next(reader, None)
    if not names:
        raise InvalidValue(f"{path} is empty")
    if not any(reader):
        yield pyarrow.table({name: pyarrow.array([], pyarrow.string()) for name in names})
        return
    text = pyarrow.string()
    with (
        pyarrow.input_stream(path, compression="detect") as stream,
        pyarrow.csv.open_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(block_size=8 << 20),
            parse_options=parsing,
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, text), strings_can_be_null=False
            ),
        ) as batches,
    ):
        yield batches.schema.empty_table()
        yield from batches


def _packed(hashes: Hashes) -> bytes:
    """Return 48 bits of each."""
    import numpy as np

    octets = hashes.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :6]
    return np.ascontiguousarray(octets).tobytes()


def _unpacked(data: bytes, at: int, count: int) -> tuple[Hashes, int]:
    import numpy as np

    octets = np.zeros((count, 8), np.uint8)
    octets[:, :6] = np.frombuffer(data, np.uint8, count * 6, at).reshape(count, 6)
    return octets.view("<u8").reshape(-1).astype(np.uint64), at + count * 6
