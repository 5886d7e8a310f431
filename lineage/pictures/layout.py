"""Where each box stands and how each arrow runs: layers from left to right, along the data.

The layered drawing of Sugiyama, Tagawa and Toda (Methods for Visual Understanding of Hierarchical
System Structures, 1981): arrows that close a circle are turned round, each box goes into the layer
after the last of those before it, an arrow across several layers gets a place in each, layers are
ordered by the mean of their neighbours while crossings become fewer, and boxes are drawn as near to
their neighbours as the order allows (isotonic regression). Linear in boxes and places, but for
sorting.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lineage.captions import printable
from lineage.pictures.drawing import Arrow, Box, Drawing

HEIGHT = 30.0
_CHARACTER, _PADDING, _WIDEST = 6.6, 22.0, 230.0
_BETWEEN_LAYERS, _BETWEEN_BOXES, _BETWEEN_PLACES = 64.0, 14.0, 8.0
_MARGIN = 20.0
_SWEEPS = 8
# Beyond this, long arrows run straight: places for them would outnumber the boxes by far.
_MOST_PLACES = 20_000

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A box with its left upper corner, its size and the text that fits in."""

    box: Box
    x: float
    y: float
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class PlacedArrow:
    """An arrow with the points that it runs through."""

    arrow: Arrow
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything placed, from (0, 0) to (width, height)."""

    boxes: tuple[PlacedBox, ...]
    arrows: tuple[PlacedArrow, ...]
    width: float
    height: float


def layout(drawing: Drawing) -> Layout:
    """Place a drawing."""
    keys = [box.key for box in drawing.boxes]
    if not keys:
        return Layout((), (), 2 * _MARGIN, 2 * _MARGIN)
    forward = _without_circles(keys, drawing.arrows)
    layer = _layers(keys, forward)
    plan = _Plan.of(keys, layer, forward)
    plan.order()
    ys = plan.heights()
    texts = {box.key: _fit(box.caption) for box in drawing.boxes}
    widths = {key: len(text) * _CHARACTER + _PADDING for key, text in texts.items()}
    columns = _columns(plan.rows, widths)
    top = min(ys.values()) - HEIGHT / 2 - _MARGIN
    boxes = tuple(
        PlacedBox(
            box,
            columns[layer[box.key]],
            ys[box.key] - HEIGHT / 2 - top,
            widths[box.key],
            texts[box.key],
        )
        for box in drawing.boxes
    )
    places = {placed.box.key: placed for placed in boxes}
    arrows = []
    for arrow in drawing.arrows:
        turned = (arrow.source, arrow.target) not in forward
        way = (arrow.target, arrow.source) if turned else (arrow.source, arrow.target)
        points = [
            _right(places[way[0]]),
            *((columns[at], ys[place] - top) for at, place in plan.between.get(way, ())),
            _left(places[way[1]]),
        ]
        arrows.append(PlacedArrow(arrow, tuple(points[::-1] if turned else points)))
    return Layout(
        boxes,
        tuple(arrows),
        max(placed.x + placed.width for placed in boxes) + _MARGIN,
        max(ys.values()) - top + HEIGHT / 2 + _MARGIN,
    )


def layers(drawing: Drawing) -> dict[str, int]:
    """Return the layer that each box stands in, from 0 on the left."""
    keys = [box.key for box in drawing.boxes]
    return _layers(keys, _without_circles(keys, drawing.arrows))


def _without_circles(keys: Sequence[str], arrows: Sequence[Arrow]) -> dict[tuple[str, str], None]:
    """The arrows as pairs, those turned round that lead back to what leads to them."""
    onward: dict[str, list[str]] = {key: [] for key in keys}
    entered = set()
    for arrow in arrows:
        if arrow.source != arrow.target:
            onward[arrow.source].append(arrow.target)
            entered.add(arrow.target)
    pairs: dict[tuple[str, str], None] = {}
    state: dict[str, int] = {}
    # From where nothing leads first, so that circles are cut where they are closed.
    for start in [*(k for k in keys if k not in entered), *keys]:
        stack = [(start, iter(onward[start]))] if start not in state else []
        state.setdefault(start, 1)
        while stack:
            key, targets = stack[-1]
            for target in targets:
                turned = state.get(target) == 1
                pairs[(target, key) if turned else (key, target)] = None
                if target not in state:
                    state[target] = 1
                    stack.append((target, iter(onward[target])))
                    break
            else:
                state[key] = 2
                stack.pop()
    return pairs


def _layers(keys: Sequence[str], pairs: Mapping[tuple[str, str], None]) -> dict[str, int]:
    """Each box one layer after the last of those before it; starts stand right before."""
    after: dict[str, list[str]] = {key: [] for key in keys}
    waiting = dict.fromkeys(keys, 0)
    for source, target in pairs:
        after[source].append(target)
        waiting[target] += 1
    starts = [key for key in keys if waiting[key] == 0]
    layer = dict.fromkeys(keys, 0)
    ready = list(starts)
    while ready:
        key = ready.pop()
        for target in after[key]:
            layer[target] = max(layer[target], layer[key] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    for key in starts:
        layer[key] = min((layer[target] - 1 for target in after[key]), default=0)
    return layer


@dataclass(slots=True)
class _Plan:
    """The layers with all places in them: boxes, and where long arrows pass."""

    rows: list[list[str]]
    before: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, list[str]] = field(default_factory=dict)
    between: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)
    boxes: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, keys: Sequence[str], layer: Mapping[str, int], pairs: Mapping[tuple[str, str], None]
    ) -> _Plan:
        plan = cls([[] for _ in range(max(layer.values()) + 1)], boxes=frozenset(keys))
        for key in keys:
            plan.rows[layer[key]].append(key)
        long = sum(layer[target] - layer[source] - 1 for source, target in pairs)
        for source, target in pairs:
            here = source
            for at in range(layer[source] + 1, layer[target]) if long <= _MOST_PLACES else ():
                # No box is called so: their keys begin with a kind.
                place = f"{source}>{target}@{at}"
                plan.rows[at].append(place)
                plan.between.setdefault((source, target), []).append((at, place))
                plan._join(here, place)
                here = place
            plan._join(here, target)
        return plan

    def _join(self, source: str, target: str) -> None:
        self.after.setdefault(source, []).append(target)
        self.before.setdefault(target, []).append(source)

    def order(self) -> None:
        """Put neighbours beside each other; the order with the fewest crossings stays."""
        best, fewest = [list(row) for row in self.rows], self._crossings()
        for sweep in range(_SWEEPS):
            if fewest == 0:
                break
            rightward = sweep % 2 == 0
            near = self.before if rightward else self.after
            rows = self.rows if rightward else self.rows[::-1]
            for fixed, row in pairwise(rows):
                place = {key: at for at, key in enumerate(fixed)}
                now = {key: at for at, key in enumerate(row)}
                mean = {key: _mean([place[n] for n in near.get(key, ()) if n in place], now[key])
                        for key in row}  # fmt: skip
                row.sort(key=lambda key, mean=mean: mean[key])  # type: ignore[misc]
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(row) for row in self.rows], crossings
        self.rows = best

    def _crossings(self) -> int:
        count = 0
        for row, following in pairwise(self.rows):
            place = {key: at for at, key in enumerate(following)}
            seen: list[int] = []
            for key in row:
                targets = [place[t] for t in self.after.get(key, ()) if t in place]
                count += sum(len(seen) - bisect_right(seen, target) for target in targets)
                for target in targets:
                    insort(seen, target)
        return count

    def heights(self) -> dict[str, float]:
        """The y of the middle of each place."""
        ys: dict[str, float] = {}
        for row in self.rows:
            offsets = self._offsets(row)
            ys.update((k, at - offsets[-1] / 2) for k, at in zip(row, offsets, strict=True))
        for sweep in range(_SWEEPS):
            for row in self.rows if sweep % 2 == 0 else self.rows[::-1]:
                offsets = self._offsets(row)
                wanted = []
                for key, offset in zip(row, offsets, strict=True):
                    near = [*self.before.get(key, ()), *self.after.get(key, ())]
                    wanted.append(_mean([ys[n] for n in near], ys[key]) - offset)
                ys.update(
                    (key, at + offset)
                    for key, at, offset in zip(row, _rising(wanted), offsets, strict=True)
                )
        return ys

    def _offsets(self, row: Sequence[str]) -> list[float]:
        """How far below the first each of a row stands at least."""
        at, offsets = 0.0, []
        for above, key in zip([None, *row], row, strict=False):
            if above is not None:
                both = above in self.boxes and key in self.boxes
                sizes = sum(HEIGHT / 2 for one in (above, key) if one in self.boxes)
                at += sizes + (_BETWEEN_BOXES if both else _BETWEEN_PLACES)
            offsets.append(at)
        return offsets


def _rising(wanted: Sequence[float]) -> list[float]:
    """The rising sequence nearest to what is wanted: neighbours that fall are pooled."""
    pools: list[tuple[float, int]] = []
    for value in wanted:
        total, count = value, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            more, several = pools.pop()
            total, count = total + more, count + several
        pools.append((total, count))
    return [total / count for total, count in pools for _ in range(count)]


def _columns(rows: Sequence[Sequence[str]], widths: Mapping[str, float]) -> list[float]:
    """The x of each layer."""
    columns, x = [], _MARGIN
    for row in rows:
        columns.append(x)
        x += max((widths[key] for key in row if key in widths), default=0.0) + _BETWEEN_LAYERS
    return columns


def _fit(text: str) -> str:
    """As much of a label as fits into the widest box: its beginning and its end."""
    shown = printable(text)
    room = int((_WIDEST - _PADDING) / _CHARACTER)
    return (
        shown if len(shown) <= room else f"{shown[: room // 2]}…{shown[-(room - room // 2 - 1) :]}"
    )


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _left(placed: PlacedBox) -> Point:
    return placed.x, placed.y + HEIGHT / 2


def _right(placed: PlacedBox) -> Point:
    return placed.x + placed.width, placed.y + HEIGHT / 2
