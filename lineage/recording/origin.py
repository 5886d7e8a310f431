"""Where objects in memory came from: by identity, weakly held.

An object is known as long as it lives. What can't be referred to weakly (a list, a dict, a number)
has no origin.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineage.recording.identity import ArtifactDraft

if TYPE_CHECKING:
    from lineage.recording.fitting import Fit


@dataclass(frozen=True, slots=True)
class Origin:
    """What an object was made of.

    Attributes
    ----------
    artifacts
        What it was read from or computed of.
    fits
        The fits of the estimators that it was computed by.
    itself
        Whether the object is its only artifact, and not merely computed of it.
    """

    artifacts: tuple[ArtifactDraft, ...] = ()
    fits: tuple[Fit, ...] = ()
    itself: bool = False


_lock = threading.RLock()
_origins: dict[int, tuple[weakref.ref[Any], Origin]] = {}


def origin_of(value: Any) -> Origin | None:
    """Return where an object came from; a numpy view came from where its base did."""
    seen = 0
    while value is not None and seen < 16:
        with _lock:
            held = _origins.get(id(value))
        if held is not None and held[0]() is value:
            return held[1]
        # Arrays over arrays: slices, transposes, a frame's own columns.
        value = getattr(value, "base", None) if _is_array(value) else None
        seen += 1
    return None


def keep_origin(value: Any, origin: Origin) -> bool:
    """Keep where an object came from as long as it lives; False where it can't be held weakly."""
    key = id(value)

    def forget(held: weakref.ref[Any]) -> None:
        with _lock:
            there = _origins.get(key)
            # The id may have passed to another object since.
            if there is not None and there[0] is held:
                del _origins[key]

    try:
        held = weakref.ref(value, forget)
    except TypeError:
        return False
    with _lock:
        _origins[key] = (held, origin)
    return True


def join_origins(values: Iterable[Any]) -> Origin | None:
    """Return where several objects came from together; None where nothing is known of any."""
    artifacts: dict[ArtifactDraft, None] = {}
    fits: dict[Fit, None] = {}
    for value in values:
        found = origin_of(value)
        if found is not None:
            artifacts |= dict.fromkeys(found.artifacts)
            fits |= dict.fromkeys(found.fits)
    return Origin(tuple(artifacts), tuple(fits)) if artifacts or fits else None


def carry_origin(sources: Iterable[Any], *results: Any) -> None:
    """Say that objects were computed of others, where it is known where those came from."""
    found = join_origins(sources)
    if found is None:
        return
    for result in results:
        known = origin_of(result)
        if known is None or not known.itself:
            keep_origin(result, found)


def _is_array(value: Any) -> bool:
    return type(value).__module__ == "numpy" and type(value).__name__ in ("ndarray", "memmap")
