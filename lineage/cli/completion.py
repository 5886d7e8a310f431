"""What a shell may complete: references, types, labels and contexts of the store that is meant.

A shell asks at each press of a key, so that only what was recorded last is looked at, and whatever
goes wrong completes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.store import Store

# How many of the nodes that were recorded last are offered, of each kind.
_LATEST = 500


def complete_reference(ctx: Any, incomplete: str) -> list[str]:
    """Complete what names an artifact or execution, and files."""
    return [*_offer(ctx, incomplete, _references), *_files(incomplete)]


def complete_context(ctx: Any, incomplete: str) -> list[str]:
    """Complete what names a context."""
    return _offer(ctx, incomplete, lambda store: (c.label for c in store.contexts(limit=_LATEST)))


def complete_type(ctx: Any, incomplete: str) -> list[str]:
    """Complete the name of a type, or of a base type."""
    from lineage.model import BaseType

    bases = [str(base) for base in BaseType]
    return _offer(ctx, incomplete, lambda store: [*(t.name for t in store.types()), *bases])


def complete_label(ctx: Any, incomplete: str) -> list[str]:
    """Complete a label that a mark has."""
    return _offer(ctx, incomplete, lambda store: (mark.label for mark in store.marks(history=True)))


def _references(store: Store) -> Iterable[str]:
    artifacts = store.artifacts(limit=_LATEST, newest_first=True)
    for node in (*artifacts, *store.executions(limit=_LATEST, newest_first=True)):
        yield f"{node.type}:{node.name}" if node.name else f"{node.kind}:{node.id}"
        if node.external_id:
            yield node.external_id


def _offer(ctx: Any, incomplete: str, words: Callable[[Store], Iterable[str]]) -> list[str]:
    import lineage

    url = ctx.find_root().params.get("store")
    try:
        with lineage.connect(url, create=False) as store:
            found = dict.fromkeys(words(store))
    except Exception:
        # An error would be printed into the line that is being written.
        return []
    return [word for word in found if word.startswith(incomplete) and word.isprintable()]


def _files(incomplete: str) -> list[str]:
    folder, name = os.path.split(incomplete)
    if ":" in incomplete:
        return []
    try:
        inside = sorted(os.listdir(folder or "."))
    except OSError:
        return []
    hidden = name.startswith(".")
    return [
        os.path.join(folder, each)
        for each in inside
        if each.startswith(name) and (hidden or not each.startswith("."))
    ][:_LATEST]
