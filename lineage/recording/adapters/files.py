"""joblib, pickle and numpy: objects that are loaded from files and put into them."""

from __future__ import annotations

from typing import Any

from lineage.recording.description import type_of_object
from lineage.recording.fitting import read_place, session, write_place
from lineage.recording.origin import carry_origin
from lineage.recording.patch import Call, replace_functions, replace_method


def install_joblib(joblib: Any) -> None:
    """Have joblib tell what it dumps and loads."""
    replace_functions(
        joblib,
        {
            "dump": {"after": _after_dump("filename")},
            "load": {"after": _after_load("filename")},
        },
        "joblib",
    )


def install_pickle(pickle: Any) -> None:
    """Have pickle tell what it dumps into files and loads from them."""
    replace_functions(
        pickle,
        {"dump": {"after": _after_dump("file")}, "load": {"after": _after_load("file")}},
        "pickle",
    )


def install_numpy(numpy: Any) -> None:
    """Have numpy tell what it loads and saves, and which seed it was given."""
    reads = {name: {"after": _after_load("file")} for name in ("load", "fromfile")}
    reads |= {name: {"after": _after_load("fname")} for name in ("loadtxt", "genfromtxt")}
    writes = {
        "save": {"after": _after_save("arr")},
        "savetxt": {"after": _after_save("X")},
        "savez": {"after": _after_save_many},
        "savez_compressed": {"after": _after_save_many},
    }
    replace_functions(numpy, {**reads, **writes}, "numpy")
    import numpy.lib.npyio as npyio

    replace_method(npyio.NpzFile, "__getitem__", "numpy", after=_after_item)
    replace_functions(numpy.random, {"seed": {"after": _after_seed}}, "numpy")


def _after_dump(argument: str) -> Any:
    def after(call: Call, _: Any, result: Any) -> None:
        value = call.argument(0, "value", call.kwargs.get("obj"))
        write_place(value, _flushed(call.argument(1, argument)), call.name, type=_type(value))

    return after


def _after_load(argument: str) -> Any:
    def after(call: Call, _: Any, result: Any) -> None:
        read_place(call.argument(0, argument), result, type=_type(result))

    return after


def _after_save(argument: str) -> Any:
    def after(call: Call, _: Any, result: Any) -> None:
        place = call.argument(0, "file", call.kwargs.get("fname"))
        write_place(call.argument(1, argument), _named(place, ".npy", call), call.name)

    return after


def _after_save_many(call: Call, _: Any, result: Any) -> None:
    values = [*call.args[1:], *(v for k, v in call.kwargs.items() if k != "file")]
    place = _named(call.argument(0, "file"), ".npz", call)
    holder = _Holder()
    carry_origin(values, holder)
    write_place(holder, place, call.name, type="Dataset")


class _Holder:
    """Stands for several arrays that go into one file."""


def _named(place: Any, suffix: str, call: Call) -> Any:
    """numpy adds its suffix to a path that lacks it."""
    if call.name != "savetxt" and isinstance(place, str) and not place.endswith(suffix):
        return place + suffix
    return place


def _after_item(call: Call, _: Any, result: Any) -> None:
    carry_origin(call.args[:1], result)


def _after_seed(call: Call, _: Any, result: Any) -> None:
    seed = call.argument(0, "seed")
    if isinstance(seed, int):
        session.seeds["numpy_seed"] = seed


def _type(value: Any) -> str | None:
    kind = type_of_object(value)
    return None if kind == "Object" else kind


def _flushed(file: Any) -> Any:
    """An open file holds back what was written to it last; its bytes are to be hashed."""
    flush = getattr(file, "flush", None)
    if callable(flush) and not getattr(file, "closed", False):
        flush()
    return file
