"""Random patterns over the lineage schema."""

from __future__ import annotations

from tests.opencypher.generated_scope import LABELS, LITERALS, NUMBERS, TEXTS, Chance, Scope

_STARS = ("*", "*1..2", "*2", "*0..2", "*..3")
_FLOW = ":INPUT|OUTPUT"


class Patterns(Chance):
    """Makes patterns, and binds what they name."""

    def _pattern(
        self,
        scope: Scope,
        *,
        start: str | None = None,
        bind_path: bool = False,
        short: bool = False,
    ) -> str:
        steps = 1 if short else self._one_of(0, 1, 1, 2, 2, 3)
        if start is not None:
            kind, text = scope.nodes[start], f"({start})"
        elif self._now_and_then(0.06):
            return self._build_marked(scope)
        else:
            kind = self._one_of("artifact", "artifact", "execution", "execution", "context")
            # A store keeps nodes of its own, too: what stands alone has a label.
            text = self._node(scope, kind, labelled=steps == 0)
        for _ in range(steps):
            step, kind = self._step(scope, kind)
            text += step
        if bind_path and not self._inside and self._now_and_then(0.25) and "-" in text:
            name = self._name()
            scope.paths.append(name)
            return f"{name} = {text}"
        return text

    def _build_marked(self, scope: Scope) -> str:
        """From a mark's label to what it is on, and perhaps on to what that taints."""
        text = self._node(scope, "label", labelled=True)
        text += self._one_of("-[:MARKED]->", "-[:MARKED|CLEARED]->", "-[:MARKED|CLEARED]-")
        text += self._node(scope, "mark")
        kind = self._one_of("artifact", "artifact", "execution")
        if self._now_and_then(0.2):
            return text
        text += "-[:ON]->" + self._node(scope, kind, labelled=True)
        if self._now_and_then(0.4):
            step, _ = self._step(scope, kind)
            text += step
        return text

    def _step(self, scope: Scope, kind: str) -> tuple[str, str]:
        """One more relationship or walk, and the kind of node at its end."""
        name = ""
        if kind == "context":
            to = self._one_of("context", "execution", "artifact")
            arrow = "-[:CHILD_OF]-" if to == "context" else "<-[:IN_CONTEXT]-"
            return arrow + self._node(scope, to), to
        if kind == "label":
            return "-[:MARKED|CLEARED]->" + self._node(scope, "mark"), "mark"
        if kind == "mark":
            to = self._one_of("artifact", "execution", "label")
            arrow = "<-[:MARKED|CLEARED]-" if to == "label" else "-[:ON]->"
            return arrow + self._node(scope, to, labelled=True), to
        if kind == "type":
            return "<-[:EXTENDS*0..1]-" + self._node(scope, "type", labelled=True), "type"
        if self._now_and_then(0.12):
            return "-[:IN_CONTEXT]->" + self._node(scope, "context"), "context"
        if self._now_and_then(0.04):
            return "<-[:ON]-" + self._node(scope, "mark", labelled=True), "mark"
        if self._now_and_then(0.3):
            return self._walk(scope)
        to = "execution" if kind == "artifact" else "artifact"
        if not self._inside and self._now_and_then(0.3):
            name = self._name()
            scope.events.append(name)
        types = self._one_of(_FLOW, ":INPUT", ":OUTPUT", "", _FLOW)
        left, right = self._one_of(("-", "->"), ("<-", "-"), ("-", "-"))
        inner = ""
        if name and types and self._now_and_then(0.2):
            inner = self._one_of(f" WHERE {name}.artifact_id > 2", " {type: 'INPUT'}")
        return f"{left}[{name}{types}{inner}]{right}" + self._node(
            scope, to, labelled=not types
        ), to

    def _walk(self, scope: Scope) -> tuple[str, str]:
        """A walk along the data; it may end at either kind."""
        to = self._one_of("artifact", "execution")
        left, right = self._one_of(("-", "->"), ("-", "->"), ("<-", "-"))
        if self._stars:
            name = self._group(scope.walks, 0.3)
            length = self._one_of(*_STARS)
            given = " {type: 'OUTPUT'}" if self._now_and_then(0.05) else ""
            link = f"{left}[{name}{_FLOW}{length}{given}]{right}"
        elif self._now_and_then(0.3):
            length = self._one_of("+", "{1,3}", "{2}", "*", "{,2}", "{0,1}")
            link = f"{left}[{_FLOW}]{right}{length}"
        else:
            link = f" {self._quantified_pattern(scope, left, right)} "
        # Of no steps at all, it may stand alone.
        alone = not link.rstrip().endswith(("+", "{1,3}", "{1,2}", "{2}", "->", "-"))
        return link + self._node(scope, to, labelled=alone or "*0" in link), to

    def _quantified_pattern(self, scope: Scope, left: str, right: str) -> str:
        """A pattern that is repeated, with predicates on the node, the relationship, or both."""
        first, event, last = self._name(), self._name(), self._name()
        quantifier = self._one_of("+", "{1,3}", "{1,2}", "*", "{2}", "{0,2}")
        where = self._one_of("", f" WHERE {event}.artifact_id > 1", f" WHERE {event}.time > 5")
        at_end = self._one_of(
            "", f" WHERE {last}.id > 2", f" WHERE coalesce({last}.state, '') <> 'FAILED'",
            f" WHERE {last}.name IS NOT NULL", f" WHERE NOT {last}.id IN [3, 4]",
            f" WHERE EXISTS {{ ({last})-[:IN_CONTEXT]->() }}", f" WHERE NOT ({last}:Metrics)",
        )  # fmt: skip
        both = self._one_of("", "", f" WHERE {first}.id <> {last}.id", f" WHERE {last}.id < 12")
        if scope.nodes and self._now_and_then(0.2) and not self._inside:
            # Only what an earlier clause has bound may be used inside.
            known = [name for name in scope.nodes if name in self._before]
            if known:
                at_end = f" WHERE {last}.id > {self._one_of(*known)}.id"
        inner = f"({first}){left}[{event}{_FLOW}{where}]{right}({last}{at_end})"
        if self._now_and_then(0.5) and not at_end and not both:
            inner = f"({first}){left}[{event}{_FLOW}{where}]{right}(){left}[{_FLOW}]{right}({last})"
        if not self._inside:
            for names, name in ((scope.groups, last), (scope.groups, first), (scope.walks, event)):
                if self._now_and_then(0.4):
                    names.append(name)
        return f"({inner}{both}){quantifier}"

    def _group(self, names: list[str], share: float) -> str:
        if self._inside or not self._now_and_then(share):
            return ""
        names.append(self._name())
        return names[-1]

    # The names that were bound before the clause under way.
    _before: frozenset[str] = frozenset()

    def _build_selected(self, scope: Scope) -> str:
        """A pattern of which only some paths are asked for, with what makes the answer sure."""
        start = self._node(scope, self._one_of("artifact", "execution"), labelled=True)
        end = self._node(scope, self._one_of("artifact", "execution"), labelled=True)
        left, right = self._one_of(("-", "->"), ("<-", "-"), ("-", "-"))
        name = self._name()
        count = self._one_of(1, 1, 2, 3)
        if self._now_and_then(0.4):
            link = f"{left}[{_FLOW}]{right}{self._one_of('+', '{1,4}', '*', '{2,3}')}"
        else:
            link = f" {self._quantified_pattern(Scope(), left, right)} "
        path = f"{start}{link}{end}"
        kind = self._one_of("some", "groups", "all", "any", "any")
        if kind == "some":
            scope.lengths.append(name)
            return f"{name} = SHORTEST {count} {path}"
        if kind == "any":
            return f"ANY {path}"
        scope.paths.append(name)
        if kind == "groups":
            return f"{name} = SHORTEST {count} GROUPS {path}"
        return f"{name} = ALL SHORTEST {path}"

    def _shortest_path(self, scope: Scope) -> tuple[str, str]:
        """Two patterns: ends that are never the same, and the shortest way between them."""
        one, other = self._name(), self._name()
        ends = self._one_of(
            (("artifact", "Dataset"), ("artifact", "Model")),
            (("artifact", "Artifact"), ("execution", "Execution")),
            (("execution", "Train"), ("artifact", "Metrics")),
            (("artifact", "Examples"), ("artifact", "Model")),
        )
        for end, (kind, _) in zip((one, other), ends, strict=True):
            scope.nodes[end] = kind
        left, right = self._one_of(("-", "->"), ("<-", "-"), ("-", "-"))
        length = self._one_of("*", "*..3", "*1..4", "*0..5")
        walk = f"({one}){left}[{_FLOW}{length}]{right}({other})"
        name = self._name()
        if self._now_and_then(0.6):
            scope.lengths.append(name)
            text = f"{name} = shortestPath({walk})"
        else:
            scope.paths.append(name)
            text = f"{name} = allShortestPaths({walk})"
        return f"({one}:{ends[0][1]}), ({other}:{ends[1][1]}) WHERE {one} <> {other}", text

    def _node(self, scope: Scope, kind: str, *, labelled: bool = False) -> str:
        label = f":{self._one_of(*LABELS[kind])}"
        if not labelled and self._now_and_then(0.6):
            label = ""
        if self._now_and_then(0.08) and label:
            more = self._one_of(*LABELS[kind])
            label += self._one_of(f"|{more}", f"&!{more}", f"&({more}|Model)")
        name = self._name()
        scope.nodes[name] = kind
        inner = ""
        if self._now_and_then(0.03):
            inner = f" {{type: {self._one_of(*LITERALS, '$text')}}}"
        elif self._now_and_then(0.06):
            inner = f" WHERE {name}.id > {self._one_of(1, 3, 6, '$some')}"
        return f"({name}{label}{inner})"

    def _node_name(self, scope: Scope) -> str:
        return self._one_of(*scope.nodes)

    def _key_of(self, scope: Scope, name: str) -> str:
        kind = scope.nodes[name]
        return self._one_of(*NUMBERS[kind], *TEXTS[kind])
