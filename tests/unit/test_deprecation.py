"""Arguments keep their former names for one version."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from lineage.deprecation import rename_arguments


@rename_arguments(colour="color")
def paint(*, color: str = "red") -> str:
    """Paint."""
    return color


def test_a_former_name_warns_where_it_is_given() -> None:
    former: dict[str, Any] = {"colour": "blue"}
    with pytest.warns(DeprecationWarning, match=r"paint\(color=\)") as warned:
        assert paint(**former) == "blue"
    assert warned[0].filename == __file__


def test_one_name_at_a_time() -> None:
    with pytest.raises(TypeError, match="former name"):
        paint(colour="blue", color="red")  # type: ignore[call-arg]


def test_the_signature_is_the_present_one() -> None:
    assert list(inspect.signature(paint).parameters) == ["color"]
    assert paint() == "red"
