"""Scripts, run as programs of their own.

A server that has imported what scripts import forks a child for each: a fresh interpreter takes
seconds to import scikit-learn and pandas, and there are many scripts. The tests' own process is not
forked: libraries that have begun threads in it (polars, say) would wait for them for ever.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

_IMPORTED = ["lineage", "pandas", "sklearn.linear_model", "sklearn.pipeline", "lineage.recording"]


class Done(NamedTuple):
    """How a script ended, and what it printed."""

    code: int
    out: str
    err: str


def run_forked(script: Path, environment: Mapping[str, str]) -> Done:
    """Run a script as `python script` would, in its own folder, in a forked child."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(_IMPORTED)
    with tempfile.TemporaryDirectory() as folder:
        child = server.Process(
            target=_become, args=(script, {**os.environ, **environment}, Path(folder))
        )
        child.start()
        child.join()
        out, err = ((Path(folder) / name).read_text() for name in ("out", "err"))
    assert child.exitcode is not None
    return Done(child.exitcode, out, err)


def _become(script: Path, environment: Mapping[str, str], folder: Path) -> None:
    for name, descriptor in (("out", 1), ("err", 2)):
        file = os.open(folder / name, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, descriptor)
        os.close(file)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os._exit(_run(script, environment))


def _run(script: Path, environment: Mapping[str, str]) -> int:
    code = 0
    try:
        os.chdir(script.parent)
        os.environ.update(environment)
        sys.argv = sys.orig_argv = [str(script)]
        sys.path.insert(0, str(script.parent))
        # The tests keep warnings for themselves.
        warnings.simplefilter("default")
        warnings.showwarning = _show_warning
        # Not even those that the tests' own process has to run.
        atexit._clear()
        from lineage.recording.fitting import session

        atexit.register(session.close)
        main = types.ModuleType("__main__")
        main.__file__ = str(script)
        sys.modules["__main__"] = main
        exec(compile(script.read_text(), str(script), "exec"), main.__dict__)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _show_warning(message: Any, category: Any, filename: str, lineno: int, *more: Any) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))
