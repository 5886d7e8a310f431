"""ML Metadata's own databases."""

from lineage.formats.mlmd.importer import import_mlmd

__all__ = ["import_mlmd"]
