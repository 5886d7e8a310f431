"""MLflow's runs, datasets, models and registry, as lineage. The `mlflow` extra brings its client.

`docs/importing.md` says what becomes of each.
"""

from lineage.formats.mlflow.importer import Imported, import_mlflow

__all__ = ["Imported", "import_mlflow"]
