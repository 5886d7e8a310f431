"""Fail a CI job where a model may not be deployed.

    python ci_gate.py Model:churn pii poisoned

Exits with 1 where the model is tainted by one of the labels, and with 3 where the store does not
know the model: a gate that cannot know says no.
"""

from __future__ import annotations

import sys

import lineage
from lineage.errors import LineageError, NotFound


def main(model: str, *labels: str) -> int:
    """Check a model for each label, and say why it is refused."""
    try:
        with lineage.connect() as store:
            checks = [store.check(model, label=label) for label in labels]
    except NotFound as error:
        print(f"refused: {error}", file=sys.stderr)
        return 3
    except LineageError as error:
        print(f"refused, as it could not be checked: {error}", file=sys.stderr)
        return 4
    for label, check in zip(labels, checks, strict=True):
        print(f"{model} is {'clean' if check.clean else 'NOT clean'} of {label}")
    return 0 if all(check.clean for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
