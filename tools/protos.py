"""Compile the .proto files of the ML Metadata wire into the descriptors that the server loads.

    python -m tools.protos

Descriptors are data, so the same file works under every protobuf library; generated Python code
works under few, and would take names that the `ml_metadata` package takes too.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROTOS = ROOT / "lineage" / "server" / "mlmd"
DESCRIPTORS = PROTOS / "descriptors.binpb"


def compiled() -> bytes:
    """The descriptors of all .proto files, as protoc serializes them."""
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "descriptors"
        files = [p.relative_to(ROOT).as_posix() for p in sorted(PROTOS.glob("*.proto"))]
        well_known = Path(protoc.__file__).parent / "_proto"
        code = protoc.main(
            ["protoc", f"-I{ROOT}", f"-I{well_known}", f"--descriptor_set_out={out}", *files]
        )
        if code:
            raise SystemExit(f"protoc failed ({code})")
        return out.read_bytes()


if __name__ == "__main__":
    DESCRIPTORS.write_bytes(compiled())
    print(f"{DESCRIPTORS.relative_to(ROOT)}: {DESCRIPTORS.stat().st_size:,} bytes", file=sys.stderr)
