"""Every export is opened by a program that others made for its format."""

from __future__ import annotations

import io
import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from prov.model import ProvActivity, ProvDocument, ProvEntity

from lineage import Artifact, Context, Execution, Store
from lineage.errors import InvalidValue, NotFound
from lineage.formats.export import FORMATS, export
from lineage.formats.mlmd import import_mlmd
from tests.conformance.test_questions_tracing import ladder

# The formats know nothing of backends.
pytestmark = pytest.mark.backends("sqlite")

HOSTILE = 'a "b" <c> & \\n \\ #d; `e` ]] --> %% \x01\x00\t\n</script> ünï 日本 😀 {f|g}'


@pytest.fixture
def hostile(store: Store) -> Store:
    """Names and values that are syntax somewhere."""
    name = HOSTILE.replace("\x00", "")
    values: dict[str, Any] = {
        name: name,
        "nan": math.nan,
        "inf": -math.inf,
        "big": 2**63 - 1,
        "bytes": b"\x00\xff",
        "struct": {"a": [1, None, {"b": name}]},
        "yes": True,
        "sha256": "0" * 64,
    }
    store.record(
        Execution(type="Train", name=name, state="COMPLETE", custom_properties=values),
        inputs={name: Artifact(type="Dataset", name=name, uri=f"s3://b/{name}",
                               custom_properties=values)},
        outputs={"model": Artifact(type="Model", name="m", uri="file:///m x.bin",
                                   custom_properties=values)},
        contexts=[Context(type="Pipeline", name=name)],
        time_ms=1000,
    )  # fmt: skip
    store.record(
        Execution(type="Evaluate"),
        inputs={"model": "Model:m", "again": "Model:m"},
        outputs=[Artifact(type="Metrics", custom_properties={"auc": 0.9, "bad": math.nan})],
        time_ms=2000,
    )
    return store


def export_around(store: Store, format: str, ref: str = "Model:m") -> str:
    return export(store, store.upstream(ref) | store.downstream(ref), format)


