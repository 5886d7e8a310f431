"""Which type of artifact a file is, by its name, and where that does not say by its first bytes.

A rule given by the user (`*.pkl=Dataset`) goes first. Then:

- `metrics.json`, `scores.yaml` and the like are Metrics;
- tables and arrays (CSV, Parquet, Arrow, NumPy, HDF5 …) are Datasets;
- formats of trained models (ONNX, safetensors, PyTorch, GGUF …) are Models;
- a pickle, as joblib writes it too, is what its first class says: a frame or array is a Dataset,
  plain lists and mappings are a File, everything else is a Model. Nothing in it is run;
- what is called a model (`model.json`, `churn_model.bin`) is a Model where nothing else is known;
- programs and notebooks are Code;
- text, XML, JSON, images and sound below a folder of the project that is called data, dataset,
  datasets or raw are a Dataset;
- everything else is a File.
"""

from __future__ import annotations

import bz2
import json
import lzma
import pickletools
import zlib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from lineage.errors import InvalidValue

_DATASETS = frozenset(
    """
    arff arrow avro csv db dbf dta duckdb feather gpkg h5 hdf hdf5 he5 ipc jsonl libsvm mat nc
    ndjson npy npz orc parquet pq rds sas7bdat sav sqlite sqlite3 svmlight tab tfrecord tfrecords
    tsv xls xlsb xlsx xpt zarr
    """.split()  # noqa: SIM905
)
_MODELS = frozenset(
    """
    bst caffemodel cbm ckpt gguf ggml keras lgb mar mlmodel mlpackage onnx pb pmml pt pth
    safetensors skops tflite torchscript ubj xgb
    """.split()  # noqa: SIM905
)
_PICKLES = frozenset(("dill", "cloudpickle", "joblib", "p", "pickle", "pkl"))
_CODE = frozenset(
    """
    bash c cc cpp cs cu cuh cxx go h hpp ipynb java jl js kt lua m mjs pl py pyi pyx r rb rmd
    rs sas scala sh sql swift ts zsh
    """.split()  # noqa: SIM905
)
_METRICS = frozenset(("metric", "metrics", "score", "scores", "evaluation"))
_NUMBERS = frozenset(("json", "yaml", "yml", "toml", "csv", "tsv", "txt"))
_RAW = frozenset(
    """
    bmp dat flac gif html jpeg jpg json md mp3 ogg png tif tiff txt wav webp xml zip
    """.split()  # noqa: SIM905
)
_FOLDERS = frozenset(("data", "dataset", "datasets", "raw"))
# Formats that models are kept in, and much else.
_UNCLEAR = frozenset(("", "bin", "dat", "json", "msgpack", "txt", "zip"))
_COMPRESSED = frozenset(("br", "bz2", "gz", "lz4", "snappy", "xz", "zip", "zst", "z"))
_TABLE_PACKAGES = frozenset(("numpy", "pandas", "polars", "pyarrow", "scipy", "datasets", "xarray"))
_CONTAINERS = frozenset(("EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE", "EMPTY_SET", "MARK"))
# What a pickle is built of, whatever is in it.
_PLUMBING = frozenset(
    ("builtins", "__builtin__", "copyreg", "copy_reg", "collections", "joblib", "_codecs",
     "datetime", "decimal", "pathlib", "re")
)  # fmt: skip
_HEAD = 1 << 16
_MOST_METRICS = 100
_LONGEST_METRICS = 1 << 20


