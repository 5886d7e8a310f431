"""`taint` and `check` on the command line: the same on every backend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import Context, Policy, Store
from tests.cli.test_marking import run
from tests.conformance.test_taint import pipeline


def scenario(url: str) -> None:
    with lineage.connect(url) as store:
        fill(store)


def fill(store: Store) -> None:
    store.clock = lambda: 1_000
    pipeline(store)
    store.put_in_context(Context(type="Project", name="prod"), artifacts=["Model:m1"])
    store.put_policy(Policy(stops={"pii": ("Anonymize",)}, forbids={"prod": ("pii", "nc")}))
    store.mark("Dataset:raw", label="pii", reason="names in it", who="ann")
    store.mark("Dataset:safe", label="nc", who="bob")


ASKED: list[tuple[list[str], int]] = [
    (["taint"], 0),
    (["taint", "--label", "pii", "--type", "Model", "--paths"], 0),
    (["taint", "--label", "pii", "--label", "nc", "--models", "--live"], 0),
    (["taint", "--source", "Dataset:safe", "--source", "Train:t-m2"], 0),
    (["taint", "--label", "pii", "--barrier", "Train:t-m2", "--causal"], 0),
    (["taint", "--label", "pii", "--as-of", "1970-01-01"], 0),
    (["taint", "--deployed"], 0),
    (["taint", "--progress"], 0),
    (["rebuild"], 0),
    (["rebuild", "--label", "pii", "--type", "MODEL"], 0),
    (["rebuild", "--source", "Dataset:safe"], 0),
    (["check", "Model:m2", "--label", "pii"], 1),
    (["check", "Model:m1", "--label", "pii"], 0),
    (["check", "Model:m2", "--label", "nc"], 0),
    (["check", "Model:m1"], 1),
    (["check", "Project:prod"], 1),
    (["check", "Model:m2", "--for", "Project:prod", "--cut"], 1),
    (["check", "Dataset:raw", "--label", "pii", "--cut"], 1),
]


def answers(url: str) -> list[Any]:
    told = []
    for asked, code in ASKED:
        told.append(run(url, *asked, code=code))
        told.append(run(url, *asked, "--json", code=code))
    return told


def test_every_answer_is_the_same_on_every_backend(url: str, tmp_path: Path) -> None:
    expected = f"sqlite:///{tmp_path}/expected.db"
    scenario(expected)
    scenario(url)
    wanted = answers(expected)
    assert answers(url) == wanted
    for told in wanted:
        if isinstance(told, str):
            assert all(len(line) <= 80 for line in told.splitlines()), told


def test_what_is_printed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    scenario(url)
    told = run(url, "taint", "--label", "pii")
    assert told == (
        "DEPTH  ID           SOURCE       NODE\n"
        "0      artifact:1   Dataset:raw  Dataset:raw\n"
        "1      execution:3  Dataset:raw  Train:t-m2\n"
        "2      artifact:4   Dataset:raw  Model:m2\n"
        "\n"
        "BARRIER      LABEL  SHIELDED  NODE         WHY\n"
        "execution:1  pii    4         Anonymize:a  Anonymize stops it (policy default)\n"
        "\n"
        "3 affected by pii, from 1 source\n"
        "4 more shielded by 1 barrier; complete\n"
    )
    told = run(url, "check", "Model:m2", "--label", "pii", code=1)
    assert told == (
        "Model:m2  (artifact:4) is NOT clean of pii: names in it (ann)\n"
        "Dataset:raw  (artifact:1)\n"
        "  -> Train:t-m2  (execution:3)  [d]\n"
        "    -> Model:m2  (artifact:4)  [m]\n"
    )
    assert "stopped at Anonymize:a" in run(url, "check", "Model:m1", "--label", "pii")


def test_a_node_shows_its_marks(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    scenario(url)
    assert "marked    pii\n" in run(url, "show", "Dataset:raw")
    [mark] = run(url, "show", "Dataset:raw", "--json")["marks"]
    assert (mark["label"], mark["who"]) == ("pii", "ann")
    assert "marked" not in run(url, "show", "Project:prod")


def test_a_plan_is_printed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    scenario(url)
    told = run(url, "rebuild", "--label", "pii")
    assert told == (
        "First, replace\n"
        "ID          NODE         URI\n"
        "artifact:1  Dataset:raw  -\n"
        "\n"
        "Run again, in this order\n"
        "   ID           STEP        FROM\n"
        "1  execution:3  Train:t-m2  Dataset:raw replaced\n"
        "\n"
        "2 dirty, 0 replaced, 0 gone, 0 deployments of what is affected\n"
    )
    assert run(url, "rebuild", "--label", "pii", "--mermaid").startswith("flowchart LR\n")
    told = run(url, "taint", "--progress", "--label", "pii")
    assert "artifact:4  Model:m2     -" in told
    assert "--progress goes with" in run(url, "taint", "--progress", "--models", code=2)


def test_the_contract_of_the_json(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    scenario(url)
    told = run(url, "taint", "--source", "Dataset:raw", "--type", "Model", "--json")
    assert told["complete"] is True
    assert {(n["kind"], n["type"], n["name"], n["depth"]) for n in told["nodes"]} == {
        ("artifact", "Model", "m1", 4),
        ("artifact", "Model", "m2", 2),
    }
    assert {"id", "uri"} <= told["nodes"][0].keys()
    assert {e["type"] for e in told["events"]} == {"INPUT", "OUTPUT"}


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (["check", "Model:nope", "--label", "pii"], 3, "Model:nope"),
        (["taint", "--source", "Model:nope"], 3, "Model:nope"),
        (["taint", "--type", "Nope"], 3, "Nope"),
        (["taint", "--type", "Model", "--models"], 2, "--models"),
        (["taint", "--as-of", "some day"], 2, "some day"),
        (["check", "Model:m1", "--for", "Model:m1"], 3, "Model:m1"),
    ],
)
def test_exit_codes(tmp_path: Path, asked: list[str], code: int, said: str) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    scenario(url)
    assert said in run(url, *asked, code=code)
