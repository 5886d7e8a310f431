"""The questions, as methods of a store."""

from __future__ import annotations


class Asking:
    """Base of `Store`: one method a question."""
