"""Tokens: who may do what on a server; the store keeps a salted hash of each.

A token is `lineage_ID_SECRET`. The secret has 256 random bits, so that a plain salted hash of it
can't be searched through, and checking one costs microseconds. A withdrawn or expired token stays
in the store with when and by whom, for the audit log names tokens.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from lineage.errors import AccessDenied, InvalidValue, NotFound, Unauthenticated
from lineage.store import Store

PREFIX = "token/"
_MARK = "lineage"
# A token that was thought up, not made here, can be guessed when it is shorter.
SHORTEST_OWN_TOKEN = 16
_MAX_NAME = 100
# How long a server that nobody guards is taken to be so without looking again.
_OPEN_SECONDS = 1.0


class Role(StrEnum):
    """What a token lets its bearer do; each of them may read, too."""

    READ = "read"
    RECORD = "record"
    MARK = "mark"
    DELETE = "delete"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what they may do."""

    name: str
    roles: frozenset[Role]

    def can(self, role: Role) -> bool:
        """Tell whether the caller has a role, or one that includes it."""
        return bool(self.roles & {role, Role.ADMIN}) or (role is Role.READ and bool(self.roles))

    def check(self, role: Role, what: str) -> None:
        """Raise AccessDenied where the caller lacks a role."""
        if not self.can(role):
            has = ", ".join(sorted(self.roles)) or "none"
            raise AccessDenied(
                f"{what} needs the role {role}; {self.name!r} has: {has}. `lineage token create "
                f"--role {role}` makes a token that may"
            )


# Where nothing guards the server, and only this machine reaches it.
ANYBODY = Caller("anonymous", frozenset({Role.ADMIN}))
# Who has the token that the server was started with.
OWNER = Caller("owner", frozenset({Role.ADMIN}))


