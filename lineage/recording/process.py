"""Run a program as a shell would: same terminal, same streams, same signals, same end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lineage.errors import InvalidValue, NotFound

# Signals that ask a program for something, and that are sent to the one that the user sees.
_FORWARDED = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM")
    if hasattr(signal, name)
)
# What a terminal sends, it sends to all processes in front of it: to the program, too.
_MACH_O = (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xcf")
_FROM_KERNEL = 0x80
_SHORTEST = 0.05


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes
    ----------
    pid
        Its process id.
    exit_code
        Its exit code; 128 and the signal's number where a signal ended it, as shells have it.
    signal
        The name of that signal.
    seconds, user_seconds, system_seconds
        The time that it took, and that of the processor, with the processes that it waited for.
    peak_bytes
        The most memory that one of its processes had.
    """

    pid: int
    exit_code: int
    signal: str | None
    seconds: float
    user_seconds: float
    system_seconds: float
    peak_bytes: int


def find_program(name: str) -> str:
    """Return the path of a program, as a shell finds it.

    Raises
    ------
    NotFound
        There is none of that name.
    InvalidValue
        It can't be run.
    """
    path = shutil.which(name)
    if path is not None:
        return path
    if os.path.isdir(name) and os.sep in name:
        raise InvalidValue(f"{name} is a folder, not a program")
    if os.path.exists(name) and os.sep in name:
        raise InvalidValue(f"{name} can't be run: it is not executable")
    raise NotFound(f"there is no program {name!r}; see PATH, or write where it is")


def add_interpreter(program: str, arguments: Sequence[str]) -> list[str]:
    """Return the command line of a program: a script without a first line is a shell's.

    That is what `execvp` does, and what users of a shell are used to.
    """
    with open(program, "rb") as file:
        start = file.read(4)
    known = start.startswith((b"#!", b"\x7fELF", b"MZ")) or start in _MACH_O
    return [program, *arguments] if known else ["/bin/sh", program, *arguments]


def run_program(
    program: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    every: float,
    beat: Callable[[], None],
) -> Ended:
    """Run a program to its end.

    Parameters
    ----------
    program
        The path of the file to run.
    arguments
        Its command line, with its own name first.
    environment
        Its environment variables.
    every, beat
        `beat` is called every so many seconds while it runs.

    Returns
    -------
    Ended
    """
    watched = {s for s in _FORWARDED if signal.getsignal(s) is not signal.SIG_IGN}
    can_wait = hasattr(signal, "sigtimedwait")
    blocked = {*watched, signal.SIGCHLD} if can_wait else set()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    # A handler, as an ignored signal would stay ignored in the program. It is called where another
    # thread was given the signal, or where signals can't be waited for.
    came: list[int] = []
    handlers = {s: signal.signal(s, lambda number, _: came.append(number)) for s in watched}
    child = signal.signal(signal.SIGCHLD, lambda number, _: None)
    try:
        begun = time.monotonic()
        # Python ignores these, and what is ignored stays so in a program that is started.
        restored = [s for s in (signal.SIGPIPE, getattr(signal, "SIGXFSZ", None)) if s is not None]
        pid = os.posix_spawn(
            program, list(arguments), dict(environment), setsigmask=mask, setsigdef=restored
        )
        wait = _wait_for_signals if can_wait else _wait_a_moment
        due = begun + every
        while True:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                break
            wait(pid, blocked, max(_SHORTEST, due - time.monotonic()))
            while came:
                _hand_on(pid, came.pop(0), by_terminal=os.isatty(0))
            if time.monotonic() >= due:
                beat()
                due = time.monotonic() + every
        seconds = time.monotonic() - begun
    finally:
        # What came while the program ended was meant for it.
        while can_wait and signal.sigtimedwait(watched, 0) is not None:
            continue
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.signal(signal.SIGCHLD, child)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    code = os.waitstatus_to_exitcode(status)
    return Ended(
        pid=pid,
        exit_code=128 - code if code < 0 else code,
        signal=_signal_name(-code) if code < 0 else None,
        seconds=seconds,
        user_seconds=usage.ru_utime,
        system_seconds=usage.ru_stime,
        # Kilobytes, but on macOS bytes.
        peak_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    )


def _wait_for_signals(pid: int, watched: set[signal.Signals], longest: float) -> None:
    came = signal.sigtimedwait(watched, longest)
    if came is not None and came.si_signo != signal.SIGCHLD:
        _hand_on(pid, came.si_signo, by_terminal=came.si_code >= _FROM_KERNEL)


def _wait_a_moment(pid: int, watched: set[signal.Signals], longest: float) -> None:
    """Wait where signals can't be waited for with a deadline: on macOS."""
    time.sleep(min(longest, _SHORTEST))


def _hand_on(pid: int, number: int, *, by_terminal: bool) -> None:
    """Send a signal to the program, unless the terminal has sent it to the program already."""
    if by_terminal and number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
