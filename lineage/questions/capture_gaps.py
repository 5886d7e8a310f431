"""Runs of which not all was seen: what they read or wrote besides what is recorded is unknown.

Such a run has the property `may_lack`, a list of what could not be seen. An answer that passes by
one is as complete as its record.
"""

from __future__ import annotations

from collections.abc import Iterable

from lineage.model import Execution, Node

PROPERTY = "may_lack"
# The metadata by which a store says that it has such a run, so that nobody need search for one.
GAPS_KEY = "capture/gaps"


def find_gaps(nodes: Iterable[Node]) -> list[Execution]:
    """Return the runs among the nodes of which something may lack."""
    return [node for node in nodes if isinstance(node, Execution) and node.get(PROPERTY)]
