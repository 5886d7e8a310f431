"""MATCH: what its patterns ask for, in which order to look, and the looking."""

from __future__ import annotations
