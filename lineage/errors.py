"""Every error that Lineage raises.

    LineageError
    ├── InvalidInput            the caller's value is wrong; nothing was written
    │   ├── InvalidValue        a field or property has a value that it can't have
    │   ├── InvalidFilter       a filter expression can't be read
    │   ├── UnknownProperty     the type declares no such property
    │   ├── TypeConflict        a type can't evolve that way
    │   ├── ContextCycle        a context would become its own ancestor
    │   ├── Ambiguous           a reference names several nodes
    │   ├── OutOfRange          a place points outside of its list
    │   ├── InvalidQuery        an ad-hoc query is wrong
    │   ├── QueryRefused        an ad-hoc query does more than read the graph
    │   └── Unsupported         what is asked for is not done here
    ├── NotFound                nothing has that id, name, label, metric …
    │   └── UnknownType         no type of that name; an InvalidInput, too
    ├── AlreadyExists           the id, name or external id is taken
    ├── Conflict                it changed since it was read
    │   ├── PlanStale           so did what a plan was made from
    │   ├── PlanApplied         a plan is applied once
    │   └── PreconditionFailed  it is another version than the request names
    ├── PlanRefused             what is live, deployed or tied to it stands in the way
    ├── QueryStopped            the deadline or a limit stopped an ad-hoc query
    ├── AccessDenied            a server does not let the caller do that
    │   └── Unauthenticated     it does not know who calls
    ├── LimitExceeded           a request is too large, too slow or one too many
    └── StoreError              the store itself failed
        ├── StoreUnavailable    it can't be reached or opened
        │   └── StoreDamaged    what it holds is not what was written
        ├── StoreTooNew         a newer Lineage wrote it
        ├── StoreReadOnly       it can only be read here; nothing was written
        └── Interrupted         a long operation stopped; running it again goes on from there

`exit_code` is what the command line exits with, `grpc_status` the status that a gRPC call ends
with, by its name there; each is the same as ML Metadata's for the same mistake. `http_status` is
the status of the HTTP answer.
"""

from __future__ import annotations

from typing import Any, ClassVar


class LineageError(Exception):
    """What was wrong, with which value, and what to do."""

    exit_code: ClassVar[int] = 4
    grpc_status: ClassVar[str] = "INTERNAL"
    http_status: int = 500

    @property
    def public_name(self) -> str:
        """The name of its class here; a part's own kind of error is known by its base."""
        return next(kind.__name__ for kind in type(self).__mro__ if kind.__module__ == __name__)


class InvalidInput(LineageError):
    """The caller's input is wrong; nothing was written."""

    exit_code = 2
    grpc_status = "INVALID_ARGUMENT"
    http_status = 400


class InvalidValue(InvalidInput):
    """A field or property has a value that it can't have."""


class InvalidFilter(InvalidInput):
    """A filter expression can't be read; `position` is the offset where, None at its end."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


class UnknownProperty(InvalidInput):
    """The type declares no such property."""


class TypeConflict(InvalidInput):
    """A type can't evolve that way."""

    grpc_status = "ALREADY_EXISTS"
    http_status = 409


class ContextCycle(InvalidInput):
    """A context would become its own ancestor."""


class Ambiguous(InvalidInput):
    """A reference names several nodes."""


class OutOfRange(InvalidInput):
    """A place points outside of its list."""

    grpc_status = "OUT_OF_RANGE"


class Unsupported(InvalidInput):
    """What is asked for is not done here."""

    grpc_status = "UNIMPLEMENTED"


class InvalidQuery(InvalidInput):
    """An ad-hoc query is wrong: it can't be read, lacks a parameter, or meets a wrong value."""


class QueryRefused(InvalidInput):
    """An ad-hoc query does more than read the graph; nothing of it was run."""

    grpc_status = "PERMISSION_DENIED"
    http_status = 403


class NotFound(LineageError):
    """Nothing has that id, name, uri or external id, or what a question names is unknown."""

    exit_code = 3
    grpc_status = "NOT_FOUND"
    http_status = 404


class UnknownType(NotFound, InvalidInput):
    """No type of that name."""


class AlreadyExists(LineageError):
    """The id, name or external id is taken."""

    exit_code = 1
    grpc_status = "ALREADY_EXISTS"
    http_status = 409


class Conflict(LineageError):
    """It changed since it was read."""

    exit_code = 1
    grpc_status = "FAILED_PRECONDITION"
    http_status = 409


class PlanStale(Conflict):
    """What a plan was made from has changed since."""


class PlanApplied(Conflict):
    """A plan is applied once."""


class PreconditionFailed(Conflict):
    """It is another version than the one that the request names."""

    http_status = 412


class PlanRefused(LineageError):
    """What is live, deployed or tied to it stands in the way."""

    exit_code = 1
    grpc_status = "FAILED_PRECONDITION"
    http_status = 409


class QueryStopped(LineageError):
    """The deadline, a limit or the caller stopped a query or question; nothing was changed.

    `plan` is what each step had done by then, where PROFILE was asked for and the backend tells.
    """

    plan: Any = None
    grpc_status = "DEADLINE_EXCEEDED"
    http_status = 422


class AccessDenied(LineageError):
    """A server does not let the caller do that."""

    grpc_status = "PERMISSION_DENIED"
    http_status = 403


class Unauthenticated(AccessDenied):
    """A server does not know who calls: there is no token, or one that it does not know."""

    grpc_status = "UNAUTHENTICATED"
    http_status = 401


class LimitExceeded(LineageError):
    """A request is too large, takes too long, or is one too many; nothing was written.

    `http_status` is that of the limit: 413 for size, 408 for time, 429 for rate.
    """

    grpc_status = "RESOURCE_EXHAUSTED"
    http_status = 429

    def __init__(self, message: str, http_status: int = 429) -> None:
        super().__init__(message)
        self.http_status = http_status


class StoreError(LineageError):
    """The store itself failed."""


class StoreUnavailable(StoreError):
    """It can't be reached or opened."""

    grpc_status = "UNAVAILABLE"
    http_status = 503


class StoreTooNew(StoreError):
    """A newer Lineage wrote it."""

    grpc_status = "FAILED_PRECONDITION"


class StoreReadOnly(StoreError):
    """It can only be read here; nothing was written."""

    grpc_status = "PERMISSION_DENIED"
    http_status = 403


class StoreDamaged(StoreUnavailable):
    """What the store holds is not what was written: a disk, or another program, changed it."""

    grpc_status = "DATA_LOSS"


class Interrupted(StoreError):
    """A long operation stopped; running it again goes on from there."""
