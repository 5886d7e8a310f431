"""What a deletion would do: which nodes go, what stands in the way, which bytes are nobody else's.

- **restrict** deletes what was asked for. In its way stand: what is live downstream of it (a live
  artifact, a running execution), and what is deployed, or deploys something now.
- **tombstone** deletes what was asked for, whatever depends on it.
- **cascade** deletes what was asked for and every artifact downstream. Executions downstream stay:
  they are the record of what was done.
- With **purge**, nodes leave the graph instead of being emptied. In its way stands everything one
  event downstream that does not go as well, the members and children of a context, and a
  deployment that stays and wrote some of it: by its events it is known when it happened, and of
  what. So does the step that came last at a place, where an earlier deployment there stays, which
  would be in effect again. A cascade that purges takes the executions downstream, too.
- Where a **deployment** went and that nothing was pushed, it says itself once it or the outputs
  that say so are deleted: what is deployed where stays as it was. Which of its **ports** came of
  which, a deleted step still says: a taint stays as it was.
- **gc** deletes what `lineage.questions.garbage` finds; **forget** what was asked for and what a
  taint of it reaches (`lineage.questions.taint`), executions too, for they were told of it; but
  deployments keep what they say.
- What an **open run** writes (`lineage.rules.run_outcome`) is not deleted by anybody: it stands in
  the way of every policy, until the run has ended or is closed.
- What is deleted already only counts where it is to be purged.
- **Bytes** are those behind the uris of the artifacts that go. They stay where another live
  artifact has the same uri, one inside it, or one around it (`lineage.rules.uris`), and where the
  artifact only refers to them (state REFERENCE).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from lineage.captions import caption
from lineage.model import (
    Artifact,
    ArtifactState,
    BaseType,
    DeletionPolicy,
    Execution,
    Kind,
    Node,
    PlannedNode,
    PlannedRemoval,
    Retention,
    Value,
)
from lineage.ports.chunks import split_into_chunks
from lineage.ports.reader import Reader
from lineage.questions.deletion_scope import DeletionScope, read_deletion_scope
from lineage.questions.deployments import said_of
from lineage.questions.garbage import Garbage
from lineage.questions.impact import Sizes, impact_of
from lineage.questions.storage_overlap import others_at
from lineage.questions.subgraph import Key
from lineage.questions.taint.event_graph import CAME_OF, ports_of, types_with_ports
from lineage.questions.taint.propagation import search
from lineage.questions.taint.sources import build_taint_query
from lineage.rules.liveness import is_live
from lineage.rules.run_outcome import read_open_writers
from lineage.rules.uris import places

_AS_TEXT = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be deleted, and how."""

    targets: tuple[Key, ...]
    policy: DeletionPolicy
    purge: bool
    bytes: bool
    operation: str = "delete"
    label: str | None = None
    rules: tuple[Retention, ...] = ()
    at_ms: int = 0
    by_content: bool = True


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan as far as the graph goes: `places` are the uris that go, with whose they are.

    `said` are the properties that steps get, by their ids, as what says so goes: `came_of` as one
    that their type declares.
    """

    request: Request
    nodes: tuple[PlannedNode, ...]
    blockers: tuple[PlannedNode, ...]
    places: tuple[PlannedRemoval, ...]
    said: Mapping[int, Mapping[str, Value]]
    reach: DeletionScope
    notes: tuple[str, ...] = ()

    def impact(self, sizes: Sizes | None = None) -> dict[str, Any]:
        """The impact of removing what goes."""
        going = [self.reach.node((node.kind, node.id)) for node in self.nodes]
        return impact_of(self.reach, sizes, going=going).outline()

    def fingerprint(self, removals: Sequence[PlannedRemoval] | None) -> str:
        """Of all that was read and decided, and of what is to be removed from storage."""
        digest = hashlib.sha256()
        for parts in split_into_chunks(self._parts(removals), 1_000):
            digest.update(_AS_TEXT(parts).encode())
            digest.update(b"\n")
        return digest.hexdigest()

    def _parts(self, removals: Sequence[PlannedRemoval] | None) -> Iterator[Any]:
        """One after the other, as all of them at once would take as much room as the graph."""
        request = self.request
        yield [request.operation, request.policy, request.purge, request.bytes, request.label]
        yield request.by_content
        yield [rule.model_dump(mode="json") for rule in request.rules]
        yield [(str(kind), id) for kind, id in request.targets]
        for listed in (self.nodes, self.blockers):
            yield len(listed)
            for node in listed:
                yield [str(node.kind), node.id, node.type, node.name, node.why]
        yield [place.model_dump(mode="json") for place in self.places]
        yield from self.reach.facts()
        yield None if removals is None else [r.model_dump(mode="json") for r in removals]


def draft_deletion(
    reader: Reader,
    request: Request,
    targets: Sequence[Node],
    now_ms: int,
    found: Garbage | None = None,
) -> Draft:
    """What the deletion of `targets`, which are those of the request, would do.

    Marks count as they stand now. `found` is what can be collected, for gc.
    """
    found = found or Garbage()
    by_content = request.operation == "forget" and request.by_content
    reach = read_deletion_scope(reader, targets, found.keepers, by_content=by_content)
    if request.operation == "forget":
        nodes = _derive(reader, reach, request, now_ms)
    else:
        nodes = _going(reach, request, found.why)
    going = {(node.kind, node.id) for node in nodes}
    places: list[PlannedRemoval] = []
    if request.bytes:
        ids = {id for kind, id in going if kind is Kind.ARTIFACT}
        places = _places(reader, [reach.artifacts[id] for id in sorted(ids)])
    return Draft(
        request,
        tuple(nodes),
        (*_blockers(reach, request, going), *_being_written(reader, reach, going)),
        tuple(places),
        _said(reader, reach, request, going),
        reach,
        tuple(_notes(found)),
    )


def _notes(found: Garbage) -> Iterator[str]:
    if found.alone:
        what = "1 artifact stays" if len(found.alone) == 1 else f"{len(found.alone)} artifacts stay"
        yield (
            f"{what} because no other version is known: what a number in a name means is not "
            "guessed; declare [[series]] in a policy (`lineage series suggest` proposes some)"
        )


def build_plan(node: Node, why: str) -> PlannedNode:
    """A node as a plan lists it."""
    assert node.id is not None
    return PlannedNode.trusted(
        {"kind": node.kind, "id": node.id, "type": node.type, "name": node.name, "why": why}
    )


def _derive(
    reader: Reader, reach: DeletionScope, request: Request, now_ms: int
) -> list[PlannedNode]:
    """What was asked for, and everything that a taint of it reaches."""
    labels = [] if request.label is None else [request.label]
    [what] = build_taint_query(
        reader, now_ms, labels=labels, given=reach.targets, by_content=request.by_content
    )
    depths = dict(search(reader, what, as_of_ms=None, causal=False).depths)
    depths.update(dict.fromkeys(request.targets, 0))
    found = []
    for key, depth in sorted(depths.items(), key=lambda item: (item[1], item[0])):
        node = reach.node(key)
        # Where something went is not about whom it came of, and what is deployed depends on it.
        stays = depth and reach.bases.of(node) is BaseType.DEPLOY
        if request.purge or not (stays or _is_deleted(node)):
            found.append(build_plan(node, "derived" if depth else "asked for"))
    return found


def _going(reach: DeletionScope, request: Request, why: Mapping[int, str]) -> list[PlannedNode]:
    asked = set(request.targets)
    found = []
    keys = list(dict.fromkeys(request.targets))
    if request.policy is DeletionPolicy.CASCADE:
        kinds = {Kind.ARTIFACT, Kind.EXECUTION} if request.purge else {Kind.ARTIFACT}
        rest = [k for k in reach.depths if k not in asked and k[0] in kinds]
        keys += sorted(rest, key=lambda key: (reach.depths[key], key))
    stays: Set[Key] = set()
    if request.operation == "gc" and request.purge:
        stays = {key for _, key in _staying_deployments(reach, set(keys))}
    for key in keys:
        node = reach.node(key)
        if key not in stays and (request.purge or not _is_deleted(node)):
            reason = "asked for" if key in asked else "derived"
            if request.operation == "gc" and key in asked:
                # One that is needed by now has another reason, and so another fingerprint.
                reason = why.get(key[1], "is needed")
            found.append(build_plan(node, reason))
    return found


def _blockers(reach: DeletionScope, request: Request, going: Set[Key]) -> Iterable[PlannedNode]:
    if request.policy is DeletionPolicy.RESTRICT:
        deploying = {d.execution.id for some in reach.deployed.values() for d in some}
        for node in reach.downstream():
            key = (node.kind, node.id or 0)
            reasons = []
            if key in going and node.kind is Kind.EXECUTION and key[1] in deploying:
                reasons.append("is what deploys something now")
            if node.kind is Kind.ARTIFACT and key[1] in reach.deployed:
                places = [d.where or caption(d.execution) for d in reach.deployed[key[1]]]
                reasons.append(f"is deployed to {', '.join(places)}")
            if key not in going and is_live(node):
                reasons.append("is live and depends on it")
            if reasons:
                yield build_plan(node, "; ".join(reasons))
    if request.purge:
        held = [(Kind.CONTEXT, c, (kind, id)) for c, kind, id in reach.members]
        held += [(Kind.CONTEXT, c, (Kind.CONTEXT, child)) for child, c in reach.children]
        for kind, context, inside in held:
            if (kind, context) in going and inside not in going:
                yield build_plan(reach.contexts[context], f"holds {inside[0]}:{inside[1]}")
        for deployment, key in _staying_deployments(reach, going):
            yield build_plan(deployment, f"is a deployment that wrote {key[0]}:{key[1]}")
        for id, others in sorted(reach.before.items()):
            back = [d for d in others if (Kind.EXECUTION, d.execution.id or 0) not in going]
            if (Kind.EXECUTION, id) in going and back:
                why = f"is why {caption(back[-1].execution)} is not deployed to {back[-1].where}"
                yield build_plan(reach.executions[id], f"{why} any more")
        after = {next for key in going if key in reach.depths for next in reach.after(key)}
        for key in sorted(after - going):
            yield build_plan(reach.node(key), "depends on what would leave the graph")


def _being_written(reader: Reader, reach: DeletionScope, going: Set[Key]) -> Iterator[PlannedNode]:
    ids = [id for kind, id in going if kind is Kind.ARTIFACT]
    for id, run in sorted(read_open_writers(reader, ids).items()):
        yield build_plan(
            reach.artifacts[id],
            f"is written by {caption(run)} (execution:{run.id}), which has not ended; wait for it, "
            "or close it",
        )


def _staying_deployments(reach: DeletionScope, going: Set[Key]) -> Iterator[tuple[Execution, Key]]:
    """The deployments that stay, each with what it wrote of what goes."""
    for id, step in sorted(reach.executions.items()):
        if reach.bases.of(step) is BaseType.DEPLOY and (Kind.EXECUTION, id) not in going:
            for artifact in reach.outputs.get(id, ()):
                if (Kind.ARTIFACT, artifact) in going:
                    yield step, (Kind.ARTIFACT, artifact)


def _said(
    reader: Reader, reach: DeletionScope, request: Request, going: Set[Key]
) -> dict[int, dict[str, Value]]:
    telling = {step.id or 0 for step, _ in _staying_deployments(reach, going)}
    emptied = set() if request.purge else {id for kind, id in going if kind is Kind.EXECUTION}
    with_ports = types_with_ports(reader) if emptied else frozenset()
    found = {}
    for id in sorted(telling | emptied):
        step = reach.executions[id]
        said: dict[str, Value] = {}
        if reach.bases.of(step) is BaseType.DEPLOY:
            outputs = [reach.artifacts[a] for a in reach.outputs.get(id, ())]
            said.update(said_of(step, outputs, reach.bases, going))
        if id in emptied and step.type_id in with_ports and (ports := ports_of(step)):
            said[CAME_OF] = {output: sorted(inputs) for output, inputs in ports.items()}
        if said:
            found[id] = said
    return found


def _places(reader: Reader, artifacts: Sequence[Artifact]) -> list[PlannedRemoval]:
    by_uri: dict[str, list[Artifact]] = {}
    referred_to: set[str] = set()
    for artifact in artifacts:
        if artifact.uri is not None:
            by_uri.setdefault(artifact.uri, []).append(artifact)
            if artifact.state is ArtifactState.REFERENCE:
                referred_to |= places(artifact.uri)
    going = {artifact.id for artifact in artifacts if artifact.id is not None}
    others_by_uri = others_at(reader, by_uri, going)
    found = []
    for uri, owners in sorted(by_uri.items()):
        kept = None
        others = others_by_uri[uri]
        if others:
            kept = (
                f"{others[0].label} (artifact:{others[0].id}), which is live, is stored there too"
            )
        elif not referred_to.isdisjoint(places(uri)):
            kept = "it is somebody else's: the artifact only refers to it"
        ids = tuple(owner.id for owner in owners if owner.id is not None)
        found.append(PlannedRemoval(uri=uri, artifacts=ids, kept=kept))
    return found


def _is_deleted(node: Node) -> bool:
    return isinstance(node, Artifact) and node.state is ArtifactState.DELETED
