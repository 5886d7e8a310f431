"""Every read template of `cypher/` on the evaluator: the same rows as the server gives.

One store in Neo4j is copied into memory and SQLite, ids and times kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import Artifact, Context, Execution, Store
from lineage.formats.store_copy import copy_store
from lineage.model import BaseType, Kind, Policy, Type
from lineage.opencypher import Limits, run
from lineage.ports.reader import Reader
from lineage.queries.store_graph import StoreGraph
from tests.neo4j_for_tests import Neo4jForTests, emptied

FOLDER = Path(__file__).parents[2] / "cypher"
# Element ids are each store's own, so that template has a test of its own.
ELEMENTS = FOLDER / "read" / "nodes_by_element_id.cypher"
# What the store keeps for itself is no part of the graph that the evaluator sees: metadata, and by
# which place a version is found. The conformance suite asks every backend for both.
OWN = {
    FOLDER / "read" / f"{name}.cypher"
    for name in ("candidate_artifacts", "metadata", "metadata_under")
}
TEMPLATES = sorted({*(FOLDER / "read").glob("*.cypher")} - {ELEMENTS} - OWN)
RAW = "s3://data/raw"
SHARED = f"sha256:{'a' * 64}"
_LEAST, _MOST = -(2**63), 2**63 - 1


TYPES = [
    Type(kind=kind, name=name, base=base)
    for kind, name, base in (
        (Kind.ARTIFACT, "Dataset", BaseType.DATASET),
        (Kind.ARTIFACT, "Examples", BaseType.DATASET),
        (Kind.ARTIFACT, "Model", BaseType.MODEL),
        (Kind.EXECUTION, "Ingest", None),
        (Kind.EXECUTION, "Split", BaseType.TRANSFORM),
        (Kind.EXECUTION, "Train", BaseType.TRAIN),
        (Kind.CONTEXT, "Project", None),
        (Kind.CONTEXT, "PipelineRun", None),
    )
]
# A name and an external id of each kind.
NAMED = {"artifacts": ("raw", "d1"), "executions": ("ingest", "run-0")}


def filled(store: Store) -> None:
    """Datasets, runs, models, contexts, marks, metadata: something for each template to find."""
    project = Context(type="Project", name="churn", external_id="project-1")
    raw = store.record(
        Execution(type="Ingest", name="ingest", external_id="run-0"),
        outputs={
            "raw": Artifact(type="Dataset", name="raw", uri="s3://data/raw", external_id="d1")
        },
        contexts=[project],
    ).output("raw")
    for number in range(3):
        split = store.record(
            Execution(type="Split", name=f"split {number}", custom_properties={"seed": number}),
            inputs={"data": raw},
            outputs={"a": Artifact(type="Examples"), "b": Artifact(type="Examples")},
            contexts=[project],
        )
        store.record(
            Execution(type="Train", name=f"train {number}", state="COMPLETE"),
            inputs={"a": split.output("a"), "b": split.output("b")},
            outputs={
                "model": Artifact(
                    type="Model",
                    name=f"model-{number}",
                    uri=f"{RAW}/{number}",
                    digest=SHARED if number else None,
                    custom_properties={"accuracy": number / 4, "odd name": {"a": [1, None]}},
                )
            },
            contexts=[Context(type="PipelineRun", name=f"run-{number}"), project],
        )
        store.put_parent(f"PipelineRun:run-{number}", "Project:churn")
    store.mark("Dataset:raw", label="tainted", reason="wrong file")
    store.mark("Model:model-1", label="pii")
    store.mark("Train:train 2", label="pii", clean=True)


@pytest.fixture(scope="module")
def stores(
    neo4j_server: Neo4jForTests, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Store]]:
    emptied(neo4j_server.url)
    folder = tmp_path_factory.mktemp("templates")
    with (
        lineage.connect(neo4j_server.url) as neo4j,
        lineage.connect(f"sqlite:///{folder}/lineage.db") as sqlite,
        lineage.connect(f"memory://{folder}") as memory,
    ):
        for store in (neo4j, sqlite, memory):
            # In the same order, so that types have the same ids everywhere.
            for type in TYPES:
                store.put_type(type)
        filled(neo4j)
        for other in (sqlite, memory):
            copy_store(neo4j, other)
        for store in (neo4j, sqlite, memory):
            store.backend.write(lambda tx: tx.set_metadata("kept", "for the test"))
            store.backend.write(lambda tx: tx.put_policy(Policy(stops={"pii": ("Train",)})))
        yield {"neo4j": neo4j, "sqlite": sqlite, "memory": memory}


def parameters(name: str, text: str) -> dict[str, Any]:
    """Something for each parameter, so that a template finds what there is."""
    known: dict[str, Any] = {
        "ids": list(range(30)),
        "as_of": _MOST,
        "limit": 1000,
        "after_id": _MOST if name.endswith("newest_first") else _LEAST,
        "context_id": 1,
        "execution_id": 2,
        "artifact_id": 0,
        "type": "",
        "path": "",
        "prefix": "kept",
        "key": "kept",
        "label": "tainted",
        "labels": ["tainted", "pii"],
        "marks": list(range(2000)),
        "blocked_artifacts": [3],
        "blocked_executions": [],
        "blocked_types": [5],
        "stopping_states": ["COMPLETE"],
        "states": ["COMPLETE"],
        "exempt_executions": [2],
        "types": [4, 5],
        "external_ids": ["d1", "run-0", "project-1"],
        "names": [
            {"type_id": id, "name": name}
            for id in range(1, 9)
            for name in ("raw", "ingest", "churn")
        ],
        "named": [
            {"type_id": id, "version": 1, "name": name, "place": None, "digest": None}
            for id in range(1, 9)
            for name in ("ingest", "train 1")
        ],
        "placed": [],
        "type_ids": list(range(1, 20)),
        "uris": [RAW],
        "digests": [SHARED],
        "uri": None,
        "state": None,
        "external_id": None,
        "name": None,
    }
    if not name.startswith("find"):
        kind = name.partition("_")[0]
        known["name"], known["external_id"] = NAMED.get(kind, ("churn", "project-1"))
    return {used: known[used] for used in re.findall(r"\$(\w+)", text) if used in known}


def comparable(value: Any) -> Any:
    """Without the order of lists, which collect() may give in any."""
    if isinstance(value, list | tuple):
        return "list", tuple(sorted((comparable(v) for v in value), key=repr))
    if isinstance(value, dict):
        return "map", tuple(sorted((key, comparable(v)) for key, v in value.items()))
    return type(value).__name__, value


def evaluated(reader: Reader, text: str, given: dict[str, Any]) -> Counter[Any]:
    found = run(StoreGraph(reader), text, given, limits=Limits(seconds=60))
    return Counter(comparable(dict(zip(found.columns, row, strict=True))) for row in found.rows)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_gives_the_same_rows(stores: dict[str, Store], path: Path) -> None:
    text = path.read_text()
    given = parameters(path.stem, text)
    with stores["neo4j"].backend.read() as reader:
        native = Counter(comparable(r) for r in reader.template(f"read/{path.stem}", given))
    assert native
    for name in ("sqlite", "memory"):
        with stores[name].backend.read() as reader:
            assert evaluated(reader, text, given) == native, name


@pytest.mark.parametrize("name", ["sqlite", "memory"])
def test_a_node_is_found_by_its_element_id(stores: dict[str, Store], name: str) -> None:
    with stores[name].backend.read() as reader:
        graph = StoreGraph(reader)
        [(node, id)] = run(graph, "MATCH (n:Dataset) RETURN n, elementId(n)").rows
        assert list(run(graph, ELEMENTS.read_text(), {"ids": [id]}).rows) == [(node,)]
