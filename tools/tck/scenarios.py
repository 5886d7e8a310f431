"""The scenarios of the kit: what is set up, what is asked, and what should come of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler

from tools.tck.artifact import features, named_graph


@dataclass(frozen=True, slots=True)
class Rows:
    """A table is expected; its cells are text, as the kit writes values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    in_order: bool = False
    lists_in_order: bool = True


@dataclass(frozen=True, slots=True)
class Error:
    """An error is expected. `phase` is "compile time", "runtime" or "any time"."""

    kind: str
    phase: str
    detail: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario; an outline's examples are one each.

    `feature` is the file's path without its ending, `example` counts an outline's from 1.
    """

    feature: str
    name: str
    example: int | None
    set_up: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    query: str
    expected: Rows | Error
    procedures: bool = False
    control: bool = False

    @property
    def id(self) -> str:
        """Names it among all."""
        return f"{self.feature} {self.name}" + (f" #{self.example}" if self.example else "")

    @property
    def folder(self) -> str:
        """The feature's folder."""
        return self.feature.rpartition("/")[0]


def all_scenarios() -> list[Scenario]:
    """Every scenario of the kit, outlines expanded."""
    return [scenario for path, text in features().items() for scenario in _of_feature(path, text)]


@cache
def read_scenarios() -> tuple[Scenario, ...]:
    """Those whose query under test only reads and that need no procedure.

    A query only reads if no updating clause stands in it outside of `EXISTS { }`: that one must
    be refused there is for the reader to see. A scenario needs a procedure if it declares one or
    its query calls one.
    """
    return tuple(
        scenario
        for scenario in all_scenarios()
        if not scenario.procedures and not scenario.control and only_reads(scenario.query)
    )


_NO_CODE = re.compile(
    r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`|//[^\n]*|/\*.*?\*/", re.DOTALL
)
_IN_EXISTS = re.compile(r"\bEXISTS\s*\{[^{}]*\}", re.IGNORECASE)
_OF_A_WRITER = re.compile(r"\b(CREATE|MERGE|SET|DELETE|REMOVE|CALL)\b", re.IGNORECASE)


def only_reads(query: str) -> bool:
    """Whether a query updates nothing and calls no procedure."""
    code = _IN_EXISTS.sub("EXISTS", _NO_CODE.sub("''", query))
    return _OF_A_WRITER.search(code) is None


@dataclass(slots=True)
class _Gathered:
    set_up: list[str] = field(default_factory=list)
    parameters: list[tuple[str, str]] = field(default_factory=list)
    query: str = ""
    expected: Rows | Error | None = None
    procedures: bool = False
    control: bool = False


def _of_feature(path: str, text: str) -> Iterator[Scenario]:
    document: Any = Parser().parse(text)
    document["uri"] = path
    pickles: list[Any] = Compiler().compile(document)
    seen: Counter[str] = Counter()
    for pickle in pickles:
        # What an outline made has two sources: the outline and the line of its example.
        from_outline = len(pickle["astNodeIds"]) > 1
        seen[pickle["name"]] += 1
        gathered = _Gathered()
        for step in pickle["steps"]:
            _take(gathered, step["text"], step.get("argument") or {})
        assert gathered.expected is not None, f"{path}: {pickle['name']} expects nothing"
        yield Scenario(
            path.removesuffix(".feature"),
            pickle["name"],
            seen[pickle["name"]] if from_outline else None,
            tuple(gathered.set_up),
            tuple(gathered.parameters),
            gathered.query,
            gathered.expected,
            gathered.procedures,
            gathered.control,
        )


_RAISED = re.compile(r"an? (\w+) should be raised at (compile time|runtime|any time): (\S+)")
_GRAPH = re.compile(r"the (\S+) graph")


def _take(scenario: _Gathered, step: str, argument: Any) -> None:
    text = argument.get("docString", {}).get("content", "")
    table = [
        tuple(cell["value"] for cell in row.get("cells", ()))
        for row in argument.get("dataTable", {}).get("rows", ())
    ]
    if step in ("any graph", "an empty graph", "no side effects"):
        return
    if step.startswith("the side effects should be"):
        return
    if step == "having executed:":
        scenario.set_up.append(text)
    elif step == "parameters are:":
        scenario.parameters += [(name, value) for name, value in table]
    elif step == "executing query:":
        scenario.query = text
    elif step == "executing control query:":
        scenario.control = True
    elif step == "the result should be empty":
        scenario.expected = scenario.expected or Rows((), ())
    elif step.startswith("the result should be"):
        scenario.expected = scenario.expected or Rows(
            table[0],
            tuple(table[1:]),
            in_order="in order" in step,
            lists_in_order="ignoring element order for lists" not in step,
        )
    elif found := _RAISED.fullmatch(step):
        scenario.expected = Error(found[1], found[2], found[3])
    elif step.startswith("there exists a procedure"):
        scenario.procedures = True
    elif found := _GRAPH.fullmatch(step):
        scenario.set_up.append(named_graph(found[1]))
    else:
        raise ValueError(f"a step that is not known: {step!r}")
