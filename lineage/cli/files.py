"""Files that a command line names: read and written, or what is wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def open_text(file: Path) -> Any:
    """A text file to read; `-` is standard input. Raises NotFound."""
    from lineage.errors import NotFound

    if str(file) == "-":
        return sys.stdin
    try:
        return file.open(encoding="utf-8-sig")
    except OSError as error:
        raise NotFound(f"{file}: {error.strerror}") from None


@contextmanager
def translate_read_errors(file: Path) -> Iterator[None]:
    """Within it, what is no text raises InvalidValue."""
    from lineage.errors import InvalidValue

    try:
        yield
    except UnicodeDecodeError as error:
        named = "standard input" if str(file) == "-" else file
        byte = error.object[error.start]
        raise InvalidValue(f"{named} is no text in UTF-8: it has the byte {byte:#04x}") from None


def write_text(file: Path, text: str) -> None:
    """Write a file, over one that is there. Raises InvalidValue where that can't be done."""
    from lineage.errors import InvalidValue

    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidValue(f"{file} can't be written: {error.strerror}") from None
