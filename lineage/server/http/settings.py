"""How an HTTP server is set up."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """The limits of a server, and who may call it.

    Parameters
    ----------
    token: one with every role, beside those that the store keeps.
    hosts: names under which it is called, beside its address and this machine's.
    loopback: only this machine can reach it.
    max_body: bytes of a request, after decompression.
    body_seconds: how long a request may take to come in.
    max_rows: rows of an ad-hoc query, and nodes of a page.
    query_seconds: the deadline of an ad-hoc query.
    question_seconds: the deadline of every other question.
    rate: requests a second of one caller, in the mean over ten seconds; None for no limit.
    failures: how often in a minute one address may come with a wrong token.
    """

    token: str | None = None
    hosts: tuple[str, ...] = field(default=())
    loopback: bool = True
    max_body: int = 64 * 1024 * 1024
    body_seconds: float = 30.0
    max_rows: int = 100_000
    query_seconds: float = 30.0
    question_seconds: float = 120.0
    rate: float | None = None
    failures: int = 20
