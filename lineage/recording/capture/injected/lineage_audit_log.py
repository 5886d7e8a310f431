"""Log what this interpreter opens, renames and starts, by Python's own audit events.

The log is a file that is mapped into memory. What was written to it stays if the process is
killed, nothing is written through a descriptor that the program may have closed and opened as
something else, and an entry costs about a microsecond.

An entry is a letter, the number of its fields and the time, then the fields; each ends by a NUL.
`lineage.recording.capture.audit_log` reads it.
"""

import mmap
import os
import sys
import time

# Sparse: what is not written takes no room.
_SIZE = 4 << 20
_LONGEST_ERROR = 8192
_LONGEST_WORD = 500
_MOST_SEEN = 100_000
_FRESH = os.O_TRUNC | os.O_EXCL


class Log:
    """Entries in mapped files, `PID-START-NUMBER`, each begun when the one before is full."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._started = time.time_ns()
        self._number = 0
        # Before Python 3.13 a map has a descriptor, which it closes when it goes. Should the
        # program have closed it, something else has that number by then: so none of them goes.
        self._kept: list[mmap.mmap] = []
        self._file = self._next()

    def _next(self) -> mmap.mmap:
        self._number += 1
        name = f"{self._folder}/{os.getpid()}-{self._started}-{self._number}"
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.ftruncate(descriptor, _SIZE)
            options = {"trackfd": False} if sys.version_info >= (3, 13) else {}
            file = mmap.mmap(descriptor, _SIZE, **options)
        finally:
            os.close(descriptor)
        self._kept.append(file)
        return file

    def write(self, letter: str, *fields: str) -> None:
        """Add an entry, in one call into C, so that threads can't mix theirs."""
        text = "\0".join((f"{letter}{len(fields)} {time.time_ns()}", *fields, ""))
        data = text.encode("utf-8", "surrogateescape")
        try:
            self._file.write(data)
        except ValueError:
            if len(data) < _SIZE:
                self._file = self._next()
                self._file.write(data)


