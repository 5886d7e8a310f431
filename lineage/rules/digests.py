"""Identify content: what a digest looks like, and which properties are known to hold one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lineage.errors import InvalidValue
from lineage.rules.values import MAX_NAME_BYTES, format_value, validate_text

# Sketches of tables are metadata of the store, under this and the digest of the content.
SKETCHES = "sketch/"

_DIGEST = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.+-]*):(\S(?:.*\S)?)\Z")
_HEX = re.compile(r"[0-9A-Fa-f]+\Z")
# By the name of a property, which algorithm its value is of; the first that is there counts.
_ALGORITHMS: Mapping[str, str] = {
    "sha256": "sha256",
    "sha_256": "sha256",
    "sha512": "sha512",
    "blake3": "blake3",
    "blake2b": "blake2b",
    "sha1": "sha1",
    "md5": "md5",
    "md5_hash": "md5",
    "crc32c": "crc32c",
    "etag": "etag",
    # What TFX says of the files that examples were made of.
    "input_fingerprint": "tfx",
}
# These hold `algorithm:value`; what has no algorithm may be of a part of the content only.
_LABELLED = ("digest", "checksum", "content_hash", "content_digest", "hash", "fingerprint")
_EMPTY = frozenset(
    {
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "etag:d41d8cd98f00b204e9800998ecf8427e",
        "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
        "git:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    }
)


def normalize_digest(digest: str, field: str = "digest") -> str:
    """Return a digest in its one spelling: the algorithm and hexadecimal digits in lower case.

    Raises
    ------
    InvalidValue
        It is not of the form `algorithm:value`.

    Examples
    --------
    >>> normalize_digest("SHA256:0A1B")
    'sha256:0a1b'
    """
    text = validate_text(digest, field, MAX_NAME_BYTES).strip()
    found = _DIGEST.match(text)
    if found is None:
        raise InvalidValue(
            f"{field} is {format_value(digest)}; write ALGORITHM:VALUE, such as sha256:0a1b…"
        )
    algorithm, value = found[1].lower(), found[2]
    return f"{algorithm}:{value.lower() if _HEX.match(value) else value}"


def find_digest(*properties: Mapping[str, Any]) -> str | None:
    """Return the digest that properties are known to hold; None where they hold none.

    Examples
    --------
    >>> find_digest({"rows": 3, "md5": "0A1B"})
    'md5:0a1b'
    """
    if not any(properties):
        return None
    texts = {
        name.lower(): value
        for some in properties
        for name, value in some.items()
        if isinstance(value, str) and value
    }
    for name, algorithm in _ALGORITHMS.items():
        value = texts.get(name)
        if value is not None:
            digest = _read(_unquote(value), algorithm)
            if digest is not None:
                return digest
    for name in _LABELLED:
        value = texts.get(name)
        if value is not None:
            digest = _read(value, None)
            if digest is not None:
                return digest
    return None


def is_trivial(digest: str) -> bool:
    """Return whether a digest is of empty content, which says nothing of where it came from."""
    return digest in _EMPTY


def _read(value: str, algorithm: str | None) -> str | None:
    known = f"{algorithm}:"
    labelled = value if algorithm is None or value.lower().startswith(known) else known + value
    try:
        digest = normalize_digest(labelled)
    except InvalidValue:
        return None
    if algorithm is None and digest.partition(":")[0] not in _KNOWN:
        # A url or a sentence has a colon too.
        return None
    return digest


_KNOWN = frozenset(_ALGORITHMS.values()) | {"git", "xxh64", "xxh3", "sha384", "sha224", "blake2s"}


def _unquote(value: str) -> str:
    """An etag as it stands in an HTTP header, without its quotes and the mark of a weak one."""
    return value.removeprefix("W/").strip('"')
