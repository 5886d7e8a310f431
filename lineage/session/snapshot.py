"""One consistent state of a store: what every question is a function of."""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

from lineage.errors import InvalidValue, NotFound
from lineage.model import Artifact, Kind, Node
from lineage.ports.reader import Reader
from lineage.rules.references import resolve, to_uri
from lineage.rules.types import TypeSession
from lineage.rules.values import format_value, validate_int64

if TYPE_CHECKING:
    from lineage.rules.type_index import TypeIndex

# A node, an artifact's id, a reference such as "Model:churn" or "execution:7", or a path.
Ref = Node | int | str | PathLike[str]


class Snapshot:
    """One consistent state of a store.

    Parameters
    ----------
    reader : Reader
        Reads nodes, edges, marks and policies of that state.
    types : TypeSession
        Its types, by name and by id.
    now_ms : int
        When the state was opened, in milliseconds since the Unix epoch.
    paths : bool
        A reference may be a path of this machine. A server's are no business of its clients.
    """

    def __init__(
        self, reader: Reader, types: TypeSession, now_ms: int, *, paths: bool = True
    ) -> None:
        self.reader = reader
        self.types = types
        self.now_ms = now_ms
        self.paths = paths

    @cached_property
    def type_index(self) -> TypeIndex:
        """The types by what they are at bottom."""
        from lineage.rules.type_index import TypeIndex

        return TypeIndex(self.reader)

    def resolve(self, ref: Ref, kind: Kind | None = None) -> Node:
        """Return the stored node that is meant.

        Parameters
        ----------
        ref : Node, int, str or Path
            A node that the store gave, a reference, or an id: of an artifact, unless `kind` says
            otherwise. A Path is that of an artifact on this machine.
        kind : Kind, optional
            The only kind that a reference may name.

        Raises
        ------
        NotFound
            There is no such node.
        Ambiguous
            Several nodes fit the reference.
        InvalidValue
            It is no node, id or reference.
        """
        if isinstance(ref, str | PathLike):
            return self.look_up(ref, kind)
        if not isinstance(ref, Node | int) or isinstance(ref, bool):
            several = (
                "; several are given one by one: *refs" if isinstance(ref, list | tuple) else ""
            )
            raise InvalidValue(
                f"{format_value(ref)} is no node; give one, its id, or a reference{several}"
            )
        of = ref.kind if not isinstance(ref, int) else kind or Kind.ARTIFACT
        id = ref if isinstance(ref, int) else ref.id
        if id is None:
            raise InvalidValue(f"{ref!r} has no id: ask about what the store gave you")
        found = self.reader.nodes(of, [validate_int64(id, f"{of}.id")])
        if not found:
            raise NotFound(f"there is no {of} with the id {id}")
        return found[0]

    def look_up(self, reference: str | PathLike[str], kind: Kind | None = None) -> Node:
        """Return the node that a reference in words, or a path, names.

        Raises
        ------
        NotFound, Ambiguous
            There is no such node, or there are several.
        """
        if isinstance(reference, PathLike):
            reference = to_uri(reference)
        kinds = (kind,) if kind else tuple(Kind)
        return resolve(reference, self.reader, self.types, kinds, paths=self.paths)

    def of_kind(self, kind: Kind, ref: Ref) -> Node:
        """Return the stored node of one kind that is meant; an int is the id of such a node.

        Raises
        ------
        NotFound, Ambiguous, InvalidValue
            As `resolve`; also where a node of another kind is given.
        """
        if isinstance(ref, int | str | PathLike):
            return self.resolve(ref, kind)
        if not isinstance(ref, Node) or ref.kind is not kind:
            raise InvalidValue(
                f"{format_value(ref)} is no {kind}; give one, its id, or a reference"
            )
        return self.resolve(ref)

    def artifact(self, ref: Ref) -> Artifact:
        """Return the stored artifact that is meant.

        Raises
        ------
        NotFound, Ambiguous, InvalidValue
            As `resolve`; also where it is an execution or a context.
        """
        found = self.resolve(ref, Kind.ARTIFACT)
        if not isinstance(found, Artifact):
            raise InvalidValue(f"{found.label} is an {found.kind}, not an artifact")
        return found

    def in_flow(self, ref: Ref, kind: Kind | None = None) -> Node:
        """Return the stored artifact or execution that is meant.

        Raises
        ------
        NotFound, Ambiguous, InvalidValue
            As `resolve`; also for a context, through which no data flows.
        """
        found = self.resolve(ref, kind)
        check_in_flow(found)
        return found


def check_in_flow(node: Node) -> None:
    """Raise InvalidValue for a context, through which no data flows."""
    if node.kind is Kind.CONTEXT:
        raise InvalidValue(
            f"{node.label} is a context, through which no data flows; ask about an artifact or "
            "execution in it"
        )
