"""The functions of openCypher, each registered under its name by the module of its subject."""

from __future__ import annotations

from lineage.opencypher.functions import (
    aggregates,
    conversion,
    entities,
    lists,
    numbers,
    schema,
    strings,
    temporal,
)

__all__ = [
    "aggregates",
    "conversion",
    "entities",
    "lists",
    "numbers",
    "schema",
    "strings",
    "temporal",
]
