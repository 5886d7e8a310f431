"""The questions that set things side by side, as methods of a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineage.errors import InvalidValue
from lineage.model import Kind
from lineage.model.times import Time, to_milliseconds
from lineage.questions.starting import Ref, Starting, check_in_flow

# The rest is imported when it is asked for, since every command loads this.
if TYPE_CHECKING:
    from lineage.questions.bisect import Bisection
    from lineage.questions.blame import Blame
    from lineage.questions.diff import Diff
    from lineage.questions.siblings import Siblings


class Comparing(Starting):
    """What differs, who did better, what is to blame. All raise NotFound for what isn't there."""

    def diff(self, first: Ref, second: Ref, *, as_of: Time | None = None) -> Diff:
        """What differs in where two models (any two artifacts, or executions) came from?

        Data, code, parameters, library versions, machines, steps that only one has, metrics.
        """
        from lineage.questions.diff import diff

        with self._reading() as (reader, types):
            ends = [self._start(reader, types, ref) for ref in (first, second)]
            for end in ends:
                check_in_flow(end)
            return diff(reader, *ends, as_of_ms=to_milliseconds(as_of))

    def siblings(
        self,
        model: Ref,
        *,
        metric: str | None = None,
        better: str | None = None,
        as_of: Time | None = None,
    ) -> Siblings:
        """Who else trained on this model's data, and did theirs do better? Best first.

        `better` is `higher` or `lower`; without it, the metric's name says which. Without
        `metric`, the one that most of them have in common.
        """
        from lineage.questions.siblings import siblings

        with self._reading() as (reader, types):
            return siblings(
                reader,
                self._artifact(reader, types, model),
                metric=metric,
                better=better,
                as_of_ms=to_milliseconds(as_of),
            )

    def blame(
        self,
        *bad: Ref,
        good: Sequence[Ref] = (),
        type: str | None = None,
        metric: str | None = None,
        below: float | None = None,
        above: float | None = None,
        context: Ref | None = None,
        formula: str = "ochiai",
        as_of: Time | None = None,
    ) -> Blame:
        """What is to blame for these bad runs or models? The most suspicious first.

        Without `good` ones, the others of their types are compared with: runs that succeeded, or
        models (those that pass the metric, where one is given). Without bad ones, `type` gives
        them: the failed runs of a step (`type="Train"`), or the models of which `metric` is
        `below` or `above` a number; `context` takes only those in it. `formula` is ochiai,
        tarantula or dstar.
        """
        from lineage.questions.blame import blame
        from lineage.questions.outcomes import outcomes, validate_threshold
        from lineage.questions.type_index import TypeIndex

        threshold = validate_threshold(metric, below, above)
        with self._reading() as (reader, types):
            given = [[self._in_flow(reader, types, ref) for ref in refs] for refs in (bad, good)]
            inside = context and self._start(reader, types, context, Kind.CONTEXT)
            found = outcomes(
                reader,
                TypeIndex(reader),
                *given,
                type=type,
                threshold=threshold,
                context_id=inside.id if inside else None,
                as_of_ms=to_milliseconds(as_of),
            )
            return blame(reader, found, formula=formula, as_of_ms=to_milliseconds(as_of))

    def bisect(
        self,
        *bad: Ref,
        good: Sequence[Ref] = (),
        type: str | None = None,
        versions: bool = False,
        metric: str | None = None,
        below: float | None = None,
        above: float | None = None,
        as_of: Time | None = None,
    ) -> Bisection:
        """Which version upstream of the bad ones was the first bad one? Which to test next?

        Everything upstream is a candidate, or only what is of a `type`; with `versions`, the
        versions of the bad one, in the order of recording. Where `metric` was measured, candidates
        are known to be bad `below` or `above` a number, and good otherwise.
        """
        from lineage.questions.bisect import bisect
        from lineage.questions.outcomes import validate_threshold

        if not bad:
            raise InvalidValue("bisect what? Name at least one bad version")
        threshold = validate_threshold(metric, below, above)
        with self._reading() as (reader, types):
            given = [[self._artifact(reader, types, ref) for ref in refs] for refs in (bad, good)]
            return bisect(
                reader,
                *given,
                type=type,
                versions=versions,
                threshold=threshold,
                as_of_ms=to_milliseconds(as_of),
            )
