"""The questions, as methods of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineage.errors import InvalidValue
from lineage.model import Artifact, Execution, Kind, Node
from lineage.model.times import Time, to_milliseconds
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions import closure as closures
from lineage.questions import deployments as deploying
from lineage.questions import model_facts
from lineage.questions.closure import Lineage
from lineage.questions.column_lineage import ColumnLineage, trace_column
from lineage.questions.comparing import Comparing
from lineage.questions.deployments import Deployment
from lineage.questions.failure import Failure, failure, find_maker
from lineage.questions.history import Happening, history
from lineage.questions.model_facts import Evaluation, Provenance, Setting, TrainingData
from lineage.questions.node_json import node_to_json
from lineage.questions.notebook import InNotebooks
from lineage.questions.starting import Ref, check_in_flow
from lineage.questions.versions import versions_of
from lineage.questions.why import Witness, why
from lineage.rules.types import TypeSession
from lineage.rules.values import validate_int64

if TYPE_CHECKING:
    from lineage.questions.materials import Materials


@dataclass(frozen=True, slots=True)
class About(InNotebooks):
    """Everything that a person asks of one model."""

    model: Artifact
    trained_on: list[TrainingData]
    hyperparameters: list[Setting]
    pipeline: Provenance
    environment: list[Setting]
    evaluations: list[Evaluation]
    deployments: list[Deployment]

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "model": node_to_json(self.model),
            "trained_on": [row.to_dict() for row in self.trained_on],
            "hyperparameters": [row.to_dict() for row in self.hyperparameters],
            "pipeline": self.pipeline.to_dict(),
            "environment": [row.to_dict() for row in self.environment],
            "evaluations": [row.to_dict() for row in self.evaluations],
            "deployments": [row.to_dict() for row in self.deployments],
        }


class Asking(Comparing):
    """Base of `Store`: one method a question. All raise NotFound for what isn't there."""

    def upstream(
        self,
        *refs: Ref,
        type: str | None = None,
        kind: Kind | None = None,
        depth: int | None = None,
        as_of: Time | None = None,
    ) -> Lineage:
        """Where these came from: everything upstream, with its depth in events.

        `type` (a type's or a base type's name) and `kind` filter what is shown, not what is
        followed; `depth` limits the number of events; `as_of` sees what was recorded by then.
        """
        return self._closure(Direction.UPSTREAM, refs, type, kind, depth, as_of)

    def downstream(
        self,
        *refs: Ref,
        type: str | None = None,
        kind: Kind | None = None,
        depth: int | None = None,
        as_of: Time | None = None,
    ) -> Lineage:
        """What came of these: everything downstream; as `upstream`."""
        return self._closure(Direction.DOWNSTREAM, refs, type, kind, depth, as_of)

    def closure(
        self,
        *refs: Ref,
        direction: Direction = Direction.DOWNSTREAM,
        depth: int | None = None,
        as_of: Time | None = None,
    ) -> list[tuple[int, Kind, list[int]]]:
        """(depth, kind, ids) of everything reached: the cheap form, which loads no nodes."""
        with self._reading() as (reader, types):
            return closures.closure_levels(
                reader,
                self._starts(reader, types, direction, refs),
                direction,
                depth=_validate_depth(depth),
                as_of_ms=to_milliseconds(as_of),
            )

    def why(self, source: Ref, target: Ref, *, as_of: Time | None = None) -> Witness:
        """A shortest chain of events by which `target` came of `source`.

        Where it did not, the chain is empty (`found` is False). Raises NotFound for what isn't
        there, InvalidValue for a context.
        """
        with self._reading() as (reader, types):
            ends = [self._start(reader, types, ref) for ref in (source, target)]
            for end in ends:
                check_in_flow(end)
            return why(reader, *ends, as_of_ms=to_milliseconds(as_of))

    def column_lineage(
        self,
        dataset: Ref,
        column: str,
        *,
        downstream: bool = False,
        direct: bool = False,
        depth: int | None = None,
        as_of: Time | None = None,
    ) -> ColumnLineage:
        """Which columns a column came of, or with `downstream` what came of it.

        Columns behind a mask are barriers, listed and not followed; a step that says nothing about
        columns is a gap, and the answer is not complete. With `direct`, filters, joins and
        groupings are not followed. Raises NotFound where no such column is on record.
        """
        with self._reading() as (reader, types):
            return trace_column(
                reader,
                self._artifact(reader, types, dataset),
                column,
                Direction.DOWNSTREAM if downstream else Direction.UPSTREAM,
                direct=direct,
                max_depth=_validate_depth(depth),
                as_of_ms=to_milliseconds(as_of),
            )

    def trained_on(self, model: Ref) -> list[TrainingData]:
        """Which data was this model trained on? Nearest first."""
        with self._reading() as (reader, types):
            return model_facts.trained_on(reader, self._artifact(reader, types, model))

    def hyperparameters(self, model: Ref) -> list[Setting]:
        """With which hyperparameters was it trained?"""
        with self._reading() as (reader, types):
            return model_facts.hyperparameters(reader, self._artifact(reader, types, model))

    def pipeline_of(self, model: Ref) -> Provenance:
        """By which pipeline and run was it made?"""
        with self._reading() as (reader, types):
            return model_facts.pipeline_of(reader, self._artifact(reader, types, model))

    def environment_of(self, model: Ref) -> list[Setting]:
        """With which versions of Python and libraries was it trained?"""
        with self._reading() as (reader, types):
            return model_facts.environment_of(reader, self._artifact(reader, types, model))

    def evaluations(self, model: Ref) -> list[Evaluation]:
        """What was measured of it?"""
        with self._reading() as (reader, types):
            return model_facts.evaluations(reader, self._artifact(reader, types, model))

    def deployments(
        self,
        model: Ref | None = None,
        *,
        at: Time | None = None,
        where: str | None = None,
        as_of: Time | None = None,
        versions: bool = False,
        history: bool | None = None,
        last: bool = False,
    ) -> list[Deployment]:
        """What is deployed where, since when? With a model, where was it deployed? Oldest first.

        Without a model, what is in effect now; with one, all its deployments, those that ended
        too (`history` says otherwise). `at` is a time at which they were in effect, `as_of` a time
        by which the store knew of them; `where` is a place, or a pattern such as `prod-*`. With
        `versions`, every version of the model counts: those of its type whose names differ only
        in numbers. With `last`, only the last that took effect, even if something replaced it.
        """
        if versions and model is None:
            raise InvalidValue("versions=True asks about the versions of a model; name one")
        with self._reading() as (reader, types):
            models: list[Artifact] | None = None
            if model is not None:
                found = self._artifact(reader, types, model)
                models = versions_of(reader, found) if versions else [found]
            return deploying.deployments(
                reader,
                models,
                at_ms=to_milliseconds(at),
                where=where,
                as_of_ms=to_milliseconds(as_of),
                history=model is not None if history is None else history,
                last=last,
            )

    def about(self, model: Ref) -> About:
        """All of these questions about one model, from one state of the store."""
        with self._reading() as (reader, types):
            found = self._artifact(reader, types, model)
            return About(
                model=found,
                trained_on=model_facts.trained_on(reader, found),
                hyperparameters=model_facts.hyperparameters(reader, found),
                pipeline=model_facts.pipeline_of(reader, found),
                environment=model_facts.environment_of(reader, found),
                evaluations=model_facts.evaluations(reader, found),
                deployments=deploying.deployments(reader, [found], history=True),
            )

    def materials(self, model: Ref) -> Materials:
        """What was it made of? Everything upstream, for a bill of materials."""
        from lineage.questions.materials import materials

        with self._reading() as (reader, types):
            return materials(reader, self._artifact(reader, types, model))

    def failure(self, run: Execution | Artifact | int | str) -> Failure:
        """What did a run have that failed, beside the last good run of the same step?

        Of a model, or another artifact, the run that made it; an int is the id of an execution.
        """
        with self._reading() as (reader, types):
            kind = Kind.EXECUTION if isinstance(run, int) else None
            found = self._in_flow(reader, types, run, kind)
            return failure(reader, find_maker(reader, found))

    def history(self, ref: Ref) -> list[Happening]:
        """What happened to a node, in the order of time?"""
        with self._reading() as (reader, types):
            return history(reader, self._start(reader, types, ref))

    def _closure(
        self,
        direction: Direction,
        refs: tuple[Ref, ...],
        type: str | None,
        kind: Kind | None,
        depth: int | None,
        as_of: Time | None,
    ) -> Lineage:
        with self._reading() as (reader, types):
            return closures.closure(
                reader,
                self._starts(reader, types, direction, refs),
                direction,
                type=type,
                kind=kind,
                depth=_validate_depth(depth),
                as_of_ms=to_milliseconds(as_of),
            )

    def _starts(
        self, reader: Reader, types: TypeSession, direction: Direction, refs: tuple[Ref, ...]
    ) -> list[Node]:
        if not refs:
            raise InvalidValue(f"{direction} of what? Give at least one node")
        return [self._in_flow(reader, types, ref) for ref in refs]


def _validate_depth(depth: int | None) -> int | None:
    if depth is not None and validate_int64(depth, "depth") < 0:
        raise InvalidValue(f"depth is {depth}; it can't be negative")
    return depth
