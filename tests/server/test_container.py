"""The container's files, as far as they can be held to without a container engine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.server.http.test_process import serving

ROOT = Path(__file__).parents[2]
TOKEN = "a token of more than sixteen signs"


def instructions() -> dict[str, list[str]]:
    """The Containerfile's instructions, with their continued lines."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Containerfile").read_text())
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            found.setdefault(word, []).append(rest)
    return found


def services() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return told


def test_what_is_copied_and_installed_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for line in instructions()["COPY"]:
        if not line.startswith("--from"):
            *sources, _ = line.split()
            assert all((ROOT / source).exists() for source in sources)
    [installed] = re.findall(r"'\.\[(.*?)\]'", " ".join(instructions()["RUN"]))
    assert set(installed.split(",")) <= project["optional-dependencies"].keys()
    assert instructions()["ENTRYPOINT"] == ['["lineage"]']
    assert instructions()["USER"] == ["lineage"]


def commands() -> list[list[str]]:
    return [json.loads(instructions()["CMD"][0]), services()["lineage"]["command"]]


@pytest.mark.parametrize("words", commands())
def test_the_command_serves_and_is_found_healthy(words: list[str], tmp_path: Path) -> None:
    here = [re.sub(r"^0\.0\.0\.0:\d+$", "0.0.0.0:0", word) for word in words]
    here = [re.sub(r"\$\{\w+:-(\w+)\}", r"\1", word) for word in here]
    assert here[0] == "serve"
    url = f"sqlite:///{tmp_path}/lineage.db"
    with serving(url, *here[1:], LINEAGE_TOKEN=TOKEN) as (_, (web, _)):
        port = web.rpartition(":")[2]
        check = json.loads(instructions()["HEALTHCHECK"][0].partition("CMD ")[2])
        done = subprocess.run([sys.executable, *check[1:2], check[2].replace("8000", port)],
                              timeout=60)  # fmt: skip
        assert done.returncode == 0


def test_the_services_fit_each_other() -> None:
    told = services()
    lineage = told["lineage"]
    assert lineage["build"]["dockerfile"] == "Containerfile"
    assert "neo4j" in told
    for name, needs in lineage["depends_on"].items():
        assert needs["condition"] == "service_healthy"
        assert "healthcheck" in told[name]
    volumes = yaml.safe_load((ROOT / "compose.yaml").read_text())["volumes"]
    assert {volume.partition(":")[0] for volume in told["neo4j"]["volumes"]} == volumes.keys()
    assert all(port.startswith("127.0.0.1:") for port in lineage["ports"])
    exposed = set(instructions()["EXPOSE"][0].split())
    assert {port.rpartition(":")[2] for port in lineage["ports"]} == exposed
    text = (ROOT / "compose.yaml").read_text()
    for secret in ("NEO4J_PASSWORD", "LINEAGE_TOKEN"):
        # Without it, nothing starts.
        assert f"${{{secret}:?" in text
        assert f"${{{secret}}}" not in text
