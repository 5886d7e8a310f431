"""Run ML Metadata's own Python tests, unmodified, against this project's gRPC server.

    python -m tools.mlmd.suite CHECKOUT [--store URL] [--protobuf 6] [pytest's options]

CHECKOUT is a checkout of the `google/ml-metadata` repository of the wheel's version; nothing in it
is changed. Its tests run in an environment that has the unmodified `ml-metadata` wheel, connected
by gRPC to a server over an empty store at URL (memory:// by default). The wheel's protobuf is 4, as
it declares, or 6.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import lineage
from lineage.server.addresses import Address
from lineage.server.mlmd.service import Server
from tools.mlmd.environment import environment_with_lineage, environment_with_protobuf_6

_FOLDER = Path("ml_metadata") / "metadata_store"
_ENVIRONMENTS = {"4": environment_with_lineage, "6": environment_with_protobuf_6}
_FILES = ("metadata_store_test.py", "conftest.py")


def run(checkout: Path, store: lineage.Store, python: Path, options: list[str]) -> int:
    """Run the suite against a server over the store; returns pytest's exit code."""
    for name in _FILES:
        if not (checkout / _FOLDER / name).is_file():
            raise SystemExit(f"{checkout / _FOLDER / name} is not there: give a checkout")
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(store, Address("localhost", 0)) as server,
    ):
        # Out of the checkout, where `import ml_metadata` would find its sources, not the wheel.
        for name in _FILES:
            shutil.copy(checkout / _FOLDER / name, folder)
        command = [
            str(python),
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            _FILES[0],
            "--use_grpc_backend",
            "--grpc_host=localhost",
            f"--grpc_port={server.address.port}",
            *options,
        ]
        return subprocess.run(command, cwd=folder, check=False).returncode


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--store", default="memory://", help="the URL of an empty store")
    parser.add_argument("--protobuf", choices=_ENVIRONMENTS, default="4")
    given, options = parser.parse_known_args()
    python = _ENVIRONMENTS[given.protobuf]()
    with lineage.connect(given.store) as store:
        return run(given.checkout.resolve(), store, python, options)


if __name__ == "__main__":
    sys.exit(main())
