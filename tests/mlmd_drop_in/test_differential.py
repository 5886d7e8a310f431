"""Generated requests to ML Metadata's own library and to ours: the same status, the same answer."""

from __future__ import annotations

import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage import Store
from lineage.server.addresses import Address
from lineage.server.mlmd.messages import ListOperationOptions
from lineage.server.mlmd.service import Options, Server
from tests.mlmd_drop_in.comparing import Side
from tests.mlmd_drop_in.differences import LEFT_OUT, TWO_MISTAKES, which, without_what_is_taken
from tests.mlmd_drop_in.generated import Generator
from tools.mlmd.environment import ROOT

_UPDATE_TIME = ListOperationOptions.OrderByField.LAST_UPDATE_TIME
LONG = bool(os.environ.get("LINEAGE_LONG"))


@pytest.fixture
def theirs(wheel: Path) -> Iterator[Side]:
    """ML Metadata's library, behind gRPC."""
    with subprocess.Popen(
        [wheel, "-m", "tools.mlmd.pass_through"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield Side(f"localhost:{process.stdout.readline().strip()}")
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.backends("memory", "sqlite", *(["neo4j"] if LONG else []))
def test_the_same_answers(store: Store, theirs: Side) -> None:
    # Neo4j takes ten times as long for each.
    count = 2_200 if not LONG else 3_000 if "neo4j" in store.url else 20_000
    seed = 20_261_124
    with Server(store, Address("localhost", 0), Options(mlmd_limits=True)) as server:
        compared = Comparison(theirs, Side(str(server.address)), seed)
        while (asked := compared.names.total()) < count:
            compared.step()
        print(f"{asked:,} requests, {compared.statuses['OK']:,} OK; {dict(compared.deliberate)}")
        assert not compared.wrong, "\n\n".join(compared.wrong[:5])
        # A run in which everything is refused would prove nothing.
        assert compared.statuses["OK"] > asked / 2
        assert len(compared.names) >= 40


class Listing:
    """A request, and how far the pages of its answer have been read on both sides."""

    def __init__(self, name: str, request: Any) -> None:
        self.name, self.request = name, request
        self.tokens: tuple[str, ...] = ("", "")
        options = getattr(request, "options", None)
        is_list = isinstance(options, ListOperationOptions) and request.HasField("options")
        self.by_update_time = is_list and options.order_by_field.field == _UPDATE_TIME
        self.ordered = is_list and not self.by_update_time


def check_order(answer: Any, *, ascending: bool) -> None:
    """Nodes by their update times, and by id where these are the same."""
    found = [
        (node.last_update_time_since_epoch, node.id)
        for field, nodes in answer.ListFields()
        if field.is_repeated
        for node in nodes
    ]
    assert found == sorted(found, reverse=not ascending)


class Comparison:
    """Asks both, and keeps what differs."""

    def __init__(self, theirs: Side, ours: Side, seed: int) -> None:
        self.generator = Generator(seed)
        self.random = random.Random(seed)
        self.open: list[Listing] = []
        self.theirs, self.ours = theirs, ours
        self.wrong: list[str] = []
        self.statuses: Counter[str] = Counter()
        self.names: Counter[str] = Counter()
        self.deliberate: Counter[str] = Counter()

    def step(self) -> None:
        """One request, or the next page of a listing that was begun."""
        if self.open and self.random.random() < 0.5:
            listing = self.open.pop(self.random.randrange(len(self.open)))
        else:
            listing = Listing(*self.generator.next())
        while self.page(listing):
            if self.random.random() < 0.2:
                self.open.append(listing)
                return

    def page(self, listing: Listing) -> bool:
        """Ask both for it; whether there is another page."""
        name, request = listing.name, listing.request
        answers = []
        asks = (self.theirs.ask_one_by_one, self.ours.ask)
        for ask, token in zip(asks, listing.tokens, strict=True):
            if token:
                request.options.next_page_token = token
            answers.append(ask(name, request))
        (status, answer, said), (our_status, our_answer, we_said) = answers
        self.statuses[status] += 1
        self.names[name] += 1
        if status != our_status:
            self.differs(name, request, (status, said), (our_status, we_said))
        if not status == our_status == "OK":
            return False
        if name.startswith("Put"):
            self.ours.learn(answer, our_answer)
            self.generator.learn(name, request, answer)
        tokens = tuple(getattr(a, "next_page_token", "") for a in (answer, our_answer))
        if bool(tokens[0]) != bool(tokens[1]):
            self.differs(name, request, ("OK", f"token {tokens}"), ("OK", ""))
        listing.tokens = tokens
        if listing.by_update_time:
            # Nodes of one time are in another order on either side, so that pages have others; and
            # there, later pages have them again and again.
            check_order(our_answer, ascending=request.options.order_by_field.is_asc)
            if all(tokens):
                return False
        there, here = self.forms(name, request, answer, our_answer, ordered=listing.ordered)
        if there != here:
            self.differs(name, request, ("OK", there), ("OK", here))
        return all(tokens)

    def forms(
        self, name: str, request: Any, answer: Any, our_answer: Any, *, ordered: bool
    ) -> tuple[Any, Any]:
        """Both answers as they compare."""
        without = LEFT_OUT.get(name, ())
        return (
            self.theirs.canonical(answer, ordered=ordered, without=without),
            self.ours.canonical(our_answer, ordered=ordered, without=without),
        )

    def differs(self, name: str, request: Any, theirs: Any, ours: Any) -> None:
        """Note a difference, unless it is one that is meant."""
        title = which(name, request, theirs, ours)
        if title is not None:
            self.deliberate[title] += 1
        elif self.has_two_mistakes(name, request, theirs, ours):
            self.deliberate[TWO_MISTAKES] += 1
        else:
            self.wrong.append(f"{name}\n{request}\ntheirs: {theirs}\nours: {ours}")

    def has_two_mistakes(self, name: str, request: Any, theirs: Any, ours: Any) -> bool:
        """Whether each named another one: without theirs, ours is what both name."""
        if "OK" in (theirs[0], ours[0]):
            return False
        status, said = theirs
        while status != ours[0] and (mended := without_what_is_taken(request, said)) is not None:
            request = mended
            status, _, said = self.theirs.ask(name, request)
            if self.ours.ask(name, request)[0] != ours[0]:
                return False
        return bool(status == ours[0])
