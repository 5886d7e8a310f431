"""Random read queries over the lineage schema, each with an answer that is the same however it is
found: what is cut by LIMIT is ordered by everything that is returned, and of a path that may be one
of several only the length is used.

A query is made of parts that are right by construction: names that are bound, values of kinds that
go together. So an error is a finding, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.opencypher.generated_expressions import Expressions
from tests.opencypher.generated_scope import Scope

# What Neo4j lets stand beside an aggregate: a name, or a property of one.
_PLAIN = re.compile(r"[a-z]\w*(\.\w+)?")


class QueryMaker(Expressions):
    """Makes queries; the same seed makes the same."""

    def query(self) -> str:
        """One more query."""
        self._begin()
        if self._now_and_then(0.06):
            first, second = self._match_return(("n",)), self._match_return(("n",))
            return f"{first} UNION {self._one_of('', 'ALL ')}{second}"
        return self._pipeline()

    # Clauses

    def _pipeline(self) -> str:
        scope = Scope()
        parts = [self._first(scope)]
        for _ in range(self._one_of(0, 0, 1, 1, 2)):
            part = self._one_of(
                self._optional, self._optional, self._with, self._aggregated, self._unwind,
                self._call, self._call, self._match, self._searched,
            )  # fmt: skip
            self._before = frozenset(scope.nodes)
            parts.append(part(scope))
        self._before = frozenset(scope.nodes)
        parts.append(self._return(scope))
        return "\n".join(parts)

    def _first(self, scope: Scope) -> str:
        self._before = frozenset()
        return self._one_of(*[self._match] * 6, self._searched, self._typed)(scope)

    def _match_return(self, names: Sequence[str]) -> str:
        scope = Scope()
        found = self._match(scope)
        items = ", ".join(f"{self._scalar(scope)} AS {name}" for name in names)
        return f"{found} RETURN {items}"

    def _match(self, scope: Scope) -> str:
        patterns = [self._pattern(scope, bind_path=True)]
        if self._now_and_then(0.15):
            patterns.append(self._pattern(scope, short=True))
        return f"MATCH {', '.join(patterns)}{self._where(scope)}"

    def _typed(self, scope: Scope) -> str:
        """Types and what they extend."""
        name = self._node(scope, "type", labelled=True)
        return f"MATCH {name}{self._one_of('', '-[:EXTENDS]->()')}{self._where(scope)}"

    def _searched(self, scope: Scope) -> str:
        """A search for shortest paths."""
        if self._stars:
            # Neo4j 5.26 fails where the search is optional, or its WHERE has sub-queries.
            ends, path = self._shortest_path(scope)
            self._inside += 2
            where = self._where(scope)
            self._inside -= 2
            # Neo4j takes what a later MATCH asks of the path for what its search is to find.
            return f"MATCH {ends} MATCH {path}{where} WITH *"
        optional = self._one_of("", "", "OPTIONAL ") if scope.nodes else ""
        self._optionally = bool(optional)
        text = f"{optional}MATCH {self._build_selected(scope)}{self._where(scope)}"
        self._optionally = False
        return text

    def _optional(self, scope: Scope) -> str:
        if not scope.nodes:
            return self._match(scope)
        inner = scope.inner()
        text = f"OPTIONAL MATCH {self._pattern(inner, start=self._node_name(scope), short=True)}"
        self._optionally = True
        text += self._where(inner)
        self._optionally = False
        scope.nodes = inner.nodes
        scope.events += inner.events
        scope.walks += inner.walks
        scope.groups += inner.groups
        return text

    def _with(self, scope: Scope) -> str:
        kept = list(scope.nodes)[: self._one_of(1, 2, 9)]
        number, text, time = self._aliases(scope, 3, kept)
        items = [
            *kept, f"{self._number(scope)} AS {number}", f"{self._text(scope)} AS {text}",
            f"{self._temporal(scope)} AS {time}",
        ]  # fmt: skip
        distinct = self._one_of("", "", "DISTINCT ")
        scope.only(kept)
        scope.numbers, scope.texts, scope.temporals = [number], [text], [time]
        return f"WITH {distinct}{', '.join(items)}{self._where(scope)}"

    def _aggregated(self, scope: Scope) -> str:
        kept = list(scope.nodes)[:1]
        if self._now_and_then(0.3):
            kept = []
        count, other, listed, key, beside = self._aliases(scope, 5, kept)
        items = [*kept, f"{self._aggregate_number(scope)} AS {count}"]
        column = self._number(scope)
        keyed = self._now_and_then(0.4) and _PLAIN.fullmatch(column) is not None
        if keyed:
            # What stands beside an aggregate is a column, under a name that may hide it.
            items.append(f"{column} AS {key}")
            items.append(f"{self._one_of('count(*)', f'count({column})')} + {column} AS {beside}")
        items.append(f"{self._one_of('min', 'max')}({self._text(scope)}) AS {other}")
        several = [name for name in scope.nodes if name not in kept]
        if several and self._now_and_then(0.3):
            items.append(f"collect(DISTINCT {several[0]}) AS {listed}")
        else:
            listed = ""
        scope.only(kept)
        scope.numbers, scope.texts = [count, *([key, beside] if keyed else [])], [other]
        scope.groups += [listed] if listed else []
        where = self._where(scope) if scope.nodes else ""
        return f"WITH {', '.join(items)}{where}"

    def _unwind(self, scope: Scope) -> str:
        name = self._name()
        if self._now_and_then(0.5):
            numbers = self._one_of(f"range(1, {self._one_of(1, 2, 3)})", "$ids[..2]", "[1, null]")
            text = f"UNWIND {numbers} AS {name}"
            scope.numbers.append(name)
        else:
            listed = self._one_of(
                "['a', null, 'b']", "['Model', 'Model']", "[]", "['x']", "$names", "$nothing",
            )  # fmt: skip
            text = f"UNWIND {listed} AS {name}"
            scope.texts.append(name)
        return text

    def _call(self, scope: Scope) -> str:
        if not scope.nodes:
            return self._unwind(scope)
        outer, name = self._node_name(scope), self._name()
        inner = Scope({outer: scope.nodes[outer]})
        optional = self._one_of("", "", "OPTIONAL ")
        self._before = frozenset((outer,))
        pattern = self._pattern(inner, start=outer, short=True)
        body = f"MATCH {pattern}{self._where(inner)} "
        shape = self._one_of("aggregate", "rows", "union", "old", "alone", "best")
        if shape == "alone":
            alone = Scope()
            self._before = frozenset()
            text = f"CALL () {{ {self._match(alone)} RETURN {self._aggregate_number(alone)}"
            scope.numbers.append(name)
            return f"{text} AS {name} }}"
        if shape == "rows":
            scope.texts.append(name)
            return f"{optional}CALL ({outer}) {{ {body}RETURN {self._text(inner)} AS {name} }}"
        if shape == "best":
            scope.numbers.append(name)
            value = self._number(inner)
            return (
                f"{optional}CALL ({outer}) {{ {body}RETURN DISTINCT {value} AS {name} "
                f"ORDER BY {name} DESC LIMIT {self._one_of(1, 2, '$one')} }}"
            )
        scope.numbers.append(name)
        if shape == "union":
            again = Scope({outer: scope.nodes[outer]})
            more = self._pattern(again, start=outer, short=True)
            return (
                f"CALL ({outer}) {{ {body}RETURN {self._aggregate_number(inner)} AS {name} "
                f"UNION {self._one_of('', 'ALL ')}MATCH {more} "
                f"RETURN {self._aggregate_number(again)} AS {name} }}"
            )
        if shape == "old":
            return f"CALL {{ WITH {outer} {body}RETURN {self._aggregate_number(inner)} AS {name} }}"
        imported = self._one_of(outer, outer, "*")
        return (
            f"{optional}CALL ({imported}) {{ {body}RETURN {self._aggregate_number(inner)} "
            f"AS {name} }}"
        )

    def _return(self, scope: Scope) -> str:
        shape = self._dice.random()
        if shape < 0.35:
            names = self._aliases(scope, self._one_of(1, 2, 3))
            items = [f"{self._scalar(scope)} AS {name}" for name in names]
        elif shape < 0.65:
            key, many, beside = self._aliases(scope, 3)
            column = self._number(scope)
            items = [f"{column} AS {key}", f"{self._aggregate(scope)} AS {many}"]
            if self._now_and_then(0.4) and _PLAIN.fullmatch(column):
                items.append(f"{column} * 2 + {self._aggregate_number(scope)} AS {beside}")
            elif self._now_and_then(0.3):
                items = items[1:]
        elif shape < 0.8:
            odd = self._one_of(self._mixed, self._of_temporal, self._of_temporal)(scope)
            first, second = self._aliases(scope, 2)
            items = [f"{odd} AS {first}", f"{self._scalar(scope)} AS {second}"]
        else:
            first, second = self._aliases(scope, 2)
            items = [f"{self._rich(scope)} AS {first}", f"{self._scalar(scope)} AS {second}"]
            return f"RETURN {self._one_of('', 'DISTINCT ')}{', '.join(items)}"
        text = f"RETURN {self._one_of('', '', 'DISTINCT ')}{', '.join(items)}"
        # What is collected has no order of its own to be sorted by.
        if self._now_and_then(0.5) and "collect(" not in text:
            names = [item.rpartition(" AS ")[2] for item in items]
            order = [f"{name}{self._one_of('', ' DESC')}" for name in names]
            self._dice.shuffle(order)
            text += f" ORDER BY {', '.join(order)}"
            if self._now_and_then(0.5):
                text += f" SKIP {self._one_of(0, 1, 2)} LIMIT {self._one_of(1, 3, 10, '$some')}"
        return text
