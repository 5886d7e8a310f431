"""Define what a backend writes: a transaction that reads its own writes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from lineage.model import Kind, Mark, Policy, Type
from lineage.ports.batch import Batch
from lineage.ports.reader import Reader


class Writer(Reader):
    """A transaction: it reads its own writes."""

    @abstractmethod
    def lock_types(self) -> None:
        """No other transaction changes types or policies until this one ends.

        What another transaction committed before is seen by what is read afterwards.
        """

    @abstractmethod
    def lock(self, kind: Kind, ids: Sequence[int]) -> None:
        """Until this transaction ends, no other one changes these nodes, or ties anything to them.

        What another transaction committed before is seen by what is read afterwards.
        """

    @abstractmethod
    def put_type(self, type: Type) -> Type:
        """Insert a type (by (kind, name, version); a given id is kept), or overwrite the one with
        the same id or key; returns it with its id."""

    @abstractmethod
    def apply(self, batch: Batch) -> list[int]:
        """Write a batch, in order, and return the id of each of its nodes.

        Raises NotFound, AlreadyExists or Conflict, naming kind, field and value, or FoundDeleted,
        and then the transaction must not be committed. A created node without an id gets a new one;
        ids given from outside never collide with those given out later.
        """

    @abstractmethod
    def put_marks(self, marks: Sequence[Mark]) -> list[int]:
        """Write marks and return their ids. One that has an id is written over where it exists.

        Raises NotFound where a node is not there, and then the transaction must not be committed.
        """

    @abstractmethod
    def put_policy(self, policy: Policy) -> None:
        """Write a version of a policy, over the one of that name and recorded time."""

    @abstractmethod
    def set_metadata(self, key: str, value: str | None) -> None:
        """Keep a text under a key; None removes it."""

    @abstractmethod
    def tombstone(self, kind: Kind, ids: Sequence[int], now_ms: int) -> None:
        """Take properties and uri from these nodes; an artifact's state becomes DELETED.

        Type, name, external id, created time, events and contexts stay; the updated time grows.
        """

    @abstractmethod
    def purge(self, kind: Kind, ids: Sequence[int]) -> None:
        """Take these nodes out of the graph, with their marks and all that ties them to others.

        Their ids are not given out again.
        """
