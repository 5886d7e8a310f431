"""axe-core, which looks for what shuts people out of a page: from the npm registry."""

from __future__ import annotations

from pathlib import Path

from tools.npm import fetch

VERSION = "4.14.1"
_SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="


def script() -> Path:
    """The one file that a page loads. Raises CannotFetch where it can't be had."""
    return fetch("axe-core", VERSION, _SHA512, "axe.min.js")
