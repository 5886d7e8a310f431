"""Which uris mean one place."""

from __future__ import annotations

import pytest

from lineage.rules.uris import places, spellings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/data/raw", "file:///data/raw"),
        ("local:///data/raw", "file:///data/raw/"),
        ("/data//x/./raw", "/data/x/raw"),
        ("s3a://bucket/raw", "s3://bucket/raw/"),
        ("gcs://bucket/raw", "gs://bucket/raw"),
        ("memory://x", "memory:///x"),
        ("file:///data/a%20b", "/data/a b"),
    ],
)
def test_two_spellings_of_a_uri_are_one_place(one: str, other: str) -> None:
    assert places(one) & places(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("s3://bucket/raw", "gs://bucket/raw"),
        ("/data/raw", "/data/raw2"),
        ("s3://bucket/a//b", "s3://bucket/a/b"),
        ("/data/a%20b", "/data/a b"),
    ],
)
def test_two_places_are_not_one(one: str, other: str) -> None:
    assert not places(one) & places(other)


@pytest.mark.parametrize("uri", ["/data/raw", "s3://b/k", "memory://x", "https://host/x?y=1"])
def test_a_uri_is_one_of_its_own_spellings(uri: str) -> None:
    assert uri in spellings(uri)
    assert all(places(spelling) & places(uri) for spelling in spellings(uri))
