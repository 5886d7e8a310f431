"""OpenLineage events, from files or from a client, as lineage.

`receive` takes one event, `receive_all` several, `import_files` what files hold;
`docs/importing.md` says what becomes of each part of an event.
"""

from lineage.formats.openlineage_events.reader import Imported, Invalid, import_files, read_events
from lineage.formats.openlineage_events.receiver import Received, receive, receive_all

__all__ = [
    "Imported",
    "Invalid",
    "Received",
    "import_files",
    "read_events",
    "receive",
    "receive_all",
]
