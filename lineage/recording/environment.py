"""What a run ran in: libraries, lock, host, user, command line, processors."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import socket
import sys
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from lineage.recording.git import read_git
from lineage.recording.project import is_project_module, project_folder, project_root
from lineage.recording.redaction import redact_arguments, redact_environment

# What changes a result and is no secret; more by LINEAGE_ENV, separated by commas.
VARIABLES = (
    "CUDA_VISIBLE_DEVICES", "PYTHONHASHSEED", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS", "TF_DETERMINISTIC_OPS", "CUBLAS_WORKSPACE_CONFIG", "TZ", "LANG",
    "LC_ALL", "SLURM_JOB_ID", "CI", "GITHUB_SHA", "GITHUB_RUN_ID",
)  # fmt: skip
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml",
          "requirements.lock", "requirements.txt")  # fmt: skip


def capture_program() -> dict[str, Any]:
    """Return what is the same for all runs of this process: code, host, user, command line."""
    return {
        **read_git(project_folder()),
        **_host(os.getpid()),
        "command": redact_arguments(_arguments()),
    }


def capture_environment() -> dict[str, Any]:
    """Return the struct `environment` of a run: Python, libraries, lock, machine, variables."""
    names = (*VARIABLES, *os.environ.get("LINEAGE_ENV", "").replace(",", " ").split())
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu_count": os.cpu_count() or 0,
        **library_versions(),
        **_lock(project_root()),
    }
    gpus = _gpus()
    if gpus:
        found["gpu"] = ", ".join(gpus)
    variables = redact_environment(os.environ, names)
    if variables:
        found["variables"] = variables
    return found


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that the project's own modules have imported."""
    return dict(_library_versions(_imported()))


def version_of(name: str) -> str | None:
    """Return the version of the installed distribution that a top-level module comes from."""
    found = distributions_of(name)
    if found:
        return distribution_version(found[0])
    module = sys.modules.get(name)
    version = getattr(module, "__version__", None)
    return version if isinstance(version, str) else None


def capture_use(started: tuple[float, float]) -> dict[str, Any]:
    """Return durations and memory of a run that started at the given wall and processor times."""
    import resource
    import time

    wall, cpu = started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "duration_s": round(time.monotonic() - wall, 6),
        "cpu_s": round(time.process_time() - cpu, 6),
        # Kilobytes, but on macOS bytes.
        "peak_memory_bytes": peak if sys.platform == "darwin" else peak * 1024,
    }


def _arguments() -> list[str]:
    return list(getattr(sys, "orig_argv", None) or sys.argv)


@lru_cache(maxsize=2)
def _host(pid: int) -> dict[str, Any]:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid())
    return {"host": socket.gethostname(), "user": user, "pid": pid}


def _imported() -> frozenset[str]:
    """The top-level names of the libraries that modules of the project refer to."""
    return frozenset(_imported_by(len(sys.modules)))


@lru_cache(maxsize=4)
def _imported_by(loaded: int) -> tuple[str, ...]:
    names: set[str] = set()
    for module in list(sys.modules.values()):
        if not isinstance(module, ModuleType) or not is_project_module(module):
            continue
        for value in list(vars(module).values()):
            if isinstance(value, ModuleType):
                names.add(value.__name__.partition(".")[0])
            else:
                try:
                    home = getattr(value, "__module__", None)
                except Exception:  # a proxy of something that is not there yet
                    continue
                if isinstance(home, str):
                    names.add(home.partition(".")[0])
    return tuple(names - set(sys.stdlib_module_names) - {"__main__", "lineage"})


@lru_cache(maxsize=16)
def _library_versions(names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, version)
        for name in sorted(names)
        if not is_project_module(sys.modules.get(name)) and (version := version_of(name))
    )


def distributions_of(name: str) -> tuple[str, ...]:
    """Return the installed distributions that a top-level module comes from."""
    return _distributions(_places()).get(name, ())


def distribution_version(name: str) -> str | None:
    """Return the version of an installed distribution; None where it is not installed."""
    return _distribution_version(name, _places())


Places = tuple[tuple[str, int], ...]


def _places() -> Places:
    """Where distributions lie, and when something was last installed there.

    What is installed is asked again after that, and where the program has a place more to look in.
    """
    return tuple((place, _changed_ns(place)) for place in sys.path)


def _changed_ns(place: str) -> int:
    # A program writes files beside its script, which is a place as well.
    if not place.endswith(("site-packages", "dist-packages")):
        return 0
    try:
        return os.stat(place).st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=4096)
def _distribution_version(name: str, places: Places) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@lru_cache(maxsize=4)
def _distributions(places: Places) -> dict[str, tuple[str, ...]]:
    return {name: tuple(found) for name, found in metadata.packages_distributions().items()}


@lru_cache(maxsize=8)
def _lock(folder: str) -> dict[str, str]:
    """The hash of the project's lock file; without one, of what is installed."""
    for name in _LOCKS:
        try:
            data = Path(folder, name).read_bytes()
        except OSError:
            continue
        return {"lock": f"{name} sha256:{hashlib.sha256(data).hexdigest()}"}
    installed = sorted(
        f"{found.metadata['Name']}=={found.version}" for found in metadata.distributions()
    )
    digest = hashlib.sha256("\n".join(installed).encode()).hexdigest()
    return {"lock": f"installed sha256:{digest}"}


@cache
def _gpus() -> tuple[str, ...]:
    """The names of NVIDIA's cards, as their driver has them."""
    found = []
    for file in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        try:
            text = file.read_text()
        except OSError:
            continue
        found += [line.partition(":")[2].strip() for line in text.splitlines() if "Model:" in line]
    return tuple(found)
