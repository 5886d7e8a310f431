"""The bytes behind uris, through fsspec: what is there, how large it is, and taking it away.

Only what was planned is ever removed: the same file, by the identity that it had then, below a root
that this machine's owner allowed. When in doubt it stays, and says why.
"""

from lineage.storage.files import list_files, remove, sizes, with_files

__all__ = ["list_files", "remove", "sizes", "with_files"]
