"""A filter over 100,000 artifacts on SQLite beside the same filter_query on MLMD."""

from __future__ import annotations

import lineage
from benchmarks.bench import Bench
from benchmarks.measuring import Measured, in_turns, seconds, shown
from benchmarks.mlmd import Mlmd
from lineage import Artifact, Kind, Type

_QUERY = "properties.acc.double_value > 0.4 AND uri LIKE 's3://models/7/%'"
_BATCH = 1_000


def measure(bench: Bench) -> list[Measured]:
    count = bench.size(100_000, 2_000)
    with (
        lineage.connect(bench.sqlite_url("filter")) as store,
        Mlmd(bench.folder / "filter-mlmd.db") as mlmd,
    ):
        bench.say(f"loading {count:,} artifacts into both")
        store.put_type(Type(kind=Kind.ARTIFACT, name="Scored", properties={"acc": "double"}))
        for first in range(0, count, _BATCH):
            store.put_all(
                Artifact(
                    type="Scored",
                    name=f"m{n}",
                    uri=f"s3://models/{n % 100}/{n}",
                    properties={"acc": n * 7919 % count / count},
                )
                for n in range(first, first + _BATCH)
            )
        mlmd.ask("scored", count=count)

        # Both must have found the same before their times mean anything.
        ours, theirs = len(store.artifacts(where=_QUERY)), mlmd.ask("filtered", query=_QUERY)
        assert ours == theirs["nodes"] > 0, (ours, theirs)

        times = in_turns(
            lambda: seconds(lambda: store.artifacts(where=_QUERY)),
            lambda: float(mlmd.ask("filtered", query=_QUERY)["seconds"]),
            bench.size(7, 1),
        )
    return [
        Measured(
            name="filter_mlmd",
            what=f"a property and a uri by LIKE, {ours:,} of {count:,} artifacts, SQLite",
            against="MLMD get_artifacts with the same filter_query",
            target="1x or more",
            ours=shown(times.our_median),
            peer=shown(times.peer_median),
            ratio=f"{times.faster:.1f}x",
            met=times.faster >= 1,
            note=f"`{_QUERY}`; {times.spread}",
        )
    ]