class Watch:
    """What is done about each kind of audit event."""

    def __init__(self, folder: str) -> None:
        self.log = Log(folder)
        self._folder = folder
        self._here = os.getcwd()
        self._seen: set[object] = set()
        # What the interpreter and its packages consist of is not captured, and most of what a
        # program opens is that.
        prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
        self._left_out = (
            *{f"{prefix}/lib" for prefix in prefixes},
            "/proc/", "/sys/", "/dev/", "/usr/lib", "/usr/share/", "/etc/", folder,
        )  # fmt: skip

    def on_open(self, path, mode, flags):
        """Log an open file: read, written anew, or changed."""
        key = (path, flags)
        seen = self._seen
        if key in seen:
            return
        if len(seen) > _MOST_SEEN:
            seen.clear()
        seen.add(key)
        text = path if path.__class__ is str and path[:1] == "/" else self._whole(path)
        if text is None or text.startswith(self._left_out):
            return
        if flags & 3 == os.O_RDONLY:
            self.log.write("r", text)
        elif flags & _FRESH:
            self.log.write("w", text, _status(text))
        else:
            self.log.write("u" if flags & os.O_RDWR else "a", text, _status(text))

    def on_rename(self, source, target, source_folder=-1, target_folder=-1):
        """Log a file or folder that gets another name."""
        self._pair("m", source, target, source_folder, target_folder)

    def on_link(self, source, target, source_folder=-1, target_folder=-1):
        """Log a second name of a file."""
        self._pair("k", source, target, source_folder, target_folder)

    def on_remove(self, path, folder=-1):
        """Log a file that goes."""
        text = self._whole(path, folder)
        if text is not None:
            self.log.write("d", text, _status(text))
        self._seen.clear()

    def on_truncate(self, path, length):
        """Log a file that is cut."""
        text = self._whole(path)
        if text is not None:
            self.log.write("a" if length else "w", text, _status(text))

    def on_connect_sqlite(self, path, *_):
        """Log a database: SQLite opens it for writing, even where it only reads."""
        text = os.fsdecode(path)
        if text and text != ":memory:":
            if text.startswith("file:"):
                text = text[5:].partition("?")[0]
            self.on_open(text, None, os.O_RDWR | os.O_CREAT)

    def on_chdir(self, *_):
        """Forget where relative paths start."""
        self._here = ""
        self._seen.clear()

    def on_start(self, program, arguments, *_):
        """Log a program that is started."""
        words = [os.fsdecode(arguments)] if isinstance(arguments, (str, bytes)) else arguments
        self.log.write("x", os.fsdecode(program), *_cut(map(os.fsdecode, words)))

    def on_spawn(self, mode, program, arguments, *_):
        """Log a program that is started."""
        self.on_start(program, arguments)

    def on_system(self, command):
        """Log a shell that is started."""
        self.on_start("sh", ["sh", "-c", command])

    def on_connect(self, socket, address):
        """Log who is talked to."""
        if isinstance(address, tuple):
            address = f"{address[0]}:{address[1]}"
        key = ("socket", os.fsdecode(address))
        if key not in self._seen:
            self._seen.add(key)
            self.log.write("n", key[1])

    def on_import(self, name, path, *_):
        """Log a library with compiled parts, whose own opening of files can't be seen."""
        # Only compiled modules are announced with their file.
        if isinstance(path, str) and "-packages/" in path:
            key = ("import", name.partition(".")[0])
            if key not in self._seen:
                self._seen.add(key)
                self.log.write("l", key[1])

    def on_exception(self, hook, kind, error, trace):
        """Log the end of the traceback that the program ends by."""
        import traceback

        text = "".join(traceback.format_exception(kind, error, trace))
        self.log.write("e", text.replace("\0", "\\0")[-_LONGEST_ERROR:])

    def on_fork(self):
        """Give a forked child a log of its own."""
        self._seen.clear()
        self.log = Log(self._folder)
        self.log.write("f", str(os.getpid()), str(os.getppid()))

    def begin(self) -> None:
        """Log what this process is, then what it does."""
        words = getattr(sys, "orig_argv", sys.argv)
        self.log.write(
            "h", str(os.getpid()), str(os.getppid()), sys.prefix, sys.base_prefix,
            sys.executable or "", *_cut(words),
        )  # fmt: skip
        opened = self.on_open
        rarely: dict = {  # type: ignore[type-arg]
            "os.rename": self.on_rename,
            "os.link": self.on_link,
            "os.remove": self.on_remove,
            "os.truncate": self.on_truncate,
            "os.chdir": self.on_chdir,
            "sqlite3.connect": self.on_connect_sqlite,
            "subprocess.Popen": self.on_start,
            "os.exec": self.on_start,
            "os.posix_spawn": self.on_start,
            "os.spawn": self.on_spawn,
            "os.system": self.on_system,
            "socket.connect": self.on_connect,
            "import": self.on_import,
            "sys.excepthook": self.on_exception,
        }

        def hook(event: str, arguments: "tuple[object, ...]") -> None:
            # An exception from here would be the program's.
            try:
                if event == "open":
                    opened(*arguments)
                elif event in rarely:
                    rarely[event](*arguments)
            except Exception:
                pass

        def forked():
            # contextlib would be one module more that the program has not asked for.
            try:  # noqa: SIM105
                self.on_fork()
            except Exception:
                pass

        if os.environ.get("LINEAGE_CAPTURE_HOOKS"):
            import lineage_library_hooks  # type: ignore[import-not-found]

            # A fork gives `self` another log.
            lineage_library_hooks.begin(_Writer(self), opened)
        os.register_at_fork(after_in_child=forked)
        sys.addaudithook(hook)

    def _pair(self, letter, source, target, source_folder, target_folder):
        first = self._whole(source, source_folder)
        second = self._whole(target, target_folder)
        if first is not None and second is not None:
            self.log.write(letter, first, second, _status(first))
        self._seen.clear()

    def _whole(self, path, folder=-1):
        """Return the absolute path, or None of a descriptor."""
        if path.__class__ is int or path is None:
            return None
        text = os.fsdecode(path)
        if text[:1] == "/":
            return text
        if folder is not None and folder >= 0:
            return f"{os.readlink(f'/proc/self/fd/{folder}')}/{text}"
        if not self._here:
            self._here = os.getcwd()
        return f"{self._here}/{text}"


class _Writer:
    """Writes to the log that a watch has at the time."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def write(self, letter: str, *fields: str) -> None:
        """Add an entry."""
        self._watch.log.write(letter, *fields)


def begin() -> None:
    """Log from here on, where the environment says so."""
    folder = os.environ.get("LINEAGE_CAPTURE_LOG")
    if folder and os.path.isdir(folder):
        Watch(folder).begin()


def _status(path: str) -> str:
    """Return what tells the file as it is before it is written from what it will be."""
    try:
        was = os.stat(path)
    except (OSError, ValueError):
        return "-"
    if was.st_mode & 0o170000 == 0o040000:
        return "/"
    return f"{was.st_dev},{was.st_ino},{was.st_size},{was.st_mtime_ns},{was.st_ctime_ns}"


def _cut(words):
    return [str(word)[:_LONGEST_WORD].replace("\0", "") for word in words][:4]
