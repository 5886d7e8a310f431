"""A dbt project and its runs, as lineage.

`docs/importing.md` says what becomes of each part of a manifest.
"""

from lineage.formats.dbt.importer import Imported, import_dbt

__all__ = ["Imported", "import_dbt"]
