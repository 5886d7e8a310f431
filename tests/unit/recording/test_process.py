"""Programs are run to their end, with signals handed on, where signals can be waited for or not."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from lineage.errors import InvalidValue, NotFound
from lineage.recording import process
from lineage.recording.process import Ended, find_program, run_program


def run(*words: str, every: float = 60, beats: list[int] | None = None) -> Ended:
    return run_program(
        find_program(words[0]), words, os.environ, every=every,
        beat=lambda: beats.append(1) if beats is not None else None,
    )  # fmt: skip


@pytest.fixture(params=["waiting", "polling"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "polling":
        monkeypatch.delattr(signal, "sigtimedwait")
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_how_it_ended() -> None:
    assert run("true").exit_code == 0
    assert run("sh", "-c", "exit 7").exit_code == 7
    killed = run("sh", "-c", "kill -9 $$")
    assert (killed.exit_code, killed.signal) == (137, "SIGKILL")
    busy = run(sys.executable, "-c", "sum(range(10**6)); x = bytes(50_000_000)")
    assert busy.user_seconds > 0
    assert busy.peak_bytes > 50_000_000


@pytest.mark.usefixtures("way")
def test_a_signal_is_handed_on_and_beats_go_on() -> None:
    program = (
        "import os, signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(42));"
        f"os.kill({os.getpid()}, signal.SIGTERM); signal.pause()"
    )
    beats: list[int] = []
    before = signal.getsignal(signal.SIGTERM)
    assert run(sys.executable, "-c", program, every=0.01, beats=beats).exit_code == 42
    assert beats
    assert signal.getsignal(signal.SIGTERM) is before
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert threading.active_count() >= 1


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        program = "import signal, sys; sys.exit(signal.getsignal(1) is signal.SIG_IGN)"
        done = run(sys.executable, "-c", program)
        assert done.exit_code == 1
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_is_no_program(tmp_path: os.PathLike[str]) -> None:
    with pytest.raises(NotFound, match="no-such"):
        find_program("no-such")
    with pytest.raises(InvalidValue, match="folder"):
        find_program(str(tmp_path))
    assert process.find_program("sh").endswith("/sh")
