"""The known name that somebody may have meant who wrote one that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lineage.model import Type

# Below it, what is found is more often a stranger than a slip.
_LIKENESS = 0.7


def find_nearest(word: str, known: Mapping[str, str]) -> str | None:
    """What the form likest to a word stands for, or None where none is like it; case doesn't
    count. `known` has the meant name by each of its forms."""
    folded = {form.lower(): meant for form, meant in known.items()}
    # Comparing takes time by the length, and what is much longer is nothing alike.
    if len(word) > 2 * max(map(len, folded), default=0):
        return None
    # Of use only where something is wrong.
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), folded, 1, _LIKENESS)
    return folded[near[0]] if near else None


def forms_of(types: Iterable[Type]) -> dict[str, str]:
    """The names of types by what people call them: a long dotted one by its last part, too."""
    names = {type.name for type in types}
    return {name.rpartition(".")[2]: name for name in sorted(names)} | {n: n for n in names}
