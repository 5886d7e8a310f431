"""Declare what a backend can do, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do, as data, so that nobody asks for its class.

    templates: it answers questions by the Cypher templates (`Reader.template`).
    durable: what was acknowledged survives the process.
    shared: several processes may have it open at once.
    cypher: it runs Cypher itself (`Backend.query`).
    """

    templates: bool
    durable: bool
    shared: bool
    cypher: bool = False
