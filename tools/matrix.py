"""Run the tests without Neo4j on each supported Python that this machine has."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
ROOT = Path(__file__).parents[1]


def find_python(version: str) -> str | None:
    """Return an interpreter of a version: on the path, or among pyenv's.

    Parameters
    ----------
    version : str
        Such as ``3.12``.

    Returns
    -------
    str or None
        A path that starts, or None where there is none.
    """
    candidates = [shutil.which(f"python{version}")]
    candidates += map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in filter(None, candidates):
        asked = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        answered = subprocess.run(asked, capture_output=True, text=True, check=False)
        if answered.stdout.strip() == version:
            return candidate
    return None


def run_tests(version: str, python: str) -> int:
    """Install into ``.matrix/VERSION`` and run the tests there; return pytest's exit code."""
    home = ROOT / ".matrix" / version
    own = home / "bin" / "python"
    if not own.exists():
        subprocess.run([python, "-m", "venv", str(home)], check=True)
    install = [str(own), "-m", "pip", "install", "--quiet", "-e", ".[neo4j,demo,mlmd,dev]"]
    subprocess.run(install, cwd=ROOT, check=True)
    tests = [str(own), "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--no-neo4j"]
    return subprocess.run(tests, cwd=ROOT, check=False).returncode


def main() -> int:
    """Try each version, and print which were tried, which passed, and which are not there."""
    outcomes: dict[str, str] = {}
    for version in VERSIONS:
        python = find_python(version)
        if python is None:
            outcomes[version] = "not on this machine"
        else:
            outcomes[version] = "passed" if run_tests(version, python) == 0 else "FAILED"
    for version, outcome in outcomes.items():
        print(f"Python {version}  {outcome}")
    tried = [outcome for outcome in outcomes.values() if outcome != "not on this machine"]
    return 0 if tried and set(tried) == {"passed"} else 1


if __name__ == "__main__":
    sys.exit(main())
