"""The suite that is shipped for other people's backends holds ours, and finds a broken one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import pytest

from lineage.backends import open_backend
from lineage.backends.memory.backend import MemoryBackend
from lineage.ports.backend import Backend
from lineage.ports.writer import Writer
from lineage.testing import BackendConformance

T = TypeVar("T")


class TestMemory(BackendConformance):
    def open_backend(self, folder: Path) -> Backend:
        return open_backend("memory://")


class TestSqlite(BackendConformance):
    def open_backend(self, folder: Path) -> Backend:
        return open_backend(f"sqlite:///{folder}/lineage.db")


class _Swallowing(MemoryBackend):
    """It says that it wrote, and did not."""

    def write(self, work: Callable[[Writer], T]) -> T:
        try:
            return super().write(work)
        except KeyError:
            return cast(T, None)


class _Broken(BackendConformance):
    def open_backend(self, folder: Path) -> Backend:
        made = open_backend("memory://")
        assert isinstance(made, MemoryBackend)
        return _Swallowing(made._name, made._state)


def test_a_backend_that_swallows_errors_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="swallowed"):
        _Broken().test_a_transaction_is_whole_or_not_at_all(tmp_path)
