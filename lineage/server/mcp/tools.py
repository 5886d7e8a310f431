"""The questions that agents may ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from lineage.model import Kind
from lineage.questions.node_json import event_to_json, node_to_json
from lineage.server.mcp.pages import LEAST_BUDGET, MOST_BUDGET, Answer, Pages, take_apart
from lineage.store import Store

BUDGET = 16_000
_MOST_ROWS = 10_000
_QUERY_SECONDS = 30.0
# Of more nodes than these, `find` counts the others, and says how to ask for fewer.
_MOST_FOUND = 10_000
_PAGE = 1_000

Budget = Annotated[
    int,
    Field(ge=LEAST_BUDGET, le=MOST_BUDGET, description="The most bytes of the answer."),
]
Reference = Annotated[
    str,
    Field(description="A node: artifact:42, Model:churn (TYPE:NAME), an external id or a uri."),
]
References = Annotated[
    list[str],
    Field(description="Nodes: artifact:42, Model:churn (TYPE:NAME), external ids or uris."),
]
TypeName = Annotated[
    str | None,
    Field(description="Only nodes of this type, or base type such as MODEL or DATASET."),
]
Labels = Annotated[list[str] | None, Field(description="Labels of marks, such as pii.")]
AsOf = Annotated[
    str | None, Field(description="As it was known at that time: ISO 8601, such as 2026-11-28.")
]


class Tools:
    """The tools over a store. Each returns a page as JSON text."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages = Pages()

    def all(self) -> dict[str, Callable[..., str]]:
        """Return the tools by name."""
        return {
            "find": self.find,
            "show": self.show,
            "upstream": self.upstream,
            "downstream": self.downstream,
            "why": self.why,
            "about": self.about,
            "taint": self.taint,
            "check": self.check,
            "impact": self.impact,
            "deletion_plan": self.deletion_plan,
            "diff": self.diff,
            "blame": self.blame,
            "failure": self.failure,
            "query": self.query,
            "more": self.more,
        }

    def find(
        self,
        kind: Annotated[Kind, Field(description="artifact, execution or context.")] = Kind.ARTIFACT,
        where: Annotated[
            str | None, Field(description="A filter: uri LIKE 's3://%' AND state = LIVE")
        ] = None,
        type: Annotated[str | None, Field(description="The name of a type.")] = None,
        name: Annotated[str | None, Field(description="An exact name.")] = None,
        context: Annotated[
            str | None, Field(description="A context that it is in, such as Pipeline:churn.")
        ] = None,
        newest_first: bool = True,
        budget: Budget = BUDGET,
    ) -> str:
        """Find nodes: datasets, models and other artifacts, runs of steps, or pipelines."""
        order = "id desc" if newest_first else "id"
        asked: dict[str, Any] = {
            "where": where, "type": type, "name": name, "context": context,
            "order_by": order, "page_size": _PAGE,
        }  # fmt: skip
        kept: list[dict[str, Any]] = []
        count, token = 0, None
        while True:
            page = self._store.find(kind, **asked, page_token=token)
            count += len(page)
            kept += [node_to_json(node) for node in page[: max(0, _MOST_FOUND - len(kept))]]
            token = page.next_page_token
            if token is None:
                break
        answer = take_apart({"nodes": kept, "complete": count == len(kept)})
        answer.totals["nodes"] = count
        return self._pages.begin(answer, budget)

    def show(self, ref: Reference, budget: Budget = BUDGET) -> str:
        """Show one node with all its properties, its events, contexts and marks."""
        node = self._store.get(ref)
        told: dict[str, Any] = {"node": node_to_json(node)}
        if node.kind is not Kind.CONTEXT:
            of = {"artifact": node} if node.kind is Kind.ARTIFACT else {"execution": node}
            told["events"] = [event_to_json(event) for event in self._store.events(**of)]  # type: ignore[arg-type]
            told["contexts"] = [node_to_json(c) for c in self._store.contexts_of(node)]  # type: ignore[arg-type]
            told["marks"] = [m.model_dump(mode="json") for m in self._store.marks(node)]
        return self._begin(told, budget)

    def upstream(
        self,
        refs: References,
        type: TypeName = None,
        depth: Annotated[
            int | None, Field(ge=0, description="At most so many events away.")
        ] = None,
        as_of: AsOf = None,
        budget: Budget = BUDGET,
    ) -> str:
        """Where did these come from: every node upstream, nearest first, and the events between."""
        found = self._store.upstream(*refs, type=type, depth=depth, as_of=as_of)
        return self._begin(found.to_dict(), budget)

    def downstream(
        self,
        refs: References,
        type: TypeName = None,
        depth: Annotated[
            int | None, Field(ge=0, description="At most so many events away.")
        ] = None,
        as_of: AsOf = None,
        budget: Budget = BUDGET,
    ) -> str:
        """What came of these: every node downstream, nearest first, and the events between."""
        found = self._store.downstream(*refs, type=type, depth=depth, as_of=as_of)
        return self._begin(found.to_dict(), budget)

    def why(
        self, source: Reference, target: Reference, as_of: AsOf = None, budget: Budget = BUDGET
    ) -> str:
        """A shortest chain by which the target came of the source; `found` is false if none is."""
        found = self._store.why(source, target, as_of=as_of)
        return self._begin(found.to_dict(), budget)

    def about(self, model: Reference, budget: Budget = BUDGET) -> str:
        """All about a model: training data, parameters, environment, metrics, deployments."""
        return self._begin(self._store.about(model).to_dict(), budget)

    def taint(
        self,
        label: Labels = None,
        source: Annotated[
            list[str] | None, Field(description="Nodes that stand in for the marked ones.")
        ] = None,
        type: TypeName = None,
        live: Annotated[bool, Field(description="Only what is live.")] = False,
        deployed: Annotated[bool, Field(description="Only what is deployed.")] = False,
        as_of: AsOf = None,
        budget: Budget = BUDGET,
    ) -> str:
        """What is affected by labels (by all in use, if none is given), each with a witness."""
        found = self._store.taint(
            label=label, source=source, type=type, live=live, deployed=deployed, as_of=as_of
        )
        return self._begin(found.to_dict(), budget)

    def check(
        self, ref: Reference, label: Labels = None, as_of: AsOf = None, budget: Budget = BUDGET
    ) -> str:
        """May it be deployed: is a node clean of labels? `clean` says it."""
        found = self._store.check(ref, label=label, as_of=as_of)
        return self._begin(found.to_dict(), budget)

    def impact(self, refs: References, budget: Budget = BUDGET) -> str:
        """What would break if these went: consumers, models, deployments, what can't be rebuilt."""
        return self._begin(self._store.impact(*refs).to_dict(), budget)

    def deletion_plan(
        self,
        refs: References,
        policy: Annotated[str, Field(description="restrict, tombstone or cascade.")] = "restrict",
        budget: Budget = BUDGET,
    ) -> str:
        """What deleting these would do, and what stands in the way. Nothing is changed."""
        plan = self._store.plan_deletion(*refs, policy=policy)
        told = plan.model_dump(mode="json", exclude={"read", "impact"})
        return self._begin({**told, "refused": plan.refused}, budget)

    def diff(self, first: Reference, second: Reference, budget: Budget = BUDGET) -> str:
        """What differs between two nodes and in how they were made."""
        return self._begin(self._store.diff(first, second).to_dict(), budget)

    def blame(
        self,
        bad: Annotated[list[str] | None, Field(description="Runs or models that are bad.")] = None,
        good: Annotated[list[str] | None, Field(description="Those that are good.")] = None,
        type: Annotated[
            str | None, Field(description="Instead: all runs of this type, by how they ended.")
        ] = None,
        budget: Budget = BUDGET,
    ) -> str:
        """What do the bad ones have in common that the good ones lack? Most suspect first."""
        found = self._store.blame(*(bad or ()), good=good or (), type=type)
        return self._begin(found.to_dict(), budget)

    def failure(self, run: Reference, budget: Budget = BUDGET) -> str:
        """What did a failed run have that the last good run of the same step had not?"""
        return self._begin(self._store.failure(run).to_dict(), budget)

    def query(
        self,
        cypher: Annotated[str, Field(description="A reading query; (:Artifact)-[:INPUT]->"
                                     "(:Execution)-[:OUTPUT]->(:Artifact); $name for values.")],
        parameters: Annotated[
            dict[str, Any] | None, Field(description="The values of its $names.")
        ] = None,
        budget: Budget = BUDGET,
    ) -> str:  # fmt: skip
        """Ask anything else, in Cypher. `columns` names what each row has."""
        found = self._store.query(
            cypher, parameters or {}, limit=_MOST_ROWS, timeout=_QUERY_SECONDS
        )
        told = found.to_dict()
        answer = take_apart({"rows": told["rows"]}, known=found.complete)
        answer.plain["columns"] = told["columns"]
        return self._pages.begin(answer, budget)

    def more(
        self,
        next: Annotated[str, Field(description="The `next` of the page before.")],
        budget: Budget = BUDGET,
    ) -> str:
        """The rest of an answer that did not fit."""
        return self._pages.more(next, budget)

    def _begin(self, told: dict[str, Any], budget: int) -> str:
        answer: Answer = take_apart(told)
        return self._pages.begin(answer, budget)
