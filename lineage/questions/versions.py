"""The versions of one thing, oldest first, as recorded or declared (`lineage.rules.series`).

Where only one is recorded and nothing is declared, others may stand under other names: the answer
says so, and names none. A declaration can be proposed from names, which is a guess, and said to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lineage.model import Artifact, Kind, Node, Series
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.questions.answer import Answer
from lineage.questions.node_json import node_to_json
from lineage.rules.series import SeriesIndex, propose_series
from lineage.session.snapshot import Ref, Snapshot, check_in_flow

# So many names show what is meant.
_MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Versions(Answer):
    """The versions of a node's series, oldest first; itself is one of them.

    `declared` is the declaration that they go by. They are not `known` where one alone is recorded
    and none is declared.
    """

    _main: ClassVar[str | None] = "versions"

    node: Node
    rows: tuple[Node, ...]
    known: bool
    declared: Series | None = None

    def __iter__(self) -> Iterator[Node]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def note(self) -> str | None:
        """What is not known of the series, and what to do; None where nothing is."""
        return None if self.known else explain_unknown(self.node)

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "node": node_to_json(self.node),
            "versions": [node_to_json(version) for version in self.rows],
            "known": self.known,
            "declared": None if self.declared is None else self.declared.model_dump(),
            "note": self.note,
            "complete": True,
        }


@dataclass(frozen=True, slots=True)
class SeriesProposal:
    """A declaration that names look like, with how many they are, and the first and last of them.

    It is a guess: what differs in a number may be shards, stores or sizes as well as versions.
    """

    series: Series
    names: int
    examples: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            **self.series.model_dump(),
            "names": self.names,
            "examples": list(self.examples),
            "guessed": True,
        }


def list_versions(snapshot: Snapshot, ref: Ref) -> Versions:
    """Return the versions of an artifact, or the attempts at a step.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is a context.
    """
    node = snapshot.resolve(ref)
    check_in_flow(node)
    index = SeriesIndex(snapshot.reader)
    rows = index.find_versions(node)
    return Versions(node, tuple(rows), index.is_known(node, rows), index.declaration_of(node))


def suggest_series(snapshot: Snapshot) -> list[SeriesProposal]:
    """Return the declarations that the names of artifacts look like; a guess, for people to judge.

    Those with the most names come first.
    """
    reader = snapshot.reader
    found = propose_series(reader.find(Kind.ARTIFACT, Filter()), SeriesIndex(reader))
    return [SeriesProposal(series, len(names), _examples(names)) for series, names in found]


def versions_of(reader: Reader, artifact: Artifact) -> list[Artifact]:
    """Return the versions of an artifact in order; itself is one of them."""
    found = SeriesIndex(reader).find_versions(artifact)
    return [version for version in found if isinstance(version, Artifact)]


def explain_unknown(node: Node) -> str:
    """Return why nothing is said of the other versions of a node, and what would change that."""
    if node.name is None and not getattr(node, "uri", None):
        return f"{node.label} has neither a name nor a uri, so it is in no series"
    return (
        f"no other version of {node.label} is recorded; if some have other names, declare them "
        "with [[series]] in a policy (`lineage series suggest` proposes some)"
    )


def _examples(names: Sequence[str]) -> tuple[str, ...]:
    if len(names) <= _MOST_EXAMPLES:
        return tuple(names)
    return (*names[: _MOST_EXAMPLES - 1], names[-1])
