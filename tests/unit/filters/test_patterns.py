"""SQL's LIKE patterns."""

from __future__ import annotations

import re

import pytest

from lineage.filters.patterns import parse_pattern, regular_expression, split_plain


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("a%", "abc", True),
        ("a_c", "abc", True),
        ("a_c", "abbc", False),
        ("%b%", "abc", True),
        ("a\\%", "a%", True),
        ("a\\%", "ab", False),
        ("a.c", "abc", False),
        ("", "", True),
        ("a%", "a\nb", True),
    ],
)
def test_like_matches_whole_texts(pattern: str, text: str, matches: bool) -> None:
    expression = regular_expression(parse_pattern(pattern))
    assert (re.fullmatch(expression, text, re.DOTALL) is not None) is matches


@pytest.mark.parametrize("pattern", ["abc", "abc%", "%abc", "%abc%"])
def test_a_plain_pattern_is_one_comparison(pattern: str) -> None:
    split = split_plain(parse_pattern(pattern))
    assert split is not None
    assert split[1] == "abc"


def test_others_are_none() -> None:
    assert split_plain(parse_pattern("a%c")) is None
