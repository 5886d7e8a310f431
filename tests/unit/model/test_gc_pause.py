"""The collector rests while a large answer is built, and is as it was afterwards."""

from __future__ import annotations

import gc

import pytest

from lineage.model.gc_pause import pause_collector


def test_it_rests_and_goes_on() -> None:
    assert gc.isenabled()
    with pause_collector():
        assert not gc.isenabled()
        with pause_collector():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), pause_collector():
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_one_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with pause_collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
