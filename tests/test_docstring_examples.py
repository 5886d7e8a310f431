"""The examples in docstrings run."""

from __future__ import annotations

import subprocess
import sys

from tests.test_architecture import ROOT

# Written into other people's programs, where they are started by their names.
_INJECTED = ("lineage/recording/capture/injected", "lineage/recording/injected")


def test_docstring_examples_run() -> None:
    ignored = [f"--ignore={folder}" for folder in _INJECTED]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "--doctest-modules", "lineage", *ignored],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr
