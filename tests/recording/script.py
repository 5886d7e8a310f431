"""Scripts, run as programs of their own.

A forked child starts with what the tests have imported already: a fresh interpreter takes seconds
to import scikit-learn and pandas, and there are many scripts.
"""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Done(NamedTuple):
    """How a script ended, and what it printed."""

    code: int
    out: str
    err: str


def run_forked(script: Path, environment: Mapping[str, str]) -> Done:
    """Run a script as `python script` would, in its own folder, in a forked child."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
            os._exit(_run(script, environment))
        _, status = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return Done(os.waitstatus_to_exitcode(status), *texts)


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
