"""Everything that the ml-metadata library reads from a SQLite file, as JSON with sorted keys."""

from __future__ import annotations

import json
import sys
from typing import Any

import ml_metadata as mlmd
from google.protobuf import text_format
from ml_metadata.proto import metadata_store_pb2 as pb


def everything(path: str) -> dict[str, Any]:
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = path
    config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE
    store = mlmd.MetadataStore(config, enable_upgrade_migration=True)
    artifacts, executions = store.get_artifacts(), store.get_executions()
    contexts = store.get_contexts()
    events = store.get_events_by_execution_ids([e.id for e in executions])

    def form(messages: Any) -> list[Any]:
        # As text: a JSON form would have to know what is in an Any.
        return [text_format.MessageToString(m) for m in messages]

    def ids(messages: Any) -> list[int]:
        return sorted(m.id for m in messages)

    return {
        "types": [
            form(store.get_artifact_types()),
            form(store.get_execution_types()),
            form(store.get_context_types()),
        ],
        "nodes": [form(artifacts), form(executions), form(contexts)],
        "events": sorted(form(events)),
        "members": [
            [
                c.id,
                ids(store.get_artifacts_by_context(c.id)),
                ids(store.get_executions_by_context(c.id)),
                ids(store.get_parent_contexts_by_context(c.id)),
            ]
            for c in contexts
        ],
    }


print(json.dumps(everything(sys.argv[1]), sort_keys=True))
