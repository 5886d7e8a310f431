"""The page of types and properties says what the code goes by."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import lineage
from lineage import Artifact, Execution
from lineage.cli.__main__ import main
from lineage.errors import UnknownType
from lineage.model import BaseType, Kind
from lineage.model.type_catalog import USES, list_built_in, list_plain
from lineage.questions.model_facts import list_environment
from lineage.questions.run_facets import Part, part_of
from lineage.rules.digests import find_digest

PAGE = (Path(__file__).parents[2] / "docs" / "conventions.md").read_text()
SHA = "ab" * 32


def names_of(word: str) -> list[str]:
    """The names that a paragraph of the page gives, beginning with a word."""
    [paragraph] = re.findall(rf"^\*\*{word}\*\*.*?(?=\n\n)", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(r"`([a-z_0-9]+)`", paragraph)


def test_each_base_type_is_explained() -> None:
    rows = dict(re.findall(r"^\| `([A-Z]+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert rows == {str(base): use for base, use in USES.items()}
    assert set(USES) == set(BaseType)


def test_digests_are_found_under_these_names() -> None:
    names = [name for name in names_of("Digest") if name not in ("digest",)]
    assert len(names) >= 15
    for name in (*names, "digest"):
        bare = find_digest({name: SHA})
        assert (bare or find_digest({name: f"sha256:{SHA}"})) is not None, name


def _impact_of(**properties: object) -> lineage.Store:
    store = lineage.connect("memory://")
    store.put(Artifact(type="Dataset", name="raw", uri="s3://x", custom_properties=properties))
    return store


def test_sizes_and_owners_are_found_under_these_names() -> None:
    sizes, owners = names_of("Size"), [n for n in names_of("Owner") if n != "impact"]
    for name in (n for n in sizes if n != "impact"):
        assert _impact_of(**{name: 7}).impact("Dataset:raw").bytes == 7, name
    for name in owners:
        assert "ann" in _impact_of(**{name: "ann"}).impact("Dataset:raw").owners, name


def _deployed(**properties: object) -> Iterable[str | None]:
    store = lineage.connect("memory://")
    store.record(
        Execution(type="Deploy", name="push", custom_properties=properties),
        inputs={"model": Artifact(type="Model", name="churn")},
    )
    return [row.where for row in store.deployments()]


def test_places_are_found_under_these_names() -> None:
    names = names_of("Where it deployed to")
    assert len(names) == 6
    for name in names:
        assert list(_deployed(**{name: "eu"})) == ["eu"], name


def test_code_and_environment_are_told_from_parameters() -> None:
    for name in names_of("Code"):
        if name not in ("diff", "blame", "git", "code"):
            assert part_of(name) is Part.CODE, name
    with lineage.connect("memory://") as store:
        store.record(
            Execution(
                type="Train", name="t",
                custom_properties={"lr": 1, "environment": {"python": "3"}, "env.os": "linux",
                                   "tfx_version": "1", "tfx_py_version": "2", "tfx_runner": "x"},
            ),
            outputs={"model": Artifact(type="Model", name="churn")},
        )  # fmt: skip
        with store.snapshot() as snapshot:
            named = {row.name for row in list_environment(snapshot, "Model:churn")}
        assert named == {"python", "env.os", "tfx_version", "tfx_py_version", "tfx_runner"}
        assert [row.name for row in store.hyperparameters("Model:churn")] == ["lr"]


def test_a_declared_base_counts() -> None:
    with lineage.connect("memory://") as store:
        store.put_type(lineage.Type(kind=Kind.EXECUTION, name="Finetune", base=BaseType.TRAIN))
        store.record(
            Execution(type="Finetune", name="t", custom_properties={"lr": 1}),
            outputs={"model": Artifact(type="Model", name="churn")},
        )
        assert [row.name for row in store.hyperparameters("Model:churn")] == ["lr"]


def test_an_unknown_type_is_told_the_built_in_ones() -> None:
    with lineage.connect("memory://") as store:
        with pytest.raises(UnknownType, match="did you mean 'Dataset'"):
            store.put(Artifact(type="Datset", name="x"))
        with pytest.raises(UnknownType) as caught:
            store.put(Execution(type="Zebra"))
    for name in list_plain(Kind.EXECUTION):
        assert name in str(caught.value)
    assert {*list_plain(Kind.ARTIFACT), *list_plain(Kind.EXECUTION), *list_plain(Kind.CONTEXT)} <= {
        type.name for type in list_built_in()
    }


def test_types_all_lists_them_before_there_is_a_store(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LINEAGE_URL", raising=False)
    for words in ("types --all", "types --all --json"):
        monkeypatch.setattr(sys, "argv", ["lineage", *words.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
    text, _, rest = capsys.readouterr().out.partition("\n[")
    assert re.search(r"^artifact +Dataset +DATASET +built in$", text, re.MULTILINE)
    assert USES[BaseType.TRAIN] in text
    told = json.loads(f"[{rest}")
    assert {row["name"] for row in told} == {type.name for type in list_built_in()}
    assert not (tmp_path / ".lineage").exists()
