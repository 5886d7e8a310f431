"""The command line as scripts and people use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import lineage
from lineage import Artifact, Context, Execution, Store
from lineage.cli.__main__ import main
from lineage.cli.commands import app
from lineage.cli.sections import SECTIONS

STEP = {
    "execution": {"type": "Train", "name": "t", "custom_properties": {"lr": 0.1}},
    "inputs": {"examples": {"type": "Dataset", "name": "raw", "uri": "s3://raw"}},
    "outputs": {"model": {"type": "Model", "name": "churn"}},
    "contexts": [{"type": "PipelineRun", "name": "monday"}],
}


def run(*arguments: str, stdin: str = "", cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lineage.cli", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PATH": "/usr/bin", "COLUMNS": "80"},
        check=False,
    )


GROUPED = ["cache why", "import dbt", "import dvc", "import mlmd", "import mlflow",
           "import openlineage", "policy apply", "policy show", "policy drop", "series suggest",
           "storage allow",
           "storage disallow", "storage list", "token create", "token list",
           "token revoke"]  # fmt: skip


def commands() -> list[str]:
    return sorted(c.name or c.callback.__name__ for c in app.registered_commands if c.callback)


def test_help_waits_for_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """The model's classes and what opens a store take as long again as the help itself."""
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "lineage.cli", "--help"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert "lineage.cli.commands" in loaded
    assert not loaded & {"pydantic", "lineage.model", "lineage.store", "sqlite3", "neo4j"}


def test_record_then_ask(tmp_path: Path) -> None:
    told = run("record", "-", stdin=json.dumps(STEP), cwd=tmp_path)
    made = f"lineage: made the store {tmp_path}/.lineage/lineage.db\n"
    assert (told.returncode, told.stderr) == (0, made)
    assert told.stdout == "recorded 1 step in sqlite:///.lineage/lineage.db\n"
    answer = json.loads(run("downstream", "Dataset:raw", "--json", cwd=tmp_path).stdout)
    assert answer["complete"] is True
    assert [(n["kind"], n["type"], n["name"], n["depth"]) for n in answer["nodes"]] == [
        ("artifact", "Dataset", "raw", 0),
        ("execution", "Train", "t", 1),
        ("artifact", "Model", "churn", 2),
    ]
    assert [(e["type"], e["path"]) for e in answer["events"]] == [
        ("INPUT", ["examples"]),
        ("OUTPUT", ["model"]),
    ]


