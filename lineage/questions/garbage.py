"""What nobody needs any more.

An artifact is **spent** where it is ABANDONED or MARKED_FOR_DELETION, or has expired, which a
retention rule lets it; but not where a rule keeps it (`lineage.rules.retention`). Something
**needs** what it came of: a live artifact that has not expired, one that a rule keeps whatever its
state, a running execution and what it writes, what is deployed, and the steps that say what is
deployed.

What can be collected is what is spent, not deployed, and has nothing downstream that needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lineage.errors import UnknownType
from lineage.model import Artifact, ArtifactState, Context, Kind, Retention
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions.deployments import find_standing_deployments
from lineage.questions.subgraph import Key
from lineage.rules.liveness import is_live
from lineage.rules.marks import select_standing
from lineage.rules.membership import members_within
from lineage.rules.policies import is_named_by, policies_in_force
from lineage.rules.retention import age_start, lets_expire, production_time
from lineage.rules.run_outcome import read_written_by_open_runs
from lineage.rules.series import SeriesIndex
from lineage.rules.type_index import TypeIndex

_DAY_MS = 86_400_000
_EXPIRED = "has expired: no retention rule keeps it"
_GIVEN_UP = {
    ArtifactState.ABANDONED: "is abandoned",
    ArtifactState.MARKED_FOR_DELETION: "is marked for deletion",
}


@dataclass(slots=True)
class Garbage:
    """Artifacts that nobody needs, by id, each with why.

    `keepers` are kept in the same series instead; `alone` are those that a rule would let expire by
    their versions, if another one were known.
    """

    artifacts: dict[int, Artifact] = field(default_factory=dict)
    why: dict[int, str] = field(default_factory=dict)
    keepers: set[int] = field(default_factory=set)
    alone: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Judgement:
    """What rules say: which live artifacts expire, and which artifacts stay, live or not."""

    expiring: dict[int, Artifact] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    # Of each series under a rule: those that the rule keeps for being the last, and the others.
    series: list[tuple[set[int], set[int]]] = field(default_factory=list)
    alone: set[int] = field(default_factory=set)


def find_garbage(reader: Reader, rules: Sequence[Retention], at_ms: int, now_ms: int) -> Garbage:
    """What can be collected by the rules of policies and by these: by its age at one time, by its
    marks now."""
    kept = [rule for policy in policies_in_force(reader) for rule in policy.retention]
    judged = _judge(reader, (*kept, *rules), at_ms, now_ms)
    artifacts = judged.expiring
    spent = dict.fromkeys(artifacts.keys() - judged.kept, _EXPIRED)
    for state, why in _GIVEN_UP.items():
        for node in reader.find(Kind.ARTIFACT, Filter(state=state)):
            if isinstance(node, Artifact) and node.id not in judged.kept:
                artifacts[node.id or 0] = node
                spent[node.id or 0] = why
    needed = _find_needed(reader, spent, judged.kept)
    found = Garbage(alone=judged.alone)
    for id in sorted(spent.keys() - needed):
        found.artifacts[id], found.why[id] = artifacts[id], spent[id]
    for last, others in judged.series:
        if not others.isdisjoint(found.why):
            found.keepers |= last
    return found


def _judge(reader: Reader, rules: Sequence[Retention], at_ms: int, now_ms: int) -> _Judgement:
    judged = _Judgement()
    bases, index = TypeIndex(reader), SeriesIndex(reader)
    for rule in rules:
        try:
            type_ids = None if rule.type is None else bases.named(Kind.ARTIFACT, rule.type)
        except UnknownType:
            # Nothing of that type was recorded yet.
            continue
        found = reader.find(Kind.ARTIFACT, Filter(type_ids=type_ids))
        about = {a.id or 0: a for a in found if isinstance(a, Artifact) and is_live(a)}
        there = {
            a.id or 0
            for a in found
            if isinstance(a, Artifact) and a.state is not ArtifactState.DELETED
        }
        written: dict[int, int] = {}
        if lets_expire(rule):
            judged.expiring |= about
            written.update(reader.last_written(sorted(about)))
        if rule.keep_last is not None:
            _keep_last(judged, rule.keep_last, about, written, index)
        if rule.keep_days is not None:
            since = at_ms - rule.keep_days * _DAY_MS
            judged.kept |= {id for id, a in about.items() if age_start(a, written.get(id)) > since}
        if rule.keep_in:
            judged.kept |= there & _members(reader, rule.keep_in)
        if rule.keep_labelled:
            marks = select_standing(
                reader, now_ms, labels=rule.keep_labelled, nodes={Kind.ARTIFACT: sorted(there)}
            )
            judged.kept |= {m.node_id for m in marks if not m.clean}
    return judged


def _keep_last(
    judged: _Judgement,
    count: int,
    about: Mapping[int, Artifact],
    written: Mapping[int, int],
    index: SeriesIndex,
) -> None:
    """Keep so many of each series, and all of which no other version is known."""
    groups = index.group(about.values())
    placed = {node.id or 0 for versions in groups.values() for node in versions}
    judged.kept |= about.keys() - placed
    judged.alone |= about.keys() - placed
    for found in groups.values():
        versions = [node for node in found if isinstance(node, Artifact)]
        if not index.is_known(versions[0], versions):
            judged.alone.add(versions[0].id or 0)
        # In order already: those that were produced at one time stay so.
        versions.sort(key=lambda a: production_time(a, written.get(a.id or 0)))
        last = {a.id or 0 for a in versions[-count:]}
        judged.kept |= last
        judged.series.append((last, {a.id or 0 for a in versions} - last))


def _members(reader: Reader, patterns: Sequence[str]) -> set[int]:
    """The artifacts in the contexts called so."""
    named = [
        c.id or 0
        for c in reader.find(Kind.CONTEXT, Filter())
        if isinstance(c, Context) and any(is_named_by(c, pattern) for pattern in patterns)
    ]
    return members_within(reader, named, Kind.ARTIFACT)


def _find_needed(reader: Reader, spent: dict[int, str], kept: set[int]) -> set[int]:
    """Those of the spent that are deployed or being written, or that something downstream needs."""
    in_effect, steps = find_standing_deployments(reader)
    deployed = {
        artifact.id
        for deployment in in_effect
        for artifact in (*deployment.models, *deployment.outputs)
    }
    written = read_written_by_open_runs(reader)
    needy = deployed | kept | written
    before: dict[Key, list[Key]] = {}
    seen: set[Key] = {(Kind.ARTIFACT, id) for id in spent}
    frontier = sorted(spent)
    kind, other = Kind.ARTIFACT, Kind.EXECUTION
    needing: list[Key] = [(Kind.ARTIFACT, id) for id in frontier if id in deployed | written]
    while frontier:
        fresh: set[int] = set()
        for id, after in reader.neighbours(kind, frontier, Direction.DOWNSTREAM):
            before.setdefault((other, after), []).append((kind, id))
            if (other, after) not in seen:
                fresh.add(after)
        kind, other, frontier = other, kind, sorted(fresh)
        seen.update((kind, id) for id in frontier)
        for node in reader.nodes(kind, frontier):
            if is_live(node) or node.id in (needy if kind is Kind.ARTIFACT else steps):
                needing.append((kind, node.id or 0))
    # What is spent was not loaded above: expired artifacts are live by their state.
    needed: set[Key] = set()
    while needing:
        key = needing.pop()
        if key not in needed:
            needed.add(key)
            needing += before.get(key, ())
    return {id for kind, id in needed if kind is Kind.ARTIFACT}
