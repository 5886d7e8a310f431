"""Which artifacts have the same content: each digest is looked up once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lineage.model import Kind
from lineage.ports.reader import Reader
from lineage.ports.traversal import SameContent
from lineage.questions.subgraph import Key


class Copies:
    """Groups of artifacts of the same content, as they are asked for.

    Parameters
    ----------
    reader : Reader
        The state that is looked at.
    content : SameContent, optional
        Which digests count; none do where it is left out.
    as_of_ms : int, optional
        Only what was recorded by then is seen.
    """

    def __init__(self, reader: Reader, content: SameContent | None, as_of_ms: int | None) -> None:
        self._reader = reader
        self._content = content
        self._as_of_ms = as_of_ms
        self._looked_at: set[int] = set()
        self._group_of: dict[int, tuple[int, ...]] = {}

    def load(self, artifact_ids: Iterable[int]) -> None:
        """Look for what has the same content as these, those that were not looked at yet."""
        asked = sorted({id for id in artifact_ids if id not in self._looked_at})
        if self._content is None or not asked:
            return
        self._looked_at.update(asked)
        digests = [d for d in self._reader.shared_digests(asked) if self._content.conducts(d)]
        members: dict[str, list[int]] = {}
        for digest, id, created in self._reader.with_digests(digests) if digests else ():
            if self._as_of_ms is None or created <= self._as_of_ms:
                members.setdefault(digest, []).append(id)
        for ids in members.values():
            group = tuple(sorted(ids))
            if len(group) > 1:
                self._group_of.update(dict.fromkeys(group, group))
            self._looked_at.update(group)

    def of(self, artifact_id: int) -> tuple[int, ...]:
        """Return the artifacts of the same content, itself among them; none where it is alone."""
        return self._group_of.get(artifact_id, ())

    def groups(self, artifact_ids: Iterable[int]) -> Iterator[tuple[int, ...]]:
        """Return the groups that some of these are in, each once; they must have been loaded."""
        found = dict.fromkeys(group for id in artifact_ids if (group := self.of(id)))
        yield from found

    def rings(self, keys: Iterable[Key], passable: Iterable[Key]) -> Iterator[tuple[Key, Key]]:
        """Return hops that lead from each of these to all of its copies, and no further.

        Copies are tied in a ring, so that there are as many hops as copies; one that is not
        passable leads into the ring, and is not in it.
        """
        asked = {id for kind, id in keys if kind is Kind.ARTIFACT}
        passed = {id for kind, id in passable if kind is Kind.ARTIFACT}
        self.load(asked | passed)
        for group in self.groups(asked | passed):
            ring = [id for id in group if id in passed]
            if not ring:
                continue
            for here, there in zip(ring, (*ring[1:], ring[0]), strict=True):
                if here != there:
                    yield (Kind.ARTIFACT, here), (Kind.ARTIFACT, there)
            for id in group:
                if id in asked and id not in passed:
                    yield (Kind.ARTIFACT, id), (Kind.ARTIFACT, ring[0])
