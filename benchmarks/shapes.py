"""The graphs that are measured, as numbers only.

No imports beyond the standard library: the peers' interpreters, which lack Lineage, build the
same graphs from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

# (artifact id, execution id, whether it is an output)
Edge = tuple[int, int, bool]


@dataclass(frozen=True)
class Shape:
    """Artifacts 1..artifacts, executions 1..executions, and the events between them.

    `root` is an artifact from which `reached` nodes are downstream, itself not counted.
    """

    artifacts: int
    executions: int
    events: int
    edges: Callable[[], Iterator[Edge]]
    root: int = 1
    reached: int = 0


def layered(layers: int, width: int) -> Shape:
    """Layers of executions, two in and two out each, mixing; all of it is downstream of artifact 1.

    Artifacts 1 and 2 are what the first layer reads.
    """

    def edges() -> Iterator[Edge]:
        for layer in range(layers):
            first = 3 + 2 * width * (layer - 1)  # of the artifacts of the layer before
            for j in range(width):
                execution = layer * width + j + 1
                if layer == 0:
                    yield 1, execution, False
                    yield 2, execution, False
                else:
                    yield first + 2 * j, execution, False
                    yield first + 2 * ((j * 7919 + layer) % width) + 1, execution, False
                yield 2 * execution + 1, execution, True
                yield 2 * execution + 2, execution, True

    executions = layers * width
    return Shape(2 * executions + 2, executions, 4 * executions, edges, 1, 3 * executions)


def ladder(layers: int) -> Shape:
    """Two executions a layer, each reading both artifacts of the layer before: 2^layers paths."""

    def edges() -> Iterator[Edge]:
        for layer in range(layers):
            for side in range(2):
                execution = 2 * layer + side + 1
                yield 2 * layer + 1, execution, False
                yield 2 * layer + 2, execution, False
                yield 2 * layer + 3 + side, execution, True

    return Shape(2 * layers + 2, 2 * layers, 6 * layers, edges, 1, 4 * layers)


def fanned(executions: int) -> Shape:
    """2.5 artifacts an execution, read two or three times each: about 490,000 events of 60,000."""

    def edges() -> Iterator[Edge]:
        made = 0
        for execution in range(1, executions + 1):
            for k in range((5, 6, 6)[execution % 3]):
                if made - 7 * k > 0:
                    yield made - 7 * k, execution, False
            for _ in range(2 + execution % 2):
                made += 1
                yield made, execution, True

    made = sum(2 + n % 2 for n in range(1, executions + 1))
    return Shape(made, executions, sum(1 for _ in edges()), edges)


SHAPES: dict[str, Callable[..., Shape]] = {"layered": layered, "ladder": ladder, "fanned": fanned}
