"""How Neo4j compares texts.

Two stored texts by their code points, as everything here does; a stored one with a parameter by
their UTF-16 code units, in which what is above U+FFFF comes before U+E000 (seen on 5.26).
"""

from __future__ import annotations


def is_compared_alike(parameter: str) -> bool:
    """Whether it makes no difference to what is stored before and after this text."""
    return all(character < "\ue000" for character in parameter)
