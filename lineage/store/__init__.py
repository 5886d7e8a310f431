"""The one door: everything that is written or read goes through a `Store`.

`door` has the nodes, events, contexts and steps; each further subject that can be written has a
module with a mixin of its own.
"""

from lineage.store.door import Recorded, Store

__all__ = ["Recorded", "Store"]
