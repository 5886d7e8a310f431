"""What the types of a store are at bottom, read once for a question."""

from __future__ import annotations

from collections.abc import Iterable, Set

from lineage.errors import UnknownType
from lineage.model import BaseType, Kind, Node
from lineage.model.type_catalog import base_of, well_known
from lineage.ports.reader import Reader


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
        if name in set(BaseType) and BaseType(name).kind is kind:
            return self.ids([BaseType(name)])
        found = [
            t.id
            for t in self._types
            if t.kind is kind and t.id is not None and name in (t.name, t.label)
        ]
        if not found and well_known(kind, name) is None:
            others = sorted(t.label for t in self._types if t.kind is kind)
            listed = ", ".join(map(repr, others[:20])) or "none yet"
            raise UnknownType(
                f"no {kind} type {name!r} (there are: {listed}, and the base types "
                f"{', '.join(base for base in BaseType if base.kind is kind)})"
            )
        return found

    def of_either_kind(self, name: str) -> list[tuple[Kind, list[int]]]:
        """The kind and ids of the types called so, of artifacts or executions; as `named`."""
        found = [
            (kind, ids)
            for kind in (Kind.EXECUTION, Kind.ARTIFACT)
            if self._has(kind, name) and (ids := self.named(kind, name))
        ]
        if not found and not any(well_known(kind, name) for kind in Kind):
            labels = sorted({t.label for t in self._types if t.kind is not Kind.CONTEXT})
            raise UnknownType(
                f"there is nothing of a type {name!r} "
                f"(there are: {', '.join(map(repr, labels[:20])) or 'none yet'}, and the base "
                f"types {', '.join(BaseType)})"
            )
        return found

    def _has(self, kind: Kind, name: str) -> bool:
        if name in set(BaseType):
            return BaseType(name).kind is kind
        return any(t.kind is kind and name in (t.name, t.label) for t in self._types)
