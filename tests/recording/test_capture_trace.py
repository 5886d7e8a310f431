"""What strace writes is understood, and what a run leaves is worked out from it."""

from __future__ import annotations

from pathlib import Path

from lineage.recording.capture.file_events import Access
from lineage.recording.capture.strace import read_trace

LOG = r"""
10 100.000001 execve("/bin/x", ["x"], 0x7ffe /* 3 vars */) = 0
10 100.000002 openat(AT_FDCWD</w>, "a\303\251 \"b\".csv", O_RDONLY|O_CLOEXEC) = 3</w/a\303\251 "b".csv>
10 100.000003 openat(AT_FDCWD</w>, "missing", O_RDONLY) = -1 ENOENT (No such file or directory)
10 100.000004 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
11 100.000005 rename("a", "b") = 0
10 100.000006 <... clone resumed>, child_tidptr=0x7f) = 11
11 100.000007 chdir("sub")          = 0
11 100.000008 rename("c", "../d <unfinished ...>") = 0
11 100.000009 openat(AT_FDCWD</w/sub>, "e", O_WRONLY|O_CREAT|O_TRUNC, 0666 <unfinished ...>
10 100.000010 openat(4</w/dir>, "f", O_RDWR|O_CREAT, 0666) = 5</w/dir/f>
11 100.000011 <... openat resumed>) = 3</w/sub/e>
10 100.000012 ftruncate(5</w/dir/f>, 0) = 0
10 100.000013 openat(AT_FDCWD</w>, "/dev/fd/0", O_RDONLY) = 6</w/in\74.csv>
10 100.000014 unlinkat(4</w/dir>, "g", 0) = 0
10 100.000015 unlinkat(AT_FDCWD</w>, "h", AT_REMOVEDIR) = 0
10 100.000016 renameat2(AT_FDCWD</w>, "i", 4</w/dir>, "j", RENAME_NOREPLACE) = 0
10 100.000017 connect(3<socket:[9]>, {sa_family=AF_INET, sin_port=htons(5432), sin_addr=inet_addr("10.0.0.1")}, 16) = -1 EINPROGRESS (Operation now in progress)
10 100.000018 connect(3<socket:[9]>, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0
10 100.000019 connect(3<socket:[9]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory)
10 100.000020 openat(AT_FDCWD</w>, "dir", O_RDONLY|O_DIRECTORY) = 4</w/dir>
10 100.000021 io_uring_setup(8, {flags=0}) = 3
11 100.000022 +++ exited with 0 +++
10 100.000023 +++ exited with 0 +++
""".lstrip()  # noqa: E501


def test_each_kind_of_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(LOG)
    seen = read_trace(log, 10, "/w")
    assert [(e.access, e.path, e.target) for e in seen.files] == [
        (Access.READ, '/w/aé "b".csv', None),
        (Access.MOVE, "/w/a", "/w/b"),
        (Access.MOVE, "/w/sub/c", "/w/sub/../d <unfinished ...>"),
        (Access.UPDATE, "/w/dir/f", None),
        (Access.REPLACE, "/w/sub/e", None),
        (Access.REPLACE, "/w/dir/f", None),
        (Access.READ, "/w/in<.csv", None),
        (Access.REMOVE, "/w/dir/g", None),
        (Access.MOVE, "/w/i", "/w/dir/j"),
    ]
    assert seen.sockets == ["10.0.0.1:5432", "::1:443"]
    assert seen.unseen == ["io_uring_setup, by which files can be read unseen"]
    assert seen.running == []


def test_lines_that_nobody_understands_are_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("10 100.0 something else\nnoise\n10 100.1 +++ exited with 0 +++\n")
    assert read_trace(log, 10, "/w").unseen == ["2 lines of strace that could not be read"]


def test_a_process_that_is_still_running_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    lines = LOG.splitlines()
    # Process 1 is always there.
    log.write_text("\n".join([*lines[:1], "10 100.1 fork() = 1", lines[-1]]) + "\n")
    assert read_trace(log, 10, "/w").running == ["/bin/x"]
