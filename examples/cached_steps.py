"""Plain functions as steps: recorded, and skipped where nothing that they depend on has changed."""

from __future__ import annotations

from pathlib import Path

import lineage
from lineage import Input, Output


@lineage.step(cache=True)
def prepare(raw: Input[Path], clean: Output[Path]) -> None:
    """Leave out what is no number."""
    numbers = [line for line in raw.read_text().split() if line.isdigit()]
    clean.write_text("\n".join(numbers))


@lineage.step(cache=True, type="Train")
def train(clean: Input[Path], model: Output[Path], rate: float) -> None:
    """Train something very small."""
    numbers = [int(line) for line in clean.read_text().split()]
    model.write_text(str(rate * sum(numbers)))


@lineage.step(cache=True, type="Evaluate")
def evaluate(model: Input[Path]) -> dict[str, float]:
    """Measure it."""
    return {"error": abs(float(model.read_text()) - 1)}


def run(rate: float) -> str:
    """Run the steps; return how each was recorded."""
    raw, clean, model = Path("raw.txt"), Path("clean.txt"), Path("model.txt")
    prepare(raw, clean)
    train(clean, model, rate)
    evaluate(model)
    with lineage.connect() as store:
        return " ".join(e.state for e in store.executions()[-3:])


def main() -> None:
    """Run the same three steps four times."""
    Path("raw.txt").write_text("1 2 x 3")
    print("first:", run(0.1))
    print("again:", run(0.1))
    print("another rate:", run(0.2))
    Path("raw.txt").write_text("1 2 y 3")
    print("another input, the same numbers:", run(0.2))


if __name__ == "__main__":
    main()
