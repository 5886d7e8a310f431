"""Builds the tests' client in Go: the stubs from our own .proto files, then the program."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.protos import PROTOS, ROOT

_SOURCES = ROOT / "tests" / "mlmd_drop_in" / "go_client"
_GENERATORS = (
    "google.golang.org/protobuf/cmd/protoc-gen-go",
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc",
)


class CannotBuild(Exception):
    """Go is missing, or could not build it; the message says which."""


def built() -> Path:
    """The program, built on first use and whenever a source has changed."""
    folder = ROOT / "benchmarks" / ".peers" / "go-client"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "client"
    sources = [*_SOURCES.iterdir(), *PROTOS.glob("*.proto")]
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        newest = max(source.stat().st_mtime for source in sources)
        if not program.is_file() or program.stat().st_mtime < newest:
            with tempfile.TemporaryDirectory() as work:
                _build(Path(work), program)
    return program


def _build(work: Path, program: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise CannotBuild("install Go 1.26 or newer (go): the tests build a client of it")
    shutil.copytree(_SOURCES, work, dirs_exist_ok=True)
    plugins = work / "bin"
    _run([go, "build", "-o", f"{plugins}/", *_GENERATORS], work)
    _generate(work / "pb", plugins)
    _run([go, "build", "-o", str(program), "."], work)


def _generate(into: Path, plugins: Path) -> None:
    from grpc_tools import protoc

    into.mkdir()
    files = [p.relative_to(ROOT).as_posix() for p in sorted(PROTOS.glob("*.proto"))]
    command = ["protoc", f"-I{ROOT}", f"-I{Path(protoc.__file__).parent / '_proto'}"]
    for kind in ("go", "go-grpc"):
        command += [f"--plugin={plugins / f'protoc-gen-{kind}'}", f"--{kind}_out={into}"]
        command += [f"--{kind}_opt=M{file}=lineage/client/pb" for file in files]
        command.append(f"--{kind}_opt=module=lineage/client/pb")
    if protoc.main([*command, *files]):
        raise CannotBuild("protoc could not generate the stubs")


def _run(command: list[str], folder: Path) -> None:
    environment = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotBuild(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
