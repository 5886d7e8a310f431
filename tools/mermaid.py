"""Mermaid itself, which draws what we write for it: from the npm registry, fetched once a user."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

from tools.fetching import CannotFetch, kept

VERSION = "12.3.0"
# As the registry gives it (`npm view mermaid@… dist.integrity`).
_SHA512 = "4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw=="
_SCRIPT = "mermaid.min.js"


def script() -> Path:
    """The one file that a page loads. Raises CannotFetch where it can't be had."""
    return kept(f"mermaid-{VERSION}", _fill) / _SCRIPT


def _fill(into: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise CannotFetch("there is no npm (Debian: apt-get install npm)")
    told = subprocess.run(
        [npm, "pack", f"mermaid@{VERSION}", "--silent", "--pack-destination", str(into)],
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise CannotFetch(f"npm could not fetch Mermaid {VERSION}:\n{told.stderr[-2000:]}")
    packed = into / f"mermaid-{VERSION}.tgz"
    found = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
    if found != _SHA512:
        raise CannotFetch(f"what npm fetched is not Mermaid {VERSION}: its SHA-512 is {found}")
    with tarfile.open(packed) as archive:
        member = archive.extractfile(f"package/dist/{_SCRIPT}")
        assert member is not None
        (into / _SCRIPT).write_bytes(member.read())
    packed.unlink()
