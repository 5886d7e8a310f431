"""Single files out of packages of the npm registry, pinned by version and digest."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
from functools import partial
from pathlib import Path, PurePosixPath

from tools.fetching import CannotFetch, kept


def fetch(package: str, version: str, sha512: str, member: str) -> Path:
    """Return the file `member` of a package, fetched once a user.

    `sha512` is as the registry gives it (`npm view PACKAGE@VERSION dist.integrity`).
    Raises CannotFetch where it can't be had, or is another one.
    """
    fill = partial(_fill, package=package, version=version, sha512=sha512, member=member)
    return kept(f"{package}-{version}", fill) / PurePosixPath(member).name


def _fill(into: Path, *, package: str, version: str, sha512: str, member: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise CannotFetch("there is no npm (Debian: apt-get install npm)")
    told = subprocess.run(
        [npm, "pack", f"{package}@{version}", "--silent", "--pack-destination", str(into)],
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise CannotFetch(f"npm could not fetch {package} {version}:\n{told.stderr[-2000:]}")
    packed = into / f"{package}-{version}.tgz"
    found = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
    if found != sha512:
        raise CannotFetch(f"what npm fetched is not {package} {version}: its SHA-512 is {found}")
    with tarfile.open(packed) as archive:
        file = archive.extractfile(f"package/{member}")
        assert file is not None
        (into / PurePosixPath(member).name).write_bytes(file.read())
    packed.unlink()
