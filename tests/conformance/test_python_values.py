"""What people have as properties: None, tuples, numpy, times, paths, enums, models."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from pydantic import BaseModel

from lineage import Artifact, Execution, Store
from lineage.errors import InvalidValue


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@dataclass
class Settings:
    depth: int
    path: Path


class Model(BaseModel):
    rate: float
    tags: tuple[str, ...] = ()


Point = namedtuple("Point", "x y")
VALUES: list[tuple[Any, Any]] = [
    ((1, "a"), [1, "a"]),
    (Point(1, 2), {"x": 1, "y": 2}),
    (np.float32(0.5), 0.5),
    (np.int64(7), 7),
    (np.bool_(True), True),
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (np.array(["a", "b"]), ["a", "b"]),
    (np.datetime64("2026-11-28T10:00"), "2026-11-28T10:00"),
    (datetime(2026, 11, 28, 10, tzinfo=UTC), "2026-11-28T10:00:00+00:00"),
    (date(2026, 11, 28), "2026-11-28"),
    (timedelta(minutes=2), 120.0),
    (Path("/data/raw"), "/data/raw"),
    (Colour.RED, "red"),
    (Level.HIGH, 3),
    (Decimal("0.10"), "0.10"),
    (UUID(int=1), str(UUID(int=1))),
    (Settings(2, Path("x")), {"depth": 2, "path": "x"}),
    (Model(rate=0.1, tags=("a",)), {"rate": 0.1, "tags": ["a"]}),
    ({"when": date(2026, 1, 1), "none": None}, {"when": "2026-01-01", "none": None}),
]


def test_each_is_kept_as_what_it_says(store: Store) -> None:
    given = {f"v{at}": value for at, (value, _) in enumerate(VALUES)}
    run = store.record(Execution(type="Train", custom_properties=given))
    kept = store.execution(run.execution).custom_properties
    for at, (_, expected) in enumerate(VALUES):
        assert kept[f"v{at}"] == expected
        assert type(kept[f"v{at}"]) is type(expected)


def test_none_is_absent(store: Store) -> None:
    put = store.put(Artifact(type="Model", custom_properties={"a": None, "b": 1}))
    assert put.custom_properties == store.artifact(put.id or 0).custom_properties == {"b": 1}
    changed = put.model_copy(update={"custom_properties": {"b": None, "c": 2}})
    assert store.update(changed).custom_properties == {"c": 2}


@pytest.mark.parametrize("value", [object(), {1, 2}, np.zeros(10_001), lambda: 0, 1 + 2j])
def test_what_cannot_be_kept_is_refused_with_its_key(store: Store, value: Any) -> None:
    with pytest.raises(InvalidValue, match="estimator"):
        store.record(Execution(type="Train", custom_properties={"estimator": value}))
    assert store.counts().executions == 0
