"""Random filter queries: every field of every kind and neighbour, by every operator.

What is known to differ (docs/mlmd.md) isn't made.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

# An id of a kind, as a request names it: `@artifact:3@`.
Some = Callable[[str], str]

_TEXTS = ("'a'", '"b"', "'it\\'s'", '"say \\"x\\""', "'''it's'''", "'n3'", "'T'", "'s3://a'", "''")
_PATTERNS = ("'n1%'", "'%'", "'N_'", "'%a%'", "'s3://%'", "'_'", "''", "'T.%'")
_STATES = ("PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED")
_RUNS = ("NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED")
_EVENTS = (
    "INPUT", "OUTPUT", "DECLARED_INPUT", "DECLARED_OUTPUT", "INTERNAL_INPUT", "INTERNAL_OUTPUT",
)  # fmt: skip
_TIMES = ("create_time_since_epoch", "last_update_time_since_epoch")
_ORDERED = ("=", "!=", "<>", "<", "<=", ">", ">=")
# The two names of a property that every type may have, and one that needs backquotes.
_PROPERTIES = ("i", "d", "s", "b", "`a.b:c d`")
_CUSTOMS = ("ci", "cd", "cs", "cb", "`c.d:e f`", "none")
REFUSED = (
    "id =", "nothing = 1", "id = 'a'", "name = 1", "state = NOWHERE", "(id = 1", "id = 1)",
    "id = 1 id = 2", "properties.i = 1", "properties.i.int_value = 'a'", "1", "'a'", "name",
    "contexts.id = 1", "id = 1; id = 2", "id == 1", "name LIKE 3", "id IN ()", "nobody_a.id = 1",
    "events_0.path = 'a'", "name = 'a", "id BETWEEN 1", "@id = 1", "custom_properties.a.value = 1",
)  # fmt: skip


class Filters:
    """Makes filter queries for nodes of a kind."""

    def __init__(self, random: random.Random, some: Some) -> None:
        self.random = random
        self.some = some

    def query(self, kind: str) -> str:
        """A condition that both sides understand."""
        parts = [self._part(kind) for _ in range(self.random.choice((1, 1, 1, 2, 2, 3)))]
        # There, one condition on a state or an event's type may stand in the way of another.
        words = [n for n, part in enumerate(parts) if re.search(r"\.type\b|state", part)]
        parts = [part for n, part in enumerate(parts) if n not in words[1:]]
        text = parts[0]
        for part in parts[1:]:
            connector = self.random.choice(("AND", "OR", "and"))
            text = f"({text}) {connector} ({part})"
        return text

    def refused(self) -> str:
        """One that neither side understands."""
        return self.random.choice(REFUSED)

    def _part(self, kind: str) -> str:
        makers: list[Callable[[str], str]] = [
            self._id, self._text, self._time, self._property, self._property, self._neighbour,
            self._constant,
        ]  # fmt: skip
        if kind != "context":
            makers += [self._state, self._event]
        made = self.random.choice(makers)(kind)
        # There, a state that nobody gave is NULL, which NOT leaves unknown.
        if not re.search("state|uri", made) and self.random.random() < 0.15:
            return f"NOT ({made})"
        return made

    def _id(self, kind: str) -> str:
        name = self.random.choice(("id", "ID", "id", "type_id"))
        of = "type" if name == "type_id" else kind
        return self._compared(name, lambda: self.some(f"{kind}_type" if of == "type" else of), of)

    def _compared(self, name: str, make: Callable[[], str], of: str) -> str:
        """A comparison of ids: those of both sides are in the same order for one kind of node."""
        # Types are put in another order: here the system types are not the first.
        signs = ("=", "!=", "<>") if of == "type" else _ORDERED
        match self.random.randrange(6):
            case 0:
                return f"{name} IN ({make()}, {make()})"
            case 1:
                return f"{name} NOT IN ({make()})"
            case 2 if of != "type":
                return f"{name} BETWEEN {make()} AND {make()}"
            case 3:
                return f"{make()} {self.random.choice(signs)} {name}"
            case _:
                return f"{name} {self.random.choice(signs)} {make()}"

    def _text(self, kind: str) -> str:
        if kind == "artifact" and self.random.random() < 0.3:
            return self._uri("uri")
        return self._of_text(self.random.choice(("name", "Name", "external_id", "type")))

    def _uri(self, name: str) -> str:
        """What no artifact without a uri meets: there it has an empty one, here none."""
        return self.random.choice(
            (f"{name} = 's3://a'", f"{name} LIKE 'S3://_'", f"{name} IN ('s3://b', 'gs://it\\'s')")
        )

    def _of_text(self, name: str) -> str:
        random = self.random
        match random.randrange(7):
            case 0:
                return f"{name} IS NULL"
            case 1:
                return f"{name} IS NOT NULL"
            case 2:
                return f"{name} LIKE {random.choice(_PATTERNS)}"
            case 3:
                return f"{name} NOT LIKE {random.choice(_PATTERNS)}"
            case 4:
                return f"{name} IN ({random.choice(_TEXTS)}, {random.choice(_TEXTS)})"
            case 5:
                return f"{name} BETWEEN {random.choice(_TEXTS)} AND {random.choice(_TEXTS)}"
            case _:
                return f"{name} {random.choice(_ORDERED)} {random.choice(_TEXTS)}"

    def _time(self, kind: str) -> str:
        one, other = self.random.sample(_TIMES, 2)
        return self.random.choice(
            (f"{one} > 0", f"{one} < 1", f"create_time_since_epoch <= {other}", f"{one} IS NULL")
        )

    def _property(self, kind: str) -> str:
        custom = self.random.random() < 0.5
        name = self.random.choice(_CUSTOMS if custom else _PROPERTIES)
        of = f"{'custom_' if custom else ''}properties.{name}"
        match self.random.randrange(5):
            case 0:
                return self._of_number(f"{of}.int_value", ("0", "1", "-1", "7", "1.5"))
            case 1:
                return self._of_number(f"{of}.double_value", ("0", "1.5", "-2.25", "1e3", ".5"))
            case 2:
                # There, a struct is a text.
                name = "cs" if custom else "s"
                return self._of_text(f"{'custom_' if custom else ''}properties.{name}.string_value")
            case 3:
                value = f"{of}.bool_value"
                return self.random.choice(
                    (value, f"NOT {value}", f"{value} = true", f"{value} != FALSE",
                     f"{value} IS NULL", f"{value} IS TRUE", f"{value} IS NOT FALSE")
                )  # fmt: skip
            case _:
                return f"{of}.int_value > 0 OR {of}.string_value = 'a'"

    def _of_number(self, name: str, values: tuple[str, ...]) -> str:
        random = self.random
        value = random.choice(values)
        match random.randrange(6):
            case 0:
                return f"{name} IS {random.choice(('NULL', 'NOT NULL'))}"
            case 1:
                return f"{name} IN ({value}, {random.choice(values)})"
            case 2:
                return f"{name} NOT BETWEEN {value} AND {random.choice(values)}"
            case 3:
                return f"{name} * 0.5 {random.choice(('<', '>'))} {value}"
            case _:
                return f"{name} {random.choice(_ORDERED)} {value}"

    def _state(self, kind: str) -> str:
        if kind == "artifact":
            return self._word("state", _STATES)
        return self._word("last_known_state", _RUNS)

    def _word(self, name: str, words: tuple[str, ...], *, negated: bool = True) -> str:
        one, other = self.random.sample(words, 2)
        made = [f"{name} = {one}", f"{name} IN ({one}, {other})", f"{name}={one}"]
        if negated:
            made += [f"{name} != {one}", f"{name} NOT IN ({one},{other})", f"{name} IS NULL"]
        return self.random.choice(made)

    def _event(self, kind: str) -> str:
        alias = f"events_{self.random.choice(('0', '1', 'a_b'))}"
        other = "execution" if kind == "artifact" else "artifact"
        return self.random.choice(
            (
                self._word(f"{alias}.type", _EVENTS),
                self._compared(f"{alias}.{other}_id", lambda: self.some(other), other),
                f"{alias}.milliseconds_since_epoch {self.random.choice(_ORDERED)} 4",
            )
        )

    def _neighbour(self, kind: str) -> str:
        relations = (
            ("parent_contexts", "child_contexts", "artifacts", "executions")
            if kind == "context"
            else ("contexts",)
        )
        relation = self.random.choice(relations)
        of = relation.removesuffix("s").split("_")[-1]
        alias = f"{relation}_{self.random.choice(('a', 'b', '1'))}"
        made = [
            self._compared(f"{alias}.id", lambda: self.some(of), of),
            self._of_text(f"{alias}.{self.random.choice(('name', 'type', 'NAME'))}"),
        ]
        # There, that of a parent or child is looked for in vain.
        if not relation.endswith("_contexts"):
            made.append(f"{alias}.{self.random.choice(_TIMES)} > 0")
        if of == "artifact":
            made.append(self._uri(f"{alias}.uri"))
            made.append(self._word(f"{alias}.state", _STATES, negated=False))
        if of == "execution":
            made.append(self._word(f"{alias}.last_known_state", _RUNS, negated=False))
        return self.random.choice(made)

    def _constant(self, kind: str) -> str:
        return self.random.choice(("TRUE", "1 = 1", "FALSE", "'a' = 'A'", "1 + 1 = 2.0", "id = id"))
