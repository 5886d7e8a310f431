"""What DVC recorded in the history of a git repository, as lineage.

`docs/importing.md` says what becomes of each part of a `dvc.lock`.
"""

from lineage.formats.dvc.importer import Imported, import_dvc

__all__ = ["Imported", "import_dvc"]
