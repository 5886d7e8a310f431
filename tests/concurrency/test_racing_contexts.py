"""Two who put contexts below others at once never close a circle together."""

from __future__ import annotations

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from lineage import Context, Store
from lineage.errors import ContextCycle

ROUNDS = 40 if os.environ.get("LINEAGE_LONG") else 8


@pytest.mark.backends("sqlite", "neo4j")
def test_two_halves_of_a_circle(store: Store) -> None:
    for turn in range(ROUNDS):
        names = "abcd"
        store.put_all(Context(type="Project", name=f"{name}{turn}") for name in names)
        a, b, c, d = (f"Project:{name}{turn}" for name in names)
        store.put_parent(b, c)
        store.put_parent(d, a)
        barrier = threading.Barrier(2)

        def run(pair: tuple[str, str], barrier: threading.Barrier = barrier) -> str:
            barrier.wait()
            try:
                store.put_parent(*pair)
            except ContextCycle:
                return "refused"
            return "done"

        with ThreadPoolExecutor(2) as pool:
            told = Counter(pool.map(run, [(a, b), (c, d)]))
        assert told == {"done": 1, "refused": 1}
        assert sum(len(store.parents_of(context)) for context in (a, b, c, d)) == 3