def test_json_lines(tmp_path: Path) -> None:
    lines = "\n".join(
        json.dumps({"execution": {"type": "Train", "name": f"t{i}"}}) for i in range(1200)
    )
    told = run("record", "--json", stdin=lines, cwd=tmp_path)
    assert json.loads(told.stdout) == {"recorded": 1200}
    wrong = lines.replace("t7", "u7") + '\n{"execution": {"type": "Nope"}}\n'
    told = run("record", stdin=wrong, cwd=tmp_path)
    assert told.returncode == 3
    assert "'Nope'" in told.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('{"execution": {"type": "Nope"}}', "'Nope'"),
        ('{"execution": {"type": "Train", "colour": 1}}', "colour"),
        ('{"execution": ', "not JSON"),
        ('{"execution": {"type": "Train"}, "inputs": ["Dataset:gone"]}', "gone"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_lines_before_a_wrong_one_stay_and_the_error_names_it(
    tmp_path: Path, wrong: str, said: str
) -> None:
    good = [json.dumps({"execution": {"type": "Train", "name": f"t{i}"}}) for i in range(5)]
    told = run("record", stdin="\n".join([*good[:3], "", wrong, *good[3:]]), cwd=tmp_path)
    assert (told.returncode, told.stdout) == (3 if said in ("gone", "'Nope'") else 2, "")
    assert "line 5 (3 before it are recorded): " in told.stderr
    assert said in told.stderr
    found = json.loads(run("ls", "executions", "--json", cwd=tmp_path).stdout)["nodes"]
    assert [node["name"] for node in found] == ["t0", "t1", "t2"]


def test_a_pipe_that_stays_open_is_not_waited_for(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lineage.cli", "record"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdin is not None

    def send(step: object) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(step) + "\n")
        process.stdin.flush()

    def recorded() -> int:
        told = run("ls", "executions", "--json", cwd=tmp_path)
        return len(json.loads(told.stdout)["nodes"]) if told.returncode == 0 else 0

    for count in (1, 2):
        send({"execution": {"type": "Train"}})
        while recorded() < count:
            assert process.poll() is None
    # Refused while the pipe is still open: it ends all the same.
    send({"execution": {"type": "Nope"}})
    assert process.wait(300) == 3
    assert process.stderr is not None
    assert "line 3 (2 before it are recorded): " in process.stderr.read()
    process.stdin.close()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["show", "Model:nope"], 3, "Model:nope"),
        (["why", "Model:churn", "Dataset:raw"], 1, ""),
        (["ls", "things"], 2, "'things'"),
        (["ls", "--type", "Nope"], 3, "'Nope'"),
        (["upstream"], 2, "REF"),
        (["hyperparameters", "Train:t"], 3, "is an execution; an artifact is asked for"),
        (["ls", "acc==1"], 2, "after acc stands one of"),
        (["ls", "acc=>0.9"], 2, "after acc stands one of"),
        (["ls", "--where", "name = 'a' AND"], 2, ": AND is not expected here"),
        (["ls", "--where", "acc > 1"], 2, "properties.acc.double_value"),
        (["import", "mlmd", ".lineage/lineage.db"], 4, "`lineage copy`"),
        (["export", "html"], 2, "lineage export html REF"),
        (["export", "mlmd"], 2, "lineage export mlmd FILE"),
        (["export", "svg", "Model:churn", "--json"], 2, "no JSON"),
        (["doctor", "--store", "memory://"], 2, "lineage --store URL doctor"),
        (["ls", "--store=memory://"], 2, "lineage --store URL ls"),
        (["--store", "s.db", "ls"], 2, "sqlite:///s.db"),
        (["--store", "sqlite:s.db", "ls"], 2, "sqlite:///s.db"),
        (["--store", "sqlite:///.", "ls"], 4, "is a folder"),
        (["--store", "nope://x", "ls"], 2, "nope://x"),
        (["--store", "sqlite:///absent.db", "ls"], 3, "absent.db"),
        (["--store", "neo4j://neo4j:x@127.0.0.1:1", "ls"], 4, "127.0.0.1:1"),
    ],
)
def test_exit_codes(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    run("record", stdin=json.dumps(STEP), cwd=tmp_path)
    told = run(*arguments, cwd=tmp_path)
    assert told.returncode == code, told.stderr
    assert message in told.stderr
    assert "Traceback" not in told.stderr
    assert not (tmp_path / "absent.db").exists()


def test_an_unknown_name_exits_with_3(tmp_path: Path) -> None:
    run("record", stdin=json.dumps(STEP), cwd=tmp_path)
    run("mark", "Dataset:raw", "--label", "withdrawn", cwd=tmp_path)
    for words, said in (
        (("downstream", "Dataset:raw", "--type", "Modle"), "type 'Modle'; did you mean 'Model'?"),
        (("upstream", "Model:churn", "--type", "Model@2"), "type 'Model@2'"),
        (("check", "Model:churn", "--label", "withdrwan"), "did you mean 'withdrawn'?"),
        (("taint", "--label", "withdrwan"), "label 'withdrwan'; did you mean 'withdrawn'?"),
        (("taint", "--label", "withdrwan", "--progress"), "did you mean 'withdrawn'?"),
        (("downstream", "Dataset:raw", "--type", "DEPLOY"), ""),
        (("taint", "--label", "withdrawn", "--type", "Model"), ""),
        (("ls", "type=Modle"), "there is no artifact type 'Modle'; did you mean 'Model'?"),
        (("ls", "type=model"), "did you mean 'Model'?"),
        (("ls", "--type", "Modle"), "did you mean 'Model'?"),
        (("ls", "--where", "type IN ('Modle', 'Model') AND id > 9"), "did you mean 'Model'?"),
        (("ls", "executions", "type=Model"), "Model is a type of artifacts, not of executions"),
        (("ls", "context=PipelineRum:monday"), "did you mean 'PipelineRun'?"),
        (("ls", "context=PipelineRun:mondy"), "there is no context 'PipelineRun:mondy'"),
        (("ls", "acuracy>0.9"), "no artifact has the property 'acuracy'"),
        (("rebuild", "--label", "withdrwan"), "label 'withdrwan'; did you mean 'withdrawn'?"),
        (("rebuild", "--label", "withdrawn"), ""),
        (("marks", "--label", "withdrwan"), "label 'withdrwan'; did you mean 'withdrawn'?"),
        (("deployments", "--where", "prod"), "nothing was ever deployed to 'prod'"),
        (("policy", "show", "privacy"), "there is no policy 'privacy'"),
        (("ls", "type=Zebra"), "there is no artifact type 'Zebra' (there are: "),
        (("ls", "type=Model", "name=nope"), ""),
        (("ls", "type!=Modle"), ""),
    ):
        told = run(*words, cwd=tmp_path)
        assert told.returncode == (3 if said else 0), words
        assert said in told.stderr
        assert bool(told.stderr) is bool(said)
    told = run("check", "Model:churn", "--label", "withdrwan", "--json", cwd=tmp_path)
    assert (told.returncode, told.stdout) == (3, "")
    assert json.loads(told.stderr)["error"] == "NotFound"
    # Who only looks for a type is not told to declare it.
    assert "put_type" not in run("ls", "--type", "Nope", cwd=tmp_path).stderr
    wrong = json.dumps({"execution": {"type": "Nope"}})
    assert "put_type" in run("record", stdin=wrong, cwd=tmp_path).stderr


def test_errors_are_json_for_machines(tmp_path: Path) -> None:
    run("record", stdin=json.dumps(STEP), cwd=tmp_path)
    told = run("show", "Model:nope", "--json", cwd=tmp_path)
    assert json.loads(told.stderr)["error"] == "NotFound"
    assert told.stdout == ""


@pytest.mark.parametrize("command", [*commands(), *GROUPED])
def test_every_command_has_help_with_an_example(command: str) -> None:
    told = CliRunner().invoke(app, [*command.split(), "--help"])
    assert told.exit_code == 0
    assert f"{command}" in told.output
    assert "Example: " in told.output
    assert all(len(line) <= 80 for line in told.output.splitlines())


def test_help_before_a_command_is_of_all_of_them(tmp_path: Path) -> None:
    told = run("--help", "mark", cwd=tmp_path).stdout
    assert told == run("--help", cwd=tmp_path).stdout
    assert all(f" {command} " in told for command in commands())


def test_a_word_that_is_also_a_command_is_only_a_word(tmp_path: Path) -> None:
    """Only the commands that the arguments name are set up."""
    run("record", "-", stdin=json.dumps(STEP), cwd=tmp_path)
    assert run("mark", "Dataset:raw", "--label", "taint", cwd=tmp_path).returncode == 0
    told = run("--store", "sqlite:///.lineage/lineage.db", "check", "Dataset:raw", "--label",
               "taint", cwd=tmp_path)  # fmt: skip
    assert told.returncode == 1
    assert run("upstreams", "mark", cwd=tmp_path).returncode == 2


def test_one_process_runs_any_command_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("types", "marks", "types"):
        url = f"sqlite:///{tmp_path}/lineage.db"
        lineage.connect(url).close()
        monkeypatch.setattr("sys.argv", ["lineage", "--store", url, command, "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code, capsys.readouterr().out.strip()) == (0, "[]")


def test_a_word_that_is_no_command_is_told_of_all_of_them(tmp_path: Path) -> None:
    told = run("quer", "upstream", cwd=tmp_path)
    assert told.returncode == 2
    assert "No such command 'quer'. Did you mean" in told.stderr
    assert "query" in told.stderr
    assert "Record:" in run("--help", "upstream", cwd=tmp_path).stdout


def test_help_lists_every_command_under_what_it_is_for() -> None:
    placed = [name for names in SECTIONS.values() for name in names]
    assert sorted(placed) == sorted({*commands(), *(group.split()[0] for group in GROUPED)})
    told = CliRunner().invoke(app, ["--help"]).output
    assert all(f"\n{section}:\n" in told for section in SECTIONS)
    assert all(f"\n  {name} " in told for name in placed)
    assert "..." not in told.split("Options:")[1]
    assert all(len(line) <= 80 for line in told.splitlines())


@pytest.mark.parametrize("command", [*commands(), *GROUPED])
def test_every_command_is_in_the_docs(command: str) -> None:
    docs = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert f"`lineage {command}" in docs.replace("\\n", " ")


QUESTIONS = [
    ["types"], ["ls"], ["ls", "executions"], ["ls", "contexts", "--limit", "1"],
    ["show", "Model:churn"], ["upstream", "Model:churn"], ["downstream", "Dataset:raw"],
    ["why", "Dataset:raw", "Model:churn"], ["trained-on", "Model:churn"],
    ["hyperparameters", "Model:churn"], ["pipeline", "Model:churn"],
    ["environment", "Model:churn"], ["evaluations", "Model:churn"],
    ["deployments", "Model:churn"], ["deployments"],
    ["deployments", "--history", "--where", "https*"], ["about", "Model:churn"],
    ["failure", "Train:bad"], ["history", "Model:churn"],
]  # fmt: skip


def scenario(store: Store) -> None:
    store.record(
        Execution(
            type="Train",
            name="good",
            state="COMPLETE",
            custom_properties={"lr": 0.1, "environment": {"python": "3.11"}},
        ),
        inputs={"examples": Artifact(type="Dataset", name="raw", uri="s3://raw")},
        outputs={"model": Artifact(type="Model", name="churn")},
        contexts=[Context(type="PipelineRun", name="monday"), Context(type="Pipeline", name="p")],
        time_ms=1_000,
    )
    store.record(
        Execution(type="Evaluate", name="e"),
        inputs={"model": "Model:churn"},
        outputs={"metrics": Artifact(type="Metrics", custom_properties={"accuracy": 0.75})},
        time_ms=2_000,
    )
    store.record(
        Execution(type="Deploy", name="d"),
        inputs={"model": "Model:churn"},
        outputs={"endpoint": Artifact(type="PushedModel", uri="https://serving")},
        time_ms=3_000,
    )
    store.record(
        Execution(type="Train", name="bad", state="FAILED", custom_properties={"lr": 9.0}),
        inputs={"examples": "Dataset:raw"},
        contexts=["Pipeline:p"],
        time_ms=4_000,
    )


def answers(url: str) -> list[tuple[list[str], int, str]]:
    with lineage.connect(url) as store:
        store.clock = lambda: 1_000
        scenario(store)
    told: list[tuple[list[str], int, str]] = []
    for question in QUESTIONS:
        for form in (question, [*question, "--json"]):
            done = CliRunner().invoke(app, ["--store", url, *form])
            assert done.exception is None or isinstance(done.exception, SystemExit), form
            told.append((form, done.exit_code, _without_type_ids(form, done.output)))
    return told


def _without_type_ids(form: list[str], output: str) -> str:
    if form != ["types", "--json"]:
        return output
    found: list[dict[str, Any]] = json.loads(output)
    return json.dumps([{k: v for k, v in type.items() if k != "id"} for type in found])


def test_every_answer_is_the_same_on_every_backend(url: str, tmp_path: Path) -> None:
    expected = answers(f"sqlite:///{tmp_path}/expected.db")
    assert answers(url) == expected
    for form, code, output in expected:
        assert code == 0, form
        if form[-1] == "--json":
            json.loads(output)
        else:
            assert output.strip()
            assert "\x1b" not in output


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    run("record", stdin=json.dumps(STEP), cwd=tmp_path)
    told = subprocess.run(
        f"{sys.executable} -m lineage.cli ls --json | true",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stderr == ""


def test_a_path_is_a_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("raw.csv").write_text("a\n")
    with lineage.connect() as store, lineage.run("fit", store=store) as made:
        made.input("raw.csv")
        Path("model.pt").write_text("w")
        made.output("model.pt")
    for path in ("raw.csv", "./raw.csv", str(tmp_path / "raw.csv")):
        told = CliRunner().invoke(app, ["downstream", path, "--json"])
        assert [n["kind"] for n in json.loads(told.output)["nodes"]] == [
            "artifact",
            "execution",
            "artifact",
        ]
    assert CliRunner().invoke(app, ["why", "raw.csv", "model.pt"]).exit_code == 0
