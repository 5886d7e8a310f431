"""polars, pyarrow and Hugging Face datasets: what is read, computed and written."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from lineage.recording.fitting import read_place, write_place
from lineage.recording.origin import carry_origin, origin_of
from lineage.recording.patch import Call, replace_functions, replace_method

_POLARS_READS = ("csv", "parquet", "json", "ndjson", "ipc", "avro", "excel", "ods")
_DATASET_READS = ("from_csv", "from_json", "from_parquet", "from_text")
_DATASET_WRITES = ("to_csv", "to_json", "to_parquet", "save_to_disk")
_DATASET_KEEPS = (
    "map", "filter", "select", "shuffle", "sort", "train_test_split", "shard", "with_format",
    "rename_column", "rename_columns", "remove_columns", "select_columns", "cast", "cast_column",
    "add_column", "flatten", "unique", "to_pandas", "to_polars", "__getitem__", "take", "skip",
    "class_encode_column",
)  # fmt: skip


def install_polars(polars: Any) -> None:
    """Have polars tell what it reads, computes and writes."""
    reads = {
        f"{verb}_{kind}": {"after": _after_read("source")}
        for verb in ("read", "scan")
        for kind in _POLARS_READS
    }
    joins = {
        name: {"after": _after_compute}
        for name in ("concat", "collect_all", "from_pandas", "from_arrow", "from_numpy")
    }
    replace_functions(polars, {**reads, **joins}, "polars")
    import polars.dataframe.group_by as eager_groups
    import polars.lazyframe.group_by as lazy_groups

    owners = [polars.DataFrame, polars.LazyFrame, polars.Series]
    owners += [eager_groups.GroupBy, lazy_groups.LazyGroupBy]
    for owner in owners:
        for name, method in list(vars(owner).items()):
            if not inspect.isfunction(method):
                continue
            if name.startswith(("write_", "sink_")):
                replace_method(owner, name, "polars", after=_after_write)
            elif not name.startswith("_") or name in ("__getitem__", "__init__", "__array__"):
                replace_method(owner, name, "polars", after=_after_compute)


def install_parquet(parquet: Any) -> None:
    """Have pyarrow tell which Parquet files it reads and writes."""
    _install_pyarrow(parquet, {"read_table": "source", "read_pandas": "source"}, "write_table")


def install_arrow_csv(csv: Any) -> None:
    """Have pyarrow tell which CSV files it reads and writes."""
    _install_pyarrow(csv, {"read_csv": "input_file"}, "write_csv")


def install_arrow_json(json: Any) -> None:
    """Have pyarrow tell which JSON files it reads."""
    _install_pyarrow(json, {"read_json": "input_file"}, None)


def install_feather(feather: Any) -> None:
    """Have pyarrow tell which Feather files it reads and writes."""
    _install_pyarrow(feather, {"read_table": "source", "read_feather": "source"}, "write_feather")


def install_orc(orc: Any) -> None:
    """Have pyarrow tell which ORC files it reads and writes."""
    _install_pyarrow(orc, {"read_table": "source"}, "write_table")


def install_arrow_dataset(dataset: Any) -> None:
    """Have pyarrow tell which folders of files it reads as one."""
    replace_functions(dataset, {"dataset": {"after": _after_read("source")}}, "pyarrow")


def install_datasets(datasets: Any) -> None:
    """Have Hugging Face datasets tell what they read from and write to local files."""
    replace_functions(
        datasets,
        {
            "load_from_disk": {"after": _after_read("dataset_path")},
            "load_dataset": {"after": _after_load_dataset},
            "concatenate_datasets": {"after": _after_compute},
        },
        "datasets",
    )
    for owner in (datasets.Dataset, datasets.DatasetDict):
        for name in _DATASET_READS:
            replace_method(owner, name, "datasets", after=_after_read("path_or_paths"))
        for name in ("from_pandas", "from_dict", "from_polars", "from_list"):
            replace_method(owner, name, "datasets", after=_after_compute)
        for name in _DATASET_WRITES:
            replace_method(owner, name, "datasets", after=_after_write)
        for name in _DATASET_KEEPS:
            replace_method(owner, name, "datasets", after=_after_compute)


def _install_pyarrow(module: Any, reads: dict[str, str], write: str | None) -> None:
    names: dict[str, dict[str, Any]] = {
        name: {"after": _after_read(argument)} for name, argument in reads.items()
    }
    if write is not None:
        names[write] = {"after": _after_write}
    replace_functions(module, names, "pyarrow")


def _after_read(argument: str) -> Any:
    def after(call: Call, _: Any, result: Any) -> None:
        given = call.argument(0, argument)
        for place in given if isinstance(given, list | tuple) else [given]:
            read_place(place, *_parts(result), type="Dataset")

    return after


def _after_load_dataset(call: Call, _: Any, result: Any) -> None:
    files = call.kwargs.get("data_files") or call.argument(2, "data_files")
    flat: list[Any] = []
    for found in files.values() if isinstance(files, dict) else [files]:
        flat += found if isinstance(found, list | tuple) else [found]
    folder = call.kwargs.get("data_dir")
    for place in [*flat, folder, *([call.args[0]] if call.args and not flat else [])]:
        if place is not None:
            read_place(place, *_parts(result), type="Dataset")


def _after_write(call: Call, _: Any, result: Any) -> None:
    place = call.args[1] if len(call.args) > 1 else None
    if place is None:
        names = ("file", "path", "path_or_buf", "target", "dest", "where", "output_file",
                 "dataset_path", "dataset_dict_path", "workbook")  # fmt: skip
        place = next((call.kwargs[name] for name in names if name in call.kwargs), None)
    value = call.args[0] if call.args else call.kwargs.get("table", call.kwargs.get("data"))
    write_place(value, place, call.name, type="Dataset")


def _after_compute(call: Call, _: Any, result: Any) -> None:
    if call.name == "__init__":
        result = call.args[0]
    if result is None:
        return
    sources: list[Any] = []
    for value in call.values:
        sources += value if isinstance(value, list | tuple) else [value]
    if any(origin_of(value) is not None for value in sources):
        carry_origin(sources, *_parts(result))


def _parts(result: Any) -> Iterable[Any]:
    if isinstance(result, dict):
        return [result, *result.values()]
    return result if isinstance(result, list | tuple) else [result]
