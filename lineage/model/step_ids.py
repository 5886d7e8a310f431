"""What a recorded step was given: ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lineage.errors import NotFound
from lineage.model.events import Path


@dataclass(frozen=True, slots=True)
class Recorded:
    """The ids of what a recorded step consists of; paths lead to artifact ids."""

    execution: int
    inputs: Mapping[Path, int] = field(default_factory=dict)
    outputs: Mapping[Path, int] = field(default_factory=dict)
    contexts: tuple[int, ...] = ()

    def output(self, *path: str | int) -> int:
        """Return the id of the artifact under a path; without one, of the only output.

        Raises
        ------
        NotFound
            The step has no output under that path.
        """
        if not path and len(self.outputs) == 1:
            return next(iter(self.outputs.values()))
        if path not in self.outputs:
            there = ", ".join(map(str, self.outputs)) or "none"
            raise NotFound(f"the step has no output {path} (it has: {there})")
        return self.outputs[path]
