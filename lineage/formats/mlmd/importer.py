"""An ML Metadata database into a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lineage.formats.mlmd.database import MlmdDatabase
from lineage.formats.transfer import Progress, TransferReport, transfer
from lineage.model import Type
from lineage.store import Store


def import_mlmd(
    source: str | Path, store: Store, *, progress: Progress | None = None
) -> TransferReport:
    """Import an ML Metadata database of schema version 4 to 10, ids and times kept.

    `source` is a SQLite file, or `mysql://user:password@host:port/database`; it is only read. Run
    again after an interruption, it goes on; run again after the end, it adds what is new. Proto
    values come as the bytes of their google.protobuf.Any. ML Metadata has one time for an event,
    which becomes both when it happened and when it was recorded. Types keep their ids where these
    are free; events, attributions, associations and parents that lead to nodes that aren't there
    are left behind.

    Raises NotFound, StoreUnavailable for what is no such database, StoreTooNew, AlreadyExists
    where the store has other nodes under the same ids, InvalidValue for what can't be kept.
    """
    database = MlmdDatabase(source)
    try:
        return transfer(_Fitting(database, store), store, progress=progress)
    finally:
        database.close()


class _Fitting:
    """The database as it fits into a store: its types keep their ids if none is taken there."""

    def __init__(self, database: MlmdDatabase, store: Store) -> None:
        self._database = database
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def types(self) -> list[Type]:
        there = {type.id: _key(type) for type in self._store.types()}
        found = self._database.types()
        if all(there.get(type.id, _key(type)) == _key(type) for type in found):
            return found
        return [type.model_copy(update={"id": None}) for type in found]


def _key(type: Type) -> tuple[str, str, str | None]:
    return type.kind, type.name, type.version
