"""Who stores something where: which artifacts have bytes at, in or around the same place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from lineage.model import Artifact, Kind
from lineage.ports.chunks import split_into_chunks
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.rules.liveness import is_live
from lineage.rules.storage_places import loose_places
from lineage.rules.uris import above, folders, spellings

_AT_ONCE = 10_000


def others_at(
    reader: Reader, uris: Iterable[str], going: Set[int], *, as_spelled: bool = False
) -> dict[str, list[Artifact]]:
    """By uri, the live artifacts besides these whose bytes are, or are among, or include its own.

    However many uris there are, the store is asked a few times. They are compared with every uri
    of the store, since there is no end of ways to spell one; with `as_spelled`, only with those
    that are spelled as usual. Where two might lead to the same bytes, they count as doing so.
    """
    wanted = {uri: loose_places(uri) for uri in uris}
    at = {place for some in wanted.values() for place in some}
    at_or_around = at | {folder for place in at for folder in folders(place)}
    there: dict[str, set[int]] = {}
    inside: dict[str, set[int]] = {}
    for id, uri in _near(reader, list(wanted), as_spelled).items():
        if id in going:
            continue
        for place in loose_places(uri):
            if place in at_or_around:
                there.setdefault(place, set()).add(id)
            for folder in folders(place):
                if folder in at:
                    inside.setdefault(folder, set()).add(id)
    ids = sorted({id for found in (there, inside) for some in found.values() for id in some})
    live = {
        node.id: node
        for node in reader.nodes(Kind.ARTIFACT, ids)
        if isinstance(node, Artifact) and is_live(node)
    }
    found: dict[str, list[Artifact]] = {}
    for uri, some in wanted.items():
        others: set[int] = set()
        for place in some:
            others.update(there.get(place, ()), inside.get(place, ()))
            others.update(*(there.get(folder, ()) for folder in folders(place)))
        found[uri] = [live[id] for id in sorted(others) if id in live]
    return found


def _near(reader: Reader, uris: Sequence[str], as_spelled: bool) -> dict[int, str]:
    """The ids and uris of the artifacts among which all are that are meant."""
    if not as_spelled:
        # A uri can be spelled in ways that no index knows: each one is looked at.
        rows = reader.find_fields(Kind.ARTIFACT, Filter(), ("uri",))
        return {id: uri for id, _, uri in rows if uri}
    found: dict[int, str] = {}
    for some in split_into_chunks(
        dict.fromkeys(s for uri in uris for s in spellings(uri)), _AT_ONCE
    ):
        found.update(reader.stored_at(some))
    for some in split_into_chunks(dict.fromkeys(f for uri in uris for f in above(uri)), _AT_ONCE):
        found.update(reader.stored_at(some, below=False))
    return found