def type_of_file(path: str, rules: Sequence[tuple[str, str]] = (), below: str | None = None) -> str:
    """Return the type of artifact that a file is.

    Parameters
    ----------
    path
        The file; its first bytes are read where its name does not say.
    rules
        Patterns of names or paths with the type that they have; the first that fits counts.
    below
        The path below the project's root, whose folders are of the project.

    Examples
    --------
    >>> [type_of_file(p) for p in ("raw.csv.gz", "net.onnx", "metrics.json", "fit.py", "a.txt")]
    ['Dataset', 'Model', 'Metrics', 'Code', 'File']
    """
    name = PurePosixPath(path).name
    for pattern, type in rules:
        if fnmatchcase(name, pattern) or fnmatchcase(path, pattern):
            return type
    suffixes = [suffix.lstrip(".").lower() for suffix in PurePosixPath(path).suffixes]
    while len(suffixes) > 1 and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    suffix = suffixes[-1] if suffixes else ""
    if suffix in _NUMBERS and _METRICS & set(_words(name)):
        return "Metrics"
    if suffix in _PICKLES:
        type, is_inside = _type_of_pickle(path)
        return "Model" if is_inside and _is_called_model(name) else type
    if suffix in ("h5", "hdf5") and b"keras_version" in _head(path):
        return "Model"
    if suffix in _DATASETS:
        return "Dataset"
    if suffix in _MODELS:
        return "Model"
    if suffix in _CODE:
        return "Code"
    if suffix in _RAW and below is not None and _FOLDERS & set(PurePosixPath(below).parts[:-1]):
        return "Dataset"
    return "Model" if suffix in _UNCLEAR and _is_called_model(name) else "File"


def parse_rules(given: Sequence[str]) -> list[tuple[str, str]]:
    """Return the rules in texts such as `*.pkl=Dataset`.

    Raises
    ------
    InvalidValue
        One is no `PATTERN=TYPE`.
    """
    rules: list[tuple[str, str]] = []
    for text in given:
        pattern, equals, type = text.rpartition("=")
        if not (equals and pattern.strip() and type.strip()):
            raise InvalidValue(
                f"{text!r} is no rule for types; write PATTERN=TYPE: '*.pkl=Dataset'"
            )
        rules.append((pattern.strip(), type.strip()))
    return rules


def read_metrics(path: str) -> dict[str, float | int]:
    """Return the numbers in a JSON file of metrics by their dotted names; none of another file."""
    if not path.lower().endswith(".json"):
        return {}
    try:
        with open(path, "rb") as file:
            data = file.read(_LONGEST_METRICS + 1)
        if len(data) > _LONGEST_METRICS:
            return {}
        found = dict(_numbers(json.loads(data), ""))
    except (OSError, ValueError, RecursionError):
        return {}
    return dict(list(found.items())[:_MOST_METRICS])


def _numbers(value: Any, name: str) -> Iterator[tuple[str, float | int]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63
    ):
        yield name or "value", value


def _is_called_model(name: str) -> bool:
    return bool({"model", "classifier", "regressor", "estimator", "weights"} & set(_words(name)))


def _words(name: str) -> list[str]:
    stem = name.partition(".")[0].lower()
    return "".join(c if c.isalnum() else " " for c in stem).split()


def _head(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def _type_of_pickle(path: str) -> tuple[str, bool]:
    """Return what a pickle is, and whether that is only what lies in a list or mapping of it."""
    data = _decompressed(_head(path))
    module = None
    container = False
    strings: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "GLOBAL":
                module, _, name = str(argument).partition(" ")
            elif opcode.name == "STACK_GLOBAL" and len(strings) >= 2:
                module, name = strings[-2:]
            elif opcode.name in _CONTAINERS and module is None and not strings:
                container = True
                continue
            elif isinstance(argument, str):
                strings.append(argument)
                continue
            else:
                continue
            top = module.partition(".")[0]
            if top in _TABLE_PACKAGES:
                # A number of numpy's is a number.
                if name in ("scalar", "dtype"):
                    continue
                return "Dataset", container
            if top not in _PLUMBING:
                return "Model", container
    except Exception:  # cut off in the middle, or no pickle
        pass
    known = module is not None or strings or data[:1] == b"\x80"
    return ("File", True) if data and known else ("Model", False)


def _decompressed(data: bytes) -> bytes:
    """Return the beginning of what joblib or a user compressed."""
    for start, make in (
        (b"x", zlib.decompressobj), (b"\x1f\x8b", lambda: zlib.decompressobj(31)),
        (b"BZh", bz2.BZ2Decompressor), (b"\xfd7zXZ", lzma.LZMADecompressor),
    ):  # fmt: skip
        if data.startswith(start):
            try:
                return bytes(make().decompress(data, _HEAD))
            except (zlib.error, OSError, EOFError, lzma.LZMAError):
                return data
    return data
