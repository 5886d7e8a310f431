"""What many nodes lead to, where times or ports matter: one sweep for all of them.

A **state** is a node, and the port that it was reached by where that matters. A **hop** leads from
one state to another at a time: whatever is in the first one by then is in the other one from then
on. So the hops are taken in the order of their times, each once, with a set of bits at each state
for those that lead to it. Hops of one and the same time follow one another any way round: they
are walked as a graph.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lineage.ports.chunks import split_into_chunks
from lineage.questions.subgraph import Key, count_bits, walk

State = tuple[Key, str | None]

# So many bits are held at once, at most: 512 MB of them.
_MOST_BITS = 2**32


class Hop(NamedTuple):
    """A hop between two states. Into a barrier, only what came of that barrier passes."""

    time_ms: int
    here: State
    there: State
    blocked: bool = False


def earliest_passage(
    hops: Collection[Hop], met: Mapping[State, int], known: Collection[Key]
) -> dict[Key, int]:
    """For each barrier, how many nodes it would let by that are not `known`, itself included.

    `met` has the states that the barriers were met in, and since when.
    """
    barriers = list(dict.fromkeys(key for key, _ in met))
    found: dict[Key, int] = {}
    for some in split_into_chunks(barriers, max(1, _MOST_BITS // (len(hops) + 1))):
        places = {barrier: place for place, barrier in enumerate(some)}
        starts = {state: since for state, since in met.items() if state[0] in places}
        reached = (bits for key, bits in _sweep(hops, starts, places) if key not in known)
        found.update(zip(some, count_bits(reached, len(some)), strict=True))
    return found


def latest_departure(targets: Iterable[State], hops: Iterable[Hop]) -> dict[State, int | None]:
    """The states that lead on to one of the targets, and the latest time to be there for that.

    None where it is any time: at the targets themselves.
    """
    latest: dict[State, int | None] = dict.fromkeys(targets)
    moments = _moments(hops, {})
    for time in sorted(moments, reverse=True):
        before: dict[State, list[State]] = {}
        for hop in moments[time].hops:
            before.setdefault(hop.there, []).append(hop.here)
        waiting = [state for state in before if state in latest]
        while waiting:
            for state in before.get(waiting.pop(), ()):
                if state not in latest:
                    latest[state] = time
                    waiting.append(state)
    return latest


@dataclass(slots=True)
class _Moment:
    """What there is at one time: barriers that are met, and hops."""

    met: list[State] = field(default_factory=list)
    hops: list[Hop] = field(default_factory=list)

    def states(self) -> set[State]:
        return {*self.met, *(state for hop in self.hops for state in (hop.here, hop.there))}


def _moments(hops: Iterable[Hop], met: Mapping[State, int]) -> dict[int, _Moment]:
    found: dict[int, _Moment] = {}
    for state, since in met.items():
        found.setdefault(since, _Moment()).met.append(state)
    for hop in hops:
        found.setdefault(hop.time_ms, _Moment()).hops.append(hop)
    return found


def _sweep(
    hops: Iterable[Hop], met: Mapping[State, int], places: Mapping[Key, int]
) -> Iterator[tuple[Key, int]]:
    """Each node that is led to, once, with the bits of those barriers that lead to it."""
    moments = _moments(hops, met)
    order = sorted(moments)
    states: dict[Key, set[State]] = {}
    last: dict[Key, int] = {}
    for time in order:
        for state in moments[time].states():
            states.setdefault(state[0], set()).add(state)
            last[state[0]] = time
    bits: dict[State, int] = {}
    for time in order:
        moment = moments[time]
        for state in moment.met:
            bits[state] = bits.get(state, 0) | 1 << places[state[0]]
        _pass_on(moment.hops, bits, places)
        # Let go as soon as can be: a set may have a bit for each of many thousand barriers.
        for key in {key for key, _ in moment.states() if last[key] == time}:
            whole = 0
            for state in states.pop(key):
                whole |= bits.pop(state, 0)
            if whole:
                yield key, whole


def _pass_on(hops: Iterable[Hop], bits: dict[State, int], places: Mapping[Key, int]) -> None:
    """What the hops of one time add to the bits."""
    onward: dict[State, list[State]] = {}
    into: list[Hop] = []
    for hop in hops:
        if not hop.blocked:
            onward.setdefault(hop.here, []).append(hop.there)
        elif hop.there[0] in places:
            into.append(hop)
    nodes = dict.fromkeys([*onward, *(state for some in onward.values() for state in some)])
    again = True
    while again:
        for state, found in walk(nodes, onward, lambda state: bits.get(state, 0)):
            bits[state] = found
        again = False
        for hop in into:
            own = 1 << places[hop.there[0]]
            there = bits.get(hop.there, 0)
            if bits.get(hop.here, 0) & own and not there & own:
                # A barrier that let by what came back to it, by another port.
                bits[hop.there] = there | own
                again = True
