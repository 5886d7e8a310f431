"""What is a version of what, and whether two artifacts have the same content.

**Stem**: a name in which numbers count for nothing: each word of six or more hexadecimal digits,
one of them decimal, and each run of decimal digits becomes `#`. `cancer-1/raw` and `cancer-2/raw`
have the stem `cancer-#/raw`, `model@3f9ac02` and `model@77aa31c` have `model@#`.

**Series**: nodes of one type (whatever its version) whose names have the same stem; of nodes
without a name, artifacts whose uris have, then all others.

**Content**: the first of the properties `sha256`, `sha512`, `sha1`, `md5`, `digest`, `checksum`,
`content_hash`, `hash`, `fingerprint` and `input_fingerprint` that an artifact has. Artifacts of one
type with equal content are copies of one another, whatever they are called and wherever they lie.
"""

from __future__ import annotations

import re
from collections.abc import Hashable

from lineage.model import Artifact, Node
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader

DIGESTS = (
    "sha256",
    "sha512",
    "sha1",
    "md5",
    "digest",
    "checksum",
    "content_hash",
    "hash",
    "fingerprint",
    "input_fingerprint",
)
_NUMBERS = re.compile(r"\b(?=[a-fA-F]*[0-9])[0-9a-fA-F]{6,}\b|[0-9]+")


def stem(name: str) -> str:
    """A name in which numbers count for nothing."""
    return _NUMBERS.sub("#", name)


def series_of(node: Node) -> Hashable:
    """What the versions of one thing share; with the node's type and kind, their series."""
    if node.name is not None:
        return ("name", stem(node.name))
    uri = getattr(node, "uri", None)
    return ("uri", stem(uri)) if uri else None


def digest_of(artifact: Artifact) -> tuple[str, str] | None:
    """The name and value of the digest of its content, if one was recorded."""
    for name in DIGESTS:
        value = artifact.get(name)
        if isinstance(value, bytes):
            value = value.hex()
        if isinstance(value, str) and value:
            return name, value
    return None


def same_series(reader: Reader, node: Node) -> list[Node]:
    """The nodes of the series of a node, by id; itself is one of them."""
    type_ids = [
        t.id for t in reader.types() if t.kind is node.kind and t.name == node.type and t.id
    ]
    found = reader.find(node.kind, Filter(type_ids=type_ids))
    series = series_of(node)
    return [other for other in found if series_of(other) == series]


def versions_of(reader: Reader, artifact: Artifact) -> list[Artifact]:
    """The versions of an artifact, by id."""
    return [a for a in same_series(reader, artifact) if isinstance(a, Artifact)]
