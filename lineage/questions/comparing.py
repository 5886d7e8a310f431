"""The questions that set things side by side, as methods of a store."""

from __future__ import annotations

from lineage.questions.diff import Diff, diff
from lineage.questions.siblings import Siblings, siblings
from lineage.questions.starting import Ref, Starting, check_in_flow
from lineage.questions.times import Time, milliseconds


class Comparing(Starting):
    """What differs, who did better. All raise NotFound for what isn't there."""

    def diff(self, first: Ref, second: Ref, *, as_of: Time | None = None) -> Diff:
        """What differs in where two models (any two artifacts, or executions) came from?

        Data, code, parameters, library versions, machines, steps that only one has, metrics.
        """
        with self._reading() as (reader, types):
            ends = [self._start(reader, types, ref) for ref in (first, second)]
            for end in ends:
                check_in_flow(end)
            return diff(reader, *ends, as_of_ms=milliseconds(as_of))

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
        with self._reading() as (reader, types):
            return siblings(
                reader,
                self._artifact(reader, types, model),
                metric=metric,
                better=better,
                as_of_ms=milliseconds(as_of),
            )
