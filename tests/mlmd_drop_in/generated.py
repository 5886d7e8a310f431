"""Random requests, valid ones and ones with a single mistake, as a client might send them.

Ids are those that the peer gave; in a filter query they stand as `@kind:id@`, so that either side
can be asked for its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from lineage.server.mlmd import messages as m
from tests.mlmd_drop_in import odd
from tests.mlmd_drop_in.comparing import AS_STORED
from tests.mlmd_drop_in.filters import Filters

KINDS = ("artifact", "execution", "context")
_PROPERTIES = {"i": 1, "d": 2, "s": 3, "t": 4, "p": 5, "b": 6, "a.b:c d": 1}
_CUSTOMS = {"ci": 1, "cd": 2, "cs": 3, "ct": 4, "cp": 5, "cb": 6, "c.d:e f": 1}
_BASES = {"artifact": 4, "execution": 5}
_TEXTS = ("", "a", "b", "it's", 'say "x"', "back\\slash", "naïve", "\N{PARTY POPPER}", "50%", "_")
NOBODY = 987_654


def request(name: str, **fields: Any) -> tuple[str, Any]:
    """A call by name, and its request."""
    return name, m.methods()[name][0](**fields)


class Generator:
    """Makes requests; told of the answers, it knows what there is to talk about."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.types: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
        self.nodes: dict[str, list[tuple[int, int]]] = {kind: [] for kind in KINDS}
        self.external: list[str] = []
        self.names = 0
        self.filters = Filters(
            self.random, lambda kind: f"@{kind.split('_')[-1]}:{self.some(kind)}@"
        )
        self._calls: list[tuple[int, Callable[[], tuple[str, Any]]]] = [
            (6, self.put_type), (2, self.put_types), (14, self.put_nodes), (14, self.update_nodes),
            (8, self.put_events), (12, self.put_execution), (8, self.put_subgraph),
            (5, self.put_members), (4, self.put_parents), (4, self.get_type), (3, self.get_types),
            (10, self.list_nodes), (6, self.get_by_id), (5, self.get_by_type),
            (5, self.get_by_type_and_name), (4, self.get_by_external), (3, self.get_by_uri),
            (5, self.get_events), (6, self.get_edges), (9, self.get_subgraph),
        ]  # fmt: skip

    def next(self) -> tuple[str, Any]:
        """The next request."""
        weights = [weight for weight, _ in self._calls]
        [(_, make)] = self.random.choices(self._calls, weights)
        name, asked = make()
        if self.maybe(0.05) and "transaction_options" in asked.DESCRIPTOR.fields_by_name:
            asked.transaction_options.tag = self.text()
        if self.maybe(0.2):
            asked = odd.changed(self.random, asked)
        return name, asked

    def learn(self, name: str, asked: Any, answer: Any) -> None:
        """Take note of what a write that went through has made."""
        if name.endswith("Type") and name.startswith("Put"):
            kind = name[3:-4].lower()
            self._learn_type(kind, getattr(asked, f"{kind}_type"), answer.type_id)
        elif name == "PutTypes":
            for kind in KINDS:
                given = getattr(asked, f"{kind}_types")
                for type, id in zip(given, getattr(answer, f"{kind}_type_ids"), strict=True):
                    self._learn_type(kind, type, id)
        elif name in ("PutArtifacts", "PutExecutions", "PutContexts", "PutLineageSubgraph"):
            for kind in KINDS:
                if f"{kind}s" in asked.DESCRIPTOR.fields_by_name:
                    given = getattr(asked, f"{kind}s")
                    self._learn_nodes(kind, given, getattr(answer, f"{kind}_ids"))
        elif name == "PutExecution":
            self._learn_nodes("execution", [asked.execution], [answer.execution_id])
            self._learn_nodes("context", asked.contexts, answer.context_ids)
            pairs = zip(asked.artifact_event_pairs, answer.artifact_ids, strict=True)
            found = [(p.artifact, id) for p, id in pairs if p.HasField("artifact")]
            self._learn_nodes("artifact", [a for a, _ in found], [id for _, id in found])

    def _learn_type(self, kind: str, type: Any, id: int) -> None:
        there = next((t for t in self.types[kind] if t["id"] == id), None)
        if there is None:
            there = {"id": id, "name": type.name, "version": type.version, "properties": {}}
            self.types[kind].append(there)
        # A map has another order in each process, and a seed must mean the same in all.
        there["properties"] |= dict(sorted(type.properties.items()))
        there["external_id"] = type.external_id

    def _learn_nodes(self, kind: str, given: Any, ids: Any) -> None:
        known = {id for id, _ in self.nodes[kind]}
        for node, id in zip(given, ids, strict=True):
            if id not in known:
                known.add(id)
                self.nodes[kind].append((id, node.type_id))
            if node.external_id:
                self.external.append(node.external_id)

    # Parts

    def maybe(self, chance: float = 0.5) -> bool:
        return self.random.random() < chance

    def text(self) -> str:
        return self.random.choice(_TEXTS)

    def value(self, kind: int) -> Any:
        value = m.Value()
        if kind == 1:
            value.int_value = self.random.choice((0, 1, -1, 7, 2**63 - 1, -(2**63)))
        elif kind == 2:
            value.double_value = self.random.randrange(-80, 80) / 8
        elif kind == 3:
            value.string_value = self.text()
        elif kind == 4:
            value.struct_value["k"] = self.random.choice((1.5, "x", True, None))
            if self.maybe(0.3):
                value.struct_value["l"] = [1, "a", {"deep": False}]
        elif kind == 5:
            value.proto_value.type_url = "type.googleapis.com/some.Message"
            value.proto_value.value = self.random.choice((b"", b"\x08\x01", b"\xff\x00"))
        else:
            value.bool_value = self.maybe()
        return value

    def type(self, kind: str) -> Any:
        """A definition of a type, often one that is there already in another form."""
        known = self.types[kind]
        made = m.message(f"{kind.capitalize()}Type")()
        if known and self.maybe(0.6):
            old = self.random.choice(known)
            made.name, made.version = old["name"], old["version"]
            # What a later definition leaves out stays here, and goes there.
            if old["external_id"]:
                made.external_id = old["external_id"]
            for name, number in old["properties"].items():
                if self.maybe(0.85):
                    made.properties[name] = number
        else:
            made.name = self.random.choice("TUVWXYZ") + self.random.choice(("", ".x", " y"))
            if self.maybe(0.3):
                made.version = self.random.choice(("1", "2"))
            if self.maybe(0.2):
                made.external_id = f"t{self.random.randrange(100)}"
            if kind == "execution" and self.maybe(0.2):
                self.signature(made)
        if not made.HasField("version") and self.maybe(0.2):
            made.version = ""
        for name, number in _PROPERTIES.items():
            if self.maybe(0.3):
                made.properties[name] = number
        if kind != "context" and self.maybe(0.2):
            made.base_type = self.random.randrange(1, _BASES[kind] + 1)
        if self.maybe(0.1):
            made.description = "what it is"
        mistake = self.random.random()
        if mistake < 0.04:
            made.ClearField("name")
        elif mistake < 0.08 and made.properties:
            made.properties[self.random.choice(sorted(made.properties))] = self.random.randrange(7)
        elif mistake < 0.1:
            made.base_type = 0
        return made

    def signature(self, made: Any) -> None:
        """What executions of a type take and give."""
        made.input_type.dict.properties["x"].simple.name = self.text()
        made.input_type.dict.none_type_not_required = self.maybe()
        if self.maybe():
            made.output_type.list.element.any.SetInParent()
        elif self.maybe():
            made.output_type.union_type.candidates.add().none.SetInParent()

    def node(self, kind: str, *, named: float = 0.5) -> Any:
        """A new node, valid but perhaps for a name or external id that is taken."""
        made = m.message(kind.capitalize())()
        type = self.random.choice(self.types[kind]) if self.types[kind] else None
        made.type_id = type["id"] if type else NOBODY
        if kind == "context" or self.maybe(named):
            self.names += 1
            taken = self.maybe(0.1)
            made.name = f"n{self.random.randrange(self.names) if taken else self.names}"
        if self.maybe(0.15):
            made.external_id = f"x{self.random.randrange(200)}"
        if kind == "artifact" and self.maybe(0.7):
            made.uri = self.random.choice(("s3://a", "s3://b", "", "gs://it's"))
        self.states(kind, made)
        for name, number in (type["properties"] if type else {}).items():
            if self.maybe(0.5):
                made.properties[name].CopyFrom(self.value(number))
        self.customs(made)
        return made

    def states(self, kind: str, made: Any) -> None:
        if kind == "artifact" and self.maybe():
            made.state = self.random.randrange(1, 7)
        elif kind == "execution" and self.maybe():
            made.last_known_state = self.random.randrange(1, 7)

    def customs(self, made: Any) -> None:
        for name, number in _CUSTOMS.items():
            if self.maybe(0.15):
                # Of a name of its own: there, one that a declared property has too takes that away.
                made.custom_properties[name].CopyFrom(self.value(number))

    def spoiled(self, kind: str, made: Any) -> Any:
        """A node with one mistake."""
        mistake = self.random.randrange(5)
        if mistake == 0:
            made.ClearField("type_id")
        elif mistake == 1:
            made.type_id = NOBODY
        elif mistake == 2:
            made.properties["no such"].int_value = 1
        elif mistake == 3 and made.properties:
            name = self.random.choice(sorted(made.properties))
            made.properties[name].CopyFrom(m.Value())
        elif kind == "context":
            made.ClearField("name")
        else:
            made.id = NOBODY
        return made

    def some(self, kind: str) -> int:
        """The id of a node, rarely of none."""
        if kind.endswith("_type"):
            known = self.types[kind.removesuffix("_type")]
            return self.random.choice(known)["id"] if known else NOBODY
        if not self.nodes[kind] or self.maybe(0.03):
            return NOBODY
        return self.random.choice(self.nodes[kind])[0]

    def placeholder(self, kind: str) -> str:
        """An id in a filter query, each side's own; `artifact_type` for one of a type."""
        return f"@{kind.split('_')[-1]}:{self.some(kind)}@"

    def event(self) -> Any:
        made = m.Event(
            type=self.random.randrange(1, 8), milliseconds_since_epoch=self.random.randrange(9)
        )
        for _ in range(self.random.randrange(3)):
            if self.maybe():
                made.path.steps.add().index = self.random.randrange(3)
            else:
                made.path.steps.add().key = self.text()
        return made

    def update(self, kind: str) -> Any:
        """A change of a node that is there."""
        id, type_id = self.random.choice(self.nodes[kind])
        made = self.node(kind)
        made.id = id
        made.ClearField("properties")
        type = next((t for t in self.types[kind] if t["id"] == type_id), None)
        for name, number in (type["properties"] if type else {}).items():
            if self.maybe(0.5):
                made.properties[name].CopyFrom(self.value(number))
        if self.maybe(0.6) and type is not None:
            made.type_id = type_id
        else:
            made.ClearField("type_id")
        if self.maybe(0.03):
            made.type_id = NOBODY
        return made

    # Writes

    def put_type(self) -> tuple[str, Any]:
        kind = self.random.choice(KINDS)
        name, asked = request(f"Put{kind.capitalize()}Type")
        getattr(asked, f"{kind}_type").CopyFrom(self.type(kind))
        self.flags(asked)
        return name, asked

    def put_types(self) -> tuple[str, Any]:
        name, asked = request("PutTypes")
        for kind in KINDS:
            made = [self.type(kind) for _ in range(self.random.randrange(3))]
            # One of a name: there, a second one is held against what was there before the first.
            if len({(type.name, type.version) for type in made}) == len(made):
                getattr(asked, f"{kind}_types").extend(made)
        self.flags(asked)
        return name, asked

    def flags(self, asked: Any) -> None:
        asked.can_add_fields = self.maybe(0.7)
        asked.can_omit_fields = self.maybe(0.7)
        if self.maybe(0.02):
            asked.all_fields_match = False

    def put_nodes(self) -> tuple[str, Any]:
        kind = self.random.choice(KINDS)
        name, asked = request(f"Put{kind.capitalize()}s")
        given = [self.node(kind) for _ in range(self.random.randrange(4))]
        if self.maybe(0.15):
            # In front, so that it is the mistake that is met first.
            given.insert(0, self.spoiled(kind, self.node(kind)))
        getattr(asked, f"{kind}s").extend(given)
        return name, asked

    def update_nodes(self) -> tuple[str, Any]:
        kind = self.random.choice(KINDS)
        if not self.nodes[kind]:
            return self.put_nodes()
        name, asked = request(f"Put{kind.capitalize()}s")
        given = [self.update(kind) for _ in range(self.random.randrange(1, 3))]
        getattr(asked, f"{kind}s").extend(given)
        if self.maybe(0.4):
            paths = [
                "uri", "external_id", "state", "last_known_state", "properties", "properties.i",
                "properties.s", "custom_properties", "custom_properties.ci", "custom_properties.ct",
                "nothing",
            ]  # fmt: skip
            asked.update_mask.paths.extend(self.random.sample(paths, self.random.randrange(1, 4)))
        elif kind == "artifact" and self.maybe(0.1):
            asked.options.abort_if_latest_updated_time_changed = True
            given[0].last_update_time_since_epoch = self.random.choice((1, AS_STORED))
        return name, asked

    def put_events(self) -> tuple[str, Any]:
        name, asked = request("PutEvents")
        for _ in range(self.random.randrange(1, 4)):
            event = self.event()
            event.artifact_id, event.execution_id = self.some("artifact"), self.some("execution")
            if self.maybe(0.04):
                event.ClearField(self.random.choice(("artifact_id", "execution_id", "type")))
            asked.events.append(event)
        return name, asked

    def put_execution(self) -> tuple[str, Any]:
        name, asked = request("PutExecution")
        executions = self.nodes["execution"]
        if executions and self.maybe(0.2):
            asked.execution.CopyFrom(self.update("execution"))
        elif not self.maybe(0.02):
            asked.execution.CopyFrom(self.node("execution"))
        for _ in range(self.random.randrange(4)):
            pair = asked.artifact_event_pairs.add()
            if self.maybe(0.9):
                pair.event.CopyFrom(self.event())
            if self.maybe(0.6) or not self.nodes["artifact"]:
                pair.artifact.CopyFrom(self.node("artifact"))
            elif self.maybe(0.3):
                pair.artifact.CopyFrom(self.update("artifact"))
            elif pair.HasField("event"):
                pair.event.artifact_id = self.random.choice(self.nodes["artifact"])[0]
            if self.maybe(0.02) and pair.HasField("event"):
                pair.event.execution_id = NOBODY
        for _ in range(self.random.randrange(3)):
            if self.nodes["context"] and self.maybe(0.5):
                asked.contexts.append(self.update("context"))
                asked.contexts[-1].type_id = dict(self.nodes["context"])[asked.contexts[-1].id]
            else:
                asked.contexts.append(self.node("context"))
        asked.options.reuse_context_if_already_exist = self.maybe()
        asked.options.reuse_artifact_if_already_exist_by_external_id = self.maybe(0.3)
        asked.options.force_reuse_context = self.maybe(0.2)
        asked.options.force_update_time = self.maybe(0.2)
        return name, asked

    def put_subgraph(self) -> tuple[str, Any]:
        name, asked = request("PutLineageSubgraph")
        for kind in ("execution", "artifact"):
            for _ in range(self.random.randrange(1, 3)):
                if self.nodes[kind] and self.maybe(0.2):
                    made = self.update(kind)
                    made.type_id = dict(self.nodes[kind])[made.id]
                else:
                    made = self.node(kind)
                getattr(asked, f"{kind}s").append(made)
        for _ in range(self.random.randrange(2)):
            asked.contexts.append(self.node("context"))
        for _ in range(self.random.randrange(4)):
            edge = asked.event_edges.add()
            edge.event.CopyFrom(self.event())
            for kind in ("execution", "artifact"):
                listed = getattr(asked, f"{kind}s")
                index = self.random.randrange(len(listed) + self.maybe(0.03))
                if self.maybe(0.97):
                    setattr(edge, f"{kind}_index", index)
                # There, an event to a node that isn't there is written; here it is refused.
                if self.nodes[kind] and self.maybe(0.1):
                    id, _ = self.random.choice(self.nodes[kind])
                    setattr(edge.event, f"{kind}_id", id)
        asked.options.reuse_context_if_already_exist = self.maybe()
        asked.options.reuse_artifact_if_already_exist_by_external_id = self.maybe(0.3)
        return name, asked

    def put_members(self) -> tuple[str, Any]:
        name, asked = request("PutAttributionsAndAssociations")
        for _ in range(self.random.randrange(3)):
            asked.attributions.add(
                artifact_id=self.some("artifact"), context_id=self.some("context")
            )
        for _ in range(self.random.randrange(3)):
            asked.associations.add(
                execution_id=self.some("execution"), context_id=self.some("context")
            )
        return name, asked

    def put_parents(self) -> tuple[str, Any]:
        name, asked = request("PutParentContexts")
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            pair = asked.parent_contexts.add(child_id=self.some("context"))
            if self.maybe(0.95):
                pair.parent_id = self.some("context")
        return name, asked

    # Reads

    def get_type(self) -> tuple[str, Any]:
        kind = self.random.choice(KINDS)
        if self.types[kind] and self.maybe(0.8):
            type = self.random.choice(self.types[kind])
            version = type["version"] if self.maybe(0.8) else "2"
            return request(
                f"Get{kind.capitalize()}Type", type_name=type["name"], type_version=version
            )
        return request(f"Get{kind.capitalize()}Type", type_name="none such")

    def get_types(self) -> tuple[str, Any]:
        kind = self.random.choice(KINDS)
        if self.maybe(0.4):
            return request(f"Get{kind.capitalize()}Types")
        if self.maybe(0.2):
            there = [t["external_id"] for t in self.types[kind] if t["external_id"]]
            ids = self.random.choices((*there, "x", "y"), k=self.random.randrange(4))
            if self.maybe(0.05):
                ids.append("")
            return request(f"Get{kind.capitalize()}TypesByExternalIds", external_ids=ids)
        ids = [t["id"] for t in self.types[kind] if self.maybe(0.3)] + [NOBODY]
        return request(f"Get{kind.capitalize()}TypesByID", type_ids=ids)

    def options(self, kind: str) -> Any:
        made = m.ListOperationOptions()
        if self.maybe(0.8):
            made.max_result_size = self.random.choice((1, 2, 7, 30, 100, 101, 1000))
        if self.maybe(0.6):
            made.order_by_field.field = self.random.choice((1, 2, 3))
            made.order_by_field.is_asc = self.maybe()
        if self.maybe(0.6):
            made.filter_query = self.filters.query(kind)
        mistake = self.random.random()
        if mistake < 0.02:
            made.max_result_size = self.random.choice((0, -1))
        elif mistake < 0.04:
            made.order_by_field.field = 0
        elif mistake < 0.06:
            made.next_page_token = self.random.choice(("!!", "no token"))
        elif mistake < 0.09:
            made.filter_query = self.filters.refused()
        return made

    def list_nodes(self) -> tuple[str, Any]:
        kind = self.random.choice(KINDS)
        name, asked = request(f"Get{kind.capitalize()}s")
        if self.maybe(0.9):
            asked.options.CopyFrom(self.options(kind))
        return name, asked

    def get_by_id(self) -> tuple[str, Any]:
        kind = self.random.choice(KINDS)
        name, asked = request(f"Get{kind.capitalize()}sByID")
        ids = getattr(asked, f"{kind}_ids")
        ids.extend(self.some(kind) for _ in range(self.random.randrange(5)))
        if kind == "artifact" and self.maybe():
            asked.populate_artifact_types = True
        return name, asked

    def get_by_type(self) -> tuple[str, Any]:
        kind = self.random.choice(KINDS)
        name, asked = request(f"Get{kind.capitalize()}sByType")
        self.name_type(kind, asked)
        if self.maybe():
            asked.options.CopyFrom(self.options(kind))
        return name, asked

    def name_type(self, kind: str, asked: Any) -> None:
        if self.types[kind] and self.maybe(0.9):
            type = self.random.choice(self.types[kind])
            asked.type_name = type["name"]
            if type["version"] or self.maybe(0.1):
                asked.type_version = type["version"]
        else:
            asked.type_name = "none such"

    def get_by_type_and_name(self) -> tuple[str, Any]:
        kind = self.random.choice(KINDS)
        name, asked = request(f"Get{kind.capitalize()}ByTypeAndName")
        self.name_type(kind, asked)
        setattr(asked, f"{kind}_name", f"n{self.random.randrange(self.names + 2)}")
        return name, asked

    def get_by_external(self) -> tuple[str, Any]:
        kind = self.random.choice(KINDS)
        ids = [f"x{self.random.randrange(200)}" for _ in range(self.random.randrange(4))]
        if self.external and self.maybe():
            ids.append(self.random.choice(self.external))
        if self.maybe(0.05):
            ids.append("")
        return request(f"Get{kind.capitalize()}sByExternalIds", external_ids=ids)

    def get_by_uri(self) -> tuple[str, Any]:
        uris = self.random.sample(("s3://a", "s3://b", "", "gs://it's", "nowhere"), 2)
        return request("GetArtifactsByURI", uris=uris)

    def get_events(self) -> tuple[str, Any]:
        kind = self.random.choice(("artifact", "execution"))
        name = "GetEventsByArtifactIDs" if kind == "artifact" else "GetEventsByExecutionIDs"
        ids = [self.some(kind) for _ in range(self.random.randrange(4))]
        return request(name, **{f"{kind}_ids": ids})

    def get_edges(self) -> tuple[str, Any]:
        which = self.random.randrange(8)
        if which < 2:
            kind = ("artifact", "execution")[which]
            name, asked = request(f"GetContextsBy{kind.capitalize()}")
            setattr(asked, f"{kind}_id", self.some(kind))
            return name, asked
        context = self.some("context")
        if which < 4:
            kind = ("artifact", "execution")[which - 2]
            name, asked = request(f"Get{kind.capitalize()}sByContext", context_id=context)
            if self.maybe():
                asked.options.CopyFrom(self.options(kind))
            return name, asked
        name = ("Parent", "Children")[which % 2]
        if which > 5:
            ids = [self.some("context") for _ in range(self.random.randrange(5))]
            return request(f"Get{name}ContextsByContexts", context_ids=ids)
        return request(f"Get{name}ContextsByContext", context_id=context)

    def get_subgraph(self) -> tuple[str, Any]:
        name, asked = request("GetLineageSubgraph")
        options = asked.lineage_subgraph_query_options
        kind = self.random.choice(("artifact", "execution"))
        start = getattr(options, f"starting_{kind}s")
        if self.maybe(0.97):
            start.filter_query = (
                f"id = @{kind}:{self.some(kind)}@" if self.maybe(0.6) else self.filters.query(kind)
            )
        else:
            start.SetInParent()
        if self.maybe(0.7):
            options.max_num_hops = self.random.choice((0, 1, 2, 3, 6, 20))
        if self.maybe(0.02):
            options.max_num_hops = -1
        if self.maybe(0.8):
            options.direction = self.random.randrange(4)
        for end in ("artifact", "execution"):
            if self.maybe(0.25):
                ending = getattr(options, f"ending_{end}s")
                ending.filter_query = self.filters.query(end)
                ending.include_ending_nodes = self.maybe()
        if self.maybe(0.7):
            fields = [f.name for f in m.LineageGraph.DESCRIPTOR.fields]
            asked.read_mask.paths.extend(self.random.sample(fields, self.random.randrange(1, 5)))
        return name, asked
