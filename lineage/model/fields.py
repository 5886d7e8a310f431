"""A node's own fields: what a node of each kind has beside its properties.

They are read from the records, and stand nowhere else: filters, backends, queries and formats take
them from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lineage.model.nodes import NODE_CLASSES
from lineage.model.types import Kind

_PROPERTIES = ("properties", "custom_properties")
# What a node has of its type, in the order in which it is shown.
TYPE_FIELDS = ("type", "type_id", "type_version")
# The times that a store keeps, by their names in queries, with those in the records.
TIME_FIELDS: Mapping[str, str] = MappingProxyType(
    {"created": "created_ms", "updated": "updated_ms"}
)
_KEPT = {"id", *TYPE_FIELDS, *TIME_FIELDS.values(), *_PROPERTIES}

# What is given of a node and may change.
GIVEN_FIELDS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        kind: tuple(name for name in record.model_fields if name not in _KEPT)
        for kind, record in NODE_CLASSES.items()
    }
)
# All of them, by the names under which a query reads them.
OWN_FIELDS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {kind: ("id", *TYPE_FIELDS, *given, *TIME_FIELDS) for kind, given in GIVEN_FIELDS.items()}
)
# Those of any kind, in order.
ALL_GIVEN_FIELDS = tuple(dict.fromkeys(name for given in GIVEN_FIELDS.values() for name in given))
ALL_OWN_FIELDS = tuple(dict.fromkeys(name for own in OWN_FIELDS.values() for name in own))
