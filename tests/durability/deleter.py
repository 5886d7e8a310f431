"""What destroys something, each on the same small graph: run in a child process that is killed."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import lineage
from lineage import Artifact, Context, Execution, Kind, Policy, Step, Store, Type
from lineage.model import Retention, Series

THEN, NOW = 1_000_000, 2_000_000
PARTS, FILES = 5, 3

OPERATIONS: dict[str, Callable[[Store], object]] = {
    "tombstone": lambda store: store.delete("Dataset:raw", policy="tombstone"),
    "cascade": lambda store: store.delete("Dataset:raw", policy="cascade"),
    "purge": lambda store: store.delete("Dataset:raw", policy="cascade", purge=True),
    "bytes": lambda store: store.delete("Dataset:raw", policy="cascade", bytes=True),
    "purge, bytes": lambda store: store.delete(
        "Dataset:raw", policy="cascade", purge=True, bytes=True
    ),
    "resume": lambda store: store.resume_deletions(),
    "gc": lambda store: store.apply(store.plan_gc(rules=EXPIRING, bytes=True)),
    "gc, purge": lambda store: store.apply(store.plan_gc(rules=EXPIRING, purge=True)),
    "forget": lambda store: store.apply(store.plan_forget("Dataset:raw", label="pii", bytes=True)),
    "forget, purge": lambda store: store.apply(store.plan_forget("Dataset:raw", purge=True)),
    "drop policy": lambda store: store.drop_policy("default"),
    "drop query": lambda store: store.drop_query("models"),
    "drop property": lambda store: store.put_type(TYPE, drop=["rows"]),
}
EXPIRING = [Retention(type="Export", keep_last=1)]
TYPE = Type(kind=Kind.ARTIFACT, name="Dataset")


def made(store: Store, folder: Path) -> None:
    """raw -> Split -> parts -> Train -> models, in storage; exports, the older of which expire."""
    store.clock = lambda: THEN
    store.put_policy(Policy(name="series", series=(Series(pattern="export-{version}"),)))

    def artifact(type: str, name: str) -> Artifact:
        return Artifact(
            type=type,
            name=name,
            uri=str(folder / name),
            properties={"rows": 7} if type == "Dataset" else {},
            custom_properties={"note": name},
        )

    parts = [artifact("Dataset", f"part-{n}") for n in range(PARTS)]
    steps = [
        Step(
            execution=Execution(type="Split", name="split"),
            inputs=[artifact("Dataset", "raw")],
            outputs=parts,
            types=[
                TYPE.model_copy(update={"properties": {"rows": "int"}}),
                Type(kind=Kind.EXECUTION, name="Dump"),
                Type(kind=Kind.ARTIFACT, name="Export"),
            ],
        )
    ]
    for n in range(PARTS):
        steps += [
            Step(
                execution=Execution(type="Train", name=f"fit-{n}", custom_properties={"lr": 0.1}),
                inputs=[f"Dataset:part-{n}"],
                outputs=[artifact("Model", f"model-{n}")],
                contexts=[Context(type="PipelineRun", name="monday")],
            ),
            Step(
                execution=Execution(type="Dump", name=f"dump-{n}"),
                inputs=[artifact("Dataset", "kept")],
                outputs=[artifact("Export", f"export-{n}")],
            ),
        ]
    store.record_steps(steps)
    store.mark("Dataset:raw", "Train:fit-0", label="pii", reason="names")
    store.put_policy(Policy(stops={"pii": ("Dump",)}))
    store.save_query("models", "MATCH (m:Model) RETURN m.name")


def files(folder: Path) -> None:
    """What is behind the uris."""
    names = ["raw", "kept", *(f"{of}-{n}" for of in ("part", "model", "export") for n in range(5))]
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for n in range(FILES):
            (folder / name / str(n)).write_text(name)


def run(url: str, operation: str, connection: Connection) -> None:
    """Say when it begins and when it is done, and wait to be killed."""
    with lineage.connect(url, create=False) as store:
        store.clock = lambda: NOW
        store.counts()
        connection.send("begins")
        OPERATIONS[operation](store)
        connection.send("done")
        connection.recv()
