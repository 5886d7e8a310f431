"""ML Metadata at work: run by an interpreter that has the `ml-metadata` wheel.

Reads a command a line as JSON from standard input, and answers each with a line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from ml_metadata import metadata_store as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb

from benchmarks.shapes import SHAPES

_BATCH = 1_000


class Peer:
    """One command a method."""

    def open(self, path: str) -> dict[str, Any]:
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = path
        config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        return self._with(mlmd.MetadataStore(config))

    def connect(self, port: int) -> dict[str, Any]:
        """The client of a server here, that takes answers of any size."""
        config = pb.MetadataStoreClientConfig(host="localhost", port=port)
        config.channel_arguments.max_receive_message_length = -1
        return self._with(mlmd.MetadataStore(config))

    def _with(self, store: Any) -> dict[str, Any]:
        self.store = store
        table = pb.ArtifactType(name="Table", properties={"rows": pb.INT, "origin": pb.STRING})
        self.artifact_type = self.store.put_artifact_type(table)
        query = pb.ExecutionType(name="Query", properties={"seed": pb.INT})
        self.execution_type = self.store.put_execution_type(query)
        self.context_type = self.store.put_context_type(pb.ContextType(name="Run"))
        self.serial = 0
        return {}

    def record(self, count: int) -> dict[str, Any]:
        """Steps of two inputs, two new outputs, four events, one context."""
        if self.serial == 0:
            context = pb.Context(type_id=self.context_type, name="run")
            [context.id] = self.store.put_contexts([context])
            self.run = context
            inputs = [self._artifact("in-0"), self._artifact("in-1")]
            self.inputs = self.store.put_artifacts(inputs)
        start = time.perf_counter()
        for _ in range(count):
            self.serial += 1
            step = self.serial
            execution = pb.Execution(
                type_id=self.execution_type,
                name=f"step-{step}",
                last_known_state=pb.Execution.COMPLETE,
            )
            execution.properties["seed"].int_value = step
            pairs: list[Any] = []
            for i, id in enumerate(self.inputs):
                # By id alone, as ours: an eighth faster there than with the whole artifact.
                event = self._event(pb.Event.INPUT, i)
                event.artifact_id = id
                pairs.append((None, event))
            pairs += [
                (self._artifact(f"out-{step}-{i}"), self._event(pb.Event.OUTPUT, i))
                for i in range(2)
            ]
            self.store.put_execution(execution, pairs, [self.run])
        return {"seconds": time.perf_counter() - start}

    def bulk(self, count: int) -> dict[str, Any]:
        """Artifacts in batches of 1,000."""
        start = time.perf_counter()
        for first in range(0, count, _BATCH):
            ids = range(self.serial + first, self.serial + min(first + _BATCH, count))
            self.store.put_artifacts([self._artifact(f"bulk-{id}") for id in ids])
        taken = time.perf_counter() - start
        self.serial += count
        return {"seconds": taken}

    def scored(self, count: int) -> dict[str, Any]:
        """Artifacts with an accuracy from 0 to 1, as `benchmarks.filter_mlmd` has them."""
        type = pb.ArtifactType(name="Scored", properties={"acc": pb.DOUBLE})
        type_id = self.store.put_artifact_type(type)
        for chunk in _chunks(range(count)):
            rows = [
                pb.Artifact(type_id=type_id, name=f"m{n}", uri=f"s3://models/{n % 100}/{n}")
                for n in chunk
            ]
            for row, n in zip(rows, chunk):  # noqa: B905
                row.properties["acc"].double_value = n * 7919 % count / count
            self.store.put_artifacts(rows)
        return {}

    def load(self, shape: str, arguments: list[int]) -> dict[str, Any]:
        """A shape; MLMD gives the ids out from 1, as the shape has them."""
        made = SHAPES[shape](*arguments)
        artifacts = (self._artifact(f"table-{n}") for n in range(1, made.artifacts + 1))
        for chunk in _chunks(artifacts):
            self.store.put_artifacts(chunk)
        for chunk in _chunks(range(1, made.executions + 1)):
            rows = [pb.Execution(type_id=self.execution_type, name=f"query-{n}") for n in chunk]
            for row, n in zip(rows, chunk):  # noqa: B905
                row.properties["seed"].int_value = n
            self.store.put_executions(rows)
        for chunk in _chunks(made.edges()):
            events = []
            for artifact, execution, output in chunk:
                event = self._event(pb.Event.OUTPUT if output else pb.Event.INPUT, artifact % 3)
                event.artifact_id, event.execution_id = artifact, execution
                events.append(event)
            self.store.put_events(events)
        return {}

    def downstream(self, artifact: int) -> dict[str, Any]:
        """The lineage subgraph downstream, as far as MLMD goes (100 hops)."""
        options = pb.LineageSubgraphQueryOptions(
            starting_artifacts=pb.LineageSubgraphQueryOptions.StartingNodes(
                filter_query=f"id = {artifact}"
            ),
            max_num_hops=100,
            direction=pb.LineageSubgraphQueryOptions.DOWNSTREAM,
        )
        start = time.perf_counter()
        found = self.store.get_lineage_subgraph(options)
        taken = time.perf_counter() - start
        return {
            "seconds": taken,
            "nodes": len(found.artifacts) + len(found.executions),
            "events": len(found.events),
        }

    def filtered(self, query: str) -> dict[str, Any]:
        """Artifacts by a filter query, all pages."""
        start = time.perf_counter()
        found = self.store.get_artifacts(mlmd.ListOptions(filter_query=query))
        return {"seconds": time.perf_counter() - start, "nodes": len(found)}

    def _artifact(self, name: str) -> Any:
        made = pb.Artifact(type_id=self.artifact_type, name=name, uri=f"s3://bucket/tables/{name}")
        made.properties["rows"].int_value = 1
        made.properties["origin"].string_value = "bench"
        return made

    def _event(self, type: Any, index: int) -> Any:
        made = pb.Event(type=type, milliseconds_since_epoch=1_700_000_000_000)
        made.path.steps.add().key = "data"
        made.path.steps.add().index = index
        return made


def _chunks(items: Any) -> Any:
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == _BATCH:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def main() -> None:
    peer = Peer()
    for line in sys.stdin:
        asked = json.loads(line)
        answer = getattr(peer, asked.pop("command"))(**asked)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
