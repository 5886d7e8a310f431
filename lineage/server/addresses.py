"""Where a server listens, and that nobody can reach it unasked."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from lineage.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; port 0 takes one that is free."""

    host: str
    port: int

    @classmethod
    def parsed(cls, text: str) -> Address:
        """From `HOST:PORT`, `:PORT` (this machine only) or `[IPV6]:PORT`."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdigit() or int(port) > 65_535:
            raise InvalidInput(f"{text!r} is no address; write HOST:PORT, such as localhost:8080")
        return cls(host.strip("[]") or "localhost", int(port))

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check_guarded(self, guarded: bool) -> None:
        """Raise InvalidInput where others could reach it and no token keeps them out."""
        if not self.loopback and not guarded:
            raise InvalidInput(
                f"{self} can be reached from other machines, so a token is needed: make one with "
                "`lineage token create`, give --token, or listen at localhost"
            )

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
