"""The figures, cheapest first. Each module has `measure(bench)`, which returns its rows."""

from __future__ import annotations

FIGURES = (
    "record_sqlite",
    "recorded_steps",
    "stale_results",
    "bulk_artifacts",
    "command_line",
    "hashing",
    "table_overlap",
    "exec_overhead",
    "closure_mlmd",
    "diamond_ladder",
    "mlmd_import",
    "mlflow_import",
    "mlmd_service",
    "filter_mlmd",
    "deleting_ladder",
    "collecting",
    "blaming",
    "cypher_sqlite",
    "million_events",
    "tainting",
    "http_readers",
    "http_recording",
    "page_pictures",
    "record_neo4j",
    "closure_neo4j",
    "closure_large_neo4j",
    "copy_neo4j",
)
