"""Create nodes, and change them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from lineage.errors import Conflict, InvalidValue, NotFound
from lineage.model import Artifact, Context, Execution, Kind, Node
from lineage.ports.batch import FoundDeleted, NodeWrite
from lineage.ports.reader import Reader
from lineage.rules.resurrection import is_asked, settle
from lineage.session.batch_builder import validate_node
from lineage.session.session import Session
from lineage.session.transaction import Transaction

T = TypeVar("T")
N = TypeVar("N", Artifact, Execution, Context)

# How often a write looks for deleted artifacts: others may be deleted while it does.
_TRIES = 10


def put_nodes(session: Session, nodes: Iterable[N], *, reuse: bool = False) -> list[N]:
    """Create nodes in one transaction, or take those that are there; return them as stored.

    Raises
    ------
    InvalidValue, AlreadyExists
        One has an id, or, without `reuse`, exists.
    """
    given = list(nodes)
    for node in given:
        if validate_node(node).id is not None:
            raise InvalidValue(
                f"{node.label} has the id {node.id} already; use update() to change it"
            )

    def work(transaction: Transaction, looking: bool) -> list[N]:
        builder = transaction.builder
        for node in given:
            builder.reuse(node) if reuse else builder.create(node)
        builder.settle()
        if reuse:
            for write in builder.batch.nodes:
                write.unless_deleted = is_asked(write)
        now = transaction.now_ms
        if looking:
            settle(transaction.reader, transaction.types, builder.batch, now, put=True)
        ids = transaction.writer.apply(builder.batch)
        if reuse:
            return _read_back(transaction.reader, given, ids)  # type: ignore[return-value]
        return [
            _to_stored(node, write, id, now)
            for node, write, id in zip(given, builder.batch.nodes, ids, strict=True)
        ]

    return transact_settled(session, work)


def update_node(transaction: Transaction, node: N) -> N:
    """Write a changed node back; return it as stored.

    Raises
    ------
    Conflict
        The stored node changed after `node` was read.
    NotFound
        It is gone.
    """
    transaction.builder.check_external_id(validate_node(node).kind, node.external_id)
    transaction.builder.replace(node)
    [id] = transaction.writer.apply(transaction.builder.batch)
    found = transaction.reader.nodes(node.kind, [id])
    if not found:
        raise NotFound(f"there is no {node.kind} with the id {id}")
    return found[0]  # type: ignore[return-value]


def transact_settled(session: Session, work: Callable[[Transaction, bool], T]) -> T:
    """Run a transaction that may meet deleted artifacts.

    Where it does, `work` is run again and told to look for them and to say what becomes of each.

    Raises
    ------
    Conflict
        Others keep deleting artifacts of this write.
    """
    for looking in (False, *[True] * _TRIES):
        try:
            return session.transact(lambda tx, looking=looking: work(tx, looking))  # type: ignore[misc]
        except FoundDeleted:
            continue
    raise Conflict("artifacts of this write keep being deleted while it is made: try again")


def _to_stored(node: N, write: NodeWrite, id: int, now_ms: int) -> N:
    """A node that was given and made, as the store has it now."""
    assert write.type is not None
    return type(node).trusted(
        {
            **node.__dict__,
            "id": id,
            "type_id": write.type.id,
            "type_version": write.type.version,
            "properties": write.properties or {},
            "custom_properties": write.custom_properties or {},
            "created_ms": now_ms,
            "updated_ms": now_ms,
            **{
                name: getattr(write, name)
                for name in ("version", "digest")
                if name in type(node).model_fields
            },
        }
    )


def _read_back(reader: Reader, given: Sequence[Node], ids: Sequence[int]) -> list[Node]:
    by_kind: dict[Kind, list[int]] = {}
    for node, id in zip(given, ids, strict=True):
        by_kind.setdefault(node.kind, []).append(id)
    found = {(k, n.id): n for k, some in by_kind.items() for n in reader.nodes(k, some)}
    return [found[node.kind, id] for node, id in zip(given, ids, strict=True)]
