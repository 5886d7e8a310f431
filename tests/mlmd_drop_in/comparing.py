"""The same request to two servers, and their answers in a form that compares."""

from __future__ import annotations

import re
from typing import Any

import grpc

from lineage.server.mlmd.messages import SERVICE, methods

_IDS = {
    "artifact_id": "artifact", "artifact_ids": "artifact",
    "execution_id": "execution", "execution_ids": "execution",
    "context_id": "context", "context_ids": "context",
    "child_id": "context", "parent_id": "context",
    "type_id": "type", "type_ids": "type",
    "artifact_type_ids": "type", "execution_type_ids": "type", "context_type_ids": "type",
}  # fmt: skip
_OWN = {
    "Artifact": "artifact", "Execution": "execution", "Context": "context",
    "ArtifactType": "type", "ExecutionType": "type", "ContextType": "type",
}  # fmt: skip
# What the two can't share.
_LEFT_OUT = ("create_time_since_epoch", "last_update_time_since_epoch", "next_page_token")
# Empty, these are as good as none (docs/mlmd.md); a state that was given as UNKNOWN is, too.
_NONE_IF_EMPTY = (
    "name", "external_id", "version", "description", "uri", "state", "last_known_state",
)  # fmt: skip
# In place of an artifact's last update time: the one that each side has stored.
AS_STORED = 4_242
_PLACEHOLDER = re.compile(r"@(\w+):(\d+)@")


# Calls for several contexts, and those for one that come to the same: the library for Python lacks
# the former.
_FOR_ONE = {
    "GetParentContextsByContexts": ("GetParentContextsByContext", "parent_contexts"),
    "GetChildrenContextsByContexts": ("GetChildrenContextsByContext", "children_contexts"),
}


class Side:
    """One of the two servers: how it answers, and its ids for the other's."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.insecure_channel(
            address,
            options=[
                ("grpc.max_receive_message_length", -1),
                ("grpc.max_send_message_length", -1),
            ],
        )
        self.own: dict[tuple[str, int], int] = {}
        self.other: dict[tuple[str, int], int] = {}

    def ask(self, name: str, request: Any) -> tuple[str, Any, str]:
        """Status, answer and message."""
        return self._answer(name, self.translated(request))

    def ask_one_by_one(self, name: str, request: Any) -> tuple[str, Any, str]:
        """The same; what is asked of several contexts is asked of each."""
        if name not in _FOR_ONE:
            return self.ask(name, request)
        if not request.context_ids:
            # As its rdbms_metadata_access_object.cc has it.
            return "INVALID_ARGUMENT", None, "Given context_ids is empty."
        call, field = _FOR_ONE[name]
        answer = methods()[name][1]()
        for id in set(self.translated(request).context_ids):
            status, found, said = self._answer(call, methods()[call][0](context_id=id))
            if status != "OK":
                return status, None, said
            if found.contexts:
                getattr(answer.contexts[id], field).extend(found.contexts)
        return "OK", answer, ""

    def _answer(self, name: str, request: Any) -> tuple[str, Any, str]:
        _, response = methods()[name]
        call = self.channel.unary_unary(
            f"/{SERVICE}/{name}",
            request_serializer=lambda r: r.SerializeToString(),
            response_deserializer=response.FromString,
        )
        try:
            return "OK", call(request, timeout=400), ""
        except grpc.RpcError as error:
            return error.code().name, None, error.details() or ""

    def translated(self, request: Any) -> Any:
        """A request with this side's own ids."""
        made = type(request)()
        made.CopyFrom(request)
        _translate(made, lambda kind, id: self.own.get((kind, id), id))
        for artifact in getattr(made, "artifacts", ()):
            if artifact.last_update_time_since_epoch == AS_STORED:
                artifact.last_update_time_since_epoch = self._updated(artifact.id)
        return made

    def _updated(self, artifact: int) -> int:
        request, _ = methods()["GetArtifactsByID"]
        _, answer, _ = self._answer("GetArtifactsByID", request(artifact_ids=[artifact]))
        return sum(a.last_update_time_since_epoch for a in answer.artifacts)

    def learn(self, theirs: Any, ours: Any) -> None:
        """Which ids of an answer to a write stand for which."""
        for field, value in ours.ListFields():
            kind = _IDS.get(field.name)
            if kind is None:
                continue
            other = getattr(theirs, field.name)
            pairs = zip(other, value, strict=False) if field.is_repeated else [(other, value)]
            for there, here in pairs:
                self.own[kind, there] = here
                self.other[kind, here] = there

    def canonical(self, answer: Any, *, ordered: bool, without: tuple[str, ...] = ()) -> Any:
        """An answer with the other side's ids; lists sorted where no order was asked for."""
        return _canonical(answer, self.other, ordered, (*_LEFT_OUT, *without))


def _translate(message: Any, translate: Any) -> None:
    for field, value in message.ListFields():
        kind = _IDS.get(field.name)
        if field.name == "id":
            kind = _OWN.get(message.DESCRIPTOR.name)
        if field.name == "filter_query":
            text = _PLACEHOLDER.sub(lambda m: str(translate(m[1], int(m[2]))), value)
            message.filter_query = text
        elif kind is not None and field.is_repeated:
            value[:] = [translate(kind, id) for id in value]
        elif kind is not None:
            setattr(message, field.name, translate(kind, value))
        elif field.message_type is not None and not _is_map(field):
            for one in value if field.is_repeated else [value]:
                _translate(one, translate)


def _canonical(
    message: Any, ids: dict[tuple[str, int], int], ordered: bool, left_out: tuple[str, ...]
) -> Any:
    found: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.name in left_out or (field.name in _NONE_IF_EMPTY and not value):
            continue
        kind = _IDS.get(field.name)
        if field.name == "id":
            if _is_system(message):
                continue
            kind = _OWN.get(message.DESCRIPTOR.name)
        if kind is not None:
            mapped = [ids.get((kind, id), id) for id in (value if field.is_repeated else [value])]
            found[field.name] = mapped if field.is_repeated else mapped[0]
        elif field.name == "contexts" and _is_map(field):
            found[field.name] = {
                ids.get(("context", key), key): _canonical(item, ids, ordered, left_out)
                for key, item in sorted(value.items())
            }
        elif _is_map(field):
            found[field.name] = {
                key: item if isinstance(item, int) else item.SerializeToString(deterministic=True)
                for key, item in sorted(value.items())
            }
        elif field.message_type is not None and field.is_repeated:
            value = [one for one in value if not _is_system(one)]
            if not value:
                continue
            listed = [_canonical(item, ids, ordered, left_out) for item in value]
            found[field.name] = listed if ordered else sorted(listed, key=repr)
        elif field.message_type is not None:
            found[field.name] = _canonical(value, ids, ordered, left_out)
        elif field.name == "milliseconds_since_epoch":
            found[field.name] = value if value < 1_000 else "now"
        else:
            found[field.name] = list(value) if field.is_repeated else value
    return tuple(sorted(found.items(), key=lambda pair: pair[0]))


def _is_system(message: Any) -> bool:
    """Whether it is one of ML Metadata's own types, which are here only once asked for."""
    return _OWN.get(message.DESCRIPTOR.name) == "type" and message.name.startswith("mlmd.")


def _is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry
