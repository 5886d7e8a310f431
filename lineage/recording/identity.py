"""Which artifact a file, a directory, a url or an object in memory is.

What lies somewhere is known by its place and its content: a file that is read is the artifact that
was written there with the same bytes. An object in memory is known by the run that made it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage.model import Artifact
from lineage.recording.content import ContentCache, digest_path, is_url, local_path
from lineage.recording.redaction import redact_url
from lineage.store import Store

_DATASETS = frozenset(
    {
        ".csv", ".tsv", ".parquet", ".pq", ".json", ".jsonl", ".ndjson", ".arrow", ".feather",
        ".orc", ".avro", ".npy", ".npz", ".xlsx", ".xls", ".db", ".sqlite", ".duckdb", ".tfrecord",
    }
)  # fmt: skip
_MODELS = frozenset(
    {
        ".pt", ".pth", ".ckpt", ".onnx", ".safetensors", ".keras", ".ubj", ".pmml", ".tflite",
        ".mlmodel", ".gguf",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ArtifactDraft:
    """An artifact as a run knows it, before it is looked up in a store.

    Attributes
    ----------
    type
        Its type, should it not be known yet.
    uri, digest, size
        Where it lies and what lies there; None for an object in memory.
    name
        Its name, where the user gave one.
    key
        What an object in memory is known by: its run and port.
    id
        Its id, where it was read from the store that it is written into.
    """

    type: str
    uri: str | None = None
    digest: str | None = None
    size: int | None = None
    name: str | None = None
    key: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)
    id: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            name: value
            for name in ("type", "uri", "digest", "size", "name", "key", "properties")
            if (value := getattr(self, name)) not in (None, {})
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ArtifactDraft:
        """Return the draft that `to_dict` wrote."""
        return cls(**data)


def uri_of(place: str | os.PathLike[str]) -> str:
    """Return the uri of a path or url: absolute, without credentials.

    The links among the folders above a file are resolved; a link to a file is a place of its own,
    as it is for those who keep the bytes in a cache and link what they work with to it.

    >>> uri_of("s3://bucket/key"), uri_of("/dev/null")
    ('s3://bucket/key', 'file:///dev/null')
    """
    text = os.fspath(place)
    if is_url(text):
        return redact_url(text)
    folder, name = os.path.split(local_path(text))
    if name in ("", ".", ".."):
        return Path(os.path.realpath(local_path(text))).as_uri()
    return Path(os.path.realpath(folder or "."), name).as_uri()


def type_of_file(place: str | os.PathLike[str], port: str = "") -> str:
    """Return the type that a file has by its port's name or its suffix.

    >>> type_of_file("x.parquet"), type_of_file("x.bin"), type_of_file("x.pkl", "churn_model")
    ('Dataset', 'File', 'Model')
    """
    last = port.lower().rpartition("_")[2]
    if last in ("model", "estimator", "classifier", "regressor"):
        return "Model"
    if last in ("metrics", "scores"):
        return "Metrics"
    suffix = os.path.splitext(os.fspath(place))[1].lower()
    if suffix in _DATASETS:
        return "Dataset"
    return "Model" if suffix in _MODELS else "File"


def draft_file(
    place: str | os.PathLike[str],
    *,
    type: str,
    name: str | None = None,
    properties: Mapping[str, Any] | None = None,
    cache: ContentCache | None = None,
) -> ArtifactDraft:
    """Return the artifact that lies at a path or url, with the digest of its content.

    Raises
    ------
    NotFound
        Nothing is there.
    InvalidValue
        It can't be read.
    """
    found = digest_path(place, cache=cache)
    return ArtifactDraft(
        type, uri_of(place), found.digest, found.size, name, None, dict(properties or {})
    )


def resolve(store: Store, draft: ArtifactDraft) -> Artifact | int:
    """Return the id of the artifact that a draft is of, or what is to be recorded as new."""
    if draft.id is not None:
        return draft.id
    known = _find(store, draft)
    if known is not None and known.id is not None:
        return known.id
    properties = dict(draft.properties)
    if draft.size is not None:
        properties["bytes"] = draft.size
    return Artifact(
        type=draft.type,
        name=draft.name,
        uri=draft.uri,
        digest=draft.digest,
        external_id=draft.key,
        custom_properties=properties,
    )


def digest_of(artifact: Artifact) -> str | None:
    """Return the digest that an artifact was recorded with."""
    return artifact.digest


def _find(store: Store, draft: ArtifactDraft) -> Artifact | None:
    if draft.uri is None or draft.digest is None or draft.name is not None:
        return None
    there = [a for a in store.artifacts(uri=draft.uri) if digest_of(a) == draft.digest]
    return there[-1] if there else None
