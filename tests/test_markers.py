"""Tests can be chosen by what they need: `-m neo4j`, `-m "not slow"`."""

from __future__ import annotations

import pytest

from tests.conftest import _markers_of


def test_a_backend_marks_its_tests(url: str, request: pytest.FixtureRequest) -> None:
    marks = {mark.name for mark in request.node.iter_markers()}
    assert ("neo4j" in marks) is url.startswith(("neo4j", "bolt"))
    assert ("server" in marks) is url.startswith("http")
    assert "slow" not in marks


def test_other_tests_carry_none(request: pytest.FixtureRequest) -> None:
    assert list(_markers_of(request.node)) == []