def svg_of(dot: str) -> str:
    assert shutil.which("dot"), "Graphviz is not installed: apt-get install graphviz"
    done = subprocess.run(["dot", "-Tsvg"], input=dot, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_graphviz_draws_dot(hostile: Store) -> None:
    svg = svg_of(export_around(hostile, "dot"))
    assert svg.count('class="node"') == 5
    # Two paths from the model to its evaluation are one arrow.
    assert svg.count('class="edge"') == 4
    assert "日本" in svg


def test_graphviz_lays_out_the_ladder(store: Store) -> None:
    _, last = ladder(store)
    assert svg_of(store.upstream(*last).to_dot()).count('class="node"') == 240


def test_networkx_reads_graphml(hostile: Store) -> None:
    graph = nx.read_graphml(io.BytesIO(export_around(hostile, "graphml").encode()))
    assert sorted(graph) == ["artifact:1", "artifact:2", "artifact:3", "execution:1", "execution:2"]
    assert graph.number_of_edges() == 5
    model = graph.nodes["artifact:2"]
    assert (model["kind"], model["type"], model["name"], model["depth"]) == (
        "artifact", "Model", "m", 0,
    )  # fmt: skip
    assert math.isnan(model["property nan"])
    assert model["property big"] == 2**63 - 1
    assert model["property bytes"] == "AP8="
    assert json.loads(model["property struct"])["a"][:2] == [1, None]
    assert graph.nodes["artifact:1"]["name"] == HOSTILE.replace("\x00", "").replace(
        "\x01", "\ufffd"
    )
    assert [told["path"] for _, _, told in graph.edges(data=True) if told["path"] == "model"]


def test_prov_reads_what_it_is_given(hostile: Store) -> None:
    text = export_around(hostile, "prov")
    read = ProvDocument.deserialize(content=text, format="json")
    assert len(list(read.get_records(ProvEntity))) == 3
    assert len(list(read.get_records(ProvActivity))) == 2
    assert len(read.get_records()) == 10
    assert ProvDocument.deserialize(content=read.serialize(format="json"), format="json") == read
    # PROV-N and PROV-XML are made from the same document by the library.
    assert "wasGeneratedBy(lineage:artifact.2" in read.get_provn()


def test_the_openlineage_client_takes_the_events(hostile: Store, data: Path) -> None:
    import_mlmd(data / "mlmd" / "tfx_0_21.sqlite", other := _another(hostile))
    for store, ref in ((hostile, "Model:m"), (other, "artifact:8")):
        lines = export_around(store, "openlineage", ref).splitlines()
        runs = [node for node in store.upstream(ref) | store.downstream(ref)
                if isinstance(node.node, Execution)]  # fmt: skip
        assert len(lines) == 2 * len(runs)
        times = []
        for line in lines:
            told = json.loads(line)
            event = RunEvent(
                eventTime=told["eventTime"],
                producer=told["producer"],
                eventType=RunState(told["eventType"]),
                run=Run(runId=told["run"]["runId"]),
                job=Job(namespace=told["job"]["namespace"], name=told["job"]["name"]),
                inputs=[InputDataset(d["namespace"], d["name"]) for d in told["inputs"]],
                outputs=[OutputDataset(d["namespace"], d["name"]) for d in told["outputs"]],
            )
            times.append(event.eventTime)
            for of in (told["run"], *told["inputs"], *told["outputs"]):
                for facet in of["facets"].values():
                    assert {"_producer", "_schemaURL"} <= facet.keys()
        assert times == sorted(times)
    started, train, _, evaluate = map(
        json.loads, export_around(hostile, "openlineage").splitlines()
    )
    assert [started["eventType"], train["eventType"], evaluate["eventType"]] == [
        "START", "COMPLETE", "OTHER",
    ]  # fmt: skip
    assert started["run"]["runId"] == train["run"]["runId"]
    assert train["job"]["name"] == HOSTILE.replace("\x00", "") + ".Train"
    assert (train["outputs"][0]["namespace"], train["outputs"][0]["name"]) == ("file", "/m x.bin")
    assert train["inputs"][0]["namespace"] == "s3://b"
    assert train["outputs"][0]["facets"]["version"]["datasetVersion"] == "0" * 64
    assert len(evaluate["inputs"]) == 1
    assert export_around(hostile, "openlineage") == export_around(hostile, "openlineage")


def _another(store: Store) -> Store:
    import lineage

    return lineage.connect(store.url.replace("lineage.db", "tfx.db"))


def test_a_bill_of_materials_is_valid(hostile: Store) -> None:
    hostile.record(
        Execution(
            type="Train",
            name="tune",
            custom_properties={"lr": 0.1, "environment": {"numpy": "2.0", "python": "3.11"}},
        ),
        inputs={"base": "Model:m", "more": Artifact(type="Schema", name="s")},
        outputs={"model": Artifact(type="Model", name="tuned", custom_properties={"auc": 0.95})},
    )
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    for model in ("Model:m", "Model:tuned"):
        bom = export(hostile, hostile.upstream(model), "cyclonedx")
        assert validator.validate_str(bom) is None
    told = json.loads(export(hostile, hostile.upstream("Model:tuned"), "cyclonedx"))
    described = told["metadata"]["component"]
    assert described["name"] == "tuned"
    assert {"name": "lineage:hyperparameter:lr", "value": "0.1"} in described["properties"]
    card = described["modelCard"]
    assert card["modelParameters"]["datasets"] == [{"ref": "artifact:1"}]
    assert card["quantitativeAnalysis"]["performanceMetrics"] == [{"type": "auc", "value": "0.95"}]
    kinds = {c["bom-ref"]: c["type"] for c in told["components"]}
    assert kinds == {
        "artifact:2": "machine-learning-model",
        "artifact:4": "file",
        "artifact:1": "data",
        "library:numpy@2.0": "library",
        "platform:python@3.11": "platform",
    }
    needs = {row["ref"]: row["dependsOn"] for row in told["dependencies"]}
    assert needs["artifact:5"] == [
        "artifact:2", "artifact:4", "library:numpy@2.0", "platform:python@3.11",
    ]  # fmt: skip
    assert needs["artifact:2"] == ["artifact:1"]


def test_every_format_takes_the_real_run(store: Store, data: Path) -> None:
    import_mlmd(data / "mlmd" / "tfx_0_21.sqlite", store)
    pushed = store.deployments()[0].outputs[0]
    for format in FORMATS:
        assert export(store, store.upstream(pushed), format)
    svg_of(export_around(store, "dot", f"artifact:{pushed.id}"))
    bom = export(store, store.upstream(pushed), "cyclonedx")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom) is None
    ProvDocument.deserialize(
        content=export_around(store, "prov", f"artifact:{pushed.id}"), format="json"
    )


def test_a_dataframe_has_a_row_for_each_node(hostile: Store) -> None:
    frame = hostile.downstream("Model:m").to_dataframe()
    assert list(frame["type"]) == ["Model", "Evaluate", "Metrics"]
    assert list(frame["depth"]) == [0, 1, 2]
    assert frame.loc[2, "properties"]["auc"] == 0.9


def test_both_ways_are_one_answer(store: Store) -> None:
    _, _ = ladder(store, 3)
    both = store.upstream("Dataset:a20") | store.downstream("Dataset:a20")
    assert both.direction is None
    assert both.to_dict()["direction"] == "both"
    assert [s.name for s in both.starts] == ["a20"]
    assert len({(f.node.kind, f.node.id) for f in both}) == len(both)
    assert (store.upstream("Dataset:a20") | store.upstream("Dataset:a21")).direction == "upstream"


def test_what_is_no_format_says_so(hostile: Store) -> None:
    with pytest.raises(InvalidValue, match=r"'docx'.*graphml"):
        export(hostile, hostile.upstream("Model:m"), "docx")
    with pytest.raises(InvalidValue, match="one model"):
        export(hostile, hostile.upstream("Model:m", "artifact:1"), "cyclonedx")
    with pytest.raises(NotFound):
        hostile.materials("Model:none")
