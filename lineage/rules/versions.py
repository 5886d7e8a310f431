"""Decide which version of a thing is written, and which attempt at a step: the one rule.

- **Written** under a known name by another run: a new version, unless its digest and place are
  those of the newest; then that one, with one more writer. So is one that nothing has used yet: it
  was declared before it was written.
- **Read** by name: the newest version, or the newest with the digest that is given; without one,
  the one at the place that is given. A digest that no version has is that of a new version, which
  nobody is known to have written. What is not known of a version (its digest, its place) speaks
  against nothing, and is known from then on.
- By a uri alone, the place is the series.
- What a run has read or written once stays the same for it when it reports again.
- An **execution** of a known name is the newest attempt while that goes on, and a new attempt
  after it ended.
- By id, external id or version it is that one. An external id that is not there yet belongs to
  nothing else that has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from lineage.errors import InvalidValue, NotFound
from lineage.model import Execution, ExecutionState, Node
from lineage.ports.batch import NodeWrite


class Role(Enum):
    """What a write does with the node that it is about.

    INPUT and OUTPUT of a run; RUN, a run that reports; PUT, by itself, re-used where it is there;
    MAKE, by itself, and not there yet.
    """

    INPUT = "input"
    OUTPUT = "output"
    RUN = "run"
    PUT = "put"
    MAKE = "make"


@dataclass(slots=True)
class Version:
    """A version of an artifact or an attempt, stored (`node`) or in the same batch (`at`)."""

    type_id: int | None
    name: str | None
    external_id: str | None
    place: str | None
    digest: str | None
    number: int
    state: str | None
    used: bool
    node: Node | None = None
    at: int | None = None

    def learn(self, write: NodeWrite) -> None:
        """Take in what a write that is about it says."""
        self.external_id = write.external_id or self.external_id
        self.place = write.place or self.place
        self.digest = write.digest or self.digest
        if write.state is not None and not (
            write.forward and is_over(self.state) and not is_over(write.state)
        ):
            self.state = write.state


def is_over(state: str | None) -> bool:
    """Return whether a run in that state has ended."""
    return state is not None and ExecutionState(state).is_over


def is_going_on(state: str | None) -> bool:
    """Return whether a run in that state was begun, or is to begin, and has not ended."""
    return state is not None and ExecutionState(state).is_going_on


def find_newest(series: Iterable[Version]) -> Version | None:
    """Return the version with the greatest number; the last of these where there are several."""
    newest: Version | None = None
    for version in series:
        if newest is None or version.number >= newest.number:
            newest = version
    return newest


def choose_by_number(write: NodeWrite, series: Sequence[Version]) -> Version | None:
    """Return the version that a write names by its number; None where it is the next one.

    Raises
    ------
    NotFound
        There is no such version, and it is not the next.
    InvalidValue
        That version has another digest.
    """
    assert write.version is not None
    for version in series:
        if version.number == write.version:
            if write.digest and version.digest and write.digest != version.digest:
                raise InvalidValue(
                    f"{name_series(write)}@{write.version} has the digest {version.digest}, not "
                    f"{write.digest}; leave the version out to record another one"
                )
            return version
    newest = find_newest(series)
    last = 0 if newest is None else newest.number
    if write.version != last + 1:
        there = f"the newest is {last}" if last else "there is none yet"
        raise NotFound(f"{name_series(write)} has no version {write.version}; {there}")
    return None


def choose_artifact(
    write: NodeWrite, role: Role, series: Sequence[Version], newest: Version | None
) -> Version | None:
    """Return the version that an artifact without id or number is; None for a new one.

    `newest` is the newest of the series, or what was recorded last at the place of one without a
    name.
    """
    if newest is None or role is Role.MAKE:
        return None
    alike = [v for v in series if _is_compatible(write, v, by_place=False)]
    if role is Role.OUTPUT:
        if not _is_compatible(write, newest):
            return None
        same = write.digest is not None and write.digest == newest.digest
        return newest if same or not newest.used else None
    if write.digest is not None:
        same_digest = [v for v in alike if v.digest == write.digest]
        here = [v for v in same_digest if v.place == write.place]
        found = find_newest(here) or find_newest(same_digest)
        if found is not None:
            return found
    elif role is Role.INPUT and write.place is not None and newest.place is not None:
        # Who reads at a place means what is there.
        return find_newest(v for v in alike if v.place == write.place)
    return newest if _is_compatible(write, newest, by_place=role is Role.INPUT) else None


def choose_own(write: NodeWrite, own: Iterable[Version]) -> Version | None:
    """Return the version of the same series that the same run has read or written before."""
    return find_newest(v for v in own if _is_compatible(write, v))


def choose_attempt(write: NodeWrite, role: Role, newest: Version | None) -> Version | None:
    """Return the attempt that an execution without id, key or number is; None for a new one."""
    if newest is None or (write.external_id is not None and newest.external_id is not None):
        return None
    if role is Role.RUN:
        declared = newest.state in (None, ExecutionState.UNKNOWN) and not newest.used
        reported = is_going_on(newest.state) and write.external_id is None
        return newest if declared or reported else None
    if role is Role.PUT:
        return None if is_over(newest.state) and is_going_on(write.state) else newest
    return None if is_over(newest.state) else newest


def check_identity(write: NodeWrite, node: Node, what: str, *, by_name: bool = False) -> None:
    """Raise InvalidValue where a write by id or key says that a node is something else.

    With `by_name`, its name is part of what it is; by key it may be given another.
    """
    assert write.type is not None
    if node.type_id != write.type.id:
        raise InvalidValue(
            f"{what} is of type {node.type!a}, not {write.type.label!a}, and never changes it; "
            f"make a new {node.kind}"
        )
    named = write.name is not None and node.name is not None and write.name != node.name
    if by_name and named:
        raise InvalidValue(
            f"{what} is called {node.name!a}, not {write.name!a}; leave the name out, or rename it "
            "with update()"
        )
    number = getattr(node, "version", None)
    if write.version is not None and number is not None and write.version != number:
        raise InvalidValue(
            f"{what} is version {number}, not {write.version}; leave the version out"
        )


def name_series(write: NodeWrite) -> str:
    """Return how people name the series of a write."""
    assert write.type is not None
    return f"{write.type.name}:{write.name}" if write.name is not None else str(write.place)


def to_unique_name(node: Node) -> str | None:
    """Return the name that a version has in a system where names are unique in their type.

    Examples
    --------
    >>> from lineage import Artifact
    >>> to_unique_name(Artifact(type="Model", name="churn", version=3))
    'churn@3'
    """
    number = getattr(node, "version", None) or 1
    return node.name if node.name is None or number == 1 else f"{node.name}@{number}"


def from_unique_name(name: str) -> tuple[str, int] | None:
    """Return the series and the number that such a name may be of; None where it has none."""
    series, mark, number = name.rpartition("@")
    digits = number.isascii() and number.isdigit() and len(number) < 19
    return (series, int(number)) if series and mark and digits else None


def to_version(node: Node, place: str | None, used: bool) -> Version:
    """Return what is known of a stored node."""
    state = getattr(node, "state", None)
    return Version(
        node.type_id,
        node.name,
        node.external_id,
        place,
        getattr(node, "digest", None),
        getattr(node, "version", None) or 1,
        None if state is None else str(state),
        used,
        node=node,
    )


def _is_compatible(write: NodeWrite, version: Version, *, by_place: bool = True) -> bool:
    """Whether nothing that both say of content, place and key differs."""
    pairs = [(write.digest, version.digest), (write.external_id, version.external_id)]
    if by_place:
        pairs.append((write.place, version.place))
    return all(given is None or known is None or given == known for given, known in pairs)


def goes_back(old: Node, state: str | None) -> bool:
    """Return whether an execution that has ended would run again by that state."""
    return isinstance(old, Execution) and old.state.is_over and not is_over(state)
