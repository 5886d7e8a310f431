"""For an interpreter that has TFX: a pipeline of Python functions, run part by part.

    tfx_pipeline.py HOST:PORT FOLDER [train:ROWS | push:DESTINATION]…

Training on no rows fails, as it must; the next part is run all the same.
"""

import sys
from contextlib import suppress

from ml_metadata.proto import metadata_store_pb2 as pb
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.common.importer import Importer
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.input_resolution.strategies.latest_artifact_strategy import LatestArtifactStrategy
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.types import system_artifacts, system_executions
from tfx.types.artifact import Artifact
from tfx.types.channel import Channel


class NoRows(Exception):
    """There is nothing to train on."""


# Types of our own: those of TFX need the whole of TFX.
class TaxiSchema(Artifact):
    TYPE_NAME = "TaxiSchema"


class TaxiExamples(Artifact):
    TYPE_NAME = "TaxiExamples"
    TYPE_ANNOTATION = system_artifacts.Dataset


class TaxiModel(Artifact):
    TYPE_NAME = "TaxiModel"
    TYPE_ANNOTATION = system_artifacts.Model


class Pushed(Artifact):
    TYPE_NAME = "Pushed"


@component
def Load(  # noqa: N802
    examples: OutputArtifact[TaxiExamples], rows: Parameter[int]
) -> None:
    """Data of that many rows."""
    if rows < 1:
        raise NoRows
    examples.set_int_custom_property("rows", rows)


@component(component_annotation=system_executions.Train)
def Train(  # noqa: N802
    examples: InputArtifact[TaxiExamples],
    schema: InputArtifact[TaxiSchema],
    model: OutputArtifact[TaxiModel],
) -> None:
    """A model of all the rows."""
    model.set_int_custom_property("rows", examples.get_int_custom_property("rows"))


@component(component_annotation=system_executions.Deploy)
def Push(  # noqa: N802
    model: InputArtifact[TaxiModel], pushed: OutputArtifact[Pushed], destination: Parameter[str]
) -> None:
    """Puts the model where it is used."""
    pushed.set_int_custom_property("pushed", 1)
    pushed.set_string_custom_property("pushed_destination", destination)


def run(server: str, folder: str, what: str, value: str) -> None:
    if what == "train":
        schema = Importer(f"{folder}/schema", TaxiSchema).with_id("Schema")
        load = Load(rows=int(value))
        train = Train(examples=load.outputs["examples"], schema=schema.outputs["result"])
        components = [schema, load, train]
    else:
        latest = Resolver(LatestArtifactStrategy, model=Channel(type=TaxiModel)).with_id("Latest")
        components = [latest, Push(model=latest.outputs["model"], destination=value)]
    host, _, port = server.rpartition(":")
    LocalDagRunner().run(
        Pipeline(
            pipeline_name="cab",
            pipeline_root=folder,
            components=components,
            enable_cache=True,
            metadata_connection_config=pb.MetadataStoreClientConfig(host=host, port=int(port)),
        )
    )


if __name__ == "__main__":
    # The functions are found by the module's name, which `__main__` is not.
    import tfx_pipeline

    for part in sys.argv[3:]:
        with suppress(tfx_pipeline.NoRows):
            tfx_pipeline.run(*sys.argv[1:3], *part.split(":"))