@dataclass(frozen=True, slots=True)
class Token:
    """What the store keeps of a token: never the token itself."""

    id: str
    name: str
    roles: tuple[Role, ...]
    salt: str
    hash: str
    created_ms: int
    until_ms: int | None = None
    revoked_ms: int | None = None

    def is_valid(self, now_ms: int) -> bool:
        """Tell whether it is neither withdrawn nor expired."""
        return self.revoked_ms is None and (self.until_ms is None or now_ms < self.until_ms)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it, without salt and hash."""
        shown = asdict(self)
        del shown["salt"], shown["hash"]
        return {**shown, "roles": [str(role) for role in self.roles]}


def create_token(
    store: Store, name: str, roles: Iterable[Role | str], *, until_ms: int | None = None
) -> tuple[Token, str]:
    """Make a token and keep its hash; the token itself is returned, and never shown again.

    Raises
    ------
    InvalidValue: the name is empty, too long or taken, or a role is none.
    """
    name = name.strip()
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise InvalidValue(
            f"{name[:_MAX_NAME]!r} is no name for a token; give 1 to {_MAX_NAME} printable signs"
        )
    given = tuple(dict.fromkeys(map(parse_role, roles)))
    if not given:
        raise InvalidValue(f"say what the token may do: {', '.join(Role)}")
    now = time.time_ns() // 1_000_000
    if any(token.name == name and token.is_valid(now) for token in list_tokens(store)):
        raise InvalidValue(f"there is a token {name!r}; revoke it first, or take another name")
    id, secret, salt = secrets.token_hex(6), _random_text(), secrets.token_hex(16)
    token = Token(id, name, given, salt, _hash(salt, secret), now, until_ms)
    _keep(store, token)
    return token, f"{_MARK}_{id}_{secret}"


def list_tokens(store: Store) -> list[Token]:
    """Return all tokens that were ever made, oldest first."""
    with store.backend.read() as reader:
        found = [_parse(text) for _, text in reader.metadata_under(PREFIX)]
    return sorted(found, key=lambda token: (token.created_ms, token.id))


def revoke_token(store: Store, name: str) -> Token:
    """Withdraw a token by its name or id; it counts no more from then on.

    Raises
    ------
    NotFound: no valid token has that name or id.
    """
    now = time.time_ns() // 1_000_000
    valid = [token for token in list_tokens(store) if token.is_valid(now)]
    for token in valid:
        if name in (token.name, token.id):
            revoked = replace(token, revoked_ms=now)
            _keep(store, revoked)
            return revoked
    there = ", ".join(token.name for token in valid) or "none"
    raise NotFound(f"there is no valid token {name!r} (there are: {there})")


def parse_role(role: Role | str) -> Role:
    """Return a role by its name. Raises InvalidValue."""
    try:
        return Role(role)
    except ValueError:
        raise InvalidValue(f"{role!r} is no role; there are {', '.join(Role)}") from None


class Gate:
    """Tells who calls, from the token that they bring.

    Parameters
    ----------
    store: keeps the tokens.
    own: one more token, with every role, that the server was started with.
    """

    def __init__(self, store: Store, own: str | None = None) -> None:
        self._store = store
        self._own = None if own is None else own.encode()
        self._open_until = 0.0

    def is_closed(self) -> bool:
        """Tell whether callers need a token: from a second after the first one was made.

        That the last one was withdrawn or has expired lets nobody in.
        """
        if self._own is not None:
            return True
        if time.monotonic() < self._open_until:
            return False
        if list_tokens(self._store):
            return True
        self._open_until = time.monotonic() + _OPEN_SECONDS
        return False

    def identify_at_once(self, authorization: str | None) -> Caller | None:
        """Return who sent a header where the store need not be asked; None where it must be."""
        if authorization is None:
            is_open = self._own is None and time.monotonic() < self._open_until
            return ANYBODY if is_open else None
        if self._own is not None and authorization.startswith("Bearer "):
            secret = authorization.removeprefix("Bearer ").strip()
            if hmac.compare_digest(secret.encode(), self._own):
                return OWNER
        return None

    def identify(self, authorization: str | None) -> Caller:
        """Return who sent an `Authorization` header, or its absence.

        Raises
        ------
        Unauthenticated: a token is needed, and none came, or one that is not valid.
        """
        if authorization is None or not authorization.strip():
            if not self.is_closed():
                return ANYBODY
            raise Unauthenticated("send a token: Authorization: Bearer TOKEN")
        scheme, _, secret = authorization.strip().partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise Unauthenticated("the header is not Authorization: Bearer TOKEN")
        if self._own is not None and hmac.compare_digest(secret.encode(), self._own):
            return OWNER
        found = self._find(secret)
        if found is None:
            raise Unauthenticated("the token is not known, was withdrawn, or has expired")
        return Caller(found.name, frozenset(found.roles))

    def _find(self, secret: str) -> Token | None:
        mark, _, rest = secret.partition("_")
        id, _, secret = rest.partition("_")
        if mark != _MARK or len(id) != 12 or not id.isalnum() or not id.isascii():
            return None
        text = self._store.metadata(PREFIX + id)
        if text is None:
            return None
        token = _parse(text)
        same = hmac.compare_digest(token.hash, _hash(token.salt, secret))
        return token if same and token.is_valid(time.time_ns() // 1_000_000) else None


def check_own_token(token: str | None, *, loopback: bool) -> None:
    """Refuse a token that others could guess, beyond this machine.

    Raises
    ------
    InvalidValue: it is blank, or has fewer than 16 signs and others can reach the server.
    """
    if token is None:
        return
    if (
        not token.strip()
        or token != token.strip()
        or not token.isascii()
        or not token.isprintable()
    ):
        raise InvalidValue("the token is blank, or has signs that no header carries; see --token")
    if not loopback and len(token) < SHORTEST_OWN_TOKEN:
        raise InvalidValue(
            f"the token has {len(token)} signs, and can be guessed: take {SHORTEST_OWN_TOKEN} or "
            "more, or `lineage token create`"
        )


def _keep(store: Store, token: Token) -> None:
    text = json.dumps(asdict(token), ensure_ascii=False)
    store.mirror(progress=(PREFIX + token.id, text))


def _parse(text: str) -> Token:
    fields = json.loads(text)
    roles: Sequence[str] = fields.pop("roles")
    return Token(**fields, roles=tuple(map(Role, roles)))


def _hash(salt: str, secret: str) -> str:
    return hashlib.sha256(f"{salt}:{secret}".encode()).hexdigest()


def _random_text() -> str:
    # Letters and digits only, so that a double click takes the whole token.
    return base64.b32encode(secrets.token_bytes(32)).decode().rstrip("=").lower()
