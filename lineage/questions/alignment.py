"""Which node of one upstream stands where which node of another does.

Each node is paired with at most one of the other side:

1. The two starts are a pair. Every other node that is in both upstreams is its own pair.
2. Nodes of one type (whatever its version) and one series (`lineage.rules.series`) are a pair where
   there is exactly one of them on either side.
3. From each pair on, nearest first: the steps that wrote a pair of artifacts are paired where they
   have one type and wrote them under one path, and the inputs of a pair of steps where they have
   one type and were read under one path; then those of which the type alone is the same. Several
   of a kind are paired in order: those of one series first, then by id.
4. Of what is left, nodes of one type are a pair where there is exactly one on either side; from
   there on as in 3.

The rest only one side has.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from lineage.model import Artifact, Event, Flow, Kind, Node
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions.subgraph import Key, Subgraph, build_subgraph, key_of
from lineage.rules.series import SeriesIndex

# A node that stands one hop upstream of another, with the path of the event between them.
_Near = tuple[tuple[str | int, ...], Key]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Pairs of different nodes, nearest first; what only one side has; how many both share.

    `origins` are the keys of the artifacts that were not made of others.
    """

    pairs: tuple[tuple[Node, Node], ...] = ()
    only_first: tuple[Node, ...] = ()
    only_second: tuple[Node, ...] = ()
    shared: int = 0
    origins: frozenset[Key] = frozenset()

    def made_of_others(self, artifact: Artifact) -> bool:
        """Whether a step upstream read something and wrote it."""
        return key_of(artifact) not in self.origins


def align(reader: Reader, first: Node, second: Node, as_of_ms: int | None = None) -> Alignment:
    """Pair the upstreams of two different nodes of one kind."""
    starts = (key_of(first), key_of(second))
    around = [
        build_subgraph(reader, [n], Direction.UPSTREAM, as_of_ms=as_of_ms) for n in (first, second)
    ]
    shared = (around[0].depths.keys() & around[1].depths.keys()) - set(starts)
    one = _Side(reader, around[0], shared | {starts[1]}, as_of_ms)
    two = _Side(reader, around[1], shared | {starts[0]}, as_of_ms)
    series = SeriesIndex(reader).key_of
    walk = _Walk(one, two, series)
    walk.pair(*starts)
    walk.pair_unique(series)
    walk.follow()
    while walk.pair_unique(_type):
        walk.follow()
    pairs = [(one.nodes[a], two.nodes[b]) for a, b in walk.pairs]
    pairs.sort(key=lambda pair: one.place(key_of(pair[0])))
    return Alignment(
        pairs=tuple(pairs),
        only_first=one.without(walk.firsts),
        only_second=two.without(walk.seconds),
        shared=len(shared),
        origins=frozenset(key for side in around for key in _origins(side)),
    )


class _Side:
    """What is in one upstream but not in the other."""

    def __init__(
        self, reader: Reader, around: Subgraph, left_out: set[Key], as_of_ms: int | None
    ) -> None:
        self.depths = around.depths
        own = {kind: [id for id in around.ids(kind) if (kind, id) not in left_out] for kind in Kind}
        self.nodes: dict[Key, Node] = {
            key_of(node): node
            for kind in (Kind.ARTIFACT, Kind.EXECUTION)
            for node in reader.nodes(kind, own[kind])
        }
        self.near: dict[Key, list[_Near]] = {}
        for event in reader.events(execution_ids=own[Kind.EXECUTION]):
            if event.is_known_at(as_of_ms):
                self._add(event)

    def _add(self, event: Event) -> None:
        artifact, step = (Kind.ARTIFACT, event.artifact_id), (Kind.EXECUTION, event.execution_id)
        if artifact not in self.nodes:
            return
        if event.type.flow is Flow.INPUT:
            self.near.setdefault(step, []).append((event.path, artifact))
        elif event.type.flow is Flow.OUTPUT:
            self.near.setdefault(artifact, []).append((event.path, step))

    def place(self, key: Key) -> tuple[int, Key]:
        return self.depths[key], key

    def without(self, paired: Iterable[Key]) -> tuple[Node, ...]:
        return tuple(self.nodes[key] for key in sorted(self.nodes.keys() - set(paired)))


@dataclass(slots=True)
class _Walk:
    """Pairs as they are found."""

    one: _Side
    two: _Side
    series: Callable[[Node], Hashable | None]
    pairs: list[tuple[Key, Key]] = field(default_factory=list)
    firsts: set[Key] = field(default_factory=set)
    seconds: set[Key] = field(default_factory=set)
    followed: int = 0

    def pair(self, a: Key, b: Key) -> None:
        self.pairs.append((a, b))
        self.firsts.add(a)
        self.seconds.add(b)

    def pair_unique(self, what: Callable[[Node], Hashable | None]) -> int:
        """Pair what is the only one of its like on either side; how many pairs there are more."""
        before = len(self.pairs)
        ours = _group(self.one.nodes, self.firsts, what)
        theirs = _group(self.two.nodes, self.seconds, what)
        new = [(some[0], theirs[like][0]) for like, some in ours.items()
               if len(some) == 1 and len(theirs.get(like, ())) == 1]  # fmt: skip
        for pair in sorted(new, key=lambda pair: self.one.place(pair[0])):
            self.pair(*pair)
        return len(self.pairs) - before

    def follow(self) -> None:
        """From every pair that was not followed yet to what is one hop upstream."""
        while self.followed < len(self.pairs):
            a, b = self.pairs[self.followed]
            self.followed += 1
            for with_path in (True, False):
                self._match(self.one.near.get(a, ()), self.two.near.get(b, ()), with_path)

    def _match(self, ours: Sequence[_Near], theirs: Sequence[_Near], with_path: bool) -> None:
        left = _by_role(ours, self.one, self.firsts, with_path)
        right = _by_role(theirs, self.two, self.seconds, with_path)
        for role, some in left.items():
            others = right.get(role, [])
            for like in (self.series, _type):
                a_like = _group({k: self.one.nodes[k] for k in some}, self.firsts, like)
                b_like = _group({k: self.two.nodes[k] for k in others}, self.seconds, like)
                for what, several in a_like.items():
                    for pair in zip(sorted(several), sorted(b_like.get(what, ())), strict=False):
                        self.pair(*pair)


def _by_role(
    near: Sequence[_Near], side: _Side, done: set[Key], with_path: bool
) -> dict[Hashable, list[Key]]:
    roles: dict[Hashable, list[Key]] = {}
    for path, key in near:
        if key not in done:
            roles.setdefault((side.nodes[key].type, path if with_path else None), []).append(key)
    return roles


def _group(
    nodes: dict[Key, Node], done: set[Key], what: Callable[[Node], Hashable | None]
) -> dict[Hashable, list[Key]]:
    groups: dict[Hashable, list[Key]] = {}
    for key, node in nodes.items():
        like = None if key in done else what(node)
        if like is not None:
            groups.setdefault(like, []).append(key)
    return groups


def _type(node: Node) -> Hashable:
    return (node.kind, node.type)


def _origins(around: Subgraph) -> set[Key]:
    """The artifacts that were not made of others: no step that wrote them read anything."""
    return {
        key
        for key in around.depths
        if key[0] is Kind.ARTIFACT
        and not any(around.hops.get(step) for step in around.hops.get(key, ()))
    }
