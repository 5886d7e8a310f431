"""Whether two artifacts have the same content, whatever they are called and wherever they lie.

The **content** of an artifact is its digest; of one that has none, the first of the properties
`sha256`, `sha512`, `sha1`, `md5`, `digest`, `checksum`, `content_hash`, `hash`, `fingerprint` and
`input_fingerprint` that it has. Artifacts of one type with equal content are copies of one another.
"""

from __future__ import annotations

from lineage.model import Artifact

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


def digest_of(artifact: Artifact) -> tuple[str, str] | None:
    """Return the algorithm (else the property) and value of the digest of its content, if any."""
    if artifact.digest is not None:
        algorithm, _, value = artifact.digest.partition(":")
        return algorithm, value
    for name in DIGESTS:
        value = artifact.get(name)
        if isinstance(value, bytes):
            value = value.hex()
        if isinstance(value, str) and value:
            return name, value
    return None
