"""Random expressions and predicates over what is bound."""

from __future__ import annotations

from collections.abc import Callable

from tests.opencypher.generated_patterns import Patterns
from tests.opencypher.generated_scope import LABELS, LITERALS, NUMBERS, TEXTS, TIMES, Scope


class Expressions(Patterns):
    """Makes expressions of a wanted kind."""

    # Predicates

    def _where(self, scope: Scope) -> str:
        if self._now_and_then(0.6) or not (scope.nodes or scope.numbers or scope.texts):
            return ""
        return f" WHERE {self._predicate(scope)}"

    def _predicate(self, scope: Scope, depth: int = 0) -> str:
        if depth < 2 and self._now_and_then(0.35):
            left, right = self._predicate(scope, depth + 1), self._predicate(scope, depth + 1)
            return self._one_of(
                f"({left} AND {right})", f"({left} OR {right})", f"NOT ({left})",
                f"({left} XOR {right})", f"({left} OR null)", f"({left} AND $nothing)",
            )  # fmt: skip
        choices: list[Callable[[Scope], str]] = [
            self._compared, self._compared, self._of_text, self._of_text, self._null, self._listed,
            self._of_list, self._of_time,
        ]  # fmt: skip
        if scope.nodes and self._inside < 2:
            choices += [
                self._filter_label,
                self._existing,
                self._count_relationships,
                self._pattern_predicate,
            ]
        if scope.paths or scope.groups or scope.walks:
            choices += [self._add_quantified] * 2
        return self._one_of(*choices)(scope)

    def _compared(self, scope: Scope) -> str:
        operator = self._one_of("<", "<=", ">", ">=", "=", "<>")
        text = f"{self._number(scope)} {operator} {self._number(scope, literal=True)}"
        if self._now_and_then(0.1):
            text = f"{self._one_of('0', '$one')} < {text}"
        return text

    def _of_text(self, scope: Scope) -> str:
        operator = self._one_of("=", "<>", "STARTS WITH", "ENDS WITH", "CONTAINS", "<", ">=", "=~")
        if operator == "=~":
            return f"{self._text(scope)} =~ {self._one_of(repr('a.*'), repr('(?i)STEP[0-5]'))}"
        return f"{self._text(scope)} {operator} {self._one_of(*LITERALS, '$text', '$map.name')}"

    def _null(self, scope: Scope) -> str:
        what = self._one_of(self._number, self._text, self._temporal)(scope)
        return f"{what} IS {self._one_of('', 'NOT ')}NULL"

    def _listed(self, scope: Scope) -> str:
        if self._now_and_then(0.4):
            return f"{self._number(scope)} IN [1, 2, {self._number(scope)}, null]"
        if self._now_and_then(0.4):
            return self._one_of(
                f"{self._number(scope)} IN $ids", f"{self._text(scope)} IN $names",
                f"{self._scalar(scope)} IN $mixed", f"{self._number(scope)} IN $nothing",
            )  # fmt: skip
        return f"{self._text(scope)} IN [{', '.join(self._dice.sample(LITERALS, 3))}]"

    def _of_list(self, scope: Scope) -> str:
        """Quantifiers over lists, with nulls in them."""
        how = self._one_of("all", "any", "none", "single")
        source = self._one_of(
            f"[{self._number(scope)}, {self._number(scope)}, null]", "$ids", "$mixed",
            f"[{self._number(scope)}, 2.5]", "[]", "$map.inner.list",
        )  # fmt: skip
        inner = self._one_of(
            "x > 2", "x IS NOT NULL", "x = 1 OR x > 4", f"x < {self._number(scope)}"
        )
        return f"{how}(x IN {source} WHERE {inner})"

    def _of_time(self, scope: Scope) -> str:
        one, other = self._temporal(scope), self._temporal(scope)
        return self._one_of(
            f"{one} {self._one_of('<', '<=', '>', '=', '<>')} {other}",
            f"({one}).year >= {self._one_of(2023, 2024)}",
            f"{one} > date('2023-11-14')", f"{one} + duration('P1D') > {other}",
        )  # fmt: skip

    def _filter_label(self, scope: Scope) -> str:
        name = self._node_name(scope)
        one, other = (self._one_of(*LABELS[scope.nodes[name]]) for _ in range(2))
        return self._one_of(
            f"{name}:{self._one_of(one, one, f'{one}|{other}', f'!{one}')}",
            f"'{one}' IN labels({name})",
        )

    def _existing(self, scope: Scope) -> str:
        return f"EXISTS {{ {self._subquery(scope)} }}"

    def _count_relationships(self, scope: Scope) -> str:
        # In an OPTIONAL MATCH, Neo4j 5.26 loses what counts to 0: it groups rows, of which there
        # are none then.
        operator, number = self._one_of(">", "=", "<="), self._one_of(0, 1, 2)
        if self._optionally:
            operator = ">"
        return f"COUNT {{ {self._subquery(scope)} }} {operator} {number}"

    def _subquery(self, scope: Scope) -> str:
        self._inside += 1
        outer = self._node_name(scope)
        inner = scope.inner()
        text = f"MATCH {self._pattern(inner, start=outer, short=True)}{self._where(inner)}"
        if self._now_and_then(0.1):
            again = scope.inner()
            more = f"MATCH {self._pattern(again, start=outer, short=True)}{self._where(again)}"
            text = f"{text} RETURN 1 AS one UNION {more} RETURN 2 AS one"
        self._inside -= 1
        return text

    def _pattern_predicate(self, scope: Scope) -> str:
        name = self._node_name(scope)
        return self._one_of(
            f"({name})-[:INPUT|OUTPUT]->()",
            f"({name})<-[:OUTPUT]-(:Train)",
            f"NOT ({name})-->()",
            f"({name})<-[:ON]-(:Mark)",
            f"({name})-[:INPUT|OUTPUT*2..3]->(:Model)" if self._stars else f"({name})--()",
        )

    def _add_quantified(self, scope: Scope) -> str:
        how = self._one_of("all", "any", "none", "single")
        choices = [f"nodes({path})" for path in scope.paths] + list(scope.groups)
        if choices and not (scope.walks and self._now_and_then(0.3)):
            inner = self._one_of("x.id > 2", "x.name IS NOT NULL", "x:Artifact", "x.accuracy > 0.6")
            return f"{how}(x IN {self._one_of(*choices)} WHERE {inner})"
        walks = scope.walks or [f"relationships({path})" for path in scope.paths]
        inner = self._one_of("type(x) = 'INPUT'", "x.artifact_id > 2", "x.path <> 'in0'")
        return f"{how}(x IN {self._one_of(*walks)} WHERE {inner})"

    # Values

    def _scalar(self, scope: Scope) -> str:
        return self._one_of(self._number, self._text, self._number, self._text, self._temporal)(
            scope
        )

    def _number(self, scope: Scope, literal: bool = False) -> str:
        choices = list(scope.numbers)
        for name, kind in scope.nodes.items():
            choices += [f"{name}.{key}" for key in NUMBERS[kind]]
        choices += [f"size({name})" for name in (*scope.walks, *scope.groups)]
        choices += [f"length({name})" for name in (*scope.paths, *scope.lengths)]
        choices += [f"{name}.artifact_id" for name in scope.events]
        if literal or not choices or self._now_and_then(0.1):
            choices += ["0.75", "2", "10", "$some", "$map.least", "$ratio", "$nothing"]
        one = self._one_of(*choices)
        if self._now_and_then(0.2):
            return self._one_of(
                f"coalesce({one}, -1)", f"{one} + 1", f"{one} * 2 - 1", f"abs({one})",
                f"CASE WHEN {one} > 2 THEN 1 ELSE 0 END", f"toFloat({one})", f"-{one}",
                f"round({one} / 4.0, 2)", f"toInteger({one})", f"{one} % 3", f"sign({one})",
                f"{one} ^ 2", f"size($names) + {one}", f"nullIf({one}, 2)",
            )  # fmt: skip
        return one

    def _text(self, scope: Scope) -> str:
        choices = list(scope.texts)
        for name, kind in scope.nodes.items():
            choices += [f"{name}.{key}" for key in TEXTS[kind]]
        choices += [f"type({name})" for name in scope.events]
        choices += [f"{name}.path" for name in scope.events]
        if not choices or self._now_and_then(0.05):
            choices += [*LITERALS, "$text"]
        one = self._one_of(*choices)
        if self._now_and_then(0.2):
            return self._one_of(
                f"coalesce({one}, 'none')", f"toUpper({one})", f"substring({one}, 1, 2)",
                f"{one} + '!'", f"left({one}, 2)", f"reverse({one})", f"replace({one}, 'a', 'bb')",
                f"split({one}, '.')[0]", f"toString({self._number(scope)})",
                f"CASE {one} WHEN 'Model' THEN 'M' WHEN null THEN 'N' ELSE 'other' END",
                f"trim({one})", f"{one} + ({self._number(scope)})",
                f"toString({self._temporal(scope)})", f"{one} || $text",
            )  # fmt: skip
        return one

    def _temporal(self, scope: Scope) -> str:
        """A time or a date; of nodes, when they were made."""
        choices = list(scope.temporals)
        for name, kind in scope.nodes.items():
            # Of null there is no time, but an error.
            choices += [
                f"CASE WHEN {name}.{key} IS NOT NULL THEN datetime({{epochMillis: {name}.{key}}}) "
                "END"
                for key in TIMES[kind]
            ]
        choices += [
            f"CASE WHEN {name}.time IS NOT NULL THEN datetime({{epochMillis: {name}.time}}) END"
            for name in scope.events
        ]
        if not choices or self._now_and_then(0.1):
            choices += ["datetime('2023-11-14T22:30:00Z')", "datetime({year: 2024, month: 2})"]
        one = self._one_of(*choices)
        sure = f"coalesce({one}, datetime('2020-02-29T12:00Z'))"
        if self._now_and_then(0.3):
            return self._one_of(
                f"({one} + duration({{days: {self._one_of(1, 31, '$some')}}}))",
                f"({one} - duration('P1M2DT3.5S'))",
                f"datetime.truncate('{self._one_of('hour', 'month', 'week')}', {sure})",
                f"datetime({{datetime: {sure}, timezone: '+02:00'}})",
            )  # fmt: skip
        return one

    def _of_temporal(self, scope: Scope) -> str:
        """What comes of times."""
        one, other = self._temporal(scope), self._temporal(scope)
        sure = f"coalesce({other}, datetime('2020-02-29T12:00Z'))"
        return self._one_of(
            one, f"date({one})", f"localdatetime({one})", f"time({one})",
            f"duration.between({one}, {other})", f"duration.inSeconds({one}, {other}).seconds",
            f"date({one}).{self._one_of('year', 'month', 'day', 'dayOfWeek', 'week', 'quarter')}",
            f"({one}).epochMillis", f"date.truncate('month', {sure})", f"localtime({one})",
            f"duration({{hours: {self._one_of(1, 49)}}}) * 2", f"duration.inDays({other}, {one})",
            f"toString(date({one}))", f"[date({one}), {one} = {other}]",
        )  # fmt: skip

    def _aggregate_number(self, scope: Scope) -> str:
        distinct = self._one_of("", "", "DISTINCT ")
        number, text = self._number(scope), self._text(scope)
        return self._one_of(
            "count(*)", f"count({distinct}{text})", f"sum({distinct}{number})", f"max({number})",
            f"min({number})", f"count({distinct}{number})", f"count(*) + sum({number})",
            f"size(collect({distinct}{text}))", f"count({distinct}{self._temporal(scope)})",
        )  # fmt: skip

    def _aggregate(self, scope: Scope) -> str:
        number, text = self._number(scope), self._text(scope)
        return self._one_of(
            self._aggregate_number(scope), self._aggregate_number(scope), f"avg({number})",
            f"collect({text})", f"collect(DISTINCT {number})", f"max({text})",
            f"percentileDisc({number}, 0.5)", f"stDevP({number})", f"percentileCont({number}, 0.3)",
            f"max({self._temporal(scope)})", f"min({self._mixed(scope)})",
            f"max({self._mixed(scope)})", f"stDev({number})",
            f"collect({{n: {number}, t: {text}}})",
        )  # fmt: skip

    def _mixed(self, scope: Scope) -> str:
        """Something whose kind differs from row to row."""
        number, text = self._number(scope), self._text(scope)
        return self._one_of(
            f"CASE WHEN {number} > 3 THEN {text} ELSE {number} END",
            f"[{text}, {number}, null, true, [{number}, {text}], {{n: {text}}}]"
            f"[toInteger(abs(coalesce({number}, 2))) % 6]",
            f"CASE WHEN {text} IS NULL THEN 0.0 / 0.0 ELSE {number} END",
            f"[{number}, {text}]", f"CASE WHEN {number} > 2 THEN {self._temporal(scope)} END",
            f"$mixed[toInteger(abs(coalesce({number}, 0))) % 7]",
        )  # fmt: skip

    def _rich(self, scope: Scope) -> str:
        """Something that is no scalar."""
        choices = [
            "[x IN range(0, 4) WHERE x % 2 = 0 | x * x]", self._of_temporal(scope),
            self._mixed(scope), f"{{a: {self._number(scope)}, b: [{self._text(scope)}]}}",
            "[x IN $ids | [y IN range(1, x) WHERE y % 2 = 1]]", "$map.inner['list'][$one]",
            f"$mixed[{self._one_of('1..3', '..2', '-2..', '0..$one')}]",
            f"reduce(n = 0, x IN $ids | n + x * coalesce({self._number(scope)}, 1))",
        ]  # fmt: skip
        if scope.nodes:
            choices += self._of_node(scope, self._node_name(scope))
        for path in scope.paths:
            choices += [
                path, f"[x IN nodes({path}) | x.id]", f"[r IN relationships({path}) | type(r)]",
                f"nodes({path})[0].name", f"last(nodes({path})).type", f"size(nodes({path})[1..])",
                f"[x IN nodes({path})[1..-1] | x {{.id, .type}}]", f"head(nodes({path}))",
            ]  # fmt: skip
        for walk in scope.walks:
            choices += [f"[r IN {walk} | r.artifact_id]", walk, f"head({walk}).path"]
        for group in scope.groups:
            choices += [
                group, f"[x IN {group} | x.id]", f"[x IN {group} WHERE x:Artifact | x.name]",
                f"reduce(n = 0, x IN {group} | n + x.id)",
            ]  # fmt: skip
        for event in scope.events:
            choices += [
                event, f"startNode({event}).id", f"endNode({event}).type", f"properties({event})",
                f"{event} {{.path, .time}}",
            ]  # fmt: skip
        return self._one_of(*choices)

    def _of_node(self, scope: Scope, name: str) -> list[str]:
        label = self._one_of(*LABELS[scope.nodes[name]])
        made = [
            name, f"{name} {{.name, .type, n: 1}}", f"{name} {{.*}}", f"{name}:{label}",
            f"size([({name})-[:INPUT|OUTPUT]->(y) WHERE y.id > 2 | y.name])",
            f"[({name})--(y:Artifact) | y {{.id, .name}}]",
            f"COUNT {{ ({name})--() }}", f"{name}['name']", f"{name}[$key]",
            f"properties({name}).type", f"size(labels({name}))", f"'id' IN keys({name})",
            f"[x IN [{name}.name, {name}.type, null] WHERE x IS NOT NULL | toLower(x)]",
            f"reduce(s = '', x IN [{name}.name, 'z'] | s + coalesce(x, '-'))",
            f"EXISTS {{ ({name})-[:IN_CONTEXT]->(:PipelineRun) }}",
            f"CASE WHEN {name}:{label} THEN labels({name}) ELSE [{name}.name] END",
        ]  # fmt: skip
        if self._inside == 0:
            made.append(f"COLLECT {{ {self._collected(scope)} }}")
            made.append(f"COLLECT {{ {self._collected(scope)} }}")
            made.append(f"COUNT {{ {self._subquery(scope)} }}")
        if self._stars:
            made.append(f"[p = ({name})-[:INPUT|OUTPUT*1..2]->(:Artifact) | length(p)]")
        return made

    def _collected(self, scope: Scope) -> str:
        self._inside += 1
        outer = self._node_name(scope)
        inner = scope.inner()
        text = f"MATCH {self._pattern(inner, start=outer, short=True)}{self._where(inner)}"
        value = self._scalar(inner)
        text += f" RETURN {self._one_of('', 'DISTINCT ')}{value} AS x"
        if self._now_and_then(0.5):
            text += f" ORDER BY x{self._one_of('', ' DESC')}"
            text += self._one_of("", " LIMIT 2", " SKIP 1", " LIMIT $one")
        self._inside -= 1
        return text
