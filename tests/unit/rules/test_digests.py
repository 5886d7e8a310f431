"""What a digest looks like, and where properties hold one."""

from __future__ import annotations

import pytest

from lineage.errors import InvalidValue
from lineage.rules.digests import find_digest, normalize_digest


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("sha256:0a1b", "sha256:0a1b"),
        ("SHA256:0A1B", "sha256:0a1b"),
        (" etag:Not-Hex ", "etag:Not-Hex"),
        ("md5:D41D", "md5:d41d"),
    ],
)
def test_a_digest_has_one_spelling(given: str, kept: str) -> None:
    assert normalize_digest(given) == kept
    assert normalize_digest(kept) == kept


@pytest.mark.parametrize("given", ["", "0a1b", ":0a1b", "sha256:", "sha 256:0a1b"])
def test_what_is_no_digest_is_refused(given: str) -> None:
    with pytest.raises(InvalidValue, match="digest"):
        normalize_digest(given)


def test_a_digest_is_found_in_the_properties_that_hold_one() -> None:
    assert find_digest({"rows": 3}, {"sha256": "0A1B"}) == "sha256:0a1b"
    assert find_digest({"note": "sha256:0a1b"}) is None
