"""What a user of ML Metadata does, through its own client. Run by `test_client.py`."""

from __future__ import annotations

import itertools

import ml_metadata as mlmd
import pytest
from google.protobuf import any_pb2, struct_pb2
from ml_metadata import errors
from ml_metadata.proto import metadata_store_pb2 as pb

_serial = itertools.count()


def fresh(prefix: str) -> str:
    """A name that no other check has: they all share one store."""
    return f"{prefix}-{next(_serial)}"


def artifact_type(store: mlmd.MetadataStore, **properties: int) -> int:
    return store.put_artifact_type(pb.ArtifactType(name=fresh("A"), properties=properties))


def execution_type(store: mlmd.MetadataStore, **properties: int) -> int:
    return store.put_execution_type(pb.ExecutionType(name=fresh("E"), properties=properties))


def context_type(store: mlmd.MetadataStore, **properties: int) -> int:
    return store.put_context_type(pb.ContextType(name=fresh("C"), properties=properties))


def put_artifact(store: mlmd.MetadataStore, type_id: int, **fields: object) -> pb.Artifact:
    [id] = store.put_artifacts([pb.Artifact(type_id=type_id, **fields)])
    [found] = store.get_artifacts_by_id([id])
    return found


def test_every_kind_of_value_comes_back_exactly(store: mlmd.MetadataStore) -> None:
    kinds = {
        "i": pb.INT, "d": pb.DOUBLE, "s": pb.STRING, "t": pb.STRUCT, "p": pb.PROTO,
        "b": pb.BOOLEAN,
    }  # fmt: skip
    type_id = artifact_type(store, **kinds)
    given = pb.Artifact(type_id=type_id, uri="s3://x", name=fresh("n"), state=pb.Artifact.LIVE)
    nested = struct_pb2.Struct()
    nested.update({"a": [1, None, {"b": "c"}], "e": {}, "n": -0.5, "y": True})
    packed = any_pb2.Any()
    packed.Pack(nested)
    for properties in (given.properties, given.custom_properties):
        properties["i"].int_value = -(2**63)
        properties["d"].double_value = float("inf")
        properties["s"].string_value = "naïve \N{PARTY POPPER}"
        properties["t"].struct_value.CopyFrom(nested)
        properties["p"].proto_value.CopyFrom(packed)
        properties["b"].bool_value = False
    given.custom_properties["empty"].string_value = ""
    [given.id] = store.put_artifacts([given])
    [found] = store.get_artifacts_by_id([given.id])
    assert found.create_time_since_epoch == found.last_update_time_since_epoch > 0
    for field in ("type", "create_time_since_epoch", "last_update_time_since_epoch"):
        found.ClearField(field)
    assert found == given


def test_types_grow_only_as_they_are_allowed_to(store: mlmd.MetadataStore) -> None:
    type = pb.ExecutionType(name=fresh("E"), version="1", description="what it does")
    type.properties["a"] = pb.INT
    type.base_type = pb.ExecutionType.TRAIN
    type_id = store.put_execution_type(type)
    assert store.put_execution_type(type) == type_id
    more = pb.ExecutionType(name=type.name, version="1", properties={"b": pb.STRING})
    with pytest.raises(errors.AlreadyExistsError):
        store.put_execution_type(more, can_add_fields=True)
    with pytest.raises(errors.AlreadyExistsError):
        store.put_execution_type(more, can_omit_fields=True)
    both = {"can_add_fields": True, "can_omit_fields": True}
    assert store.put_execution_type(more, **both) == type_id
    found = store.get_execution_type(type.name, "1")
    assert dict(found.properties) == {"a": pb.INT, "b": pb.STRING}
    assert found.base_type == pb.ExecutionType.TRAIN
    assert found.description == "what it does"
    other_kind = pb.ExecutionType(name=type.name, version="1", properties={"a": pb.DOUBLE})
    with pytest.raises(errors.AlreadyExistsError):
        store.put_execution_type(other_kind, **both)
    other_base = pb.ExecutionType(name=type.name, version="1", base_type=pb.ExecutionType.DEPLOY)
    with pytest.raises(errors.UnimplementedError):
        store.put_execution_type(other_base, **both)
    with pytest.raises(errors.NotFoundError):
        store.get_execution_type(type.name)
    with pytest.raises(errors.InvalidArgumentError):
        store.put_execution_type(pb.ExecutionType())


