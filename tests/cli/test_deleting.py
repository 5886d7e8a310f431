"""`impact`, `delete`, `gc`, `forget`, `receipts` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import lineage
from lineage import Policy, Retention
from lineage.cli.commands import app
from lineage.errors import LineageError
from lineage.formats.policy_toml import policy_from_toml, policy_to_toml
from tests.series import declare_series

STEPS = [
    {
        "execution": {"type": "Split", "name": "s", "state": "COMPLETE"},
        "inputs": {
            "raw": {
                "type": "Dataset",
                "name": "raw",
                "uri": "s3://raw",
                "custom_properties": {"owner": "ann", "bytes": 2048},
            }
        },
        "outputs": {"train": {"type": "Dataset", "name": "train"}},
        "contexts": [{"type": "PipelineRun", "name": "monday"}],
    },
    {
        "execution": {"type": "Train", "name": "t", "state": "COMPLETE"},
        "inputs": {"train": "Dataset:train"},
        "outputs": {"model": {"type": "Model", "name": "churn-1"}},
    },
    {
        "execution": {"type": "Deploy", "custom_properties": {"endpoint": "prod"}},
        "inputs": {"model": "Model:churn-1"},
    },
]


def run(url: str, *arguments: str, stdin: str | None = None, code: int = 0) -> Any:
    done = CliRunner().invoke(app, ["--store", url, *arguments], input=stdin)
    if isinstance(done.exception, LineageError):
        assert done.exception.exit_code == code, done.exception
        return str(done.exception)
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout) if "--json" in arguments else done.output


@pytest.fixture
def recorded(url: str) -> str:
    run(url, "record", stdin=json.dumps(STEPS))
    with lineage.connect(url) as store:
        declare_series(store)
    return url


def test_impact(recorded: str) -> None:
    told = run(recorded, "impact", "Dataset:raw")
    for line in (
        "execution:1  Split:s",
        "1      Model (artifact)",
        "artifact:3  4      yes   Model:churn-1, deployed to prod",
        "owners    ann",
        "contexts  PipelineRun:monday",
        "bytes     2,048",
    ):
        assert line in told
    assert all(len(line) <= 80 for line in told.splitlines())
    answer = run(recorded, "impact", "Dataset:raw", "--json")
    assert answer["models"][0]["deployed"] == ["prod"]
    assert [a["name"] for a in answer["lost"]] == ["raw", "train"]
    assert answer["complete"] is True


def test_a_refused_deletion_exits_with_1_and_says_why(recorded: str) -> None:
    told = run(recorded, "delete", "Dataset:raw", "--yes", code=1)
    assert "is deployed to prod; is live and depends on it" in told
    assert "Refused" in told
    assert run(recorded, "receipts") == "nothing was deleted\n"
    answer = run(recorded, "delete", "Dataset:raw", "--yes", "--json", code=1)
    assert answer["receipt"] is None
    assert {b["name"] for b in answer["plan"]["blockers"]} == {"train", "churn-1"}


def test_nothing_is_deleted_without_being_asked_for(recorded: str) -> None:
    for more in ([], ["--json"]):
        told = run(recorded, "delete", "Dataset:raw", "--policy", "tombstone", *more, code=2)
        assert "--yes" in told
    run(recorded, "delete", "Dataset:raw", "--policy", "tombstone", "--plan-only")
    assert run(recorded, "show", "Dataset:raw", "--json")["state"] == "UNKNOWN"
    assert "no deletion policy 'drop'" in run(
        recorded, "delete", "Dataset:raw", "--policy", "drop", code=2
    )
    assert "--apply FILE" in run(recorded, "delete", code=2)


def test_save_apply_once_and_show_the_receipt(recorded: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    told = run(
        recorded, "delete", "Dataset:raw", "--policy", "cascade", "--save", str(file),
        "--reason", "mislabelled", "--who", "ann",
    )  # fmt: skip
    assert "Saved; lineage delete --apply" in told
    told = run(recorded, "delete", "--apply", str(file), "--yes")
    assert "3 nodes deleted; lineage show receipt:" in told
    assert "applied before" in run(recorded, "delete", "--apply", str(file), "--yes", code=1)
    [receipt] = run(recorded, "receipts", "--json")
    assert (receipt["who"], receipt["plan"]["reason"], receipt["done"]) == (
        "ann",
        "mislabelled",
        True,
    )
    shown = run(recorded, "show", f"receipt:{receipt['id'][:8]}")
    assert "Dataset:raw" in shown
    assert "mislabelled" in shown
    assert run(recorded, "show", f"receipt:{receipt['id']}", "--json") == receipt
    run(recorded, "show", "receipt:nope", code=3)
    assert "mislabelled" in run(recorded, "receipts")
    assert len(run(recorded, "downstream", "Dataset:raw", "--json")["nodes"]) == 6


def test_a_stale_plan_exits_with_1(recorded: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    plan = run(recorded, "delete", "Dataset:raw", "--policy", "tombstone", "--plan-only", "--json")
    # What --json prints can be applied as it is.
    file.write_text(json.dumps(plan))
    run(recorded, "record", stdin='{"execution": {"type": "Train"}, "inputs": ["Dataset:raw"]}')
    assert "is stale" in run(recorded, "delete", "--apply", str(file), "--yes", code=1)
    run(recorded, "delete", "--apply", str(tmp_path / "absent"), "--yes", code=3)
    file.write_text("{")
    assert "not JSON" in run(recorded, "delete", "--apply", str(file), "--yes", code=2)
    file.write_text('{"id": 1}')
    assert "Plan." in run(recorded, "delete", "--apply", str(file), "--yes", code=2)


@pytest.mark.backends("sqlite")
def test_gc_with_a_policy_from_a_file(recorded: str, tmp_path: Path) -> None:
    assert run(recorded, "gc") == "There is nothing to delete.\n"
    for n in (2, 3):
        step = {
            "execution": {"type": "Train"},
            "inputs": ["Dataset:train"],
            "outputs": [{"type": "Model", "name": f"churn-{n}"}],
        }
        run(recorded, "record", stdin=json.dumps(step))
    told = run(recorded, "gc", "--keep-last", "1", "--type", "MODEL", "--plan-only")
    # churn-1 is deployed.
    assert "Model:churn-2  has expired: no retention rule keeps it" in told
    assert "churn-1" not in told
    file = tmp_path / "retention.toml"
    file.write_text('name = "r"\n[[retention]]\ntype = "Model"\nkeep_last = 1\n')
    run(recorded, "policy", "apply", str(file))
    assert "1 node deleted" in run(recorded, "gc", "--yes")
    assert "keep-last" in run(recorded, "gc", "--type", "MODEL", code=2)


@pytest.mark.backends("sqlite")
def test_forget_leaves_a_receipt(recorded: str) -> None:
    told = run(recorded, "forget", "Dataset:raw", "--reason", "asked to", "--yes")
    assert "Train:t" in told
    assert "5 nodes deleted" in told
    [receipt] = run(recorded, "receipts", "--json")
    assert receipt["plan"]["operation"] == "forget"
    assert run(recorded, "show", "Dataset:raw", "--json")["custom_properties"] == {}
    assert [d["where"] for d in run(recorded, "deployments", "--json")] == ["prod"]


def test_retention_survives_its_file(tmp_path: Path) -> None:
    policy = Policy(
        name="r",
        retention=(
            Retention(type='a"b', keep_last=3, keep_days=2, keep_in=("x*", "y"), keep_labelled=()),
            Retention(keep_labelled=("hold",)),
        ),
    )
    file = tmp_path / "p.toml"
    file.write_text(policy_to_toml(policy))
    assert policy_from_toml(file) == policy
    for wrong in ("keep_last = 0", "keep = 1", 'keep_last = "many"', ""):
        file.write_text(f"[[retention]]\n{wrong}\n")
        with pytest.raises(LineageError, match="retention"):
            policy_from_toml(file)
