"""A pipeline that ran night after night on one data set, some of its trainings in vain."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lineage import Artifact, Context, Execution, Store
from lineage.model import Step


def record_nights(store: Store, nights: int) -> None:
    store.record_steps(nightly_steps(nights), batch_size=2_000)


def nightly_steps(nights: int) -> Iterator[Step]:
    chance = random.Random(7)
    for night in range(nights):
        time_ms = 1_700_000_000_000 + night * 86_400_000
        contexts = [
            Context(type="Pipeline", name="nightly"),
            Context(type="PipelineRun", name=f"nightly/{night}"),
        ]

        def step(
            type: str,
            inputs: dict[str, Artifact],
            outputs: dict[str, Artifact],
            name: str,
            state: str = "COMPLETE",
            time_ms: int = time_ms,
            contexts: list[Context] = contexts,
        ) -> Step:
            return Step(
                execution=Execution(type=type, name=name, state=state),
                inputs=inputs,
                outputs=outputs,
                contexts=contexts,
                time_ms=time_ms,
            )

        raw = Artifact(type="Dataset", name="events", uri="s3://lake/events")
        train, evaluation, features = (
            Artifact(type="Examples", name=f"{night}/{name}")
            for name in ("train", "eval", "features")
        )
        yield step("Split", {"data": raw}, {"train": train, "eval": evaluation}, f"split/{night}")
        yield step("Transform", {"examples": train}, {"features": features}, f"shape/{night}")
        for trial in range(3):
            failed = chance.random() < 0.07
            model = Artifact(type="Model", name=f"{night}/model-{trial}")
            yield step(
                "Train",
                {"features": features},
                {} if failed else {"model": model},
                f"train/{night}/{trial}",
                "FAILED" if failed else "COMPLETE",
            )
            if not failed:
                accuracy = round(0.8 + 0.1 * chance.random() + night / 20_000, 4)
                metrics = Artifact(
                    type="Metrics",
                    name=f"{night}/metrics-{trial}",
                    custom_properties={"accuracy": accuracy},
                )
                yield step(
                    "Evaluate",
                    {"model": model, "examples": evaluation},
                    {"metrics": metrics},
                    f"evaluate/{night}/{trial}",
                )
