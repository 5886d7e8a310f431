"""ML Metadata's own databases."""

from lineage.interchange.mlmd.importing import import_mlmd

__all__ = ["import_mlmd"]
