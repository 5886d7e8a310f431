"""What code does, read from its instructions: its digest, the names and imports in it."""

from __future__ import annotations

import dis
import functools
import hashlib
import importlib.util
import types
from collections.abc import Iterable
from typing import Any

_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_CLASSDEREF"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_CACHES = frozenset({"CACHE", "RESUME", "PRECALL", "NOP", "EXTENDED_ARG", "PUSH_NULL"})


@functools.lru_cache(maxsize=8192)
def hash_code(code: types.CodeType) -> str:
    """Return the digest of what code does: its instructions with what they name."""
    digest = hashlib.sha256()
    digest.update(
        repr(
            (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags,
             code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + 2])
        ).encode()
    )  # fmt: skip
    places = {ins.offset: at for at, ins in enumerate(_instructions(code))}
    for ins in _instructions(code):
        if ins.opcode in dis.hasconst:
            said = _hash_constant(ins.argval)
        elif ins.opcode in dis.hasjrel or ins.opcode in dis.hasjabs:
            said = str(places.get(ins.argval, ins.argval))
        else:
            said = f"{ins.arg} {ins.argval}" if isinstance(ins.argval, str) else str(ins.arg)
        digest.update(f"{ins.opname} {said}\n".encode("utf-8", "backslashreplace"))
    # Where exceptions are caught.
    digest.update(getattr(code, "co_exceptiontable", b""))
    return digest.hexdigest()


def _hash_constant(value: Any) -> str:
    if isinstance(value, types.CodeType):
        return f"code {value.co_name} {hash_code(value)}"
    if isinstance(value, tuple | frozenset):
        parts = [_hash_constant(item) for item in value]
        return f"{type(value).__name__}({' '.join(sorted(parts)) if isinstance(value, frozenset) else ' '.join(parts)})"  # noqa: E501
    # 1 == 1.0 == True, and 0.0 == -0.0
    return f"{type(value).__name__} {value!r}"


@functools.lru_cache(maxsize=8192)
def _instructions(code: types.CodeType) -> tuple[dis.Instruction, ...]:
    return tuple(ins for ins in dis.get_instructions(code) if ins.opname not in _CACHES)


@functools.lru_cache(maxsize=8192)
def references_in(code: types.CodeType) -> tuple[tuple[str, ...], ...]:
    """Return the dotted global names in code, and in the functions within it."""
    found: dict[tuple[str, ...], None] = {}
    open_path: list[str] | None = None
    for ins in _instructions(code):
        if open_path is not None and ins.opname in _ATTRIBUTES:
            open_path.append(str(ins.argval))
            continue
        if open_path is not None:
            found[tuple(open_path)] = None
            open_path = None
        if ins.opname in _LOADS:
            open_path = [str(ins.argval)]
    if open_path is not None:
        found[tuple(open_path)] = None
    for inner in _inner(code):
        found |= dict.fromkeys(references_in(inner))
    return tuple(found)


@functools.lru_cache(maxsize=8192)
def imports_in(code: types.CodeType) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """Return the imports in code: module, level and the names that are taken from it."""
    found: list[tuple[str, int, list[str]]] = []
    last: list[Any] = []
    for ins in _instructions(code):
        if ins.opcode in dis.hasconst or ins.opname == "LOAD_SMALL_INT":
            last.append(ins.argval)
        elif ins.opname == "IMPORT_NAME":
            levels = [v for v in last[-2:] if isinstance(v, int)]
            found.append((str(ins.argval), levels[0] if levels else 0, []))
        elif ins.opname == "IMPORT_FROM" and found:
            found[-1][2].append(str(ins.argval))
    done = [(name, level, tuple(names)) for name, level, names in found]
    for inner in _inner(code):
        done += imports_in(inner)
    return tuple(done)


def texts_in(code: types.CodeType) -> list[str]:
    """Return the texts in code."""
    found = [value for value in code.co_consts if isinstance(value, str)]
    for inner in _inner(code):
        found += texts_in(inner)
    return found


def _inner(code: types.CodeType) -> Iterable[types.CodeType]:
    return [value for value in code.co_consts if isinstance(value, types.CodeType)]


def imported_by(source: bytes, name: str) -> list[str]:
    """Return the names of the modules that a module's source imports."""
    import ast

    found: list[str] = []
    package = name.rpartition(".")[0]
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            try:
                home = (
                    importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                    if node.level
                    else node.module or ""
                )
            except ImportError:
                continue
            found += [home, *(f"{home}.{alias.name}" for alias in node.names)]
    return found
