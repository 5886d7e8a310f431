"""The known word that a mistyped one may have meant."""

from __future__ import annotations

import pytest

from lineage.rules.suggestions import find_nearest

_KNOWN = {"dataset": "Dataset", "model": "Model", "metrics": "Metrics"}


@pytest.mark.parametrize(
    ("word", "meant"), [("modle", "Model"), ("datasets", "Dataset"), ("zebra", None)]
)
def test_the_nearest_known_word_is_suggested(word: str, meant: str | None) -> None:
    assert find_nearest(word, _KNOWN) == meant
