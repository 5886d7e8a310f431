"""What every group of questions starts from: a reader, and the nodes that are asked about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager

from lineage.errors import InvalidValue, NotFound
from lineage.model import Artifact, Kind, Node
from lineage.ports.reader import Reader
from lineage.rules.references import resolve
from lineage.rules.types import TypeSession
from lineage.rules.values import format_value, validate_int64

# A node, an artifact's id, or a reference such as "Model:churn" or "execution:7".
Ref = Node | int | str


class Starting(ABC):
    """Base of the groups of questions."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[tuple[Reader, TypeSession]]: ...

    def _artifact(self, reader: Reader, types: TypeSession, ref: Ref) -> Artifact:
        found = self._start(reader, types, ref, Kind.ARTIFACT)
        if not isinstance(found, Artifact):
            raise InvalidValue(f"{found.label} is an {found.kind}, not an artifact")
        return found

    def _in_flow(
        self, reader: Reader, types: TypeSession, ref: Ref, kind: Kind | None = None
    ) -> Node:
        """An artifact or execution; a context is refused."""
        found = self._start(reader, types, ref, kind)
        check_in_flow(found)
        return found

    def _start(
        self, reader: Reader, types: TypeSession, ref: Ref, kind: Kind | None = None
    ) -> Node:
        """The stored node that is meant; an int is the id of an artifact unless `kind` differs."""
        if isinstance(ref, str):
            return resolve(ref, reader, types, (kind,) if kind else tuple(Kind))
        if not isinstance(ref, Node | int):
            raise InvalidValue(f"{format_value(ref)} is no node; give one, its id, or a reference")
        of = ref.kind if not isinstance(ref, int) else kind or Kind.ARTIFACT
        id = ref if isinstance(ref, int) else ref.id
        if id is None:
            raise InvalidValue(f"{ref!r} has no id: ask about what the store gave you")
        found = reader.nodes(of, [validate_int64(id, f"{of}.id")])
        if not found:
            raise NotFound(f"there is no {of} with the id {id}")
        return found[0]


def check_in_flow(node: Node) -> None:
    """Raise InvalidValue for a context, through which no data flows."""
    if node.kind is Kind.CONTEXT:
        raise InvalidValue(
            f"{node.label} is a context, through which no data flows; ask about an artifact or "
            "execution in it"
        )
