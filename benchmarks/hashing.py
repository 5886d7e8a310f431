"""How fast files are hashed, beside `sha256sum`."""

from __future__ import annotations

import os
import subprocess

from benchmarks.bench import Bench
from benchmarks.measuring import Measured, in_turns, seconds, shown
from lineage.recording.content import ContentCache, digest_path


def measure(bench: Bench) -> list[Measured]:
    return [
        _against_sha256sum(bench, "large", bench.size(8, 1), 64 << 20),
        _against_sha256sum(bench, "small", bench.size(5_000, 50), 20_000),
        _again(bench),
    ]


def _against_sha256sum(bench: Bench, name: str, files: int, size: int) -> Measured:
    folder = bench.folder / name
    folder.mkdir()
    for at in range(files):
        (folder / str(at)).write_bytes(os.urandom(size))

    def peer() -> float:
        # As many at once as we have, each with as many files.
        command = f"find {folder} -type f -print0 | xargs -0 -P {os.cpu_count()} -n {_share(files)}"
        return seconds(
            lambda: subprocess.run(
                f"{command} sha256sum", shell=True, check=True, stdout=subprocess.DEVNULL
            )
        )

    turns = in_turns(lambda: seconds(lambda: digest_path(folder)), peer, turns=bench.size(9, 2))
    return Measured(
        name=f"hashing_{name}",
        what=f"SHA-256 of a folder of {files:,} files of {size:,} bytes, none hashed before",
        against="sha256sum, as many at once as there are processors",
        ours=shown(turns.our_median),
        peer=shown(turns.peer_median),
        ratio=f"{turns.slower:.2f}x the time",
        target="at most 1.2x",
        met=turns.slower <= 1.2,
        note=turns.spread,
    )


def _share(files: int) -> int:
    return -(-files // (os.cpu_count() or 1))


def _again(bench: Bench) -> Measured:
    folder = bench.folder / "small"
    with ContentCache(bench.folder / "content.cache") as cache:
        first = seconds(lambda: digest_path(folder, cache=cache))
        again = seconds(lambda: digest_path(folder, cache=cache))
    return Measured(
        name="hashing_again",
        what="the same folder of small files once more, when all is in the cache",
        against="the first time, with the cache",
        ours=shown(again),
        peer=shown(first),
        ratio="-",
        target="nothing is hashed again",
        met=None,
    )
