"""Mermaid itself, which draws what we write for it: from the npm registry, fetched once a user."""

from __future__ import annotations

from pathlib import Path

from tools.npm import fetch

VERSION = "12.3.0"
_SHA512 = "4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw=="


def script() -> Path:
    """The one file that a page loads. Raises CannotFetch where it can't be had."""
    return fetch("mermaid", VERSION, _SHA512, "dist/mermaid.min.js")
