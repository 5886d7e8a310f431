"""What would break if it went?

Of removing a set of artifacts (or executions):

- **direct**: the nodes one event downstream: who reads them; of an execution, what it wrote;
- **downstream**: everything downstream, counted by kind and type, the set itself left out; what has
  the same content is the same data, so copies are downstream, and what came of them;
- **models**: the models in the set or downstream of it that are live or deployed, and where;
- **cached**: the executions that wrote one of the set and whose result a cache may give out now
  (`lineage.rules.liveness`): it would go;
- **lost**: the live artifacts of the set that could not be rebuilt afterwards, and the live ones
  downstream that could be rebuilt before, and not afterwards (`lineage.questions.reproducibility`);
- **contexts**: those that the set or what is downstream of it is in, with how many of it;
- **owners**: what the properties `owner`, `owners`, `team`, `maintainer`, `maintainers`, `contact`,
  `responsible` and `created_by` of all of these and of the contexts say, with on how many nodes;
- **bytes**: what the set takes in storage: as the storage says, where it was asked, else as the
  properties `bytes`, `size_bytes`, `size`, `nbytes`, `file_size` and `total_bytes` do. A uri counts
  once. `unsized` is how many uris nobody knows the size of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lineage.captions import caption
from lineage.model import Artifact, BaseType, Context, Execution, Kind, Node
from lineage.questions.answer import Answer
from lineage.questions.deletion_scope import DeletionScope, read_deletion_scope
from lineage.questions.deployments import Deployment
from lineage.questions.node_json import node_to_json
from lineage.questions.reproducibility import rebuildable
from lineage.rules.liveness import has_cached_result, is_live
from lineage.session.snapshot import Ref, Snapshot, check_in_flow

_OWNERS = (
    "owner", "owners", "team", "maintainer", "maintainers", "contact", "responsible", "created_by",
)  # fmt: skip
_SIZES = ("bytes", "size_bytes", "size", "nbytes", "file_size", "total_bytes")

Sizes = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class ModelAtStake:
    """A model in or downstream of the set, and the deployments of it that are in effect."""

    model: Artifact
    depth: int
    live: bool
    deployments: tuple[Deployment, ...]

    @property
    def places(self) -> list[str]:
        """Where it is deployed; the step, where no place was recorded."""
        return [d.where or caption(d.execution) for d in self.deployments]

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(self.model, depth=self.depth, live=self.live, deployed=self.places)


@dataclass(frozen=True, slots=True)
class Impact(Answer):
    """What removing `targets` would do. `downstream` counts by (kind, type name)."""

    _main: ClassVar[str | None] = "models"

    targets: tuple[Node, ...]
    direct: tuple[Node, ...]
    downstream: Mapping[tuple[Kind, str], int]
    models: tuple[ModelAtStake, ...]
    cached: tuple[Execution, ...]
    lost: tuple[Artifact, ...]
    contexts: tuple[tuple[Context, int], ...]
    owners: Mapping[str, int]
    bytes: int
    unsized: int
    complete: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "targets": [node_to_json(node) for node in self.targets],
            "direct": [node_to_json(node) for node in self.direct],
            "downstream": self._downstream(),
            "models": [model.to_dict() for model in self.models],
            "cached": [node_to_json(execution) for execution in self.cached],
            "lost": [node_to_json(artifact) for artifact in self.lost],
            "contexts": [node_to_json(context, nodes=count) for context, count in self.contexts],
            "owners": dict(self.owners),
            "bytes": self.bytes,
            "unsized": self.unsized,
            "complete": self.complete,
        }

    def outline(self) -> dict[str, Any]:
        """The same for a plan: nodes by what names them, and without `targets`.

        What goes is in the plan itself; of what else a node has, a plan of many nodes would be
        mostly made, and it would keep what is to be forgotten.
        """
        return {
            "direct": [_named(node) for node in self.direct],
            "downstream": self._downstream(),
            "models": [
                {**_named(m.model), "depth": m.depth, "live": m.live, "deployed": m.places}
                for m in self.models
            ],
            "cached": [_named(execution) for execution in self.cached],
            "lost": [_named(artifact) for artifact in self.lost],
            "contexts": [{**_named(context), "nodes": count} for context, count in self.contexts],
            "owners": dict(self.owners),
            "bytes": self.bytes,
            "unsized": self.unsized,
            "complete": self.complete,
        }

    def _downstream(self) -> list[dict[str, Any]]:
        return [
            {"kind": str(kind), "type": type, "count": count}
            for (kind, type), count in self.downstream.items()
        ]


def measure_impact(
    snapshot: Snapshot,
    refs: Sequence[Ref],
    sizes: Sizes | None = None,
    *,
    by_content: bool = True,
) -> Impact:
    """Return what would break if these went.

    Parameters
    ----------
    snapshot : Snapshot
        The state that is asked.
    refs : sequence of Ref
        Artifacts and executions.
    sizes : mapping of str to int, optional
        Bytes by uri, where the storage was asked.
    by_content : bool
        Whether copies of what is downstream are so, too.

    Raises
    ------
    NotFound, InvalidValue
        One isn't there, or is a context.
    """
    targets = [snapshot.resolve(ref) for ref in refs]
    for target in targets:
        check_in_flow(target)
    reach = read_deletion_scope(snapshot.reader, targets, by_content=by_content)
    return impact_of(reach, sizes)


def impact_of(
    reach: DeletionScope, sizes: Sizes | None = None, *, going: Sequence[Node] | None = None
) -> Impact:
    """The impact of removing what `reach` was read for, or of `going`, which is in it."""
    near = reach.downstream()
    targets = reach.targets if going is None else list(going)
    keys = {(node.kind, node.id or 0) for node in targets}
    without = {id for kind, id in keys if kind is Kind.ARTIFACT}
    beyond = [n for n in near if (n.kind, n.id) not in keys]
    direct = {after for key in keys for after in reach.after(key)} - keys
    counted = Counter((node.kind, node.type) for node in beyond)
    in_contexts = Counter(context for _, _, context in reach.memberships)
    owners = Counter(
        owner for node in (*near, *reach.contexts.values()) for owner in _owners_of(node)
    )
    total, unsized = _bytes(targets, sizes or {})
    return Impact(
        targets=tuple(targets),
        direct=tuple(reach.node(key) for key in sorted(direct)),
        downstream=dict(sorted(counted.items())),
        models=tuple(_models(reach, near)),
        cached=tuple(_cached(reach, without)),
        lost=tuple(_lost(reach, near, without)),
        contexts=tuple((reach.contexts[id], count) for id, count in sorted(in_contexts.items())),
        owners=dict(sorted(owners.items())),
        bytes=total,
        unsized=unsized,
    )


def get_recorded_size(artifact: Artifact) -> int | None:
    """Return how many bytes an artifact has, by its properties."""
    if not (artifact.properties or artifact.custom_properties):
        return None
    for name in _SIZES:
        value = artifact.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None


def _named(node: Node) -> dict[str, Any]:
    return {"kind": str(node.kind), "id": node.id, "type": node.type, "name": node.name}


def _models(reach: DeletionScope, near: list[Node]) -> list[ModelAtStake]:
    found = []
    for node in near:
        if isinstance(node, Artifact) and reach.bases.of(node) is BaseType.MODEL:
            at = tuple(reach.deployed.get(node.id or 0, ()))
            if at or is_live(node):
                depth = reach.depths[node.kind, node.id or 0]
                found.append(ModelAtStake(node, depth, is_live(node), at))
    return found


def _cached(reach: DeletionScope, gone: set[int]) -> list[Execution]:
    makers = sorted({x for a in gone for x in reach.makers.get(a, ())})
    return [
        reach.executions[x]
        for x in makers
        if has_cached_result(
            reach.executions[x], [reach.artifacts[a] for a in reach.outputs.get(x, ())]
        )
    ]


def _lost(reach: DeletionScope, near: list[Node], gone: set[int]) -> list[Artifact]:
    before, after = rebuildable(reach, set()), rebuildable(reach, gone)
    return [
        node
        for node in near
        if isinstance(node, Artifact)
        and is_live(node)
        and node.id not in after
        and (node.id in gone or node.id in before)
    ]


def _owners_of(node: Node) -> set[str]:
    found: set[str] = set()
    if not (node.properties or node.custom_properties):
        return found
    for name in _OWNERS:
        value = node.get(name)
        values = value if isinstance(value, list) else [value]
        found.update(v for v in values if isinstance(v, str) and v)
    return found


def _bytes(targets: list[Node], sizes: Sizes) -> tuple[int, int]:
    """The bytes of these, and at how many uris nobody knows."""
    known: dict[str, int | None] = {}
    without_uri = 0
    for artifact in targets:
        if not isinstance(artifact, Artifact):
            continue
        recorded = get_recorded_size(artifact)
        if artifact.uri is None:
            without_uri += recorded or 0
        elif known.get(artifact.uri) is None:
            asked = sizes.get(artifact.uri)
            known[artifact.uri] = recorded if asked is None else asked
    return (
        sum(size for size in known.values() if size is not None) + without_uri,
        sum(size is None for size in known.values()),
    )
