"""Small pipelines, and single mutations of them, to hold a cache to what computing anew gives.

Each pipeline is three steps over a data file; the second one depends on something in its own way.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

LIBRARY = "site-packages/tinylib"
_MAIN = """
import json, os, sys
sys.path.insert(0, os.path.join(os.getcwd(), "site-packages"))
from pathlib import Path
import steps

loaded = steps.load(Path("raw.csv"))
worked = steps.work(loaded)
print(json.dumps([loaded, worked, steps.finish(worked, {parameter})]))
"""
_HEAD = """
from pathlib import Path
import lineage
from lineage import Input
{imports}

def unused(x):
    return x - 1

{before}

@lineage.step(cache=True, name="load")
def load(raw: Input[Path]) -> list:
    return [int(line) for line in raw.read_text().split()]

@lineage.step(cache=True, name="work")
def work(rows: list) -> list:
{body}

@lineage.step(cache=True, name="finish")
def finish(rows: list, extra: int) -> int:
    return sum(rows) * 1000 + extra
"""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of a pipeline.

    Attributes
    ----------
    file
        The file that is changed; None for an environment variable.
    old, new
        What is replaced by what.
    names
        What an explanation is to name; empty where nothing is to be computed.
    """

    file: str | None
    old: str
    new: str
    names: tuple[str, ...] = ()

    @property
    def is_neutral(self) -> bool:
        """Whether it changes no result."""
        return not self.names


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline by its files, and where it can be changed: file, text and what that is called.

    A place's text has a number in it, `{n}`, that another one may stand for.
    """

    name: str
    files: Mapping[str, str]
    places: tuple[tuple[str, str, tuple[str, ...]], ...]

    def mutations(self, chance: random.Random) -> Iterator[Mutation]:
        """Return endless mutations of it."""
        shared = [
            ("raw.csv", "{n}\n", ("input raw",)),
            ("main.py", ", {n})", ("parameter extra",)),
        ]
        neutral = [
            Mutation("steps.py", "def unused(x):", "# a comment\ndef unused(x):"),
            Mutation("steps.py", "return x - 1", "return x - 2"),
            Mutation("steps.py", "return sum(rows)", "return  sum( rows )"),
            Mutation("steps.py", "def work(rows: list) -> list:",
                     'def work(rows: list) -> list:\n    """What it does."""'),
        ]  # fmt: skip
        while True:
            if chance.random() < 0.15:
                yield chance.choice(neutral)
                continue
            places = shared if chance.random() < 0.15 else self.places
            file, text, names = chance.choice(list(places))
            new = chance.choice([n for n in range(1, 40) if n != 7])
            if file == "":
                yield Mutation(None, text, str(new), names)
            else:
                yield Mutation(file, text.replace("{n}", "7"), text.replace("{n}", str(new)), names)


def _pipeline(
    name: str,
    body: str,
    places: list[tuple[str, str, tuple[str, ...]]],
    *,
    before: str = "",
    imports: str = "",
    **files: str,
) -> Pipeline:
    head = _HEAD.format(
        imports=dedent(imports),
        before=dedent(before),
        body="\n".join(f"    {line}" for line in dedent(body).strip().splitlines()),
    )
    made = {name.replace("__", "/") + ".py": dedent(text) for name, text in files.items()}
    return Pipeline(
        name,
        {
            "steps.py": head,
            "main.py": _MAIN.format(parameter=7),
            "raw.csv": "3\n7\n5\n",
            f"{LIBRARY}/__init__.py": "from .core import N\ndef scale(x):\n    return x * N\n",
            f"{LIBRARY}/core.py": "N = 7\n",
            "site-packages/tinylib-7.dist-info/METADATA": "Name: tinylib\nVersion: 7\n",
            "site-packages/tinylib-7.dist-info/RECORD": "tinylib/__init__.py,,\n",
            **made,
        },
        tuple(places),
    )


def pipelines() -> list[Pipeline]:
    """Return twenty pipelines, each of which depends on something in its own way."""
    return [
        _pipeline(
            "callee", "return [helper(x) for x in rows]",
            [("steps.py", "return x * {n}", ("code steps.helper",))],
            before="def helper(x):\n    return x * 7\n",
        ),
        _pipeline(
            "transitive callee", "return [a.first(x) for x in rows]",
            [("b.py", "return x + {n}", ("code b.second",))],
            imports="import a", a="import b\ndef first(x):\n    return b.second(x)\n",
            b="def second(x):\n    return x + 7\n",
        ),
        _pipeline(
            "constant", "return [x * LIMIT for x in rows]",
            [("consts.py", "LIMIT = {n}", ("constant steps.LIMIT",))],
            imports="from consts import LIMIT", consts="LIMIT = 7\n",
        ),
        _pipeline(
            "constant by attribute", "return [x * consts.LIMIT for x in rows]",
            [("consts.py", "LIMIT = {n}", ("constant consts.LIMIT",))],
            imports="import consts", consts="LIMIT = 7\nOTHER = 8\n",
        ),
        _pipeline(
            "closure", "return [scaled(x) for x in rows]",
            [("steps.py", "make({n})", ("closure steps.make.<locals>.inner.by",))],
            before="def make(by):\n    def inner(x):\n        return x * by\n    return inner\n"
            "scaled = make(7)\n",
        ),
        _pipeline(
            "default", "return [helper(x) for x in rows]",
            [("steps.py", "def helper(x, by={n}):", ("default steps.helper.by",))],
            before="def helper(x, by=7):\n    return x * by\n",
        ),
        _pipeline(
            "keyword default", "return [helper(x) for x in rows]",
            [("steps.py", "def helper(x, *, by={n}):", ("default steps.helper.by",))],
            before="def helper(x, *, by=7):\n    return x * by\n",
        ),
        _pipeline(
            "method", "return Scaler().apply(rows)",
            [("scaler.py", "x * {n}", ("code scaler.Scaler",)),
             ("scaler.py", "BY = {n}", ("constant scaler.Scaler.BY",)),
             ("scaler.py", "+ {n}", ("code scaler.Base",))],
            imports="from scaler import Scaler",
            scaler="class Base:\n    def shift(self, x):\n        return x + 7\n"
            "class Scaler(Base):\n    BY = 7\n    def apply(self, rows):\n"
            "        return [self.shift(x * 7) * self.BY for x in rows]\n",
        ),
        _pipeline(
            "dataclass", "return [x * Options().by[0] + Options().plus for x in rows]",
            [("options.py", "lambda: [{n}]", ("Options",)),
             ("options.py", "plus: int = {n}", ("Options",))],
            imports="from options import Options",
            options="from dataclasses import dataclass, field\n@dataclass\nclass Options:\n"
            "    plus: int = 7\n    by: list = field(default_factory=lambda: [7])\n",
        ),
        _pipeline(
            "registry of lambdas", "return [WAYS['a'](x) for x in rows]",
            [("steps.py", "lambda x: x * {n}", ("steps.",))],
            before="WAYS = {'a': lambda x: x * 7, 'b': lambda x: x}\n",
        ),
        _pipeline(
            "decorator", "return [helper(x) for x in rows]",
            [("deco.py", "* by + {n}", ("code",)), ("steps.py", "@times({n})", ("closure",))],
            imports="from deco import times",
            before="@times(7)\ndef helper(x):\n    return x\n",
            deco="import functools\ndef times(by):\n    def wrap(f):\n        @functools.wraps(f)\n"
            "        def inner(x):\n            return f(x) * by + 7\n        return inner\n"
            "    return wrap\n",
        ),
        _pipeline(
            "partial", "return [scaled(x) for x in rows]",
            [("steps.py", "partial(helper, by={n})", ("constant steps.scaled",))],
            imports="from functools import partial",
            before="def helper(x, by):\n    return x * by\nscaled = partial(helper, by=7)\n",
        ),
        _pipeline(
            "memoised callee", "return [helper(x) for x in rows]",
            [("steps.py", "return x * {n}", ("code steps.helper",))],
            imports="from functools import lru_cache",
            before="@lru_cache\ndef helper(x):\n    return x * 7\n",
        ),
        _pipeline(
            "single dispatch", "return [show(x) for x in rows]",
            [("steps.py", "return x * {n}", ("code steps.",))],
            imports="from functools import singledispatch",
            before="@singledispatch\ndef show(x):\n    return 0\n@show.register(int)\n"
            "def _(x):\n    return x * 7\n",
        ),
        _pipeline(
            "import inside", "from late import last\nreturn [last(x) for x in rows]",
            [("late.py", "return x * {n}", ("late",)), ("later.py", "N = {n}", ("later",))],
            late="import later\ndef last(x):\n    return x * 7 + later.N\n", later="N = 7\n",
        ),
        _pipeline(
            "import by name",
            "return [getattr(import_module('late'), 'last')(x) for x in rows]",
            [("late.py", "return x * {n}", ("late",))],
            imports="from importlib import import_module",
            late="def last(x):\n    return x * 7\n",
        ),
        _pipeline(
            "state at import", "return [x * TABLE['a'][0] + counter.n for x in rows]",
            [("steps.py", "append({n})", ("constant steps.TABLE",)),
             ("steps.py", "Counter({n})", ("constant steps.counter",))],
            before="TABLE = {'a': []}\nTABLE['a'].append(7)\nclass Counter:\n"
            "    def __init__(self, n):\n        self.n = n\ncounter = Counter(7)\n",
        ),
        _pipeline(
            "file and variable",
            "by = int(open('config.txt').read()) + int(os.environ.get('SCALE', '7'))\n"
            "return [x * by for x in rows]",
            [("config.txt.py", "{n}", ("config.txt",)), ("", "SCALE", ("variable SCALE",))],
            imports="import os",
            **{"config.txt": "7"},
        ),
        _pipeline(
            "library", "return [tinylib.scale(x) for x in rows]",
            [(f"{LIBRARY}/core.py", "N = {n}", ("library tinylib",))],
            imports="import tinylib",
        ),
        _pipeline(
            "enum, pattern and property",
            "return [x * Mode.FAST.value + len(WORD.findall('a7b77')) + Box(x).wide for x in rows]",
            [("steps.py", "FAST = {n}", ("Mode",)), ("steps.py", "return self.x * {n}", ("Box",)),
             ("steps.py", "compile('7{0,{n}}')", ("WORD",))],
            imports="import enum, re",
            before="class Mode(enum.Enum):\n    FAST = 7\n    SLOW = 1\n"
            "WORD = re.compile('7{0,7}')\n"
            "class Box:\n    def __init__(self, x):\n        self.x = x\n    @property\n"
            "    def wide(self):\n        return self.x * 7\n",
        ),
    ]  # fmt: skip


def write_pipeline(
    pipeline: Pipeline, folder: Path, mutation: Mutation | None = None
) -> dict[str, str]:
    """Write a pipeline's files, changed; returns the environment that it is run in."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pipeline.files.items():
        if mutation is not None and mutation.file == name:
            assert mutation.old in text, (mutation, text)
            text = text.replace(mutation.old, mutation.new, 1)
        file = folder / ("config.txt" if name == "config.txt.py" else name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    if mutation is not None and mutation.file is not None and mutation.file.startswith(LIBRARY):
        # Other code of a library comes with another version.
        version = int(mutation.new.rpartition(" ")[2])
        (folder / "site-packages/tinylib-7.dist-info/METADATA").write_text(
            f"Name: tinylib\nVersion: {version}\n"
        )
    if mutation is not None and mutation.file is None:
        return {mutation.old: mutation.new}
    return {}
