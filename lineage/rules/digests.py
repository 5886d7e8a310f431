"""Identify content: what a digest looks like, and which properties are known to hold one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from lineage.errors import InvalidValue
from lineage.ports.traversal import SameContent
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
# What many things hold that have nothing to do with one another: nothing, or one word of JSON.
_TRIVIAL_TEXTS = ("", "{}", "[]", '""', "null", "true", "false", "None", *map(str, range(10)))
_BLAKE3_OF_NOTHING = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
# TFX's fingerprint has the number of bytes in it; 32 bits are the same for many contents.
_OF_NOTHING = ("total_bytes:0,",)
_WEAK = frozenset({"crc32c"})


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


@cache
def define_same_content() -> SameContent:
    """Return which equal digests say that two artifacts are the same data.

    Not those of trivial content, which says nothing of where it came from: of nothing, of one word
    of JSON (`{}`, `[]`, `null`, a digit …) with or without a line feed; nor those of 32 bits.
    """
    return SameContent(
        frozenset(
            digest
            for text in _TRIVIAL_TEXTS
            for content in (text.encode(), f"{text}\n".encode())
            for digest in _digests_of(content)
        )
        | {_BLAKE3_OF_NOTHING},
        _OF_NOTHING,
        _WEAK,
    )


def is_trivial(digest: str) -> bool:
    """Return whether a digest says nothing of where its content came from."""
    return not define_same_content().conducts(digest)


def _digests_of(content: bytes) -> Iterator[str]:
    for name in ("sha256", "sha512", "sha1", "md5", "blake2b"):
        found = hashlib.new(name, content, usedforsecurity=False).hexdigest()
        yield f"{name}:{found}"
        if name == "md5":
            yield f"etag:{found}"
    blob = b"blob %d\x00" % len(content) + content
    yield f"git:{hashlib.sha1(blob, usedforsecurity=False).hexdigest()}"


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
