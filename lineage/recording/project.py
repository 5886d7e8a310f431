"""Which code is the user's own, and which is a library's."""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from lineage.recording.git import find_repository

_LIBRARIES = tuple(
    {
        os.path.realpath(path) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        if (path := sysconfig.get_paths().get(name))
    }
)
_OURS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..")) + os.sep


@lru_cache(maxsize=4096)
def is_project_file(file: str) -> bool:
    """Return whether a source file is the user's: neither the interpreter's nor an installed one.

    Lineage itself is a library, wherever it lies.

    Examples
    --------
    >>> is_project_file(os.__file__), is_project_file("/home/ann/train.py")
    (False, True)
    """
    if not file or file.startswith("<"):
        # From a prompt, a notebook or exec().
        return not file.startswith("<frozen")
    real = os.path.realpath(file)
    if real.startswith(_OURS) or real.startswith(_LIBRARIES):
        # The demo and whoever else ships pipelines in a package of ours runs them as a user would.
        return real.startswith(os.path.join(_OURS, "demo") + os.sep)
    parts = Path(real).parts
    return "site-packages" not in parts and "dist-packages" not in parts


def is_project_module(module: ModuleType | None) -> bool:
    """Return whether a module is the user's own."""
    if module is None or module.__name__ in sys.builtin_module_names:
        return False
    file = getattr(module, "__file__", None)
    if file is None:
        # `__main__` of a prompt; namespace packages have paths.
        paths = list(getattr(module, "__path__", ()))
        return module.__name__ == "__main__" or any(is_project_file(path) for path in paths)
    return is_project_file(file)


def project_folder() -> str:
    """Return the folder of the program: that of its main script, else the working directory."""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if isinstance(file, str) and is_project_file(file):
        return os.path.dirname(os.path.realpath(file))
    return os.getcwd()


def project_root() -> str:
    """Return the repository around the program, else the folder that it lies in."""
    folder = project_folder()
    found: str | None = find_repository(folder)
    return found or folder
