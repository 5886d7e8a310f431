"""Which tables share rows with a table, by the sketches that are kept of them.

A sketch is kept in the store under the digest of the table's bytes, so that the same content has
one, wherever it lies. It is made when a run is recorded; those that are missing are made on demand,
of files that still have the content that was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lineage.errors import InvalidValue, LineageError, NotFound
from lineage.model import Artifact, ArtifactState, Kind
from lineage.questions.node_json import node_to_json
from lineage.recording.content import ContentCache, digest_path, is_url, local_path
from lineage.recording.identity import digest_of
from lineage.recording.sketch import Share, Sketch, can_sketch, compare, is_table, sketch_file
from lineage.rules.digests import SKETCHES
from lineage.store import Store

LEAST = 0.01
# Larger tables are sketched when somebody asks, not after each run.
LARGEST_AT_ONCE = 64 << 20


@dataclass(frozen=True, slots=True)
class OverlappingTable:
    """A table that shares rows with the one that was asked about.

    Attributes
    ----------
    contained
        Which share of the other's rows is in this one.
    containing
        Which share of its own rows is in the other.
    """

    table: Artifact
    contained: Share
    containing: Share
    same_content: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        return node_to_json(
            self.table,
            contained=_as_json(self.contained),
            containing=_as_json(self.containing),
            columns=list(self.contained.columns),
            same_content=self.same_content,
        )


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The tables that share rows with one, the largest share first.

    Attributes
    ----------
    unsketched
        Tables of which no sketch is kept: they may share rows, too.
    undecided
        Tables that are too small, beside this one, for their sketches to tell.
    """

    table: Artifact
    rows: int
    tables: tuple[OverlappingTable, ...]
    unsketched: tuple[Artifact, ...] = ()
    undecided: tuple[Artifact, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every table was compared."""
        return not (self.unsketched or self.undecided)

    def __iter__(self) -> Iterator[OverlappingTable]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return {
            "table": node_to_json(self.table),
            "rows": self.rows,
            "tables": [found.to_dict() for found in self.tables],
            "unsketched": [f"artifact:{a.id}" for a in self.unsketched],
            "undecided": [f"artifact:{a.id}" for a in self.undecided],
            "complete": self.complete,
        }


def find_overlaps(
    store: Store, reference: str | int, *, at_least: float = LEAST, make: bool = False
) -> Overlaps:
    """Return the tables that share rows with a table.

    Two tables are compared on the columns that both have by name; see `lineage.recording.sketch`.
    Shares are of distinct rows, and estimates with bounds at 95%.

    Parameters
    ----------
    store
        The store.
    reference
        The table.
    at_least
        The least share of either's rows that counts.
    make
        Make the sketches that are missing, of files that are there, and keep them.

    Raises
    ------
    NotFound
        Nothing is named so, or no sketch is kept of it and its content is gone.
    InvalidValue
        It is no table.
    """
    if not 0 <= at_least <= 1:
        raise InvalidValue(f"at_least is {at_least}; a share is between 0 and 1")
    table = store.artifact(reference)
    kept = _Sketches(store)
    own = kept.need(table)
    found: list[OverlappingTable] = []
    unsketched: list[Artifact] = []
    undecided: list[Artifact] = []
    for other in _tables(store):
        if other.id == table.id:
            continue
        sketch = kept.find(other, make=make)
        if sketch is None:
            unsketched.append(other)
            continue
        contained, containing = compare(own, sketch), compare(sketch, own)
        if contained is None or containing is None:
            if _could_meet(own, sketch):
                undecided.append(other)
            continue
        if max(contained.share, containing.share) >= max(at_least, 1e-12):
            same = digest_of(table) is not None and digest_of(table) == digest_of(other)
            found.append(OverlappingTable(other, contained, containing, same))
    found.sort(key=lambda row: (-max(row.contained.share, row.containing.share), row.table.id or 0))
    return Overlaps(table, own.rows, tuple(found), tuple(unsketched), tuple(undecided))


@dataclass(frozen=True, slots=True)
class Copied:
    """A table that is tainted because it shares rows with one that is.

    Attributes
    ----------
    table
        The table that nobody recorded a step to.
    source
        The tainted table that it shares rows with.
    """

    table: Artifact
    source: Artifact
    contained: Share
    containing: Share

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        return node_to_json(
            self.table,
            shares_rows_with=f"artifact:{self.source.id}",
            contained=_as_json(self.contained),
            containing=_as_json(self.containing),
        )


def propagate_by_overlap(
    store: Store,
    sources: Iterable[str | int],
    *,
    label: str | None = None,
    at_least: float = LEAST,
    **given: Any,
) -> list[Copied]:
    """Return the tables that a taint reaches only by rows that they share with what it reaches.

    What came of these is followed, too, until nothing more is found.

    Parameters
    ----------
    store
        The store.
    sources
        Where the taint starts.
    label
        Its label, whose barriers count.
    at_least
        The least share of either table's rows that counts.
    given
        Handed to `Store.taint`: `barrier`, `as_of`, `causal`.
    """
    kept = _Sketches(store)
    tables = {table.id: table for table in _tables(store) if table.id is not None}
    sketches = {
        id: sketch
        for id, table in tables.items()
        if (sketch := kept.find(table, make=False)) is not None
    }
    starts: list[str | int] = list(sources)
    found: dict[int, Copied] = {}
    compared: set[int] = set()
    while True:
        answer = store.taint(source=starts, label=label, **given)
        reached = {
            node.node.id for node in answer if node.node.kind is Kind.ARTIFACT and node.node.id
        } | {s.node.id for s in answer.sources if s.node.kind is Kind.ARTIFACT and s.node.id}
        fresh = [id for id in sorted(reached - compared) if id in sketches]
        compared |= set(fresh)
        before = len(found)
        for id in fresh:
            for other, sketch in sketches.items():
                if other in reached or other in found:
                    continue
                contained = compare(sketches[id], sketch)
                containing = compare(sketch, sketches[id])
                if contained is None or containing is None:
                    continue
                if max(contained.share, containing.share) >= max(at_least, 1e-12):
                    found[other] = Copied(tables[other], tables[id], contained, containing)
                    starts.append(f"artifact:{other}")
        if len(found) == before:
            return list(found.values())


def keep_sketches(store: Store, files: Iterable[tuple[str, str, int]]) -> int:
    """Make and keep the sketches of tables that have none; return how many.

    Parameters
    ----------
    store
        The store.
    files
        Path, digest and size of each; what is no table, or too large, is left out.
    """
    wanted = [
        (path, digest)
        for path, digest, size in files
        if is_table(path) and size <= LARGEST_AT_ONCE and store.metadata(SKETCHES + digest) is None
    ]
    if not wanted or not can_sketch():
        return 0
    sketches: dict[str, str] = {}
    for path, digest in wanted:
        try:
            sketches[SKETCHES + digest] = sketch_file(path).to_text()
        except LineageError:
            # A file that is called a table need not be one.
            continue
    store.mirror(metadata=sketches.items())
    return len(sketches)


class _Sketches:
    """The sketches that a store keeps, and those that can be made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cache = ContentCache.beside(store.url)

    def find(self, table: Artifact, *, make: bool) -> Sketch | None:
        """Return the sketch of a table, or None."""
        digest = digest_of(table)
        if digest is None:
            return None
        text = self._store.metadata(SKETCHES + digest)
        if text is not None:
            return Sketch.from_text(text)
        if not make:
            return None
        try:
            return self._make(table, digest)
        except LineageError:
            return None

    def need(self, table: Artifact) -> Sketch:
        """Return the sketch of a table, or raise why there is none."""
        digest = digest_of(table)
        if table.uri is None or not is_table(table.uri):
            raise InvalidValue(
                f"{table.label} is no table that can be compared: its uri ({table.uri}) names no "
                "CSV, TSV, Parquet, JSON lines or Arrow file"
            )
        if digest is None:
            raise NotFound(f"no digest of {table.label} is recorded, so no content is known as its")
        return self.find(table, make=False) or self._make(table, digest)

    def _make(self, table: Artifact, digest: str) -> Sketch:
        assert table.uri is not None
        if is_url(table.uri):
            raise NotFound(
                f"no sketch of {table.label} is kept, and {table.uri} is not a local file"
            )
        path = local_path(table.uri)
        if digest_path(path, cache=self._cache).digest != digest:
            raise NotFound(
                f"no sketch of {table.label} is kept, and {path} has another content today"
            )
        sketch = sketch_file(path)
        self._store.mirror(metadata=[(SKETCHES + digest, sketch.to_text())])
        return sketch


def _tables(store: Store) -> Iterator[Artifact]:
    after: int | None = None
    while True:
        page = store.find(Kind.ARTIFACT, page_size=1000, after_id=after)
        for artifact in page:
            if (
                isinstance(artifact, Artifact)
                and artifact.state is not ArtifactState.DELETED
                and artifact.uri is not None
                and is_table(artifact.uri)
            ):
                yield artifact
        if not page.next_page_token:
            return
        after = page[-1].id


def _could_meet(first: Sketch, second: Sketch) -> bool:
    """Return whether the columns would allow to compare them, had they larger samples."""
    common = set(first.columns) & set(second.columns)
    return len(common) >= max(2, min(len(first.columns), len(second.columns)) / 2)


def _as_json(share: Share) -> dict[str, Any]:
    return {"share": share.share, "low": share.low, "high": share.high, "sample": share.sample}
