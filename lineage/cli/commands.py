"""The whole command tree: each module adds its commands to `app` when it is imported."""

from lineage.cli import (
    asking,
    blaming,
    comparing,
    deleting,
    deploying,
    exec,
    exporting,
    importers,
    looking,
    marking,
    moving,
    querying,
    recording,
    serving,
    system,
    tainting,
    tokens,
)
from lineage.cli.app import app

__all__ = [
    "app",
    "asking",
    "blaming",
    "comparing",
    "deleting",
    "deploying",
    "exec",
    "exporting",
    "importers",
    "looking",
    "marking",
    "moving",
    "querying",
    "recording",
    "serving",
    "system",
    "tainting",
    "tokens",
]
