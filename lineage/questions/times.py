"""Points in time, as questions take them."""

from __future__ import annotations

from lineage.model.times import Time, milliseconds

__all__ = ["Time", "milliseconds"]
