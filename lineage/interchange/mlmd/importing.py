"""An ML Metadata database into a store."""

from __future__ import annotations

from pathlib import Path

from lineage.interchange.mlmd.database import MlmdDatabase
from lineage.interchange.transfer import Progress, Transferred, transfer
from lineage.store import Store


def import_mlmd(path: str | Path, store: Store, *, progress: Progress | None = None) -> Transferred:
    """Import an ML Metadata SQLite database of schema version 4 to 10, ids and times kept.

    The file is only read. Run again after an interruption, it goes on; run again after the end, it
    adds what is new. Proto values come as the bytes of their google.protobuf.Any. ML Metadata has
    one time for an event, which becomes both when it happened and when it was recorded.

    Raises NotFound, StoreUnavailable for what is no such database, StoreTooNew, AlreadyExists
    where the store has other nodes under the same ids, InvalidValue for what can't be kept.
    """
    database = MlmdDatabase(Path(path))
    try:
        return transfer(database, store, progress=progress)
    finally:
        database.close()
