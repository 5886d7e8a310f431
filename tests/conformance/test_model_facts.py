"""What is a parameter of a model's training, and what else its run says; evaluations."""

from __future__ import annotations

from lineage import Artifact, Execution, Store


def test_what_is_no_parameter_is_shown_as_what_it_is(store: Store) -> None:
    store.record(
        Execution(
            type="Train",
            state="COMPLETE",
            custom_properties={
                "lr": 0.1,
                "optimizer": {"name": "adam"},
                "git_commit": "1f2e3d",
                "hostname": "node-1",
                "duration_s": 12.5,
                "exit_code": 0,
                "error": "none",
                "run_id": "r1",
                "environment": {"numpy": "2.0"},
            },
        ),
        inputs=[
            Artifact(type="Code", uri="file:///train.py", digest="sha256:" + "a" * 64),
            Artifact(type="Dataset", name="raw"),
        ],
        outputs=[Artifact(type="Model", name="m")],
    )
    found = {row.name: row.value for row in store.hyperparameters("Model:m")}
    assert found == {"lr": 0.1, "optimizer": {"name": "adam"}}
    assert [(str(row.part), row.name, row.value) for row in store.code("Model:m")] == [
        ("code", "file:///train.py", "sha256:" + "a" * 64),
        ("code", "git_commit", "1f2e3d"),
        ("machine", "hostname", "node-1"),
        ("identity", "run_id", "r1"),
        ("symptom", "duration_s", 12.5),
        ("symptom", "error", "none"),
        ("symptom", "exit_code", 0),
    ]
    assert [(row.name, row.value) for row in store.environment_of("Model:m")] == [("numpy", "2.0")]


def test_versions_on_the_outputs_are_found(store: Store) -> None:
    """Where TFX puts them."""
    store.record(
        Execution(type="Trainer", state="COMPLETE"),
        outputs={
            "model": Artifact(
                type="Model", name="m", custom_properties={"tfx_version": "1.14.0", "name": "x"}
            ),
            "model_run": Artifact(type="ModelRun", custom_properties={"tfx_version": "1.14.0"}),
        },
    )
    found = [(row.name, row.value) for row in store.environment_of("Model:m")]
    assert found == [("tfx_version", "1.14.0")]


def test_an_evaluation_shows_what_was_measured_once(store: Store) -> None:
    store.record(
        Execution(type="Train", state="COMPLETE"), outputs=[Artifact(type="Model", name="m")]
    )
    metrics = Artifact(
        type="Metrics",
        name="auc",
        custom_properties={
            "auc": 0.9, "bytes": 58, "producer_component": "Evaluator", "slices": {"eu": 0.8}
        },
    )  # fmt: skip
    store.record(
        Execution(type="Evaluate", name="test", state="COMPLETE"),
        inputs=["Model:m"],
        outputs=[metrics],
    )
    store.record(
        Execution(type="Evaluate", name="again", state="CACHED"),
        inputs=["Model:m"],
        outputs=["Metrics:auc"],
    )
    [found] = store.evaluations("Model:m")
    assert found.execution.name == "test"
    assert found.values == {"auc": 0.9, "slices.eu": 0.8}
    assert found.to_dict()["values"] == {"auc": 0.9, "slices.eu": 0.8}
