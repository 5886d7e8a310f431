"""Start the log of what an interpreter opens, then go on with the `sitecustomize` of its own."""

import sys

# A program is never stopped by being watched; that nothing was logged is reported.
try:
    import lineage_audit_log  # type: ignore[import-not-found]

    lineage_audit_log.begin()
except Exception:
    pass
# The program finds its path and its modules as they are without this.
sys.path[:] = [entry for entry in sys.path if entry != __file__.rpartition("/")[0]]
sys.modules.pop("lineage_audit_log", None)
sys.modules.pop("lineage_library_hooks", None)
_ours = sys.modules.pop("sitecustomize")
try:
    import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
except ImportError as error:
    if error.name != "sitecustomize":
        raise
finally:
    sys.modules.setdefault("sitecustomize", _ours)
