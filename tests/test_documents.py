"""What documents show is what the commands print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.documents import demo_store, essence, replayed

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("name", "commands"), [("README.md", 6), ("docs/comparing.md", 6), ("docs/query.md", 2)]
)
def test_a_document_shows_what_the_commands_print(name: str, commands: int) -> None:
    text = (ROOT / name).read_text()
    assert len(re.findall(r"^\$ lineage ", text, re.MULTILINE)) >= commands
    with demo_store(text) as run:
        assert essence(replayed(text, run)) == essence(text)


def test_links_in_documents_lead_somewhere() -> None:
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text()):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name} links to {target}"
