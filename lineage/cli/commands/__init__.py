"""Gather the command tree: each module adds its commands to `app` when it is imported."""

from lineage.cli.app import app
from lineage.cli.commands import (
    blame,
    copy,
    delete,
    deployments,
    diff,
    exec,
    export,
    importers,
    mark,
    query,
    record,
    serve,
    show,
    system,
    taint,
    token,
    trace,
)

__all__ = [
    "app",
    "blame",
    "copy",
    "delete",
    "deployments",
    "diff",
    "exec",
    "export",
    "importers",
    "mark",
    "query",
    "record",
    "serve",
    "show",
    "system",
    "taint",
    "token",
    "trace",
]