def test_an_update_replaces_all_but_the_name(store: mlmd.MetadataStore) -> None:
    type_id = artifact_type(store, p=pb.INT, q=pb.INT)
    made = put_artifact(
        store,
        type_id,
        name=fresh("n"),
        uri="a",
        external_id=fresh("x"),
        properties={"p": pb.Value(int_value=1)},
    )
    change = pb.Artifact(id=made.id, uri="b", name="another")
    change.properties["q"].int_value = 2
    store.put_artifacts([change])
    [found] = store.get_artifacts_by_id([made.id])
    assert (found.name, found.uri, found.external_id) == (made.name, "b", "")
    assert {n: v.int_value for n, v in found.properties.items()} == {"q": 2}
    assert found.last_update_time_since_epoch > made.last_update_time_since_epoch
    assert found.create_time_since_epoch == made.create_time_since_epoch
    # What was read, put again, changes nothing.
    store.put_artifacts([found])
    assert store.get_artifacts_by_id([made.id]) == [found]


def test_a_mask_says_what_is_updated(store: mlmd.MetadataStore) -> None:
    type_id = artifact_type(store, p=pb.INT, q=pb.INT)
    made = put_artifact(
        store, type_id, uri="a", properties={n: pb.Value(int_value=1) for n in ("p", "q")}
    )
    change = pb.Artifact(id=made.id, uri="b")
    change.properties["p"].int_value = 2
    change.custom_properties["c"].int_value = 3
    store.put_artifacts([change], ["properties.p", "properties.q", "custom_properties.c"])
    [found] = store.get_artifacts_by_id([made.id])
    assert found.uri == "a"
    assert {n: v.int_value for n, v in found.properties.items()} == {"p": 2}
    assert found.custom_properties["c"].int_value == 3
    store.put_artifacts([change], ["uri", "external_id"])
    assert store.get_artifacts_by_id([made.id])[0].uri == "b"


def test_what_is_wrong_has_the_same_status_as_there(store: mlmd.MetadataStore) -> None:
    type_id = artifact_type(store, p=pb.INT)
    name = fresh("n")
    made = put_artifact(store, type_id, name=name, external_id=fresh("x"))
    wrong = pb.Artifact(type_id=type_id, properties={"p": pb.Value(double_value=1)})
    for bad, error in (
        (pb.Artifact(type_id=type_id, name=name), errors.AlreadyExistsError),
        (
            pb.Artifact(type_id=type_id, external_id=made.external_id),
            errors.AlreadyExistsError,
        ),
        (pb.Artifact(uri="no type"), errors.InvalidArgumentError),
        (pb.Artifact(type_id=10**9), errors.NotFoundError),
        (pb.Artifact(id=10**9), errors.InvalidArgumentError),
        (pb.Artifact(id=made.id, type_id=10**9), errors.InvalidArgumentError),
        (wrong, errors.InvalidArgumentError),
        (
            pb.Artifact(type_id=type_id, properties={"none": pb.Value(int_value=1)}),
            errors.InvalidArgumentError,
        ),
    ):
        with pytest.raises(error):
            store.put_artifacts([pb.Artifact(type_id=type_id, uri="with the bad one"), bad])
    # All or nothing.
    assert len(store.get_artifacts_by_type(made.type)) == 1
    with pytest.raises(errors.NotFoundError):
        store.get_artifacts_by_external_ids(["nobody's"])
    with pytest.raises(errors.InvalidArgumentError):
        store.get_artifacts_by_external_ids([""])


def test_a_whole_step(store: mlmd.MetadataStore) -> None:
    a, e, c = artifact_type(store), execution_type(store), context_type(store)
    source = put_artifact(store, a)
    run = pb.Context(type_id=c, name=fresh("run"))
    read = pb.Event(type=pb.Event.INPUT, artifact_id=source.id, milliseconds_since_epoch=5)
    read.path.steps.add().key = "data"
    read.path.steps.add().index = 0
    made = pb.Event(type=pb.Event.OUTPUT)
    execution, artifacts, contexts = store.put_execution(
        pb.Execution(type_id=e, last_known_state=pb.Execution.COMPLETE),
        [(None, read), (pb.Artifact(type_id=a, uri="out"), made)],
        [run],
    )
    assert artifacts[0] == source.id
    [found] = store.get_executions_by_context(contexts[0])
    assert (found.id, found.last_known_state) == (execution, pb.Execution.COMPLETE)
    assert {x.id for x in store.get_artifacts_by_context(contexts[0])} == set(artifacts)
    events = {x.artifact_id: x for x in store.get_events_by_execution_ids([execution])}
    assert events[source.id].path == read.path
    assert events[source.id].milliseconds_since_epoch == 5
    assert events[artifacts[1]].type == pb.Event.OUTPUT
    assert events[artifacts[1]].milliseconds_since_epoch > 0
    assert [x.id for x in store.get_contexts_by_artifact(source.id)] == contexts
    # The same name again: refused, or re-used where that is asked for.
    with pytest.raises(errors.AlreadyExistsError):
        store.put_execution(pb.Execution(type_id=e), [], [run])
    again = store.put_execution(
        pb.Execution(type_id=e), [], [run], reuse_context_if_already_exist=True
    )
    assert again[2] == contexts
    assert len(store.get_executions_by_context(contexts[0])) == 2


