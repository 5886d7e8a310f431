"""Log what libraries with compiled parts open by themselves, where no system call is traced.

A hook wraps the functions of a library that take paths, when the library is imported. It logs the
path and calls the function with what it was given; objects stay of the classes that they are of.
"""

import functools
import glob
import os
import re
import sys
import time
import types

_QUOTED = re.compile(r"""(\b(?:to|attach)\b\s*)?(?:'((?:[^']|'')+)'|"((?:[^"]|"")+)")""", re.I)
# Writing to a folder, the names of the files are the library's.
_SLACK_NS = 50_000_000


class Hooks:
    """Wraps what libraries offer, and logs the paths that it is called with."""

    def __init__(self, log, opened) -> None:
        self._log = log
        self._opened = opened

    def find_spec(self, name, path=None, target=None):
        """Have a library's functions wrapped when it has been imported; find nothing."""
        install = _LIBRARIES.get(name)
        if install is None:
            return None
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._follow(spec, name, install)
                return spec
        return None

    def _follow(self, spec, name, install):
        loader = spec.loader
        if loader is None or not hasattr(loader, "exec_module"):
            return
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            try:
                install(self, module)
            except Exception:
                return
            self._log.write("o", name)

        loader.exec_module = exec_module

    def note_unhooked(self, name):
        """Log that files are opened by what there is no hook for."""
        self._log.write("l", name)

    def reads(self, owner, *names, at=0, keyword=None):
        """Wrap functions that read the file, files, folder or pattern that they are given."""
        self._wrap(owner, names, at, keyword, before=self._read)

    def writes(self, owner, *names, at=0, keyword=None):
        """Wrap functions that write a file."""
        self._wrap(owner, names, at, keyword, before=self._write)

    def writes_folder(self, owner, *names, at=0, keyword=None):
        """Wrap functions that write files into a folder."""
        self._wrap(owner, names, at, keyword, after=self._written_into)

    def asks(self, owner, *names, at=0, keyword=None):
        """Wrap functions that run SQL, in which files are named in quotes."""
        self._wrap(owner, names, at, keyword, before=self._query)

    def updates(self, owner, *names, at=0, keyword=None):
        """Wrap functions that open a database."""
        self._wrap(owner, names, at, keyword, before=self._update)

    def opens(self, owner, *names, at=0, keyword=None, mode_at=1, default="r"):
        """Wrap functions that open a file in a mode, as `open` does."""
        for name in names:

            def before(given, arguments, named):
                mode = named.get("mode") or (
                    arguments[mode_at] if len(arguments) > mode_at else default
                )
                mode = mode or default
                if mode.startswith("r") and "+" not in mode:
                    self._read(given)
                elif mode.startswith(("w", "x")):
                    self._write(given)
                else:
                    self._update(given)

            self._wrap_one(owner, name, at, keyword, before_all=before)

    def _wrap(self, owner, names, at, keyword, before=None, after=None):
        for name in names:
            self._wrap_one(owner, name, at, keyword, before=before, after=after)

    def _wrap_one(self, owner, name, at, keyword, before=None, after=None, before_all=None):
        original = getattr(owner, name, None)
        if original is None:
            return
        keywords = (keyword,) if isinstance(keyword, str) else (keyword or ())

        def given(arguments, named):
            for key in keywords:
                if key in named:
                    return named[key]
            return arguments[at] if len(arguments) > at else None

        def note(arguments, named):
            try:
                value = given(arguments, named)
                if value is not None and before is not None:
                    before(value)
                if value is not None and before_all is not None:
                    before_all(value, arguments, named)
            except Exception:
                pass

        def note_after(arguments, named, started):
            try:
                value = given(arguments, named)
                if value is not None and after is not None:
                    after(value, started)
            except Exception:
                pass

        if isinstance(original, type):
            setattr(owner, name, _announced(original, note))
            return

        @functools.wraps(original)
        def wrapped(*arguments, **named):
            started = time.time_ns()
            note(arguments, named)
            result = original(*arguments, **named)
            note_after(arguments, named, started)
            return result

        setattr(owner, name, wrapped)

    def _read(self, value):
        for path in _paths(value):
            if os.path.isdir(path):
                for folder, _, names in os.walk(path):
                    for name in names:
                        self._opened(os.path.join(folder, name), None, os.O_RDONLY)
            elif glob.has_magic(path) and not os.path.exists(path):
                for found in glob.glob(path, recursive=True):
                    self._read(found)
            elif os.path.exists(path):
                self._opened(path, None, os.O_RDONLY)

    def _write(self, value):
        for path in _paths(value):
            if not os.path.isdir(path):
                self._opened(path, None, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def _update(self, value):
        for path in _paths(value):
            if path != ":memory:":
                self._opened(path, None, os.O_RDWR | os.O_CREAT)

    def _written_into(self, value, started):
        for path in _paths(value):
            for folder, _, names in os.walk(path):
                for name in names:
                    file = os.path.join(folder, name)
                    if os.stat(file).st_mtime_ns >= started - _SLACK_NS:
                        self._opened(file, None, os.O_WRONLY | os.O_TRUNC)

    def _query(self, query):
        if not isinstance(query, str):
            return
        for before, single, double in _QUOTED.findall(query):
            path = single.replace("''", "'") or double.replace('""', '"')
            if before.strip().lower() == "attach":
                self._update(path)
            elif before:
                self._write(path)
            else:
                self._read(path)


def _announced(original, note):
    """Return a class whose calls are noted; what they make is of the original class."""

    class Meta(type(original)):  # type: ignore[misc]
        def __instancecheck__(cls, instance):
            return isinstance(instance, original)

        def __subclasscheck__(cls, other):
            return issubclass(other, original)

        def __call__(cls, *arguments, **named):
            note(arguments, named)
            return original(*arguments, **named)

    try:
        body = {"__doc__": original.__doc__, "__module__": original.__module__}
        return Meta(original.__name__, (original,), body)
    except TypeError:
        # It can't be derived from: called, it is what it was.
        def make(*arguments, **named):
            note(arguments, named)
            return original(*arguments, **named)

        return make


def _paths(value):
    """Return the local paths in what a function was given."""
    if isinstance(value, (list, tuple, set)):
        return [path for each in value for path in _paths(each)]
    if not isinstance(value, (str, bytes, os.PathLike)):
        return []
    path = os.path.expanduser(os.fsdecode(value))
    if path.startswith("file://"):
        path = path[7:]
    return [] if "://" in path or not path else [path]


def _hook_pyarrow(hooks, module):
    hooks.reads(module, "memory_map", at=0, keyword="path")
    hooks.reads(module, "input_stream", keyword="source")
    hooks.writes(module, "output_stream", keyword="source")
    hooks.writes(module, "create_memory_map", keyword="path")
    hooks.opens(module, "OSFile", keyword="path")


# These hand paths to pyarrow's own functions, which are seen there.
_BUILT_ON_PYARROW = frozenset(("pyarrow", "pandas", "polars", "datasets"))
_FILE_SYSTEMS = frozenset(("LocalFileSystem", "FileSystem", "SubTreeFileSystem", "copy_files"))


def _hook_file_systems(hooks, module):
    """Notice that a program takes a file system: what it opens by it can't be seen.

    Its classes are compiled and can't be wrapped, and a class in their place would be another.
    """

    class Watched(types.ModuleType):
        def __getattribute__(self, name):
            if name in _FILE_SYSTEMS:
                caller = sys._getframe(1).f_globals.get("__name__") or ""
                if caller.partition(".")[0] not in _BUILT_ON_PYARROW:
                    hooks.note_unhooked("pyarrow.fs")
            return super().__getattribute__(name)

    module.__class__ = Watched


def _hook_parquet(hooks, module):
    hooks.reads(module.ParquetFile, "__init__", at=1, keyword="source")
    hooks.reads(module.ParquetDataset, "__init__", at=1, keyword="path_or_paths")
    hooks.writes(module.ParquetWriter, "__init__", at=1, keyword="where")
    hooks.reads(module, "read_table", keyword="source")
    hooks.writes(module, "write_table", at=1, keyword="where")
    hooks.writes_folder(module, "write_to_dataset", at=1, keyword="root_path")


def _hook_csv(hooks, module):
    hooks.reads(module, "read_csv", "open_csv", keyword="input_file")
    hooks.writes(module, "write_csv", at=1, keyword="output_file")
    hooks.writes(module, "CSVWriter", keyword="sink")


def _hook_json(hooks, module):
    hooks.reads(module, "read_json", "open_json", keyword="input_file")


def _hook_feather(hooks, module):
    hooks.reads(module, "read_feather", "read_table", keyword="source")
    hooks.reads(module.FeatherDataset, "__init__", at=1, keyword="path_or_paths")
    hooks.writes(module, "write_feather", at=1, keyword="dest")


def _hook_orc(hooks, module):
    hooks.reads(module.ORCFile, "__init__", at=1, keyword="source")
    hooks.reads(module, "read_table", keyword="source")
    hooks.writes(module.ORCWriter, "__init__", at=1, keyword="where")
    hooks.writes(module, "write_table", at=1, keyword="where")


def _hook_ipc(hooks, module):
    hooks.reads(module, "open_file", "open_stream", keyword="source")
    hooks.writes(module, "new_file", "new_stream", keyword="sink")
    hooks.writes(module.RecordBatchFileWriter, "__init__", at=1, keyword="sink")
    hooks.writes(module.RecordBatchStreamWriter, "__init__", at=1, keyword="sink")


def _hook_dataset(hooks, module):
    hooks.reads(module, "dataset", keyword="source")
    hooks.reads(module, "parquet_dataset", keyword="metadata_path")
    hooks.writes_folder(module, "write_dataset", at=1, keyword="base_dir")


def _hook_polars(hooks, module):
    hooks.reads(
        module, "read_csv", "read_csv_batched", "read_parquet", "read_ipc", "read_ipc_stream",
        "read_ndjson", "read_json", "read_avro", "read_excel", "read_ods", "read_lines",
        "scan_csv", "scan_parquet", "scan_ipc", "scan_ndjson", "scan_lines",
        "read_parquet_schema", "read_parquet_metadata", "read_ipc_schema",
        keyword=("source", "files"),
    )  # fmt: skip
    hooks.writes(
        module.DataFrame, "write_csv", "write_parquet", "write_ipc", "write_ipc_stream",
        "write_ndjson", "write_json", "write_avro", "write_excel", "serialize",
        at=1, keyword=("file", "workbook"),
    )  # fmt: skip
    hooks.writes(
        module.LazyFrame, "sink_parquet", "sink_csv", "sink_ipc", "sink_ndjson",
        at=1, keyword="path",
    )  # fmt: skip


def _hook_duckdb(hooks, module):
    of_files = (
        "read_csv", "read_parquet", "read_json", "from_parquet", "from_csv_auto",
        "parquet_scan",
    )  # fmt: skip
    hooks.reads(module, *of_files, keyword=("file_glob", "file_globs", "path_or_buffer", "name"))
    hooks.asks(module, "sql", "query", "execute", "executemany", "from_query", keyword="query")
    hooks.updates(module, "connect", keyword="database")
    connection = module.DuckDBPyConnection
    hooks.reads(
        connection, *of_files, at=1, keyword=("file_glob", "file_globs", "path_or_buffer", "name")
    )
    hooks.asks(
        connection, "sql", "query", "execute", "executemany", "from_query", at=1, keyword="query"
    )
    hooks.writes(
        module.DuckDBPyRelation, "write_parquet", "to_parquet", "write_csv", "to_csv",
        at=1, keyword="file_name",
    )  # fmt: skip


def _hook_h5py(hooks, module):
    hooks.opens(module.File, "__init__", at=1, keyword="name", mode_at=2)


def _hook_safetensors(hooks, module):
    hooks.reads(module, "safe_open", keyword="filename")
    hooks.writes(module, "serialize_file", at=1, keyword="filename")


_LIBRARIES = {
    "pyarrow": _hook_pyarrow,
    "pyarrow.fs": _hook_file_systems,
    "pyarrow.parquet": _hook_parquet,
    "pyarrow.csv": _hook_csv,
    "pyarrow.json": _hook_json,
    "pyarrow.feather": _hook_feather,
    "pyarrow.orc": _hook_orc,
    "pyarrow.ipc": _hook_ipc,
    "pyarrow.dataset": _hook_dataset,
    "polars": _hook_polars,
    "duckdb": _hook_duckdb,
    "h5py": _hook_h5py,
    "safetensors": _hook_safetensors,
}


def begin(log, opened) -> None:
    """Hook libraries as they are imported from here on."""
    sys.meta_path.insert(0, Hooks(log, opened))
