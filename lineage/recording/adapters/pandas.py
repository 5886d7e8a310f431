"""pandas: what is read and written, and frames that are computed of others."""

from __future__ import annotations

from typing import Any

from lineage.recording.fitting import place_of, read_place, write_place
from lineage.recording.origin import carry_origin, origin_of
from lineage.recording.patch import Call, replace_functions, replace_method

LIBRARY = "pandas"
_READS = (
    "read_csv", "read_table", "read_fwf", "read_parquet", "read_json", "read_excel",
    "read_feather", "read_orc", "read_pickle", "read_hdf", "read_xml", "read_stata", "read_sas",
    "read_spss", "read_html",
)  # fmt: skip
# With the name of the argument that says where to.
_WRITES = {
    "to_csv": "path_or_buf", "to_json": "path_or_buf", "to_excel": "excel_writer",
    "to_parquet": "path", "to_feather": "path", "to_orc": "path", "to_pickle": "path",
    "to_hdf": "path_or_buf", "to_stata": "path", "to_xml": "path_or_buffer", "to_html": "buf",
}  # fmt: skip
_PLACES = ("filepath_or_buffer", "path", "path_or_buf", "io", "path_or_buffer")


def install(pandas: Any) -> None:
    """Have pandas tell what it reads, writes and computes."""
    import pandas.core.generic as generic

    replace_functions(pandas, {name: {"after": _after_read} for name in _READS}, LIBRARY)
    for owner in (generic.NDFrame, pandas.DataFrame, pandas.Series):
        for name, argument in _WRITES.items():
            replace_method(owner, name, LIBRARY, after=_after_write(argument))
    replace_method(generic.NDFrame, "__finalize__", LIBRARY, after=_after_finalize)
    for owner in (pandas.DataFrame, pandas.Series):
        for name in ("values", "to_numpy", "__array__", "to_list"):
            replace_method(owner, name, LIBRARY, after=_after_convert)
        replace_method(owner, "__init__", LIBRARY, after=_after_make)
        replace_method(owner, "__setitem__", LIBRARY, after=_after_set)
    import pandas.io.parsers.readers as readers

    for name in ("read", "get_chunk", "__next__"):
        replace_method(readers.TextFileReader, name, LIBRARY, after=_after_convert)


def _after_read(call: Call, _: Any, result: Any) -> None:
    place = call.argument(0, _PLACES[0])
    if place is None:
        place = next((call.kwargs[name] for name in _PLACES if name in call.kwargs), None)
    results = list(result.values()) if isinstance(result, dict) else [result]
    if isinstance(result, list):
        results = result
    read_place(place, *results)


def _after_write(argument: str) -> Any:
    def after(call: Call, _: Any, result: Any) -> None:
        place = call.argument(1, argument)
        if place_of(place) is not None:
            write_place(call.args[0], place, call.name, type="Dataset")

    return after


def _after_finalize(call: Call, _: Any, result: Any) -> None:
    other = call.argument(1, "other")
    parts: list[Any] = [other]
    for name in ("left", "right"):
        parts.append(getattr(other, name, None) if not _is_frame(other) else None)
    if not _is_frame(other):
        for name in ("objs", "input_objs"):
            found = getattr(other, name, None)
            if isinstance(found, list | tuple):
                parts += found
            elif isinstance(found, dict):
                parts += found.values()
    carry_origin(parts, result)


def _is_frame(value: Any) -> bool:
    return hasattr(value, "_mgr")


def _after_convert(call: Call, _: Any, result: Any) -> None:
    carry_origin(call.args[:1], result)


def _after_make(call: Call, _: Any, result: Any) -> None:
    data = call.argument(1, "data")
    parts = list(data.values()) if isinstance(data, dict) else [data]
    if any(origin_of(part) is not None for part in parts):
        carry_origin(parts, call.args[0])


def _after_set(call: Call, _: Any, result: Any) -> None:
    carry_origin([call.args[0], *call.args[2:]], call.args[0])
