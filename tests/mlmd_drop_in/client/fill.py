"""Fill a database with one of everything, by the ml-metadata library.

fill.py sqlite PATH | fill.py mysql PORT DATABASE [PASSWORD]
"""

from __future__ import annotations

import sys

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb

config = pb.ConnectionConfig()
if sys.argv[1] == "sqlite":
    config.sqlite.filename_uri = sys.argv[2]
    config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
else:
    config.mysql.host = "127.0.0.1"
    config.mysql.port = int(sys.argv[2])
    config.mysql.database = sys.argv[3]
    config.mysql.user = "root"
    config.mysql.password = "".join(sys.argv[4:])
store = mlmd.MetadataStore(config)
kinds = {"i": pb.INT, "d": pb.DOUBLE, "s": pb.STRING, "t": pb.STRUCT, "p": pb.PROTO}
model = pb.ArtifactType(name="Net", version="2", base_type=pb.ArtifactType.MODEL, properties=kinds)
model.properties["b"] = pb.BOOLEAN
model.description = "what it is"
model.external_id = "type-x"
model_id = store.put_artifact_type(model)
train = pb.ExecutionType(name="Fit")
train.input_type.simple.name = "x"
train_id = store.put_execution_type(train)
run_id = store.put_context_type(pb.ContextType(name="Run"))
artifact = pb.Artifact(
    type_id=model_id, name="churn", uri="s3://it's", external_id="x", state=pb.Artifact.LIVE
)
for properties in (artifact.properties, artifact.custom_properties):
    properties["i"].int_value = -(2**31)  # all that fits there in MySQL
    properties["d"].double_value = 0.125
    properties["s"].string_value = "naïve \N{PARTY POPPER}"
    properties["t"].struct_value["k"] = [1.5, None, {"a": True}]
    properties["p"].proto_value.type_url = "type.googleapis.com/some.Message"
    properties["p"].proto_value.value = b"\x08\x01\xff\x00'\\"
    properties["b"].bool_value = True
event = pb.Event(type=pb.Event.OUTPUT, milliseconds_since_epoch=7)
event.path.steps.add().key = "model"
event.path.steps.add().index = 3
event.path.steps.add().key = ""
pending = pb.Event(type=pb.Event.PENDING_OUTPUT, artifact_id=1)
contexts = [pb.Context(type_id=run_id, name=name) for name in ("all", "monday")]
_, artifacts, ids = store.put_execution(
    pb.Execution(type_id=train_id, last_known_state=pb.Execution.FAILED),
    [(artifact, event), (pb.Artifact(type_id=model_id), None)],
    contexts,
)
store.put_execution(pb.Execution(type_id=train_id), [(None, pending)], [])
store.put_parent_contexts([pb.ParentContext(child_id=ids[1], parent_id=ids[0])])
