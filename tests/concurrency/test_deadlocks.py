"""Two who wait for each other in Neo4j: one gives way, and is done afterwards."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lineage.backends import open_backend
from lineage.backends.neo4j import connection
from lineage.model import Kind
from lineage.ports.batch import Batch, WriteMode
from lineage.ports.writer import Writer
from tests.backends.batches import Types, apply, stored

A = Kind.ARTIFACT


def test_it_is_no_error_however_long_it_lasts(
    neo4j_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A crowd on a slow disk takes longer than the driver tries; here it does not try at all.
    monkeypatch.setattr(connection, "_RETRY_SECONDS", -1.0)
    backend = open_backend(neo4j_url)
    types = Types(backend)
    one, other = apply(backend, types.write(A), types.write(A))
    both_have_one = threading.Barrier(2)
    tries = []

    def write(ids: tuple[int, int]) -> None:
        first_time = True

        def work(tx: Writer) -> None:
            nonlocal first_time
            tries.append(ids)
            for place, id in enumerate(ids):
                if place == 1 and first_time:
                    first_time = False
                    both_have_one.wait()
                properties = {f"by{ids[0]}": 1}
                changed = types.write(A, WriteMode.MERGE, "id", id=id, custom_properties=properties)
                tx.apply(Batch(nodes=[changed]))

        backend.write(work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, [(one, other), (other, one)]))
    assert len(tries) > 2
    for id in (one, other):
        assert set(stored(backend, A, id).custom_properties) == {f"by{one}", f"by{other}"}
    backend.close()
