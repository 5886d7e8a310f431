"""How names become labels and property keys that an ad-hoc reader feels at home with.

A plain name is itself: `m.accuracy`, `(m:Model)`. One that collides with ours, or is no plain
identifier, is escaped; the escape is reversible.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lineage.model.fields import ALL_OWN_FIELDS

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_OURS = frozenset(ALL_OWN_FIELDS)
_OUR_LABELS = frozenset(
    {"Artifact", "Execution", "Context", "Type", "BaseType", "Mark", "MarkLabel", "LineageStore"}
    | {"IdBlock", "LineagePolicy", "Note"}
)
_DECLARED, _CUSTOM, _TYPE = "property_", "custom_", "Type_"


@lru_cache(maxsize=4096)
def property_key(name: str) -> str:
    """The key of a declared property."""
    return name if _is_plain(name) else _DECLARED + _escape(name)


@lru_cache(maxsize=4096)
def custom_key(name: str, *, declared: bool) -> str:
    """The key of a custom property; its plain name, unless its type declares that too."""
    return name if _is_plain(name) and not declared else _CUSTOM + _escape(name)


def property_name(key: str) -> str:
    """The name that a key was made from."""
    for prefix in (_DECLARED, _CUSTOM):
        if key.startswith(prefix):
            return _unescape(key[len(prefix) :])
    return key


def type_label(name: str) -> str:
    """The second label of the nodes of a type."""
    if _PLAIN.match(name) and name not in _OUR_LABELS and not name.startswith(_TYPE):
        return name
    return _TYPE + _escape(name)


def _is_plain(name: str) -> bool:
    return (
        _PLAIN.match(name) is not None
        and name not in _OURS
        and not name.startswith((_DECLARED, _CUSTOM))
    )


def _escape(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):x}_", name)


def _unescape(text: str) -> str:
    return re.sub(r"_([0-9a-f]+)_", lambda found: chr(int(found[1], 16)), text)
