"""What the store calls the datasets, jobs and runs of OpenLineage.

A label is the namespace, a slash and the name (`gs://bucket/a.csv`, `airflow/dag.task`). No two
datasets have one label: a slash or a percent sign of the namespace, beyond `scheme://`, is
percent-encoded, and a `#` of the name, which parts the name from a version. Labels that are too
long to be indexed end in the hash of the whole.
"""

from __future__ import annotations

import re

from lineage.formats.properties import shorten

_LONGEST = 900
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def build_label(namespace: str, name: str, version: str | None = None) -> str:
    """Return the name that the store knows a dataset or job by.

    Examples
    --------
    >>> build_label("s3://bucket", "a/b.csv"), build_label("airflow", "dag.task", "7")
    ('s3://bucket/a/b.csv', 'airflow/dag.task#7')
    >>> build_label("a/b", "c") == build_label("a", "b/c")
    False
    """
    scheme = _SCHEME.match(namespace)
    start = scheme.end() if scheme else 0
    rest = namespace[start:].replace("%", "%25").replace("/", "%2F")
    label = f"{namespace[:start]}{rest}/{_without_hash(name)}"
    if version is not None:
        label += f"#{version}"
    return shorten(label, _LONGEST)


def build_uri(namespace: str, name: str) -> str | None:
    """Return where a dataset lies, by OpenLineage's naming rules; None where they say no place.

    Examples
    --------
    >>> build_uri("gs://bucket", "a.csv"), build_uri("file", "/tmp/a.csv"), build_uri("bq", "t")
    ('gs://bucket/a.csv', 'file:///tmp/a.csv', None)
    """
    if namespace in ("file", "file://") and name.startswith("/"):
        uri = f"file://{name}"
    elif _SCHEME.match(namespace):
        uri = f"{namespace.rstrip('/')}/{name.lstrip('/')}"
    else:
        return None
    return uri if len(uri.encode()) <= 4_096 else None


def dataset_key(namespace: str, name: str, version: str | None = None) -> str:
    """Return the external id of a dataset, or of one version of it."""
    return f"openlineage:dataset/{build_label(namespace, name, version)}"


def job_key(namespace: str, name: str) -> str:
    """Return the external id of a job."""
    return f"openlineage:job/{build_label(namespace, name)}"


def pipeline_key(namespace: str, name: str) -> str:
    """Return the external id of a job that other jobs' runs are parts of."""
    return f"openlineage:pipeline/{build_label(namespace, name)}"


def run_key(run_id: str) -> str:
    """Return the external id of a run."""
    return f"openlineage:run/{run_id}"


def pipeline_run_key(run_id: str) -> str:
    """Return the external id of what groups the parts of a run."""
    return f"openlineage:pipeline-run/{run_id}"


def _without_hash(name: str) -> str:
    # `%2` is encoded too, so that no name can look like another one encoded.
    return name.replace("%2", "%252").replace("#", "%23")
