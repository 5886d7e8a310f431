"""Which files are captured: those below the data roots, but for what nobody means by data.

Left out by default: the interpreter and installed packages (virtual environments and
`site-packages` wherever they are), caches, version control, editors' and test runners' folders, and
the store itself. A pattern is a name (`*.log`, `scratch`: any file or folder of that name, with all
below it) or a path below a root (`data/tmp/*.csv`, in which `*` also stands for slashes).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

LEFT_OUT = (
    # Installed packages and environments.
    "site-packages", "dist-packages", ".venv", "venv", ".tox", ".nox", ".eggs", "*.egg-info",
    "node_modules", ".pixi", ".conda",
    # Caches.
    "__pycache__", ".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis",
    ".ipynb_checkpoints", ".numba_cache", "*.pyc", "*.nbi", "*.nbc", ".DS_Store", "joblib_cache",
    ".coverage", ".coverage.*", ".ropeproject",
    # Version control, and the records of other tools.
    ".git", ".hg", ".svn", ".jj", ".gitignore", ".gitattributes", ".gitmodules",
    ".dvc", ".dvcignore", ".lineage",
    # Editors.
    ".idea", ".vscode", "*.swp", "*~",
)  # fmt: skip
_SYSTEM = ("/proc", "/sys", "/dev", "/run", "/etc", "/usr", "/lib", "/lib64", "/bin", "/sbin")


class Selection:
    """What is captured of all that a program opens.

    Parameters
    ----------
    roots
        The folders below which files are data.
    exclude
        Patterns of what is left out besides `LEFT_OUT`.
    include
        Patterns of what is captured though it is left out by default.
    own
        Files and folders of the store and of this capture.
    """

    def __init__(
        self,
        roots: Sequence[str],
        *,
        exclude: Iterable[str] = (),
        include: Iterable[str] = (),
        own: Iterable[str] = (),
    ) -> None:
        self.roots = tuple(os.path.realpath(root) for root in roots)
        self._exclude = tuple(exclude)
        self._include = tuple(include)
        self._own = {os.path.realpath(path) for path in own}
        self._folders: dict[str, str] = {}
        self._environments: dict[str, bool] = {}

    def leave_out(self, folders: Iterable[str]) -> None:
        """Leave out what is below these folders: where an interpreter keeps its library."""
        for folder in folders:
            real = os.path.realpath(folder)
            # A root may be the folder of an interpreter, as in a container where all is.
            if not any(_is_below(root, real) for root in self.roots):
                self._own.add(real)

    def locate(self, path: str) -> str | None:
        """Return the path under which a file is recorded, or None where it is not captured.

        The links among its folders are followed; a link to a file is a place of its own.
        """
        folder, _, name = path.rpartition("/")
        if not name or name in (".", ".."):
            return None
        real = self._folders.get(folder)
        if real is None:
            if len(self._folders) > 100_000:
                self._folders.clear()
            real = self._folders[folder] = os.path.realpath(folder or "/")
        place = f"{real.rstrip('/')}/{name}"
        return place if self.has(place) or self._is_linked(path, place) else None

    def has(self, place: str) -> bool:
        """Return whether a file with that real path is captured."""
        root = self.root_of(place)
        return root is not None and self._has_below(place, root)

    def root_of(self, place: str) -> str | None:
        """Return the innermost root that a path is below."""
        above = [root for root in self.roots if _is_below(place, root) and place != root]
        return max(above, key=len, default=None)

    def name_of(self, place: str) -> str:
        """Return the path relative to its root, the whole path where it is below none."""
        root = self.root_of(place)
        return place if root is None else place[len(root.rstrip("/")) + 1 :]

    def has_folder(self, place: str) -> bool:
        """Return whether anything below a folder may be captured."""
        return bool(self._include) or self.has(f"{place}/x") or place in self.roots

    def _is_linked(self, path: str, place: str) -> bool:
        """A link below a root may lead to a folder elsewhere, which is data by that."""
        whole = os.path.normpath(path)
        return whole != place and self.has(whole) and not self._is_own(place)

    def _has_below(self, place: str, root: str) -> bool:
        below = place[len(root.rstrip("/")) + 1 :]
        parts = below.split("/")
        if self._is_own(place):
            return False
        if _matches(self._include, below, parts):
            return True
        if _matches(LEFT_OUT, below, parts) or _matches(self._exclude, below, parts):
            return False
        if root == "/" and place.startswith(tuple(f"{top}/" for top in _SYSTEM)):
            return False
        return not any(
            self._is_environment(f"{root.rstrip('/')}/{'/'.join(parts[:at])}")
            for at in range(1, len(parts))
        )

    def _is_own(self, place: str) -> bool:
        if not self._own:
            return False
        if place in self._own:
            return True
        while place not in ("/", ""):
            place = place.rpartition("/")[0]
            if place in self._own:
                return True
        return False

    def _is_environment(self, folder: str) -> bool:
        found = self._environments.get(folder)
        if found is None:
            found = os.path.exists(f"{folder}/pyvenv.cfg") or os.path.exists(f"{folder}/conda-meta")
            self._environments[folder] = found
        return found


def _is_below(place: str, root: str) -> bool:
    return place == root or place.startswith(root.rstrip("/") + "/")


def _matches(patterns: Sequence[str], below: str, parts: Sequence[str]) -> bool:
    for pattern in patterns:
        if "/" in pattern.rstrip("/"):
            if fnmatchcase(below, pattern.strip("/")) or fnmatchcase(
                below, f"{pattern.strip('/')}/*"
            ):
                return True
        elif any(fnmatchcase(part, pattern.rstrip("/")) for part in parts):
            return True
    return False