def test_an_artifact_is_reused_by_its_external_id(store: mlmd.MetadataStore) -> None:
    a, e = artifact_type(store), execution_type(store)
    made = put_artifact(store, a, external_id=fresh("x"), uri="old")
    given = pb.Artifact(type_id=a, external_id=made.external_id, uri="new")
    event = pb.Event(type=pb.Event.INPUT)
    _, ids, _ = store.put_execution(
        pb.Execution(type_id=e),
        [(given, event)],
        [],
        reuse_artifact_if_already_exist_by_external_id=True,
    )
    assert ids == [made.id]
    assert store.get_artifacts_by_id(ids)[0].uri == "new"
    with pytest.raises(errors.AlreadyExistsError):
        store.put_execution(pb.Execution(type_id=e), [(given, event)], [])


def test_an_event_is_there_once(store: mlmd.MetadataStore) -> None:
    a, e = artifact_type(store), execution_type(store)
    artifact = put_artifact(store, a)
    [execution] = store.put_executions([pb.Execution(type_id=e)])
    event = pb.Event(type=pb.Event.INPUT, artifact_id=artifact.id, execution_id=execution)
    store.put_events([event])
    event.path.steps.add().key = "another path"
    with pytest.raises(errors.AlreadyExistsError):
        store.put_events([event])
    event.type = pb.Event.DECLARED_INPUT
    store.put_events([event])
    assert len(store.get_events_by_artifact_ids([artifact.id])) == 2
    for broken in (
        pb.Event(type=pb.Event.INPUT, artifact_id=artifact.id),
        pb.Event(artifact_id=artifact.id, execution_id=execution),
        pb.Event(type=pb.Event.INPUT, artifact_id=10**9, execution_id=execution),
    ):
        with pytest.raises(errors.InvalidArgumentError):
            store.put_events([broken])


def test_parents_of_contexts(store: mlmd.MetadataStore) -> None:
    c = context_type(store)
    names = [fresh("c") for _ in range(3)]
    ids = store.put_contexts([pb.Context(type_id=c, name=name) for name in names])
    pairs = [pb.ParentContext(child_id=ids[0], parent_id=id) for id in ids[1:]]
    store.put_parent_contexts(pairs)
    assert [x.id for x in store.get_parent_contexts_by_context(ids[0])] == ids[1:]
    assert [x.id for x in store.get_children_contexts_by_context(ids[2])] == [ids[0]]
    with pytest.raises(errors.AlreadyExistsError):
        store.put_parent_contexts(pairs[:1])
    for parent, child in ((ids[0], ids[1]), (ids[0], ids[0]), (10**9, ids[0])):
        with pytest.raises(errors.InvalidArgumentError):
            store.put_parent_contexts([pb.ParentContext(child_id=child, parent_id=parent)])


def test_pages_follow_one_another(store: mlmd.MetadataStore) -> None:
    a, c = artifact_type(store), context_type(store)
    ids = store.put_artifacts([pb.Artifact(type_id=a) for _ in range(105)])
    [context] = store.put_contexts([pb.Context(type_id=c, name=fresh("c"))])
    store.put_attributions_and_associations(
        [pb.Attribution(artifact_id=id, context_id=context) for id in ids], []
    )
    changed = store.get_artifacts_by_id(ids[::17])
    for artifact in changed:
        artifact.uri = "changed"
    store.put_artifacts(changed)
    mine = f"contexts_a.id = {context}"
    for field, ascending in itertools.product(mlmd.OrderByField, (True, False)):
        options = mlmd.ListOptions(order_by=field, is_asc=ascending, filter_query=mine)
        found = [(_time(x, field), x.id) for x in store.get_artifacts(options)]
        assert {id for _, id in found} == set(ids)
        assert found == sorted(found, reverse=not ascending)
    assert len(store.get_artifacts_by_context(context)) == 105


def _time(artifact: pb.Artifact, field: mlmd.OrderByField) -> int:
    times = {
        mlmd.OrderByField.CREATE_TIME: artifact.create_time_since_epoch,
        mlmd.OrderByField.UPDATE_TIME: artifact.last_update_time_since_epoch,
    }
    return times.get(field, artifact.id)


def test_an_answer_larger_than_the_client_takes(config: pb.MetadataStoreClientConfig) -> None:
    config.channel_arguments.max_receive_message_length = 1
    store = mlmd.MetadataStore(config)
    with pytest.raises(errors.ResourceExhaustedError):
        store.put_artifact_type(pb.ArtifactType(name=fresh("A")))


def test_a_deadline(config: pb.MetadataStoreClientConfig) -> None:
    config.client_timeout_sec = -1
    with pytest.raises(errors.DeadlineExceededError):
        mlmd.MetadataStore(config).get_artifact_types()
