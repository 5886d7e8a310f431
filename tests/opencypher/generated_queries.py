"""Random read queries over the lineage schema, each with an answer that is the same however it is
found: what is cut by LIMIT is ordered by everything that is returned.

A query is made of parts that are right by construction: names that are bound, values of kinds that
go together. So an error is a finding, too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_LABELS = {
    "artifact": ("Artifact", "Artifact", "Dataset", "Examples", "Model", "Metrics"),
    "execution": ("Execution", "Execution", "Train", "Split", "Evaluate", "Deploy"),
    "context": ("Context", "PipelineRun", "Pipeline"),
}
# The properties that the generated graphs have, by the kind of their values.
_NUMBERS = {
    "artifact": ("id", "accuracy", "rows"),
    "execution": ("id", "lr", "seed"),
    "context": ("id",),
}
_TEXTS = {
    "artifact": ("name", "uri", "type", "framework"),
    "execution": ("name", "type", "state"),
    "context": ("name", "type"),
}
_STARS = ("*", "*1..2", "*2", "*0..2", "*..3")
_LITERALS = ("'a1.0'", "'step3'", "'torch'", "'Model'", "'COMPLETE'", "'run-1'", "'x'", "''")


@dataclass(slots=True)
class _Scope:
    """What is bound: nodes with their kind, and scalars."""

    nodes: dict[str, str] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    walks: list[str] = field(default_factory=list)  # lists of relationships
    events: list[str] = field(default_factory=list)


class QueryMaker:
    """Makes queries; the same seed makes the same."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._made = 0
        self._inside = 0
        self._stars = True

    def query(self) -> str:
        """One more query."""
        self._made = self._inside = 0
        # Neo4j lets no query mix the two ways to write a walk.
        self._stars = self._chance.random() < 0.7
        if self._chance.random() < 0.06:
            first, second = self._match_return(("n",)), self._match_return(("n",))
            return f"{first} UNION {self._one_of('', 'ALL ')}{second}"
        return self._pipeline()

    # Clauses

    def _pipeline(self) -> str:
        scope = _Scope()
        parts = [self._match(scope)]
        for _ in range(self._one_of(0, 0, 1, 1, 2)):
            part = self._one_of(
                self._optional, self._optional, self._with, self._aggregated, self._unwind,
                self._call, self._match,
            )  # fmt: skip
            parts.append(part(scope))
        parts.append(self._return(scope))
        return "\n".join(parts)

    def _match_return(self, names: Sequence[str]) -> str:
        scope = _Scope()
        found = self._match(scope)
        items = ", ".join(f"{self._scalar(scope)} AS {name}" for name in names)
        return f"{found} RETURN {items}"

    def _match(self, scope: _Scope) -> str:
        patterns = [self._pattern(scope, bind_path=True)]
        if self._chance.random() < 0.15:
            patterns.append(self._pattern(scope, short=True))
        return f"MATCH {', '.join(patterns)}{self._where(scope)}"

    def _optional(self, scope: _Scope) -> str:
        if not scope.nodes:
            return self._match(scope)
        inner = _Scope(dict(scope.nodes), list(scope.numbers), list(scope.texts))
        text = f"OPTIONAL MATCH {self._pattern(inner, start=self._node_name(scope), short=True)}"
        text += self._where(inner)
        scope.nodes = inner.nodes
        scope.events += inner.events
        return text

    def _with(self, scope: _Scope) -> str:
        number, text = self._name(), self._name()
        kept = list(scope.nodes)[: self._one_of(1, 2, 9)]
        items = [*kept, f"{self._number(scope)} AS {number}", f"{self._text(scope)} AS {text}"]
        distinct = self._one_of("", "", "DISTINCT ")
        scope.nodes = {name: scope.nodes[name] for name in kept}
        scope.numbers, scope.texts = [number], [text]
        scope.paths, scope.walks, scope.events = [], [], []
        return f"WITH {distinct}{', '.join(items)}{self._where(scope)}"

    def _aggregated(self, scope: _Scope) -> str:
        count, other = self._name(), self._name()
        kept = list(scope.nodes)[:1]
        if self._chance.random() < 0.3:
            kept = []
        items = [*kept, f"{self._aggregate_number(scope)} AS {count}"]
        items.append(f"{self._one_of('min', 'max')}({self._text(scope)}) AS {other}")
        scope.nodes = {name: scope.nodes[name] for name in kept}
        scope.numbers, scope.texts = [count], [other]
        scope.paths, scope.walks, scope.events = [], [], []
        where = self._where(scope) if scope.nodes else ""
        return f"WITH {', '.join(items)}{where}"

    def _unwind(self, scope: _Scope) -> str:
        name = self._name()
        if self._chance.random() < 0.5:
            text = f"UNWIND range(1, {self._one_of(1, 2, 3)}) AS {name}"
            scope.numbers.append(name)
        else:
            listed = self._one_of("['a', null, 'b']", "['Model', 'Model']", "[]", "['x']")
            text = f"UNWIND {listed} AS {name}"
            scope.texts.append(name)
        return text

    def _call(self, scope: _Scope) -> str:
        if not scope.nodes:
            return self._unwind(scope)
        outer, name = self._node_name(scope), self._name()
        inner = _Scope({outer: scope.nodes[outer]})
        pattern = self._pattern(inner, start=outer, short=True)
        text = f"CALL ({outer}) {{ MATCH {pattern}{self._where(inner)} "
        text += f"RETURN {self._aggregate_number(inner)} AS {name} }}"
        scope.numbers.append(name)
        return text

    def _where(self, scope: _Scope) -> str:
        if self._chance.random() < 0.6 or not (scope.nodes or scope.numbers or scope.texts):
            return ""
        return f" WHERE {self._predicate(scope)}"

    def _return(self, scope: _Scope) -> str:
        shape = self._chance.random()
        if shape < 0.4:
            items = [f"{self._scalar(scope)} AS c{n}" for n in range(self._one_of(1, 2, 3))]
        elif shape < 0.75:
            items = [f"{self._scalar(scope)} AS c0", f"{self._aggregate(scope)} AS c1"]
            if self._chance.random() < 0.3:
                items = items[1:]
        else:
            items = [f"{self._rich(scope)} AS c0", f"{self._scalar(scope)} AS c1"]
            return f"RETURN {self._one_of('', 'DISTINCT ')}{', '.join(items)}"
        text = f"RETURN {self._one_of('', '', 'DISTINCT ')}{', '.join(items)}"
        if self._chance.random() < 0.5:
            names = [item.rpartition(" AS ")[2] for item in items]
            order = [f"{name}{self._one_of('', ' DESC')}" for name in names]
            self._chance.shuffle(order)
            text += f" ORDER BY {', '.join(order)}"
            if self._chance.random() < 0.5 and "collect(" not in text:
                text += f" SKIP {self._one_of(0, 1, 2)} LIMIT {self._one_of(1, 3, 10)}"
        return text

    # Patterns

    def _pattern(
        self,
        scope: _Scope,
        *,
        start: str | None = None,
        bind_path: bool = False,
        short: bool = False,
    ) -> str:
        steps = 1 if short else self._one_of(0, 1, 1, 2, 2, 3)
        if start is not None:
            kind, text = scope.nodes[start], f"({start})"
        else:
            kind = self._one_of("artifact", "artifact", "execution", "execution", "context")
            # A store keeps nodes of its own, too: what stands alone has a label.
            text = self._node(scope, kind, labelled=steps == 0)
        for _ in range(steps):
            step, kind = self._step(scope, kind)
            text += step
        if bind_path and not self._inside and self._chance.random() < 0.25 and "-" in text:
            name = self._name()
            scope.paths.append(name)
            return f"{name} = {text}"
        return text

    def _step(self, scope: _Scope, kind: str) -> tuple[str, str]:
        name = ""
        if kind == "context":
            to = self._one_of("context", "execution", "artifact")
            arrow = "-[:CHILD_OF]-" if to == "context" else "<-[:IN_CONTEXT]-"
            return arrow + self._node(scope, to), to
        if self._chance.random() < 0.15:
            return "-[:IN_CONTEXT]->" + self._node(scope, "context"), "context"
        if self._chance.random() < 0.3:
            # A walk: it may end at either kind.
            length = self._one_of(*_STARS) if self._stars else self._one_of("+", "{1,3}", "{2}")
            to = self._one_of("artifact", "execution")
            left, right = self._one_of(("-", "->"), ("-", "->"), ("<-", "-"))
            if length[0] != "*":
                return f"{left}[:INPUT|OUTPUT]{right}{length}{self._node(scope, to)}", to
            if not self._inside and self._chance.random() < 0.3:
                name = self._name()
                scope.walks.append(name)
            return f"{left}[{name}:INPUT|OUTPUT{length}]{right}" + self._node(scope, to), to
        to = "execution" if kind == "artifact" else "artifact"
        if not self._inside and self._chance.random() < 0.3:
            name = self._name()
            scope.events.append(name)
        types = self._one_of(":INPUT|OUTPUT", ":INPUT", ":OUTPUT", "", ":INPUT|OUTPUT")
        left, right = self._one_of(("-", "->"), ("<-", "-"), ("-", "-"))
        return f"{left}[{name}{types}]{right}" + self._node(scope, to), to

    def _node(self, scope: _Scope, kind: str, *, labelled: bool = False) -> str:
        label = f":{self._one_of(*_LABELS[kind])}"
        if not labelled and self._chance.random() < 0.6:
            label = ""
        if self._chance.random() < 0.05 and label:
            label += f"|{self._one_of(*_LABELS[kind])}"
        name = self._name()
        scope.nodes[name] = kind
        inner = ""
        if self._chance.random() < 0.03:
            inner = f" {{type: {self._one_of(*_LITERALS)}}}"
        elif self._chance.random() < 0.06:
            inner = f" WHERE {name}.id > {self._one_of(1, 3, 6)}"
        return f"({name}{label}{inner})"

    # Predicates

    def _predicate(self, scope: _Scope, depth: int = 0) -> str:
        if depth < 2 and self._chance.random() < 0.35:
            left, right = self._predicate(scope, depth + 1), self._predicate(scope, depth + 1)
            return self._one_of(
                f"({left} AND {right})", f"({left} OR {right})", f"NOT ({left})",
                f"({left} XOR {right})",
            )  # fmt: skip
        choices: list[Callable[[_Scope], str]] = [
            self._compared, self._compared, self._of_text, self._of_text, self._null, self._listed,
        ]  # fmt: skip
        if scope.nodes and self._inside < 2:
            choices += [self._labelled, self._existing, self._counted, self._pattern_predicate]
        if scope.paths:
            choices.append(self._quantified)
        return self._one_of(*choices)(scope)

    def _compared(self, scope: _Scope) -> str:
        operator = self._one_of("<", "<=", ">", ">=", "=", "<>")
        return f"{self._number(scope)} {operator} {self._number(scope, literal=True)}"

    def _of_text(self, scope: _Scope) -> str:
        operator = self._one_of("=", "<>", "STARTS WITH", "ENDS WITH", "CONTAINS", "<", ">=", "=~")
        if operator == "=~":
            return f"{self._text(scope)} =~ {self._one_of(repr('a.*'), repr('(?i)STEP[0-5]'))}"
        return f"{self._text(scope)} {operator} {self._one_of(*_LITERALS)}"

    def _null(self, scope: _Scope) -> str:
        what = self._one_of(self._number, self._text)(scope)
        return f"{what} IS {self._one_of('', 'NOT ')}NULL"

    def _listed(self, scope: _Scope) -> str:
        if self._chance.random() < 0.5:
            return f"{self._number(scope)} IN [1, 2, {self._number(scope)}, null]"
        return f"{self._text(scope)} IN [{', '.join(self._chance.sample(_LITERALS, 3))}]"

    def _labelled(self, scope: _Scope) -> str:
        name = self._node_name(scope)
        one, other = (self._one_of(*_LABELS[scope.nodes[name]]) for _ in range(2))
        return f"{name}:{self._one_of(one, one, f'{one}|{other}', f'!{one}')}"

    def _existing(self, scope: _Scope) -> str:
        return f"EXISTS {{ {self._subquery(scope)} }}"

    def _counted(self, scope: _Scope) -> str:
        operator, number = self._one_of(">", "=", "<="), self._one_of(0, 1, 2)
        return f"COUNT {{ {self._subquery(scope)} }} {operator} {number}"

    def _subquery(self, scope: _Scope) -> str:
        self._inside += 1
        outer = self._node_name(scope)
        inner = _Scope(dict(scope.nodes), list(scope.numbers), list(scope.texts))
        text = f"MATCH {self._pattern(inner, start=outer, short=True)}{self._where(inner)}"
        self._inside -= 1
        return text

    def _pattern_predicate(self, scope: _Scope) -> str:
        name = self._node_name(scope)
        return self._one_of(
            f"({name})-[:INPUT|OUTPUT]->()",
            f"({name})<-[:OUTPUT]-(:Train)",
            f"NOT ({name})-->()",
            f"({name})-[:INPUT|OUTPUT*2..3]->(:Model)" if self._stars else f"({name})--()",
        )

    def _quantified(self, scope: _Scope) -> str:
        path = self._one_of(*scope.paths)
        how = self._one_of("all", "any", "none", "single")
        inner = self._one_of("x.id > 2", "x.name IS NOT NULL", "x:Artifact", "x.accuracy > 0.6")
        return f"{how}(x IN nodes({path}) WHERE {inner})"

    # Expressions

    def _scalar(self, scope: _Scope) -> str:
        return self._one_of(self._number, self._text)(scope)

    def _number(self, scope: _Scope, literal: bool = False) -> str:
        choices = list(scope.numbers)
        for name, kind in scope.nodes.items():
            choices += [f"{name}.{key}" for key in _NUMBERS[kind]]
        choices += [f"size({name})" for name in scope.walks]
        choices += [f"length({name})" for name in scope.paths]
        choices += [f"{name}.artifact_id" for name in scope.events]
        if literal or not choices or self._chance.random() < 0.1:
            choices += ["0.75", "2", "10"]
        one = self._one_of(*choices)
        if self._chance.random() < 0.2:
            return self._one_of(
                f"coalesce({one}, -1)", f"{one} + 1", f"{one} * 2 - 1", f"abs({one})",
                f"CASE WHEN {one} > 2 THEN 1 ELSE 0 END", f"toFloat({one})", f"-{one}",
                f"round({one} / 4.0, 2)",
            )  # fmt: skip
        return one

    def _text(self, scope: _Scope) -> str:
        choices = list(scope.texts)
        for name, kind in scope.nodes.items():
            choices += [f"{name}.{key}" for key in _TEXTS[kind]]
        choices += [f"type({name})" for name in scope.events]
        choices += [f"{name}.path" for name in scope.events]
        if not choices or self._chance.random() < 0.05:
            choices += list(_LITERALS)
        one = self._one_of(*choices)
        if self._chance.random() < 0.2:
            return self._one_of(
                f"coalesce({one}, 'none')", f"toUpper({one})", f"substring({one}, 1, 2)",
                f"{one} + '!'", f"left({one}, 2)", f"reverse({one})", f"replace({one}, 'a', 'bb')",
                f"split({one}, '.')[0]", f"toString({self._number(scope)})",
                f"CASE {one} WHEN 'Model' THEN 'M' WHEN null THEN 'N' ELSE 'other' END",
            )  # fmt: skip
        return one

    def _aggregate_number(self, scope: _Scope) -> str:
        distinct = self._one_of("", "", "DISTINCT ")
        number, text = self._number(scope), self._text(scope)
        return self._one_of(
            "count(*)", f"count({distinct}{text})", f"sum({distinct}{number})", f"max({number})",
            f"min({number})", f"count({distinct}{number})", f"count(*) + sum({number})",
            f"size(collect({distinct}{text}))",
        )  # fmt: skip

    def _aggregate(self, scope: _Scope) -> str:
        number, text = self._number(scope), self._text(scope)
        return self._one_of(
            self._aggregate_number(scope), self._aggregate_number(scope), f"avg({number})",
            f"collect({text})", f"collect(DISTINCT {number})", f"max({text})",
            f"percentileDisc({number}, 0.5)", f"stDevP({number})",
        )  # fmt: skip

    def _rich(self, scope: _Scope) -> str:
        """Something that is no scalar."""
        choices = ["[x IN range(0, 4) WHERE x % 2 = 0 | x * x]"]
        if scope.nodes:
            name = self._node_name(scope)
            label = self._one_of(*_LABELS[scope.nodes[name]])
            choices += [
                name, f"{name} {{.name, .type, n: 1}}", f"{name}:{label}",
                f"size([({name})-[:INPUT|OUTPUT]->(y) WHERE y.id > 2 | y.name])",
                f"COUNT {{ ({name})--() }}", f"{name}['name']", f"properties({name}).type",
                f"[x IN [{name}.name, {name}.type, null] WHERE x IS NOT NULL | toLower(x)]",
                f"reduce(s = '', x IN [{name}.name, 'z'] | s + coalesce(x, '-'))",
            ]  # fmt: skip
        for path in scope.paths:
            choices += [
                path, f"[x IN nodes({path}) | x.id]", f"[r IN relationships({path}) | type(r)]",
                f"nodes({path})[0].name", f"last(nodes({path})).type", f"size(nodes({path})[1..])",
            ]  # fmt: skip
        for walk in scope.walks:
            choices += [f"[r IN {walk} | r.artifact_id]", walk]
        for event in scope.events:
            choices += [event, f"startNode({event}).id", f"endNode({event}).type"]
        return self._one_of(*choices)

    # Chance

    def _name(self) -> str:
        self._made += 1
        return f"v{self._made}"

    def _node_name(self, scope: _Scope) -> str:
        return self._one_of(*scope.nodes)

    def _one_of(self, *choices):  # type: ignore[no-untyped-def]
        return self._chance.choice(choices)
