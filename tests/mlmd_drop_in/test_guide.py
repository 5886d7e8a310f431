"""The guide "From ML Metadata to Lineage", followed step by step as it is written."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.mlmd_drop_in.conftest import Beside
from tools.documents import essence, replayed
from tools.mariadb import MariaDb
from tools.mlmd.environment import EXTRAS, ROOT, WHEEL

_GUIDE = (ROOT / "docs" / "from-mlmd.md").read_text()
_BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NEO4J = "neo4j://neo4j:secret@localhost:7687"
_PASSWORD = "s@cret"
# What an old server still records after the first import.
_LATE = """
import sys
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb
config = pb.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE
store = metadata_store.MetadataStore(config, enable_upgrade_migration=True)
store.put_executions([pb.Execution(type_id=store.get_executions()[0].type_id)])
"""


class Reader:
    """Somebody who follows the guide in a folder that has `metadata.sqlite`."""

    def __init__(self, beside: Beside, folder: Path, there: dict[str, str]) -> None:
        self.beside = beside
        self.folder = folder
        # What the guide's addresses are here.
        self.there = there
        self.stack = ExitStack()
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "LINEAGE_URL"},
            "COLUMNS": "100",
            "PATH": f"{beside.python.parent}:{os.environ['PATH']}",
        }

    def does(self, command: str) -> str:
        """Run a command of the guide; returns what it prints."""
        for name, address in self.there.items():
            command = command.replace(name, address)
        words = shlex.split(command, comments=True)
        if "serve" in words:
            return self.serves(words)
        expected = int((re.findall(r"# exit code (\d)", command) or "0")[0])
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == expected, f"{command}\n{done.stdout}{done.stderr}"
        said = done.stdout
        for name, address in self.there.items():
            # No password is ever shown.
            said = said.replace(address.split("@")[-1], name.split("@")[-1])
        return said

    def serves(self, words: list[str]) -> str:
        process = subprocess.Popen(
            words, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True
        )
        self.stack.enter_context(process)
        self.stack.callback(process.terminate)
        assert process.stdout is not None
        return process.stdout.readline()

    def runs(self, code: str) -> None:
        """Run Python of the guide, which prints what its comment says."""
        for name, address in self.there.items():
            code = code.replace(name, address)
        [expected] = re.findall(r"print\(.*\)  # (.*)", code)
        done = subprocess.run(
            [self.beside.python, "-c", code], cwd=self.folder, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.stdout.strip() == expected, done.stderr


@pytest.fixture
def folder(data: Path, tmp_path: Path) -> Path:
    shutil.copyfile(data / "mlmd" / "tfx_0_21.sqlite", tmp_path / "metadata.sqlite")
    return tmp_path


@pytest.fixture
def mysql(protobuf_4: Beside) -> Iterator[int]:
    """The port of a MySQL server that has a database of ML Metadata's."""
    with MariaDb("metadb", _PASSWORD) as server:
        protobuf_4.by_script("fill.py", "mysql", str(server.port), "metadb", _PASSWORD)
        yield server.port


def test_every_step(protobuf_4: Beside, folder: Path, mysql: int) -> None:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    reader = Reader(protobuf_4, folder, {"8080": port, "db:3306": f"127.0.0.1:{mysql}"})
    imports = 0
    with reader.stack:
        for kind, content in _BLOCK.findall(_GUIDE):
            if kind == "python":
                reader.runs(content)
            elif "pip install" in content:
                assert content == f"$ pip install 'lineage-engine[{EXTRAS}]' {WHEEL}\n"
            elif _NEO4J not in content:
                if "import mlmd metadata.sqlite" in content:
                    imports += 1
                    if imports == 2:
                        protobuf_4.run("-c", _LATE, str(folder / "metadata.sqlite"))
                block = f"```console\n{content}```\n"
                assert essence(replayed(block, reader.does)) == essence(block)
    assert imports == 2


def test_the_step_into_neo4j(protobuf_4: Beside, folder: Path, neo4j_url: str) -> None:
    reader = Reader(protobuf_4, folder, {_NEO4J: neo4j_url})
    [content] = [content for _, content in _BLOCK.findall(_GUIDE) if _NEO4J in content]
    block = f"```console\n{content}```\n"
    assert essence(replayed(block, reader.does)) == essence(block)
