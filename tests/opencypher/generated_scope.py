"""What a generated query is made of: chance, names that are bound, and the words of the schema."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

LABELS = {
    "artifact": ("Artifact", "Artifact", "Dataset", "Examples", "Model", "Metrics"),
    "execution": ("Execution", "Execution", "Train", "Split", "Evaluate", "Deploy"),
    "context": ("Context", "PipelineRun", "Pipeline"),
    "mark": ("Mark",),
    "label": ("MarkLabel",),
    "type": ("Type",),
}
# The properties that the generated graphs have, by the kind of their values.
NUMBERS = {
    "artifact": ("id", "accuracy", "rows"),
    "execution": ("id", "lr", "seed"),
    "context": ("id",),
    "mark": ("id", "node_id"),
    "label": ("none",),
    "type": ("id",),
}
TEXTS = {
    "artifact": ("name", "uri", "type", "framework"),
    "execution": ("name", "type", "state"),
    "context": ("name", "type"),
    "mark": ("label", "reason", "kind"),
    "label": ("name",),
    "type": ("name", "kind", "base"),
}
# Times in milliseconds.
TIMES = {
    "artifact": ("created", "updated"),
    "execution": ("created", "updated"),
    "context": ("created",),
    "mark": ("recorded_ms", "until_ms"),
    "label": ("none",),
    "type": ("none",),
}
LITERALS = ("'a1.0'", "'step3'", "'torch'", "'Model'", "'COMPLETE'", "'run-1'", "'x'", "''")
# Every query gets these, whether it uses them or not.
PARAMETERS: Mapping[str, Any] = {
    "one": 1,
    "some": 4,
    "ratio": 0.75,
    "text": "a1.0",
    "key": "name",
    "nothing": None,
    "yes": True,
    "names": ["a0.0", "step2", None, "run-0"],
    "ids": [1, 2, 3, 5, 8],
    "mixed": [1, "a", 2.5, None, True, [1, 2], {"a": 1}],
    "map": {"name": "a1.0", "least": 3, "inner": {"list": [3, 2, 1]}},
}


@dataclass(slots=True)
class Scope:
    """What is bound: nodes with their kind, scalars, and what patterns give beside them.

    `lengths` are paths of which only the length is sure: which of several it is, is not.
    """

    nodes: dict[str, str] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    temporals: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    lengths: list[str] = field(default_factory=list)
    walks: list[str] = field(default_factory=list)  # lists of relationships
    groups: list[str] = field(default_factory=list)  # lists of nodes
    events: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """Every name that is bound."""
        return [
            *self.nodes, *self.numbers, *self.texts, *self.temporals, *self.paths, *self.lengths,
            *self.walks, *self.groups, *self.events,
        ]  # fmt: skip

    def inner(self) -> Scope:
        """What a sub-query may use of it."""
        return Scope(dict(self.nodes), list(self.numbers), list(self.texts), list(self.temporals))

    def only(self, nodes: list[str]) -> None:
        """Forget all but these nodes."""
        self.nodes = {name: self.nodes[name] for name in nodes}
        for names in (
            self.numbers, self.texts, self.temporals, self.paths, self.lengths, self.walks,
            self.groups, self.events,
        ):  # fmt: skip
            names.clear()


class Chance:
    """The dice, and names that nobody has yet."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._made = 0
        # How deep inside sub-queries.
        self._inside = 0
        # Neo4j lets no query mix the two ways to write a walk.
        self._stars = True
        # Whether what is made is the WHERE of an OPTIONAL MATCH.
        self._optionally = False

    def _begin(self) -> None:
        self._made = self._inside = 0
        self._stars = self._dice.random() < 0.6

    def _now_and_then(self, share: float) -> bool:
        return self._dice.random() < share

    def _name(self) -> str:
        self._made += 1
        return f"v{self._made}"

    def _alias(self, scope: Scope, taken: Collection[str] = ()) -> str:
        """A name for a column: one that nobody has, or one that means something else before it."""
        hidden = [name for name in scope.names() if name not in taken]
        return self._one_of(*hidden) if hidden and self._now_and_then(0.4) else self._name()

    def _aliases(self, scope: Scope, count: int, taken: Collection[str] = ()) -> list[str]:
        """Several such names, no two the same."""
        found: list[str] = []
        for _ in range(count):
            found.append(self._alias(scope, (*taken, *found)))
        return found

    def _one_of(self, *choices):  # type: ignore[no-untyped-def]
        return self._dice.choice(choices)
