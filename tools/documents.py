"""`python -m tools.documents FILE.md …`: write the demo's real answers into a document.

Each line `$ lineage …` in a fenced block marked `console` is run, one after the other, against
the store that `lineage demo --no-clean-up` leaves; what it prints replaces the lines below it, up
to the next such line or the end of the block. It must end with exit code 0, or as its comment
says: `# exit code 1`. A block marked `toml` or `python` whose first line is a comment with the name
of such a file is a file that they may read.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lineage.recording.environment import VARIABLES

_WIDTH = "100"
_PROMPT = "$ lineage "

_FILE = re.compile(
    r"^```(?:toml|python)\n# (\w+\.(?:toml|py))\n(.*?)^```$", re.MULTILINE | re.DOTALL
)

Run = Callable[[str], str]


@contextmanager
def demo_store(text: str) -> Iterator[Run]:
    """Run the demo in a temporary folder; gives a function from a command to what it prints.

    The files that the document `text` shows are in that folder.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{
                name: value
                for name, value in os.environ.items()
                # What a run records of its environment is to be the same everywhere.
                if name not in VARIABLES and not name.startswith("LINEAGE_")
            },
            "COLUMNS": _WIDTH,
            # `python` is the one that runs this.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }

        def run(command: str) -> str:
            expected = int((re.findall(r"# exit code (\d)", command) or "0")[0])
            words = shlex.split(command, comments=True)
            ended = subprocess.run(
                [sys.executable, "-m", "lineage.cli", *words[1:]],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert ended.returncode == expected, f"{command}\n{ended.stdout}"
            return ended.stdout.replace(str(Path(folder).resolve()), "…")

        for name, content in _FILE.findall(text):
            (Path(folder) / name).write_text(content)
        run("lineage demo --no-clean-up")
        yield run


def replayed(text: str, run: Run) -> str:
    """The document with every command's answer as it is now."""
    done: list[str] = []
    inside = answering = False
    for line in text.splitlines():
        fence = line.startswith("```")
        if answering and not (fence or line.startswith(_PROMPT)):
            continue
        if answering and line.startswith(_PROMPT):
            done.append("")
        if fence:
            inside, answering = line == "```console", False
        done.append(line)
        if inside and line.startswith(_PROMPT):
            done += [told.rstrip() for told in run(line[2:]).rstrip().splitlines()]
            answering = True
    return "\n".join(done) + "\n"


def essence(text: str) -> str:
    """A document but for what differs from run to run: numbers, digests, the platform, spacing."""
    lines = (line for line in text.splitlines() if not line.startswith("platform"))
    masked = (re.sub(r"\b(?=\w*\d)[0-9a-f]{8,}\b|[\d.,]*\d", "#", line) for line in lines)
    return "\n".join(" ".join(line.split()) for line in masked)


def main() -> None:
    """Rewrite the documents named on the command line."""
    for path in map(Path, sys.argv[1:]):
        text = path.read_text()
        with demo_store(text) as run:
            path.write_text(replayed(text, run))


if __name__ == "__main__":
    main()
