"""Where a taint starts, and where it stops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lineage.model import Kind, Mark, Node, Policy
from lineage.ports.reader import Reader
from lineage.ports.traversal import Barriers, SameContent
from lineage.questions.subgraph import Key
from lineage.rules.digests import define_same_content
from lineage.rules.known_names import check_labels
from lineage.rules.marks import select_standing, validate_labels
from lineage.rules.policies import STOPPING_STATES, find_stopping_types, policies_in_force
from lineage.rules.run_outcome import is_good_run
from lineage.session.snapshot import Ref, Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class TaintQuery:
    """One label with its sources and barriers. Given sources need no label."""

    label: str | None
    marks: tuple[Mark, ...] = ()
    given: tuple[Key, ...] = ()
    clean: tuple[Mark, ...] = ()
    blocked: tuple[Key, ...] = ()
    type_ids: frozenset[int] = frozenset()
    # For each step type that stops the label, the policy that says so.
    policies: Mapping[int, str] = field(default_factory=dict)
    by_content: bool = True
    _marks_on: Mapping[Key, list[Mark]] = field(init=False, repr=False)
    _clean_on: Mapping[Key, list[Mark]] = field(init=False, repr=False)
    _blocked: frozenset[Key] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # The marks, and what is given, may be as many as the nodes.
        object.__setattr__(self, "_marks_on", _by_node(self.marks))
        object.__setattr__(self, "_clean_on", _by_node(self.clean))
        object.__setattr__(self, "_blocked", frozenset(self.blocked))

    @property
    def starts(self) -> dict[Kind, list[int]]:
        """The sources by kind; some may be barriers."""
        found: dict[Kind, set[int]] = {}
        for kind, id in self.keys:
            found.setdefault(kind, set()).add(id)
        return {kind: sorted(ids) for kind, ids in found.items()}

    @property
    def keys(self) -> set[Key]:
        """The sources."""
        return self._marks_on.keys() | set(self.given)

    @property
    def content(self) -> SameContent | None:
        """Which digests say that two artifacts are the same data; None where none is to."""
        return define_same_content() if self.by_content else None

    @property
    def barriers(self) -> Barriers:
        """The barriers as a backend takes them."""
        blocked = self._clean_on.keys() | self._blocked
        return Barriers(
            artifact_ids=frozenset(id for kind, id in blocked if kind is Kind.ARTIFACT),
            execution_ids=frozenset(id for kind, id in blocked if kind is Kind.EXECUTION),
            execution_type_ids=self.type_ids,
            stopping_states=STOPPING_STATES,
            exempt=frozenset(id for kind, id in self.keys if kind is Kind.EXECUTION)
            if self.type_ids
            else frozenset(),
        )

    def marks_on(self, key: Key) -> tuple[Mark, ...]:
        """The marks that make a node a source."""
        return tuple(self._marks_on.get(key, ()))

    def since(self, key: Key) -> int | None:
        """Since when a source is one, in milliseconds; None where it always was."""
        times = [mark.time_ms for mark in self.marks_on(key)]
        known = [time for time in times if time is not None]
        return min(known) if times and len(known) == len(times) else None

    def why_blocked(self, node: Node) -> tuple[str, Mark | None]:
        """Why a node is a barrier, in words, with the mark that says so if one does."""
        clean = self._clean_on.get(_key(node))
        if clean:
            return "marked clean", clean[0]
        if _key(node) in self._blocked:
            return "given as a barrier", None
        policy = self.policies.get(node.type_id or 0)
        guess = "" if is_good_run(node) else ", though nobody said how this run ended"
        return f"{node.type} stops it (policy {policy}){guess}", None


def resolve_taint_queries(
    snapshot: Snapshot,
    *,
    label: str | Sequence[str] | None,
    source: Ref | Sequence[Ref] | None = None,
    barrier: Ref | Sequence[Ref] | None = None,
    as_of_ms: int | None = None,
    by_content: bool = True,
) -> list[TaintQuery]:
    """Return what is to be searched, by labels and references as a caller gives them.

    Raises
    ------
    NotFound, InvalidValue
        A source, barrier or label isn't there, or is a context.
    """
    return build_taint_query(
        snapshot.reader,
        snapshot.now_ms,
        as_of_ms,
        labels=validate_labels(label),
        given=[snapshot.in_flow(ref) for ref in _list(source)],
        blocked=[snapshot.in_flow(ref) for ref in _list(barrier)],
        by_content=by_content,
    )


def build_taint_query(
    reader: Reader,
    now_ms: int,
    as_of_ms: int | None = None,
    *,
    labels: Sequence[str] = (),
    given: Iterable[Node] = (),
    blocked: Iterable[Node] = (),
    by_content: bool = True,
) -> list[TaintQuery]:
    """What is to be searched: for each label, or where none is named, for every label in use.

    Marks and policies are those of now, or those that were known at a time. Given sources stand in
    for the marks of each label; without a label they are stopped only by the given barriers.
    Raises NotFound for an unknown label.
    """
    sources = tuple(_key(node) for node in given)
    extra = tuple(_key(node) for node in blocked)
    if sources and not labels:
        return [TaintQuery(None, given=sources, blocked=extra, by_content=by_content)]
    marks = select_standing(reader, now_ms, as_of_ms, labels=labels or None)
    # What has no mark that stands may have had one.
    check_labels(reader, set(labels) - {mark.label for mark in marks})
    policies = policies_in_force(reader, as_of_ms)
    wanted = list(dict.fromkeys(labels)) or sorted({m.label for m in marks if not m.clean})
    standing_of: dict[tuple[str, bool], list[Mark]] = {}
    for mark in marks:
        standing_of.setdefault((mark.label, mark.clean), []).append(mark)
    return [
        TaintQuery(
            label,
            marks=() if sources else tuple(standing_of.get((label, False), ())),
            given=sources,
            clean=tuple(standing_of.get((label, True), ())),
            blocked=extra,
            type_ids=frozenset(find_stopping_types(reader, policies, label)),
            policies=_policies(reader, policies, label),
            by_content=by_content,
        )
        for label in wanted
    ]


def _policies(reader: Reader, policies: Sequence[Policy], label: str) -> dict[int, str]:
    return {
        id: policy.name
        for policy in policies
        for id in (find_stopping_types(reader, [policy], label) if label in policy.stops else ())
    }


def _by_node(marks: Iterable[Mark]) -> dict[Key, list[Mark]]:
    found: dict[Key, list[Mark]] = {}
    for mark in marks:
        found.setdefault((mark.kind, mark.node_id), []).append(mark)
    return found


def _key(node: Node) -> Key:
    assert node.id is not None
    return node.kind, node.id


def _list(refs: Ref | Sequence[Ref] | None) -> Sequence[Ref]:
    if refs is None:
        return ()
    return refs if isinstance(refs, Sequence) and not isinstance(refs, str) else [refs]
