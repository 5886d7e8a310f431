"""Which version was the first bad one, and which to test next to find out soonest.

As `git bisect` does it: one version is to blame, and what was made of it is bad. The candidates are
what is upstream of every version known to be bad (itself included) and not upstream of one known
to be good. To test one splits them: if it is bad, its own upstream is left; if it is good, the rest
is. The best to test is the one whose smaller part is the largest, which tells most; where several
are as good, the one recorded first.

Versions need not be made of one another: with `versions`, those of one series
(`lineage.rules.series`) are taken in order, each as made of the one before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

from lineage.errors import InvalidValue
from lineage.model import Artifact, Kind
from lineage.model.times import Time, to_milliseconds
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions.answer import Answer
from lineage.questions.node_json import node_to_json
from lineage.questions.outcomes import judge, validate_threshold
from lineage.questions.subgraph import Key, Subgraph, build_subgraph, key_of, propagate_bits
from lineage.questions.versions import explain_unknown
from lineage.rules.series import SeriesIndex
from lineage.rules.type_index import TypeIndex
from lineage.session.snapshot import Ref, Snapshot


@dataclass(frozen=True, slots=True)
class Bisection(Answer):
    """Which versions may be the first bad one, in the order in which they were recorded.

    `first_bad` is known where one is left. Else `test` is the one to test next; of the candidates
    `if_bad` are left where it is bad, `if_good` where it is good; about `tests` tests are left.
    Neither is there where the candidates can't be told apart (circles), or where there are none:
    then no single version explains what is known.
    """

    _main: ClassVar[str | None] = "candidates"

    bad: tuple[Artifact, ...]
    good: tuple[Artifact, ...]
    candidates: tuple[Artifact, ...]
    first_bad: Artifact | None = None
    test: Artifact | None = None
    if_bad: int = 0
    if_good: int = 0

    @property
    def tests(self) -> int:
        """How many tests are left where each can halve the candidates."""
        return (len(self.candidates) - 1).bit_length() if self.candidates else 0

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "bad": [node_to_json(node) for node in self.bad],
            "good": [node_to_json(node) for node in self.good],
            "candidates": [node_to_json(node) for node in self.candidates],
            "first_bad": node_to_json(self.first_bad) if self.first_bad else None,
            "test": node_to_json(self.test) if self.test else None,
            "if_bad": self.if_bad,
            "if_good": self.if_good,
            "tests": self.tests,
            "complete": True,
        }


def find_first_bad(
    snapshot: Snapshot,
    bad_refs: Sequence[Ref],
    good_refs: Sequence[Ref] = (),
    *,
    type: str | None = None,
    versions: bool = False,
    metric: str | None = None,
    below: float | None = None,
    above: float | None = None,
    as_of: Time | None = None,
) -> Bisection:
    """Return what is known of the first bad version, and what to test next.

    `type` (a type's name, or a base type's) says what may be a candidate besides the bad ones.
    With a threshold, candidates of which the metric was measured are bad or good by it; a bad one
    of which a good one was made is left out of account.

    Raises
    ------
    NotFound, InvalidValue
        Something that is named isn't there, nothing is bad, or a version given as good is, or was
        made of, one given as bad.
    """
    if not bad_refs:
        raise InvalidValue("bisect what? Name at least one bad version")
    threshold = validate_threshold(metric, below, above)
    reader, as_of_ms = snapshot.reader, to_milliseconds(as_of)
    bad, good = ([snapshot.artifact(ref) for ref in refs] for refs in (bad_refs, good_refs))
    bases = TypeIndex(reader)
    if versions:
        region, nodes = _series(reader, bad, good)
    else:
        region = build_subgraph(reader, [*bad, *good], Direction.UPSTREAM, as_of_ms=as_of_ms)
        ids = region.ids(Kind.ARTIFACT)
        nodes = {key_of(n): n for n in reader.nodes(Kind.ARTIFACT, ids) if isinstance(n, Artifact)}
    _check_good(region, bad, good)
    wanted = None if type is None else set(bases.named(Kind.ARTIFACT, type))
    all_bad, all_good = list(bad), list(good)
    if threshold is not None:
        given = {node.id for node in (*bad, *good)}
        asked = [n for n in nodes.values() if n.id not in given
                 and (wanted is None or n.type_id in wanted)]  # fmt: skip
        found = judge(reader, bases, asked, threshold, as_of_ms=as_of_ms)
        spoilt = region.reached_from(key_of(node) for node in bad)
        all_good += [n for n, is_bad in found if not is_bad and key_of(n) in spoilt]
        mended = region.reached_from(key_of(node) for node in all_good)
        all_bad += [n for n, is_bad in found if is_bad and key_of(n) in spoilt - mended]
    candidates = _candidates(region, nodes, all_bad, all_good)
    kept = {key_of(node) for node in all_bad}
    if wanted is not None:
        candidates = [n for n in candidates if n.type_id in wanted or key_of(n) in kept]
    return _best(region, candidates, all_bad, all_good)


def _check_good(above: Subgraph, bad: Sequence[Artifact], good: Sequence[Artifact]) -> None:
    """Raise InvalidValue where one of the good ones is, or was made of, a bad one."""
    made_of_bad = above.reversed().reached_from(key_of(node) for node in bad)
    node = next((node for node in good if key_of(node) in made_of_bad), None)
    if node is None:
        return
    made_of = above.reached_from([key_of(node)])
    other = next(other for other in bad if key_of(other) in made_of)
    raise InvalidValue(
        f"{node.label} can't be good, because it came of {other.label}, which is bad"
        if node.id != other.id
        else f"{node.label} is given as bad and as good"
    )


def _series(
    reader: Reader, bad: Sequence[Artifact], good: Sequence[Artifact]
) -> tuple[Subgraph, dict[Key, Artifact]]:
    """The versions of the first bad one as a chain, as if each were made of the one before."""
    index = SeriesIndex(reader)
    found = index.find_versions(bad[0])
    nodes = {key_of(node): node for node in found if isinstance(node, Artifact)}
    unknown = "" if index.is_known(bad[0], found) else f": {explain_unknown(bad[0])}"
    for node in (*bad, *good):
        if key_of(node) not in nodes:
            raise InvalidValue(f"{node.label} is no version of {bad[0].label}{unknown}")
    if unknown:
        raise InvalidValue(f"the versions of {bad[0].label} are not known{unknown}")
    keys = list(nodes)
    hops = {after: [before] for before, after in pairwise(keys)}
    return Subgraph(dict.fromkeys(keys, 0), hops), nodes


def _candidates(
    above: Subgraph,
    nodes: Mapping[Key, Artifact],
    bad: Sequence[Artifact],
    good: Sequence[Artifact],
) -> list[Artifact]:
    """Upstream of every bad one and of no good one, by id."""
    cleared = above.reached_from(key_of(node) for node in good)
    own = {key_of(node): at for at, node in enumerate(bad)}
    every = (1 << len(own)) - 1
    return sorted(
        (
            nodes[key]
            for key, bits in propagate_bits(own, above)
            if bits == every and key in nodes and key not in cleared
        ),
        key=lambda node: node.id or 0,
    )


def _best(
    above: Subgraph,
    candidates: Sequence[Artifact],
    bad: Sequence[Artifact],
    good: Sequence[Artifact],
) -> Bisection:
    answer = Bisection(tuple(bad), tuple(good), tuple(candidates))
    if len(candidates) <= 1:
        return replace(answer, first_bad=candidates[0] if candidates else None)
    own = {key_of(node): at for at, node in enumerate(candidates)}
    upstream = {
        key: bits.bit_count() for key, bits in propagate_bits(own, above.reversed()) if key in own
    }
    total = len(candidates)
    best = max(candidates, key=lambda n: (_tell(upstream[key_of(n)], total), -(n.id or 0)))
    left = upstream[key_of(best)]
    if not _tell(left, total):
        return answer
    return replace(answer, test=best, if_bad=left, if_good=total - left)


def _tell(upstream: int, total: int) -> int:
    return min(upstream, total - upstream)
