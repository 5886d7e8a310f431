"""What the types of a store are at bottom, read once for a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from lineage.model import BaseType, Kind, Node
from lineage.model.type_catalog import base_of, is_called
from lineage.ports.reader import Reader
from lineage.rules.known_names import build_unknown_type, is_known_type


class TypeIndex:
    """The types with their base types."""

    def __init__(self, reader: Reader) -> None:
        self._types = reader.types()
        self._bases = {type.id: base_of(type) for type in self._types}

    def of(self, node: Node) -> BaseType | None:
        """The base type of a node's type."""
        return self._bases.get(node.type_id)

    def ids(self, bases: Iterable[BaseType]) -> list[int]:
        """The ids of the types with one of these base types."""
        wanted = set(bases)
        return [id for id, base in self._bases.items() if base in wanted and id is not None]

    def versions(self, kind: Kind, names: Set[str]) -> list[int]:
        """The ids of all versions of the types with these names."""
        return [
            t.id for t in self._types if t.kind is kind and t.name in names and t.id is not None
        ]

    def named(self, kind: Kind, name: str) -> list[int]:
        """The ids of the types called so: `Train`, `Train@2`, or a base type such as `TRAIN`.

        Raises UnknownType where no type can be meant; a well-known one may have no id yet.
        """
        return [id for _, ids in self.called(name, (kind,)) for id in ids]

    def of_either_kind(self, name: str) -> list[tuple[Kind, list[int]]]:
        """The kind and ids of the types called so, of artifacts or executions; as `named`."""
        return self.called(name, (Kind.EXECUTION, Kind.ARTIFACT))

    def called(self, name: str, kinds: Sequence[Kind]) -> list[tuple[Kind, list[int]]]:
        """The ids of the types called so, by kind, where there are any; as `named`."""
        if not is_known_type(self._types, name, kinds):
            raise build_unknown_type(self._types, name, kinds)
        found: dict[Kind, list[int]] = {}
        for type in self._types:
            if type.kind in kinds and type.id is not None and is_called(type, (name,)):
                found.setdefault(type.kind, []).append(type.id)
        return [(kind, found[kind]) for kind in kinds if kind in found]
