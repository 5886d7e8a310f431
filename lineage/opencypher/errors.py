"""What a query can get wrong, as openCypher names it: kind, phase, detail, and where it stands.

    CypherError                 (an InvalidQuery: exit code 2)
    ├── CypherSyntaxError       SyntaxError: it can't be read, or breaks a rule that needs no data
    ├── CypherSemanticError     SemanticError
    ├── CypherTypeError         TypeError: a value of the wrong kind
    ├── CypherArgumentError     ArgumentError: a value of the right kind, out of range
    ├── CypherArithmeticError   ArithmeticError: division by zero, an overflow
    ├── CypherEntityNotFound    EntityNotFound
    ├── CypherParameterMissing  ParameterMissing
    ├── CypherProcedureError    ProcedureError
    └── CypherUnsupported       legal Cypher that this evaluator does not run: refused by name
    QueryStopped                (a LineageError) the deadline or a budget stopped the query

`phase` is "compile time" or "runtime", `detail` the TCK's word (UndefinedVariable …).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lineage.errors import InvalidQuery, QueryStopped

__all__ = [
    "COMPILE_TIME", "RUNTIME", "CypherArgumentError", "CypherArithmeticError",
    "CypherEntityNotFound", "CypherError", "CypherParameterMissing", "CypherProcedureError",
    "CypherSemanticError", "CypherSyntaxError", "CypherTypeError", "CypherUnsupported",
    "Position", "QueryStopped", "locate_error", "shorten",
]  # fmt: skip

COMPILE_TIME = "compile time"
RUNTIME = "runtime"
# A message shows so many characters of a value.
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Position:
    """Where something begins: characters from the start, line and column from 1."""

    offset: int
    line: int
    column: int


def shorten(text: str) -> str:
    """Return a text as a message shows it: in quotes, and no more than its beginning."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r} … ({len(text):,} characters)"


class CypherError(InvalidQuery):
    """A query is wrong. The message ends with the place, where one is known."""

    kind: ClassVar[str] = "SyntaxError"

    def __init__(
        self,
        message: str,
        *,
        detail: str,
        phase: str = RUNTIME,
        position: Position | None = None,
    ) -> None:
        where = "" if position is None else f" (line {position.line}, column {position.column})"
        super().__init__(f"{message}{where}")
        self.message = message
        self.detail = detail
        self.phase = phase
        self.position = position


class CypherSyntaxError(CypherError):
    """The query can't be read, or breaks a rule that can be seen without any data."""

    def __init__(
        self,
        message: str,
        *,
        detail: str = "UnexpectedSyntax",
        phase: str = COMPILE_TIME,
        position: Position | None = None,
    ) -> None:
        super().__init__(message, detail=detail, phase=phase, position=position)


class CypherSemanticError(CypherError):
    """The query contradicts itself or the graph."""

    kind = "SemanticError"


class CypherTypeError(CypherError):
    """A value has the wrong kind."""

    kind = "TypeError"

    def __init__(
        self,
        message: str,
        *,
        detail: str = "InvalidArgumentValue",
        phase: str = RUNTIME,
        position: Position | None = None,
    ) -> None:
        super().__init__(message, detail=detail, phase=phase, position=position)


class CypherArgumentError(CypherError):
    """A value has the right kind, but is out of range."""

    kind = "ArgumentError"

    def __init__(
        self,
        message: str,
        *,
        detail: str = "NumberOutOfRange",
        phase: str = RUNTIME,
        position: Position | None = None,
    ) -> None:
        super().__init__(message, detail=detail, phase=phase, position=position)


class CypherArithmeticError(CypherError):
    """Division by zero, or a number that does not fit."""

    kind = "ArithmeticError"

    def __init__(
        self,
        message: str,
        *,
        detail: str = "NumberOutOfRange",
        phase: str = RUNTIME,
        position: Position | None = None,
    ) -> None:
        super().__init__(message, detail=detail, phase=phase, position=position)


class CypherEntityNotFound(CypherError):
    """A node or relationship is gone."""

    kind = "EntityNotFound"


class CypherParameterMissing(CypherError):
    """The query uses a parameter that was not given."""

    kind = "ParameterMissing"

    def __init__(self, name: str, *, position: Position | None = None) -> None:
        super().__init__(
            f"the query needs a parameter ${name}, which was not given",
            detail="MissingParameter",
            phase=COMPILE_TIME,
            position=position,
        )


class CypherProcedureError(CypherError):
    """A procedure that does not exist, or is called the wrong way."""

    kind = "ProcedureError"


class CypherUnsupported(CypherError):
    """Legal Cypher that is not run here; the message names it. Never answered wrongly instead."""

    kind = "Unsupported"

    def __init__(self, what: str, *, instead: str = "", position: Position | None = None) -> None:
        super().__init__(
            f"{what} not supported here{instead and '; '}{instead}",
            detail="Unsupported",
            phase=COMPILE_TIME,
            position=position,
        )


def locate_error(error: CypherError, position: Position) -> CypherError:
    """The error with its place in the query, if it has none yet."""
    if error.position is None:
        error.position = position
        error.args = (f"{error.message} (line {position.line}, column {position.column})",)
    return error
