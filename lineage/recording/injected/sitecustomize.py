"""Have libraries tell what they do, then go on with the interpreter's own `sitecustomize`."""

import sys

sys.path[:] = [entry for entry in sys.path if entry != __file__.rpartition("/")[0]]
# A program is never stopped by being recorded.
try:
    import lineage

    lineage.autolog()
except Exception as error:
    print(f"lineage: autolog is not on in {sys.executable}: {error}", file=sys.stderr)
_ours = sys.modules.pop("sitecustomize")
try:
    import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
except ImportError as error:
    if error.name != "sitecustomize":
        raise
finally:
    sys.modules.setdefault("sitecustomize", _ours)
