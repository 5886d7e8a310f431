"""The functions of openCypher, each registered under its name by the module of its subject."""

from __future__ import annotations
