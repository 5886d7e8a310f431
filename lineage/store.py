"""The store: the one facade. Each method of the public API stands here with its whole docstring.

What a method does is in the module that its body names: a question in `lineage.questions`, a change
in `lineage.changes`, an ad-hoc query in `lineage.queries`. These are imported when they are first
asked for, so that a command starts fast.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from lineage.deprecation import rename_arguments
from lineage.model import (
    Artifact,
    ArtifactRef,
    Context,
    ContextRef,
    DeletionPolicy,
    Event,
    Execution,
    ExecutionRef,
    ExecutionState,
    Kind,
    Mark,
    Node,
    Plan,
    Policy,
    Receipt,
    Recorded,
    Retention,
    Step,
    Type,
)
from lineage.model.times import Time
from lineage.ports.backend import Backend
from lineage.ports.filters import Counts
from lineage.ports.traversal import Direction
from lineage.questions.answer import Rows
from lineage.session.session import Session
from lineage.session.snapshot import Ref, Snapshot

if TYPE_CHECKING:
    from lineage.filters.tree import Predicate
    from lineage.queries.ad_hoc import Vocabulary
    from lineage.questions.about import About
    from lineage.questions.bisect import Bisection
    from lineage.questions.blame import Blame
    from lineage.questions.closure import Lineage
    from lineage.questions.column_lineage import ColumnLineage
    from lineage.questions.deployments import Deployment
    from lineage.questions.diff import Diff
    from lineage.questions.failure import Failure
    from lineage.questions.history import Happening
    from lineage.questions.impact import Impact, Sizes
    from lineage.questions.materials import Materials
    from lineage.questions.model_facts import (
        Evaluation,
        Provenance,
        RunFacet,
        Setting,
        TrainingData,
    )
    from lineage.questions.node_search import Page
    from lineage.questions.open_runs import OpenRun
    from lineage.questions.query_plan import QueryPlan
    from lineage.questions.query_result import QueryResult
    from lineage.questions.siblings import Siblings
    from lineage.questions.taint.answer import Taint
    from lineage.questions.taint.cut import Cut
    from lineage.questions.taint.gate import Check
    from lineage.questions.taint.rebuild import Progress, Rebuild
    from lineage.questions.versions import SeriesProposal, Versions
    from lineage.questions.why import Witness
    from lineage.session.transaction import Transaction

__all__ = ["Recorded", "Store"]

T = TypeVar("T")
N = TypeVar("N", Artifact, Execution, Context)


class Store:
    """A lineage store over any backend. Get one from `lineage.connect`.

    Reads and writes may be called from any number of threads. Every write is one transaction: it
    is there whole when the call returns, or the call raises and nothing was written. A store can be
    pickled, unless it is in memory; it connects anew where it is unpickled.

    Wherever a node is asked for, it is named by what the store gave (`Artifact`, `Execution`,
    `Context`), by a reference (`"Model:churn"`, `"artifact:42"`, an external id, a uri), or by an
    int: the id of an artifact, unless it is said otherwise. What isn't there raises NotFound.

    Wherever a time is asked for, it is a datetime, ISO 8601 text, or milliseconds since the Unix
    epoch. A question `as_of` a time sees what had been recorded by then.

    Parameters
    ----------
    backend : Backend
        Where everything is kept.
    clock : callable, optional
        Tells the time in milliseconds since the Unix epoch; the system's clock by default.

    Examples
    --------
    The examples below ask a store that was filled so:

    >>> import lineage
    >>> from lineage import Artifact, Context, Execution
    >>> store = lineage.connect("memory://")
    >>> split = store.record(
    ...     Execution(type="Split", name="split"),
    ...     inputs={"raw": Artifact(type="Dataset", name="raw", uri="s3://data/raw")},
    ...     outputs={"train": Artifact(type="Dataset", name="train")},
    ... )
    >>> train = store.record(
    ...     Execution(type="Train", name="fit", state="COMPLETE", custom_properties={"lr": 0.1}),
    ...     inputs={"examples": "Dataset:train"},
    ...     outputs={"model": Artifact(type="Model", name="churn", state="LIVE")},
    ...     contexts=[Context(type="PipelineRun", name="monday")],
    ... )
    >>> evaluate = store.record(
    ...     Execution(type="Evaluate", name="test"),
    ...     inputs={"model": "Model:churn"},
    ...     outputs={
    ...         "metrics": Artifact(
    ...             type="Metrics", name="test", custom_properties={"accuracy": 0.9}
    ...         )
    ...     },
    ... )
    >>> deploy = store.record(
    ...     Execution(type="Deploy", name="push", custom_properties={"endpoint": "eu"}),
    ...     inputs={"model": "Model:churn"},
    ... )
    """

    def __init__(self, backend: Backend, *, clock: Callable[[], int] | None = None) -> None:
        self.backend = backend
        self._session = Session(backend, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Callable[..., Store], tuple[Any, ...]]:
        from lineage.connection import address_of, reconnect

        return reconnect, (type(self), address_of(self.backend), self.clock)

    def __repr__(self) -> str:
        return f"<Store {self.url}>"

    @property
    def url(self) -> str:
        """Return where the store is, without the password.

        Returns
        -------
        str
            A URL that `lineage.connect` takes, where no password is needed.

        Examples
        --------
        >>> store.url
        'memory://'
        """
        return self.backend.url

    @property
    def clock(self) -> Callable[[], int]:
        """Return the clock, which tells the time in milliseconds since the Unix epoch.

        Returns
        -------
        callable
            The one that was given, or the system's.

        Examples
        --------
        >>> lineage.connect("memory://", clock=lambda: 1_000).clock()
        1000
        """
        return self._session.clock

    @clock.setter
    def clock(self, clock: Callable[[], int]) -> None:
        self._session.clock = clock

    def close(self) -> None:
        """Let go of files and connections. Twice is allowed.

        Examples
        --------
        >>> with lineage.connect("memory://") as other:
        ...     other.counts().artifacts
        0
        """
        self.backend.close()

    # States and transactions

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Open the state that the store is in, to the end of the `with` block.

        For those who bring questions of their own: several reads see one state, and what was read
        is not read again.

        Returns
        -------
        context manager of Snapshot
            `reader` reads nodes and edges, `types` the types; `resolve` finds what is named.

        Raises
        ------
        StoreUnavailable
            The store can't be read.

        Examples
        --------
        >>> with store.snapshot() as snapshot:
        ...     snapshot.resolve("Model:churn").id
        3
        """
        return self._session.snapshot()

    def view(self) -> AbstractContextManager[Snapshot]:
        """Open a snapshot, by the name that it had before version 0.2; see `snapshot`."""
        warnings.warn("Store.view() is Store.snapshot()", DeprecationWarning, stacklevel=2)
        return self.snapshot()

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction and commit; on any exception nothing is written.

        For those who bring changes of their own: here a name is that of version 1, as systems
        know it in which names are unique, unless a number is given with it.

        Parameters
        ----------
        work : callable
            Takes the `Transaction`. It may be run again when the store asks for it, so it must
            have no other effects.

        Returns
        -------
        object
            What `work` returned.

        Raises
        ------
        LineageError
            What is written is refused, or the store failed.

        Examples
        --------
        >>> store.transact(lambda transaction: transaction.reader.counts().executions)
        4
        """
        return self._session.transact(work, exact=True)

    # Types

    def put_type(self, type: Type, *, drop: Sequence[str] = (), extend: bool = False) -> Type:
        """Declare a type, or add properties to one.

        The same type put again changes nothing. Other processes that have written a dropped
        property may write it on until they are started anew.

        Parameters
        ----------
        type : Type
            The type, with all its properties.
        drop : sequence of str
            Properties that go from the type where `type` leaves them out.
        extend : bool
            Keep what is left out, so that several writers may each add what they know of.

        Returns
        -------
        Type
            The type as it then is.

        Raises
        ------
        TypeConflict
            A property would change its kind, or is left out.

        Examples
        --------
        >>> clean = lineage.Type(kind="execution", name="Clean", properties={"rows": "int"})
        >>> store.put_type(clean).label
        'Clean'
        """
        return self.transact(lambda tx: tx.types.put(type, dropping=drop, extending=extend))

    def types(self, kind: Kind | None = None) -> Rows[Type]:
        """Return all types, or those of one kind.

        Parameters
        ----------
        kind : Kind, optional
            The only kind that is asked for.

        Returns
        -------
        list of Type
            Ordered by kind, name and version.

        Examples
        --------
        >>> [type.name for type in store.types(lineage.Kind.ARTIFACT)]
        ['Dataset', 'Metrics', 'Model']
        """
        from lineage.questions.types import list_types

        with self.snapshot() as snapshot:
            return Rows(list_types(snapshot, kind))

    def get_type(self, kind: Kind, name: str, version: str | None = None) -> Type:
        """Return a type by name.

        Parameters
        ----------
        kind : Kind
            What it is a type of.
        name : str
            Its name.
        version : str, optional
            Its version. Without one, the unversioned one, else the newest.

        Returns
        -------
        Type
            The type.

        Raises
        ------
        UnknownType
            There is none; the message says which there are.

        Examples
        --------
        >>> store.get_type(lineage.Kind.ARTIFACT, "Model").base
        <BaseType.MODEL: 'MODEL'>
        """
        with self.snapshot() as snapshot:
            return snapshot.types.get(kind, name, version)

    # Nodes

    def put(self, node: N, *, reuse: bool = False) -> N:
        """Create an artifact, execution or context.

        Parameters
        ----------
        node : Artifact, Execution or Context
            It has no id yet.
        reuse : bool
            Take one with the same external id, or the same type and name, where there is one, and
            set on it what is given; an artifact that was deleted is live again.

        Returns
        -------
        Artifact, Execution or Context
            The node as stored.

        Raises
        ------
        AlreadyExists
            Without `reuse`: there is one already.
        UnknownType, InvalidValue
            The type isn't there, or a value doesn't fit it.

        Examples
        --------
        >>> store.put(Artifact(type="Dataset", name="holdout")).label
        'Dataset:holdout'
        """
        return self.put_all([node], reuse=reuse)[0]

    def put_all(self, nodes: Iterable[N], *, reuse: bool = False) -> list[N]:
        """Create many nodes in one transaction, each as `put` does.

        Parameters
        ----------
        nodes : iterable of Artifact, Execution or Context
            They have no ids yet.
        reuse : bool
            As for `put`.

        Returns
        -------
        list of Artifact, Execution or Context
            The nodes as stored, in their order.

        Raises
        ------
        AlreadyExists, UnknownType, InvalidValue
            As `put`; then none was written.

        Examples
        --------
        >>> days = [Artifact(type="Dataset", name=day) for day in ("monday", "tuesday")]
        >>> [node.name for node in store.put_all(days)]
        ['monday', 'tuesday']
        """
        from lineage.changes.nodes import put_nodes

        return put_nodes(self._session, nodes, reuse=reuse)

    def update(self, node: N) -> N:
        """Write a changed node back.

        Everything but id, type and created time becomes what `node` has: a property that it lacks
        is removed.

        Parameters
        ----------
        node : Artifact, Execution or Context
            What the store gave, with changes.

        Returns
        -------
        Artifact, Execution or Context
            The node as stored.

        Raises
        ------
        Conflict
            The stored node changed after `node` was read.
        NotFound
            It is gone.

        Examples
        --------
        >>> raw = store.artifact("Dataset:raw")
        >>> store.update(raw.model_copy(update={"custom_properties": {"rows": 10}})).get("rows")
        10
        """
        from lineage.changes.nodes import update_node

        return self.transact(lambda transaction: update_node(transaction, node))

    def get(self, reference: str | PathLike[str], *, kind: Kind | None = None) -> Node:
        """Return the node that a reference names.

        Parameters
        ----------
        reference : str
            `artifact:42`, `Model:churn`, `Model@2:churn`, an external id, a uri, a path.
        kind : Kind, optional
            The only kind that it may be of.

        Returns
        -------
        Artifact, Execution or Context
            The node.

        Raises
        ------
        NotFound
            Nothing is named so; the message says what may be meant.
        Ambiguous
            Several nodes have that external id or uri.

        Examples
        --------
        >>> store.get("s3://data/raw").label
        'Dataset:raw'
        """
        with self.snapshot() as snapshot:
            return snapshot.look_up(reference, kind)

    def artifact(self, reference: int | str | PathLike[str]) -> Artifact:
        """Return an artifact by id or reference.

        Parameters
        ----------
        reference : int or str
            Its id, or what names it.

        Returns
        -------
        Artifact
            The artifact.

        Raises
        ------
        NotFound, Ambiguous
            Nothing is named so, or several are.

        Examples
        --------
        >>> store.artifact("Model:churn").state.value
        'LIVE'
        """
        with self.snapshot() as snapshot:
            return cast(Artifact, snapshot.of_kind(Kind.ARTIFACT, reference))

    def execution(self, reference: int | str) -> Execution:
        """Return an execution by id or reference.

        Parameters
        ----------
        reference : int or str
            Its id, or what names it.

        Returns
        -------
        Execution
            The execution.

        Raises
        ------
        NotFound, Ambiguous
            Nothing is named so, or several are.

        Examples
        --------
        >>> store.execution("Train:fit").get("lr")
        0.1
        """
        with self.snapshot() as snapshot:
            return cast(Execution, snapshot.of_kind(Kind.EXECUTION, reference))

    def context(self, reference: int | str) -> Context:
        """Return a context by id or reference.

        Parameters
        ----------
        reference : int or str
            Its id, or what names it.

        Returns
        -------
        Context
            The context.

        Raises
        ------
        NotFound, Ambiguous
            Nothing is named so, or several are.

        Examples
        --------
        >>> store.context("PipelineRun:monday").name
        'monday'
        """
        with self.snapshot() as snapshot:
            return cast(Context, snapshot.of_kind(Kind.CONTEXT, reference))

    def artifacts(self, **where: Any) -> Page[Artifact]:
        """Return the artifacts for which everything given holds.

        Parameters
        ----------
        **where
            `where`, `type`, `name`, `uri`, `external_id`, `state`, `context` …; see `find`.

        Returns
        -------
        Page of Artifact
            A list; `next_page_token` leads on.

        Raises
        ------
        InvalidFilter, UnknownType, NotFound
            As `find`.

        Examples
        --------
        >>> [artifact.name for artifact in store.artifacts(type="Model")]
        ['churn']
        """
        return cast("Page[Artifact]", self.find(Kind.ARTIFACT, **where))

    def executions(self, **where: Any) -> Page[Execution]:
        """Return the executions for which everything given holds.

        Parameters
        ----------
        **where
            `where`, `type`, `name`, `external_id`, `state`, `context` …; see `find`.

        Returns
        -------
        Page of Execution
            A list; `next_page_token` leads on.

        Raises
        ------
        InvalidFilter, UnknownType, NotFound
            As `find`.

        Examples
        --------
        >>> [run.label for run in store.executions(state="COMPLETE")]
        ['Train:fit']
        """
        return cast("Page[Execution]", self.find(Kind.EXECUTION, **where))

    def contexts(self, **where: Any) -> Page[Context]:
        """Return the contexts for which everything given holds.

        Parameters
        ----------
        **where
            `where`, `type`, `name`, `external_id` …; `context` gives those below it; see `find`.

        Returns
        -------
        Page of Context
            A list; `next_page_token` leads on.

        Raises
        ------
        InvalidFilter, UnknownType, NotFound
            As `find`.

        Examples
        --------
        >>> [context.label for context in store.contexts()]
        ['PipelineRun:monday']
        """
        return cast("Page[Context]", self.find(Kind.CONTEXT, **where))

    def find(
        self,
        kind: Kind,
        *,
        where: str | Predicate | None = None,
        type: str | None = None,
        name: str | None = None,
        external_id: str | None = None,
        uri: str | None = None,
        state: str | None = None,
        context: int | str | None = None,
        order_by: str | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        after_id: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        direct: bool = False,
        newest_versions: bool = False,
    ) -> Page[Node]:
        """Return the nodes of a kind for which everything given holds, by id.

        Parameters
        ----------
        kind : Kind
            What to look for.
        where : str or Predicate, optional
            A filter expression in the language of ML Metadata's filter_query; see
            `lineage.filters`.
        type : str, optional
            A type's name, which takes all its versions, or `Name@version`.
        name, external_id, uri, state : str, optional
            What the node has, exactly.
        context : int or str, optional
            A context that it is in, directly or in a context below it; of contexts, one that it is
            below.
        order_by : str, optional
            `id`, `created`, `updated` or `name`, with ` desc` after it for the other way round.
        page_size : int, optional
            Return at most so many, and a `next_page_token`.
        page_token : str, optional
            `next_page_token` of the answer before. What is written in between neither shifts nor
            repeats anything.
        after_id : int, optional
            Go on after this id, in the order by id.
        limit : int, optional
            Return at most so many.
        newest_first : bool
            Order by `id desc`.
        direct : bool
            Take only what is directly in the context.
        newest_versions : bool
            Of versions and attempts with one name, take only the newest.

        Returns
        -------
        Page of Artifact, Execution or Context
            A list; `next_page_token` is None at the end.

        Raises
        ------
        InvalidFilter, InvalidValue
            What is asked for can't be.
        UnknownType, NotFound
            There is no such type, or no such context.

        Examples
        --------
        >>> trained = "custom_properties.lr.double_value < 0.5 AND state = COMPLETE"
        >>> [run.label for run in store.find(lineage.Kind.EXECUTION, where=trained)]
        ['Train:fit']
        """
        from lineage.questions.node_search import find_nodes

        with self.snapshot() as snapshot:
            return find_nodes(snapshot, kind, where, type, name, external_id, uri, state, context,
                              order_by, page_size, page_token, after_id, limit,
                              newest_first, direct, newest_versions)  # fmt: skip

    def counts(self) -> Counts:
        """Return how many types, artifacts, executions, contexts and events there are.

        Returns
        -------
        Counts
            A number for each.

        Examples
        --------
        >>> store.counts().events
        7
        """
        with self.snapshot() as snapshot:
            return snapshot.reader.counts()

    # Events and contexts

    def put_events(self, events: Iterable[Event]) -> None:
        """Write events between stored artifacts and executions. Those that exist stay.

        Nodes stay as they are, deleted artifacts too.

        Parameters
        ----------
        events : iterable of Event
            Their ids are the store's own.

        Raises
        ------
        NotFound
            An id is of nothing; then none was written.

        Examples
        --------
        >>> read = lineage.Event(artifact_id=1, execution_id=2, type="INPUT", path=("raw",))
        >>> store.put_events([read])
        """
        from lineage.changes.links import put_events

        given = list(events)
        self.transact(lambda transaction: put_events(transaction, given))

    def events(
        self, *, artifact: ArtifactRef | None = None, execution: ExecutionRef | None = None
    ) -> Rows[Event]:
        """Return the events of an artifact, of an execution, or between the two.

        Parameters
        ----------
        artifact, execution : node, int or str
            Whose events; at least one of them.

        Returns
        -------
        list of Event
            Ordered by execution, artifact, type and path.

        Raises
        ------
        NotFound, InvalidValue
            One isn't there, or neither was given.

        Examples
        --------
        >>> [event.type.value for event in store.events(execution="Train:fit")]
        ['INPUT', 'OUTPUT']
        """
        from lineage.questions.links import list_events

        with self.snapshot() as snapshot:
            return Rows(list_events(snapshot, artifact, execution))

    def put_in_context(
        self,
        context: ContextRef,
        *,
        artifacts: Iterable[ArtifactRef] = (),
        executions: Iterable[ExecutionRef] = (),
    ) -> None:
        """Attribute artifacts to a context, and associate executions with it.

        Parameters
        ----------
        context : Context, int or str
            The context; given whole, it is made where it isn't there.
        artifacts, executions : iterable of node, int or str
            What to put in it.

        Raises
        ------
        NotFound
            An id or a reference is of nothing; then nothing was written.

        Examples
        --------
        >>> churn = Context(type="Experiment", name="churn")
        >>> store.put_in_context(churn, artifacts=["Dataset:raw"])
        """
        from lineage.changes.links import put_in_context

        members = (list(artifacts), list(executions))
        self.transact(lambda transaction: put_in_context(transaction, context, *members))

    def put_parent(self, child: ContextRef, parent: ContextRef) -> None:
        """Put a context below another.

        Parameters
        ----------
        child, parent : Context, int or str
            The two; given whole, they are made where they aren't there.

        Raises
        ------
        ContextCycle
            That would close a circle.
        NotFound
            An id or a reference is of nothing.

        Examples
        --------
        >>> store.put_parent("PipelineRun:monday", Context(type="Pipeline", name="churn"))
        """
        from lineage.changes.links import put_parent

        self.transact(lambda transaction: put_parent(transaction, child, parent))

    def contexts_of(
        self, node: ArtifactRef | ExecutionRef, *, kind: Kind | None = None
    ) -> Rows[Context]:
        """Return the contexts that an artifact or execution is in directly.

        Parameters
        ----------
        node : Artifact, Execution, int or str
            What is in them.
        kind : Kind, optional
            What an int is the id of, where it is not an artifact's.

        Returns
        -------
        list of Context
            By id.

        Raises
        ------
        NotFound
            The node isn't there.

        Examples
        --------
        >>> [context.label for context in store.contexts_of("Train:fit")]
        ['PipelineRun:monday']
        """
        from lineage.questions.links import contexts_of

        with self.snapshot() as snapshot:
            return Rows(contexts_of(snapshot, node, kind))

    def parents_of(self, context: ContextRef) -> Rows[Context]:
        """Return the contexts directly above a context.

        Parameters
        ----------
        context : Context, int or str
            The one below.

        Returns
        -------
        list of Context
            By id.

        Raises
        ------
        NotFound
            The context isn't there.

        Examples
        --------
        >>> store.parents_of("PipelineRun:monday")
        []
        """
        from lineage.questions.links import parents_of

        with self.snapshot() as snapshot:
            return Rows(parents_of(snapshot, context))

    def children_of(self, context: ContextRef) -> Rows[Context]:
        """Return the contexts directly below a context.

        Parameters
        ----------
        context : Context, int or str
            The one above.

        Returns
        -------
        list of Context
            By id.

        Raises
        ------
        NotFound
            The context isn't there.

        Examples
        --------
        >>> store.children_of("PipelineRun:monday")
        []
        """
        from lineage.questions.links import children_of

        with self.snapshot() as snapshot:
            return Rows(children_of(snapshot, context))

    # Recording

    def record(
        self,
        execution: ExecutionRef,
        *,
        inputs: Any = None,
        outputs: Any = None,
        contexts: Sequence[ContextRef] = (),
        types: Sequence[Type] = (),
        time_ms: int | None = None,
    ) -> Recorded:
        """Write one step whole: its execution, inputs, outputs, events and contexts.

        An artifact, execution or context given whole is re-used by its id, its external id, or its
        type and name, and made otherwise; an id or a reference (`"Dataset:raw"`) must exist. What
        is given on a re-used one is set on it. An artifact that was deleted is live again as an
        output, and stays deleted as an input.

        Parameters
        ----------
        execution : Execution, int or str
            The run of the step.
        inputs, outputs : mapping or sequence, optional
            From a path to an artifact or a list of them; or a list of artifacts or `Port`s; see
            `Step`.
        contexts : sequence of Context, int or str
            What the execution and its outputs are put in.
        types : sequence of Type
            Types to declare first, or to extend by the properties that they lack.
        time_ms : int, optional
            When it happened, in milliseconds since the Unix epoch; without it, now.

        Returns
        -------
        Recorded
            The ids of what was written.

        Raises
        ------
        InvalidInput, NotFound, AlreadyExists
            Something is refused; then nothing was written.

        Examples
        --------
        >>> run = store.record(
        ...     Execution(type="Train", custom_properties={"depth": 3}),
        ...     inputs={"examples": "Dataset:train"},
        ...     outputs={"model": Artifact(type="Model", name="churn-deep")},
        ... )
        >>> store.artifact(run.output("model")).label
        'Model:churn-deep'
        """
        from lineage.changes.steps import record_together

        step = Step(execution=execution, inputs=inputs, outputs=outputs, contexts=contexts,
                    types=types, time_ms=time_ms)  # fmt: skip
        return record_together(self._session, [step])[0]

    def record_steps(
        self,
        steps: Iterable[Step],
        *,
        batch_size: int = 500,
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Record steps from an iterator, many in a transaction.

        Parameters
        ----------
        steps : iterable of Step
            Each is written whole, as by `record`.
        batch_size : int
            How many steps are in a transaction. Where a step is refused, its batch is not written;
            those before it are.
        progress : callable, optional
            Called with the number of steps recorded since it was called last.

        Returns
        -------
        int
            How many were recorded.

        Raises
        ------
        InvalidInput, NotFound, AlreadyExists
            A step is refused.

        Examples
        --------
        >>> steps = (lineage.Step(execution=Execution(type="Validate")) for _ in range(3))
        >>> store.record_steps(steps, batch_size=2)
        3
        """
        from lineage.changes.steps import record_in_batches

        return record_in_batches(self._session, steps, batch_size=batch_size, progress=progress)

    @rename_arguments(notes="metadata", note="progress")
    def mirror(
        self,
        *,
        types: Iterable[Type] = (),
        nodes: Iterable[Node] = (),
        events: Iterable[Event] = (),
        memberships: Iterable[tuple[Kind, int, int]] = (),
        parents: Iterable[tuple[int, int]] = (),
        marks: Iterable[Mark] = (),
        policies: Iterable[Policy] = (),
        metadata: Iterable[tuple[str, str]] = (),
        progress: tuple[str, str | None] | None = None,
    ) -> None:
        """Write a part of another store exactly, ids and times kept, in one transaction.

        What is there already with the same id is overwritten, so that the same part may be
        written twice.

        Parameters
        ----------
        types, nodes, events, marks, policies : iterable
            What is written, as the other store gave it.
        memberships : iterable of (Kind, int, int)
            Kind and id of a node, and the id of a context that it is in.
        parents : iterable of (int, int)
            Ids of a context and of one above it.
        metadata : iterable of (str, str)
            Metadata of the store, by key.
        progress : (str, str or None), optional
            Metadata that is kept in the same transaction, such as how far a copy has come; None
            removes it.

        Raises
        ------
        ContextCycle
            The parents close a circle.
        InvalidValue, NotFound
            A value is refused, or an edge leads to nothing; then nothing was written.

        Examples
        --------
        >>> copy = lineage.connect("memory://")
        >>> copy.mirror(types=store.types(), nodes=store.artifacts())
        >>> copy.counts().artifacts
        4
        """
        from lineage.changes.upsert import StorePart, upsert_exact

        groups = (types, nodes, events, memberships, parents, marks, policies, metadata)
        part = StorePart(*groups, progress)
        self.transact(lambda transaction: upsert_exact(transaction, part))

    def upgrade(self) -> int:
        """Upgrade a store that an older version of Lineage wrote to the present form.

        Questions leave such a store as it is, and read it all the same; any write brings its schema
        forward. This also gives artifacts of before there were digests theirs, where a property
        holds one, and finds them by every spelling of their uri. Twice is allowed.

        Returns
        -------
        int
            How many artifacts were written.

        Raises
        ------
        StoreReadOnly
            The store can only be read.

        Examples
        --------
        >>> store.upgrade()
        0
        """
        from lineage.changes.upgrade import upgrade_store

        return upgrade_store(self._session)

    def metadata(self, key: str) -> str | None:
        """Return what was kept under a key by `mirror`.

        Parameters
        ----------
        key : str
            What it was kept under.

        Returns
        -------
        str or None
            The text; None where there is none.

        Examples
        --------
        >>> store.metadata("copied up to") is None
        True
        """
        with self.snapshot() as snapshot:
            return snapshot.reader.metadata(key)

    def note(self, key: str) -> str | None:
        """Return what is kept under a key, by the name that this had before version 0.2."""
        warnings.warn("Store.note() is Store.metadata()", DeprecationWarning, stacklevel=2)
        return self.metadata(key)

    # Tracing

    def upstream(
        self,
        *refs: Ref,
        type: str | None = None,
        kind: Kind | None = None,
        depth: int | None = None,
        as_of: Time | None = None,
        causal: bool = False,
    ) -> Lineage:
        """Return where nodes came from: everything upstream, with its depth in events.

        Parameters
        ----------
        *refs : node, int or str
            Artifacts and executions.
        type : str, optional
            Show only this type, or base type; what is followed stays the same.
        kind : Kind, optional
            Show only this kind; what is followed stays the same.
        depth : int, optional
            Follow at most so many events.
        as_of : datetime, str or int, optional
            See what was recorded by then.
        causal : bool
            Follow only chains in which nothing precedes what it came of.

        Returns
        -------
        Lineage
            Iterable; has `to_dict`, `to_mermaid`, `to_html`, `to_dataframe`, `to_networkx` …

        Raises
        ------
        NotFound, InvalidValue
            A node isn't there, is a context, or none was named.

        Examples
        --------
        >>> found = store.upstream("Model:churn", kind=lineage.Kind.ARTIFACT)
        >>> [(at.depth, at.node.label) for at in found]
        [(0, 'Model:churn'), (2, 'Dataset:train'), (4, 'Dataset:raw')]
        """
        from lineage.questions.closure import trace

        with self.snapshot() as snapshot:
            return trace(snapshot, refs, Direction.UPSTREAM, type, kind, depth, as_of, causal)

    def downstream(
        self,
        *refs: Ref,
        type: str | None = None,
        kind: Kind | None = None,
        depth: int | None = None,
        as_of: Time | None = None,
        causal: bool = False,
    ) -> Lineage:
        """Return what came of nodes: everything downstream, with its depth in events.

        Parameters
        ----------
        *refs : node, int or str
            Artifacts and executions.
        type, kind, depth, as_of
            As for `upstream`.
        causal : bool
            Follow only chains in which nothing precedes what it came of.

        Returns
        -------
        Lineage
            As of `upstream`.

        Raises
        ------
        NotFound, InvalidValue
            As `upstream`.

        Examples
        --------
        >>> [found.node.label for found in store.downstream("Dataset:raw", type="MODEL")]
        ['Model:churn']
        """
        from lineage.questions.closure import trace

        with self.snapshot() as snapshot:
            return trace(snapshot, refs, Direction.DOWNSTREAM, type, kind, depth, as_of, causal)

    def closure(
        self,
        *refs: Ref,
        direction: Direction = Direction.DOWNSTREAM,
        depth: int | None = None,
        as_of: Time | None = None,
        causal: bool = False,
    ) -> list[tuple[int, Kind, list[int]]]:
        """Return the ids of everything upstream or downstream: the cheap form, without the nodes.

        Parameters
        ----------
        *refs : node, int or str
            Artifacts and executions.
        direction : Direction
            Which way to follow.
        depth, as_of
            As for `upstream`.
        causal : bool
            Follow only chains in which nothing precedes what it came of.

        Returns
        -------
        list of (int, Kind, list of int)
            Depth, kind, and the sorted ids.

        Raises
        ------
        NotFound, InvalidValue
            As `upstream`.

        Examples
        --------
        >>> levels = store.closure("Dataset:train", depth=2)
        >>> [(depth, kind.value, ids) for depth, kind, ids in levels]
        [(0, 'artifact', [2]), (1, 'execution', [2]), (2, 'artifact', [3])]
        """
        from lineage.questions.closure import trace_levels

        with self.snapshot() as snapshot:
            return trace_levels(snapshot, refs, direction, depth=depth, as_of=as_of, causal=causal)

    def why(
        self, source: Ref, target: Ref, *, as_of: Time | None = None, causal: bool = False
    ) -> Witness:
        """Return a shortest chain of events by which one node came of another.

        Parameters
        ----------
        source, target : node, int or str
            Artifacts or executions.
        as_of : datetime, str or int, optional
            See what was recorded by then.
        causal : bool
            Follow only chains in which nothing precedes what it came of.

        Returns
        -------
        Witness
            `nodes` and `events` of the chain; empty, and `found` False, where there is none.

        Raises
        ------
        NotFound, InvalidValue
            One isn't there, or is a context.

        Examples
        --------
        >>> [node.label for node in store.why("Dataset:train", "Model:churn").nodes]
        ['Dataset:train', 'Train:fit', 'Model:churn']
        """
        from lineage.questions.why import find_witness

        with self.snapshot() as snapshot:
            return find_witness(snapshot, source, target, as_of=as_of, causal=causal)

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
        """Return which columns a column came of, or what came of it.

        Columns behind a mask are barriers, listed and not followed; a step that says nothing about
        columns is a gap, and the answer is not complete.

        Parameters
        ----------
        dataset : Artifact, int or str
            Where the column is.
        column : str
            Its name.
        downstream : bool
            Ask what came of it.
        direct : bool
            Do not follow filters, joins and groupings.
        depth : int, optional
            Follow at most so many steps.
        as_of : datetime, str or int, optional
            See what was recorded by then.

        Returns
        -------
        ColumnLineage
            `columns`, `barriers`, `gaps`, `complete`.

        Raises
        ------
        NotFound, InvalidValue
            The dataset isn't there, is no artifact, or has no such column on record.

        Examples
        --------
        >>> store.column_lineage("Dataset:train", "age")  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        lineage.errors.NotFound: nothing is on record about the columns of Dataset:train
        """
        from lineage.questions.column_lineage import find_column_lineage

        with self.snapshot() as snapshot:
            return find_column_lineage(snapshot, dataset, column, downstream=downstream,
                                       direct=direct, depth=depth, as_of=as_of)  # fmt: skip

    def history(self, ref: Ref) -> Rows[Happening]:
        """Return what happened to a node, in the order of time.

        Parameters
        ----------
        ref : node, int or str
            The node; a context, too.

        Returns
        -------
        list of Happening
            When, what, with which other node, by whom.

        Raises
        ------
        NotFound
            It isn't there.

        Examples
        --------
        >>> [happening.what for happening in store.history("Dataset:train")]
        ['recorded', 'made by', 'used by']
        """
        from lineage.questions.history import list_history

        with self.snapshot() as snapshot:
            return Rows(list_history(snapshot, ref))

    # Models

    def about(self, model: Ref) -> About:
        """Return everything that a person asks of one model, from one state of the store.

        Parameters
        ----------
        model : Artifact, int or str
            The model.

        Returns
        -------
        About
            What the questions below answer, each under its name.

        Raises
        ------
        NotFound, InvalidValue
            It isn't there, or is no artifact.

        Examples
        --------
        >>> [setting.name for setting in store.about("Model:churn").hyperparameters]
        ['lr']
        """
        from lineage.questions.about import describe_model

        with self.snapshot() as snapshot:
            return describe_model(snapshot, model)

    def trained_on(self, model: Ref, *, causal: bool = False) -> Rows[TrainingData]:
        """Return the data that a model was trained on, nearest first.

        Parameters
        ----------
        model : Artifact, int or str
            The model.
        causal : bool
            Follow only chains in which nothing precedes what it came of.

        Returns
        -------
        list of TrainingData
            Each dataset with its depth, whether the training step itself read it, and whether a
            chain leads from it to the model in which nothing precedes what it came of (`in_time`).

        Raises
        ------
        NotFound, InvalidValue
            It isn't there, or is no artifact.

        Examples
        --------
        >>> [(row.dataset.label, row.direct) for row in store.trained_on("Model:churn")]
        [('Dataset:train', True), ('Dataset:raw', False)]
        """
        from lineage.questions.model_facts import list_training_data

        with self.snapshot() as snapshot:
            return Rows(list_training_data(snapshot, model, causal=causal))

    def hyperparameters(self, model: Ref) -> Rows[Setting]:
        """Return the hyperparameters that a model was trained with.

        Parameters
        ----------
        model : Artifact, int or str
            The model.

        Returns
        -------
        list of Setting
            Name and value, and the step that had it.

        Raises
        ------
        NotFound, InvalidValue
            It isn't there, or is no artifact.

        Examples
        --------
        >>> [(setting.name, setting.value) for setting in store.hyperparameters("Model:churn")]
        [('lr', 0.1)]
        """
        from lineage.questions.model_facts import list_hyperparameters

        with self.snapshot() as snapshot:
            return Rows(list_hyperparameters(snapshot, model))

    def code(self, model: Ref) -> Rows[RunFacet]:
        """Return which code trained a model, on which machine, in which run, and how it ended.

        Parameters
        ----------
        model : node, int or str
            The model.

        Returns
        -------
        list of RunFacet
            `part` (`code`, `machine`, `identity`, `symptom`), `name`, `value`, `execution`.

        Raises
        ------
        NotFound, InvalidValue
            It isn't there, or is no artifact.

        Examples
        --------
        >>> run = store.record(
        ...     Execution(type="Train", custom_properties={"git_commit": "1f2e3d", "lr": 0.1}),
        ...     outputs=[Artifact(type="Model", name="tagged")],
        ... )
        >>> [(row.part.value, row.name, row.value) for row in store.code("Model:tagged")]
        [('code', 'git_commit', '1f2e3d')]
        """
        from lineage.questions.model_facts import list_code

        with self.snapshot() as snapshot:
            return Rows(list_code(snapshot, model))

    def pipeline_of(self, model: Ref) -> Provenance:
        """Return the pipelines and runs that a model was made in.

        Parameters
        ----------
        model : Artifact, int or str
            The model.

        Returns
        -------
        Provenance
            `pipelines`, `runs` and `others`.

        Raises
        ------
        NotFound, InvalidValue
            It isn't there, or is no artifact.

        Examples
        --------
        >>> [run.name for run in store.pipeline_of("Model:churn").runs]
        ['monday']
        """
        from lineage.questions.model_facts import find_pipelines

        with self.snapshot() as snapshot:
            return find_pipelines(snapshot, model)

    def environment_of(self, model: Ref) -> Rows[Setting]:
        """Return the versions of Python and libraries that a model was trained with.

        Parameters
        ----------
        model : Artifact, int or str
            The model.

        Returns
        -------
        list of Setting
            Name and value, and the step that had it.

        Raises
        ------
        NotFound, InvalidValue
            It isn't there, or is no artifact.

        Examples
        --------
        >>> store.environment_of("Model:churn")
        []
        """
        from lineage.questions.model_facts import list_environment

        with self.snapshot() as snapshot:
            return Rows(list_environment(snapshot, model))

    def evaluations(self, model: Ref) -> Rows[Evaluation]:
        """Return what was measured of a model, oldest first.

        Parameters
        ----------
        model : Artifact, int or str
            The model.

        Returns
        -------
        list of Evaluation
            The metrics, and the step that made them.

        Raises
        ------
        NotFound, InvalidValue
            It isn't there, or is no artifact.

        Examples
        --------
        >>> [row.metrics.get("accuracy") for row in store.evaluations("Model:churn")]
        [0.9]
        """
        from lineage.questions.model_facts import list_evaluations

        with self.snapshot() as snapshot:
            return Rows(list_evaluations(snapshot, model))

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
    ) -> Rows[Deployment]:
        """Return what is deployed where, since when; or where one model was deployed.

        Parameters
        ----------
        model : Artifact, int or str, optional
            With a model, all its deployments, those that ended too. Without, those in effect.
        at : datetime, str or int, optional
            A time at which they were in effect.
        where : str, optional
            A place, or a pattern such as `prod-*`.
        as_of : datetime, str or int, optional
            See what was recorded by then.
        versions : bool
            Count every version of the model: all of its series, as recorded or declared.
        history : bool, optional
            Whether those that ended are shown, where the model doesn't say it.
        last : bool
            Return only the last that took effect, even if something replaced it.

        Returns
        -------
        list of Deployment
            Oldest first.

        Raises
        ------
        NotFound, InvalidValue
            The model isn't there, or none is named where its versions are asked about.

        Examples
        --------
        >>> [(row.where, row.models[0].label) for row in store.deployments()]
        [('eu', 'Model:churn')]
        """
        from lineage.questions.deployments import list_deployments

        with self.snapshot() as snapshot:
            found = list_deployments(snapshot, model, at=at, where=where, as_of=as_of,
                                     versions=versions, history=history, last=last)  # fmt: skip
            return Rows(found)

    def materials(self, model: Ref) -> Materials:
        """Return what a model was made of: everything upstream, for a bill of materials.

        Parameters
        ----------
        model : Artifact, int or str
            The model.

        Returns
        -------
        Materials
            The artifacts upstream, how they hang together, the trainings, the metrics.

        Raises
        ------
        NotFound, InvalidValue
            It isn't there, or is no artifact.

        Examples
        --------
        >>> [artifact.name for artifact in store.materials("Model:churn").artifacts]
        ['train', 'raw']
        """
        from lineage.questions.materials import read_materials

        with self.snapshot() as snapshot:
            return read_materials(snapshot, model)

    # Comparing

    def failure(self, run: Execution | Artifact | int | str) -> Failure:
        """Return a run that failed, beside the last good run of the same step.

        Parameters
        ----------
        run : Execution, Artifact, int or str
            The run, an int being the id of an execution; or an artifact that it made.

        Returns
        -------
        Failure
            The run, its inputs, the last good run, and what differs.

        Raises
        ------
        NotFound, InvalidValue
            It isn't there, is a context, or no run is on record that made it.

        Examples
        --------
        >>> store.failure("Train:fit").last_good is None
        True
        """
        from lineage.questions.failure import compare_with_last_good

        with self.snapshot() as snapshot:
            return compare_with_last_good(snapshot, run)

    def open_runs(
        self,
        *,
        stale: bool = False,
        type: str | None = None,
        context: Ref | None = None,
        idle_hours: float | None = None,
    ) -> Rows[OpenRun]:
        """Return the runs that have not ended.

        Parameters
        ----------
        stale : bool
            Only those that never will: their lease has ended, or they have none and nothing was
            written to them for a day.
        type : str, optional
            Only runs of this type, by name or base type.
        context : node, int or str, optional
            Only runs in this context; an int is its id.
        idle_hours : float, optional
            After how many hours of silence a run without a lease is stale, instead of 24.

        Returns
        -------
        list of OpenRun
            By id: `run`, `stale`, `lease_until_ms`, `last_written_ms`.

        Raises
        ------
        NotFound, InvalidValue
            There is no such type or context, or `idle_hours` is negative.

        Examples
        --------
        >>> begun = store.put(Execution(type="Train", name="slow", state="RUNNING"))
        >>> [(row.run.label, row.stale) for row in store.open_runs()]
        [('Train:slow', False)]
        """
        from lineage.questions.open_runs import list_open_runs

        with self.snapshot() as snapshot:
            return Rows(list_open_runs(snapshot, stale=stale, type=type, context=context,
                                       idle_hours=idle_hours))  # fmt: skip

    def close_runs(
        self,
        *refs: Ref,
        state: ExecutionState | str,
        where: str | Predicate | None = None,
        stale: bool = False,
        reason: str | None = None,
        who: str | None = None,
        force: bool = False,
    ) -> Rows[Execution]:
        """Say of runs that have not ended that they are over.

        Why, who says so and when is kept in `closed_reason`, `closed_by` and `closed_ms`.

        Parameters
        ----------
        *refs : node, int or str
            Runs; an int is the id of one.
        state : ExecutionState or str
            `COMPLETE`, `FAILED` or `CANCELED`.
        where : str or Predicate, optional
            A filter: also all open runs for which it holds.
        stale : bool
            Only those that are stale (`open_runs`); without `refs` and `where`, all of these.
        reason, who : str, optional
            Why, and who says so.
        force : bool
            Close also what holds a lease.

        Returns
        -------
        list of Execution
            The runs that were closed, as stored.

        Raises
        ------
        Conflict
            A run that is named has ended, or one holds a lease.
        NotFound, InvalidValue
            A run isn't there, or no run ends in that state.

        Examples
        --------
        >>> begun = store.put(Execution(type="Train", name="slow", state="RUNNING"))
        >>> [str(run.state) for run in store.close_runs(begun, state="CANCELED", reason="lost")]
        ['CANCELED']
        """
        from lineage.changes.open_runs import close_runs

        return Rows(self._session.transact(
            lambda tx: close_runs(tx, refs, state=state, where=where, stale=stale, reason=reason,
                                  who=who, force=force)))  # fmt: skip

    def diff(self, first: Ref, second: Ref, *, as_of: Time | None = None) -> Diff:
        """Compare where two models (any two artifacts, or executions) came from.

        Parameters
        ----------
        first, second : node, int or str
            Two of one kind.
        as_of : datetime, str or int, optional
            See what was recorded by then.

        Returns
        -------
        Diff
            Data, code, parameters, library versions, machines, steps that only one has, metrics.

        Raises
        ------
        NotFound, InvalidValue
            One isn't there, is a context, or they are of two kinds.

        Examples
        --------
        >>> store.diff("Dataset:raw", "Dataset:train").settings
        ()
        """
        from lineage.questions.diff import compare

        with self.snapshot() as snapshot:
            return compare(snapshot, first, second, as_of=as_of)

    def siblings(
        self,
        model: Ref,
        *,
        metric: str | None = None,
        better: str | None = None,
        as_of: Time | None = None,
    ) -> Siblings:
        """Return who else trained on a model's data, and whether theirs did better. Best first.

        Parameters
        ----------
        model : Artifact, int or str
            The model.
        metric : str, optional
            What to compare; without it, the metric that most of them have in common.
        better : str, optional
            `higher` or `lower`; without it, the metric's name says which.
        as_of : datetime, str or int, optional
            See what was recorded by then.

        Returns
        -------
        Siblings
            Iterable; each sibling with its value, and what it has in common.

        Raises
        ------
        NotFound, InvalidValue
            The model isn't there, is no artifact, or nothing has the metric.

        Examples
        --------
        >>> store.siblings("Model:churn").metric
        'accuracy'
        """
        from lineage.questions.siblings import rank_siblings

        with self.snapshot() as snapshot:
            return rank_siblings(snapshot, model, metric=metric, better=better, as_of=as_of)

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
        """Return what is to blame for bad runs or models, the most suspicious first.

        Parameters
        ----------
        *bad : node, int or str
            The bad ones. Without any, `type` gives them: the failed runs of a step
            (`type="Train"`), or the models of which `metric` is bad.
        good : sequence of node, int or str
            What they are compared with; without any, the others of their types: runs that
            succeeded, or models (those that pass the metric, where one is given).
        type : str, optional
            A type, or a base type.
        metric : str, optional
            What is bad `below` or `above` a number.
        below, above : float, optional
            The number.
        context : Context, int or str, optional
            Take only those in it, directly or in a context below it.
        formula : str
            `ochiai`, `tarantula` or `dstar`.
        as_of : datetime, str or int, optional
            See what was recorded by then.

        Returns
        -------
        Blame
            Iterable; each suspect with its score.

        Raises
        ------
        NotFound, InvalidValue
            Something that is named isn't there, or it isn't said what is bad.

        Examples
        --------
        >>> [suspect.label for suspect in store.blame("Model:churn")][:2]
        ['Dataset:raw', 'Dataset:train']
        """
        from lineage.questions.blame import rank_suspects

        with self.snapshot() as snapshot:
            return rank_suspects(snapshot, bad, good, type=type, metric=metric, below=below,
                                 above=above, context=context, formula=formula,
                                 as_of=as_of)  # fmt: skip

    def versions(self, ref: Ref) -> Versions:
        """Return the versions of an artifact, or the attempts at a step, the first one first.

        They are those recorded under its name (or, without one, at its uri), or those that a
        policy declares. What a number in a name means is never guessed.

        Parameters
        ----------
        ref : Artifact, Execution, int or str
            Any of the versions.

        Returns
        -------
        Versions
            `rows`, and whether they are `known` to be all.

        Raises
        ------
        NotFound, InvalidValue
            It isn't there, or is a context.

        Examples
        --------
        >>> [version.label for version in store.versions("Model:churn")]
        ['Model:churn']
        """
        from lineage.questions.versions import list_versions

        with self.snapshot() as snapshot:
            return list_versions(snapshot, ref)

    def suggest_series(self) -> list[SeriesProposal]:
        """Return declarations of series that the names of artifacts look like: a guess.

        Names of one type that differ in numbers alone may be versions, or shards, or stores. What
        is right goes into a policy: `Policy(series=[…])`, `[[series]]` in its file.

        Returns
        -------
        list of SeriesProposal
            With how many names fit each, the most first.

        Examples
        --------
        >>> store.suggest_series()
        []
        """
        from lineage.questions.versions import suggest_series

        with self.snapshot() as snapshot:
            return suggest_series(snapshot)

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
        """Return the first bad version upstream of bad ones, or which to test next.

        Parameters
        ----------
        *bad : Artifact, int or str
            Versions that are bad.
        good : sequence of Artifact, int or str
            Versions that are good.
        type : str, optional
            The only type, or base type, that can be at fault; everything upstream otherwise.
        versions : bool
            Ask about the versions of the bad one, as recorded or declared, instead.
        metric : str, optional
            Where it was measured, candidates are bad `below` or `above` a number, and good
            otherwise.
        below, above : float, optional
            The number.
        as_of : datetime, str or int, optional
            See what was recorded by then.

        Returns
        -------
        Bisection
            `first_bad`, or the version to `test`, and how many tests are left.

        Raises
        ------
        NotFound, InvalidValue
            Something that is named isn't there, nothing is bad, or a good one came of a bad one.

        Examples
        --------
        >>> store.bisect("Model:churn", good=["Dataset:raw"]).test.label
        'Dataset:train'
        """
        from lineage.questions.bisect import find_first_bad

        with self.snapshot() as snapshot:
            return find_first_bad(snapshot, bad, good, type=type, versions=versions, metric=metric,
                                  below=below, above=above, as_of=as_of)  # fmt: skip

    # Taint

    def mark(
        self,
        *refs: Ref,
        label: str,
        reason: str | None = None,
        who: str | None = None,
        time: Time | None = None,
        until: Time | None = None,
        clean: bool = False,
    ) -> list[Mark]:
        """Mark artifacts and executions with a label.

        Where the same mark stands already, it stays and nothing is written.

        Parameters
        ----------
        *refs : node, int or str
            What is marked.
        label : str
            Of what: `tainted`, `pii`, `license:nc` …
        reason, who : str, optional
            Why, and who says so.
        time : datetime, str or int, optional
            Since when it is so.
        until : datetime, str or int, optional
            When the mark ends by itself.
        clean : bool
            Mark them clean of the label instead: they become barriers, which nothing of it passes.

        Returns
        -------
        list of Mark
            The mark of each.

        Raises
        ------
        Conflict
            A mark of the opposite meaning stands: lift that first.
        NotFound, InvalidValue
            A node isn't there, is a context, or none was named.

        Examples
        --------
        >>> [mark.node for mark in store.mark("Dataset:raw", label="pii", reason="names in it")]
        ['artifact:1']
        """
        from lineage.changes.marks import put_marks

        return self.transact(lambda tx: put_marks(tx, refs, label=label, reason=reason, who=who,
                                                  time=time, until=until, clean=clean))  # fmt: skip

    def lift(
        self,
        *refs: Ref,
        label: str,
        reason: str | None = None,
        who: str | None = None,
        clean: bool = False,
    ) -> list[Mark]:
        """Lift the standing marks with a label from nodes.

        A lifted mark stays in the history, with who lifted it, when and why.

        Parameters
        ----------
        *refs : node, int or str
            What carries the marks.
        label : str
            Their label.
        reason, who : str, optional
            Why, and who says so.
        clean : bool
            Lift the marks that say that they are clean of it.

        Returns
        -------
        list of Mark
            The marks as they then are.

        Raises
        ------
        NotFound
            A node isn't there, or carries no such mark; then nothing was lifted.

        Examples
        --------
        >>> marks = store.mark("Dataset:raw", label="pii")
        >>> lifted = store.lift("Dataset:raw", label="pii", reason="dropped")
        >>> [mark.lifted_reason for mark in lifted]
        ['dropped']
        """
        from lineage.changes.marks import lift_marks

        return self.transact(lambda tx: lift_marks(tx, refs, label=label, reason=reason, who=who,
                                                   clean=clean))  # fmt: skip

    def marks(
        self,
        *refs: Ref,
        label: str | None = None,
        as_of: Time | None = None,
        history: bool = False,
    ) -> Rows[Mark]:
        """Return the marks that stand, on some nodes or on any, by id.

        Parameters
        ----------
        *refs : node, int or str
            On what; without any, on anything.
        label : str, optional
            The only label that is asked for.
        as_of : datetime, str or int, optional
            See the marks that stood at that time.
        history : bool
            Return those that were lifted or have ended, too.

        Returns
        -------
        list of Mark
            By id.

        Raises
        ------
        NotFound, InvalidValue
            A node isn't there, or is a context; no mark has the label and no policy names it.

        Examples
        --------
        >>> store.marks("Dataset:raw")
        []
        """
        from lineage.questions.marks import list_marks

        with self.snapshot() as snapshot:
            return Rows(list_marks(snapshot, refs, label=label, as_of=as_of, history=history))

    def taint(
        self,
        *,
        label: str | Sequence[str] | None = None,
        source: Ref | Sequence[Ref] | None = None,
        barrier: Ref | Sequence[Ref] | None = None,
        type: str | None = None,
        kind: Kind | None = None,
        live: bool = False,
        deployed: bool = False,
        as_of: Time | None = None,
        causal: bool = False,
        by_content: bool = True,
    ) -> Taint:
        """Return what is affected by a label, by several, or by given sources.

        `lineage.questions.taint` has the exact meaning of each word.

        Parameters
        ----------
        label : str or sequence of str, optional
            The labels; without them and without sources, every label in use.
        source : node, int, str or a sequence of these, optional
            These stand in for the marks. With a label, the answer is what would be affected if
            these alone had it; without, only the given `barrier` stops it.
        barrier : node, int, str or a sequence of these, optional
            What stops it besides what is marked clean, and what a policy trusts.
        type, kind : str, Kind, optional
            Show only these; what is followed stays the same.
        live, deployed : bool
            Show only what is live (`lineage.rules.liveness`), or models and outputs of deployments
            in effect.
        as_of : datetime, str or int, optional
            See what was known by then.
        causal : bool
            Follow only events that happened one after the other.
        by_content : bool
            Whether what has the same content is the same data (`lineage.rules.digests`).

        Returns
        -------
        Taint
            Iterable; each affected node with its nearest source and depth. `barriers` were met.

        Raises
        ------
        NotFound, InvalidValue
            A source, barrier or label isn't there, or one is a context.
        UnknownType
            There is no such type.

        Examples
        --------
        >>> marks = store.mark("Dataset:raw", label="pii")
        >>> [row.node.label for row in store.taint(label="pii", type="MODEL")]
        ['Model:churn']
        """
        from lineage.questions.taint.effect import find_affected

        with self.snapshot() as snapshot:
            return find_affected(snapshot, label=label, source=source, barrier=barrier, type=type,
                                 kind=kind, live=live, deployed=deployed, as_of=as_of,
                                 causal=causal, by_content=by_content)  # fmt: skip

    def taint_levels(
        self,
        *,
        label: str | None = None,
        source: Ref | Sequence[Ref] | None = None,
        barrier: Ref | Sequence[Ref] | None = None,
        as_of: Time | None = None,
        causal: bool = False,
        by_content: bool = True,
    ) -> list[tuple[int, Kind, list[int]]]:
        """Return the ids of everything affected: the cheap form, without the nodes.

        Parameters
        ----------
        label : str, optional
            One label; it or sources must be given.
        source, barrier, as_of, by_content
            As for `taint`.
        causal : bool
            Follow only chains in which nothing precedes what it came of.

        Returns
        -------
        list of (int, Kind, list of int)
            Depth, kind, and the sorted ids.

        Raises
        ------
        NotFound, InvalidValue
            As `taint`; also where it isn't said which taint.

        Examples
        --------
        >>> levels = store.taint_levels(source="Dataset:raw")
        >>> [(depth, kind.value, ids) for depth, kind, ids in levels][:2]
        [(0, 'artifact', [1]), (1, 'execution', [1])]
        """
        from lineage.questions.taint.effect import find_affected_levels

        with self.snapshot() as snapshot:
            return find_affected_levels(snapshot, label=label, source=source, barrier=barrier,
                                        as_of=as_of, causal=causal,
                                        by_content=by_content)  # fmt: skip

    def check(
        self,
        ref: Ref,
        *,
        label: str | Sequence[str] | None = None,
        context: int | str | None = None,
        as_of: Time | None = None,
        causal: bool = False,
        by_content: bool = True,
    ) -> Check:
        """Return whether a node is clean of a label, or of several: may it pass?

        What is forbidden in a context is so in those below it. A context is clean where everything
        in it, and in the contexts below it, is.

        Parameters
        ----------
        ref : node, int or str
            What is checked; a context, too.
        label : str or sequence of str, optional
            The labels. Without: those that policies forbid in `context`, where that is given; of a
            context, those that they forbid in it; of anything else, every label in use.
        context : int or str, optional
            Where it is to go.
        as_of, causal, by_content
            As for `taint`.

        Returns
        -------
        Check
            `clean`, and a verdict for each label, with a witness or the barriers.

        Raises
        ------
        NotFound, InvalidValue
            The node, or the context, isn't there.

        Examples
        --------
        >>> marks = store.mark("Dataset:raw", label="pii")
        >>> store.check("Model:churn", label="pii").clean
        False
        """
        from lineage.questions.taint.gate import check_clean

        with self.snapshot() as snapshot:
            return check_clean(snapshot, ref, label=label, context=context, as_of=as_of,
                               causal=causal, by_content=by_content)  # fmt: skip

    def cheapest_cut(
        self,
        *refs: Ref,
        label: str | None = None,
        source: Ref | Sequence[Ref] | None = None,
        as_of: Time | None = None,
        by_content: bool = True,
    ) -> Cut:
        """Return the fewest steps to run again, or to bar, so that nodes are clean.

        A step that is run again stands for its outputs; so cutting every chain from the sources to
        the nodes at a step clears them. By hops alone: times and ports only ever make it less.

        Parameters
        ----------
        *refs : node, int or str
            What is to be clean.
        label, source
            Of what; one of them.
        as_of : datetime, str or int, optional
            See what was known by then.
        by_content : bool
            Whether what has the same content is the same data (`lineage.rules.digests`).

        Returns
        -------
        Cut
            `steps`; `possible` is False where a node is itself marked.

        Raises
        ------
        NotFound, InvalidValue
            A node isn't there, or it isn't said what is to be clean, or of what.

        Examples
        --------
        >>> [step.label for step in store.cheapest_cut("Model:churn", source="Dataset:raw").steps]
        ['Train:fit']
        """
        from lineage.questions.taint.cut import find_cheapest_cut

        with self.snapshot() as snapshot:
            return find_cheapest_cut(snapshot, refs, label=label, source=source, as_of=as_of,
                                     by_content=by_content)  # fmt: skip

    def plan_rebuild(
        self,
        *,
        label: str | Sequence[str] | None = None,
        source: Ref | Sequence[Ref] | None = None,
        type: str | None = None,
        causal: bool = False,
        by_content: bool = True,
    ) -> Rebuild:
        """Return what to run again, in which order, from which inputs; what can't be; rollbacks.

        For everything live that is affected and not replaced yet. See
        `lineage.questions.taint.rebuild`.

        Parameters
        ----------
        label, source
            As for `taint`.
        type : str, optional
            Plan for what is of this type, or base type, alone.
        causal : bool
            Follow only chains in which nothing precedes what it came of.
        by_content : bool
            Whether what has the same content is the same data (`lineage.rules.digests`).

        Returns
        -------
        Rebuild
            `inputs` to replace, `steps` in their order, what is `lost`, `rollbacks`.

        Raises
        ------
        NotFound, InvalidValue, UnknownType
            A source, or the type, isn't there.

        Examples
        --------
        >>> [again.step.label for again in store.plan_rebuild(source="Dataset:raw").steps]
        ['Split:split', 'Train:fit', 'Evaluate:test']
        """
        from lineage.questions.taint.rebuild import plan_rebuild

        with self.snapshot() as snapshot:
            return plan_rebuild(snapshot, label=label, source=source, type=type,
                                causal=causal, by_content=by_content)  # fmt: skip

    def rebuild_plan(
        self,
        *,
        label: str | Sequence[str] | None = None,
        source: Ref | Sequence[Ref] | None = None,
        type: str | None = None,
    ) -> Rebuild:
        """Plan a rebuild, by the name that it had before version 0.2; see `plan_rebuild`."""
        warnings.warn("rebuild_plan() is plan_rebuild()", DeprecationWarning, stacklevel=2)
        return self.plan_rebuild(label=label, source=source, type=type)

    def taint_progress(
        self,
        *,
        label: str | Sequence[str] | None = None,
        source: Ref | Sequence[Ref] | None = None,
        causal: bool = False,
        by_content: bool = True,
    ) -> Progress:
        """Return what has been replaced by something clean, what is still dirty, what is deployed.

        Parameters
        ----------
        label, source, by_content
            As for `taint`.
        causal : bool
            Follow only chains in which nothing precedes what it came of.

        Returns
        -------
        Progress
            `dirty`, `replaced`, `gone` and `deployed`.

        Raises
        ------
        NotFound, InvalidValue
            A source or label isn't there, or a source is a context.

        Examples
        --------
        >>> store.taint_progress(source="Dataset:raw").done
        False
        """
        from lineage.questions.taint.rebuild import measure_progress

        with self.snapshot() as snapshot:
            return measure_progress(snapshot, label=label, source=source, causal=causal,
                                    by_content=by_content)  # fmt: skip

    # Policies

    def policies(self, *, as_of: Time | None = None, history: bool = False) -> Rows[Policy]:
        """Return the policies in force, by name.

        Parameters
        ----------
        as_of : datetime, str or int, optional
            See those that were in force at that time.
        history : bool
            Return all their versions that were known by then, those replaced or dropped too.

        Returns
        -------
        list of Policy
            By name, and by time.

        Examples
        --------
        >>> store.policies()
        []
        """
        from lineage.questions.policies import list_policies

        with self.snapshot() as snapshot:
            return Rows(list_policies(snapshot, as_of=as_of, history=history))

    def put_policy(self, policy: Policy) -> Policy:
        """Make the policy of this name what is given.

        The same policy put again changes nothing. The version that it replaces stays in the
        history.

        Parameters
        ----------
        policy : Policy
            Which steps stop which labels, which labels a context may not contain, what is kept.

        Returns
        -------
        Policy
            The policy as stored.

        Raises
        ------
        InvalidValue
            Something in it is wrong.

        Examples
        --------
        >>> privacy = lineage.Policy(name="privacy", stops={"pii": ["Anonymize"]})
        >>> store.put_policy(privacy).name
        'privacy'
        """
        from lineage.changes.policies import put_policy

        return self.transact(lambda transaction: put_policy(transaction, policy))

    def drop_policy(self, name: str) -> None:
        """Take a policy out of force; it stays in the history.

        Parameters
        ----------
        name : str
            Its name.

        Raises
        ------
        NotFound
            None of that name is in force.

        Examples
        --------
        >>> privacy = store.put_policy(lineage.Policy(name="privacy"))
        >>> store.drop_policy("privacy")
        """
        from lineage.changes.policies import drop_policy

        self.transact(lambda transaction: drop_policy(transaction, name))

    def unknown_step_types(self, policy: Policy) -> list[str]:
        """Return the step types that a policy names and that nothing was recorded of yet.

        Parameters
        ----------
        policy : Policy
            One that is in force, or is to be.

        Returns
        -------
        list of str
            Their names; a misspelt one stops nothing.

        Examples
        --------
        >>> store.unknown_step_types(lineage.Policy(stops={"pii": ["Anonymise", "Split"]}))
        ['Anonymise']
        """
        from lineage.rules.policies import unknown_step_types

        with self.snapshot() as snapshot:
            return unknown_step_types(snapshot.reader, policy)

    # Impact and deletion

    def impact(self, *refs: Ref, sizes: Sizes | None = None, by_content: bool = True) -> Impact:
        """Return what would break if nodes went.

        Parameters
        ----------
        *refs : node, int or str
            Artifacts and executions.
        sizes : mapping of str to int, optional
            Bytes by uri, where the storage was asked.
        by_content : bool
            Whether what has the same content is the same data (`lineage.rules.digests`).

        Returns
        -------
        Impact
            Consumers, what is downstream, live and deployed models, what could not be rebuilt …

        Raises
        ------
        NotFound, InvalidValue
            A node isn't there, or is a context.

        Examples
        --------
        >>> [model.places for model in store.impact("Dataset:raw").models]
        [['eu']]
        """
        from lineage.questions.impact import measure_impact

        with self.snapshot() as snapshot:
            return measure_impact(snapshot, refs, sizes, by_content=by_content)

    def plan_deletion(
        self,
        *refs: Ref,
        policy: DeletionPolicy | str = DeletionPolicy.RESTRICT,
        purge: bool = False,
        bytes: bool = False,
        with_members: bool = False,
        who: str | None = None,
        reason: str | None = None,
    ) -> Plan:
        """Return what deleting nodes would do; nothing is changed.

        Parameters
        ----------
        *refs : node, int or str
            What is to go.
        policy : DeletionPolicy or str
            `restrict`, `tombstone` or `cascade`; see `DeletionPolicy`.
        purge : bool
            Take the nodes out of the graph.
        bytes : bool
            Take what is behind their uris out of storage.
        with_members : bool
            Of a context, also the contexts below it, the executions in these, and the artifacts
            that only these executions wrote.
        who, reason : str, optional
            Who deletes, and why; the receipt keeps it.

        Returns
        -------
        Plan
            Printable and saveable; one whose `blockers` are not empty will be refused.

        Raises
        ------
        NotFound, InvalidValue
            A node isn't there, or there is no such policy.
        StoreUnavailable
            `bytes` needs a package that isn't there.

        Examples
        --------
        >>> store.plan_deletion("Dataset:raw").refused
        True
        """
        from lineage.changes.deletion_plan import plan_removal

        return plan_removal(self._session, "delete", refs, policy=policy, purge=purge, bytes=bytes,
                            with_members=with_members, who=who, reason=reason)  # fmt: skip

    def plan_forget(
        self,
        *refs: Ref,
        label: str | None = None,
        purge: bool = False,
        bytes: bool = False,
        who: str | None = None,
        reason: str | None = None,
        by_content: bool = True,
    ) -> Plan:
        """Return what forgetting nodes, and all that was derived of them, would do.

        The executions in between lose their properties, too. Live and deployed things are no
        obstacle.

        Parameters
        ----------
        *refs : node, int or str
            What is to be forgotten.
        label : str, optional
            What stops this label stops it (`lineage.questions.taint`): data that went through
            `Anonymize` is no longer about the person.
        purge, bytes, who, reason
            As for `plan_deletion`.
        by_content : bool
            Whether what has the same content is the same data (`lineage.rules.digests`).

        Returns
        -------
        Plan
            As of `plan_deletion`.

        Raises
        ------
        NotFound, InvalidValue
            A node or the label isn't there, or a node is a context.

        Examples
        --------
        >>> [node.label for node in store.plan_forget("Model:churn").nodes][:2]
        ['Model:churn', 'Evaluate:test']
        """
        from lineage.changes.deletion_plan import plan_removal

        return plan_removal(self._session, "forget", refs, label=label, purge=purge, bytes=bytes,
                            who=who, reason=reason, by_content=by_content)  # fmt: skip

    def plan_gc(
        self,
        *,
        rules: Sequence[Retention] = (),
        purge: bool = False,
        bytes: bool = False,
        who: str | None = None,
        reason: str | None = None,
    ) -> Plan:
        """Return what nobody needs any more, by the retention rules of policies and by these.

        `lineage.questions.garbage` says exactly what that is.

        Parameters
        ----------
        rules : sequence of Retention
            Rules besides those of policies.
        purge : bool
            Take the nodes out of the graph, and the executions downstream, of which nothing is left
            that anyone needs, as well.
        bytes, who, reason
            As for `plan_deletion`.

        Returns
        -------
        Plan
            As of `plan_deletion`.

        Raises
        ------
        InvalidValue
            A rule is wrong.

        Examples
        --------
        >>> store.plan_gc().nodes
        ()
        """
        from lineage.changes.deletion_plan import plan_removal

        policy = DeletionPolicy.CASCADE if purge else DeletionPolicy.TOMBSTONE
        return plan_removal(self._session, "gc", policy=policy, rules=rules, purge=purge,
                            bytes=bytes, who=who, reason=reason)  # fmt: skip

    def apply(
        self,
        plan: Plan,
        *,
        who: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Receipt:
        """Do what a plan says, and leave a receipt.

        The graph is changed in one transaction, or not at all. Bytes go after it, one uri at a
        time; where that is interrupted, `resume_deletions` goes on.

        Parameters
        ----------
        plan : Plan
            What `plan_deletion`, `plan_forget` or `plan_gc` gave.
        who : str, optional
            Who applies it, where the plan doesn't say it.
        progress : callable, optional
            Called with how many uris are done, and of how many.

        Returns
        -------
        Receipt
            When, by whom, and what became of the bytes.

        Raises
        ------
        PlanRefused
            Something stands in its way.
        PlanStale
            What it read has changed since.
        PlanApplied
            It was applied before.

        Examples
        --------
        >>> plan = store.plan_deletion("Metrics:test", policy="tombstone")
        >>> store.apply(plan, who="ann").who
        'ann'
        """
        from lineage.changes.deletion import apply_plan

        return apply_plan(self._session, plan, who=who, progress=progress)

    def delete(
        self,
        *refs: Ref,
        policy: DeletionPolicy | str = DeletionPolicy.RESTRICT,
        purge: bool = False,
        bytes: bool = False,
        with_members: bool = False,
        who: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Plan and apply a deletion at once; see `plan_deletion` and `apply`.

        Parameters
        ----------
        *refs, policy, purge, bytes, with_members, who, reason
            As for `plan_deletion`.

        Returns
        -------
        Receipt
            As of `apply`.

        Raises
        ------
        NotFound, InvalidValue, PlanRefused
            As `plan_deletion` and `apply`.

        Examples
        --------
        >>> [node.label for node in store.delete("Metrics:test").plan.nodes]
        ['Metrics:test']
        """
        plan = self.plan_deletion(*refs, policy=policy, purge=purge, bytes=bytes,
                                  with_members=with_members, who=who, reason=reason)  # fmt: skip
        return self.apply(plan)

    def receipts(self) -> Rows[Receipt]:
        """Return what was deleted, with what became of the bytes.

        Returns
        -------
        list of Receipt
            Oldest first.

        Examples
        --------
        >>> store.receipts()
        []
        """
        from lineage.questions.receipts import list_receipts

        with self.snapshot() as snapshot:
            return Rows(list_receipts(snapshot))

    def receipt(self, id: str) -> Receipt:
        """Return one receipt.

        Parameters
        ----------
        id : str
            Its id, or the beginning of it.

        Returns
        -------
        Receipt
            The receipt.

        Raises
        ------
        NotFound
            None begins so.
        InvalidValue
            Several do.

        Examples
        --------
        >>> made = store.delete("Metrics:test")
        >>> store.receipt(made.id[:8]) == made
        True
        """
        from lineage.questions.receipts import find_receipt

        with self.snapshot() as snapshot:
            return find_receipt(snapshot, id)

    def unfinished_deletions(self) -> list[Receipt]:
        """Return the receipts of which not all bytes are removed.

        Returns
        -------
        list of Receipt
            Those interrupted, under way, or failed.

        Examples
        --------
        >>> store.unfinished_deletions()
        []
        """
        return [receipt for receipt in self.receipts() if not receipt.done]

    def resume_deletions(
        self, *, progress: Callable[[int, int], None] | None = None
    ) -> list[Receipt]:
        """Go on removing bytes where it was interrupted or failed.

        Parameters
        ----------
        progress : callable, optional
            Called with how many uris of a receipt are done, and of how many.

        Returns
        -------
        list of Receipt
            What was unfinished, as it then is.

        Examples
        --------
        >>> store.resume_deletions()
        []
        """
        from lineage.changes.byte_removal import resume_removals

        return resume_removals(self._session, progress)

    # Ad-hoc queries

    def query(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        /,
        *,
        limit: int | None = None,
        timeout: float | None = None,
        **named: Any,
    ) -> QueryResult:
        """Ask in Cypher; only what reads the graph is run.

        Neo4j runs it itself; the other backends have an evaluator of openCypher, which refuses by
        name what it does not know. The graph is `(:Artifact)-[:INPUT]->(:Execution)-[:OUTPUT]->
        (:Artifact)`, `IN_CONTEXT`, `CHILD_OF`; a type's name is a second label, and properties are
        the nodes' own.

        Parameters
        ----------
        cypher : str
            The text, with `$name` for each parameter, never with values put into it. One that
            begins with EXPLAIN is not run: the result has no rows, and a `plan`. With PROFILE it is
            run, and the plan says what each operator did.
        parameters : mapping, optional
            Values of parameters: None, booleans, numbers, strings, bytes, lists, maps.
        limit : int, optional
            The most rows to answer; `complete` tells whether there were more.
        timeout : float, optional
            Seconds after which the query is stopped.
        **named
            Values of parameters, by name.

        Returns
        -------
        QueryResult
            `columns`, `rows`, `complete`.

        Raises
        ------
        InvalidQuery
            The query is wrong, or asks for what is not done here.
        QueryRefused
            It does more than read; nothing of it was run.
        QueryStopped
            The deadline or the bounds on memory stopped it.

        Examples
        --------
        >>> store.query("UNWIND $xs AS x RETURN x * 2 AS twice", xs=[1, 2]).rows
        [(2,), (4,)]
        """
        from lineage.queries.ad_hoc import run_query

        given = {**(parameters or {}), **named}
        return run_query(self.backend, cypher, given, limit=limit, timeout=timeout)

    def explain(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        /,
        *,
        profile: bool = False,
        limit: int | None = None,
        timeout: float | None = None,
        **named: Any,
    ) -> QueryPlan:
        """Return how a query is answered: where it starts, what it walks, what it filters.

        Parameters
        ----------
        cypher : str
            As for `query`; it is planned only, and needs no values for its parameters.
        parameters, limit, timeout, **named
            As for `query`.
        profile : bool
            Run it as `query` does: each operator says how many rows it made, how often it turned to
            the store, and how long that took where the backend tells.

        Returns
        -------
        QueryPlan
            Iterable; its operators.

        Raises
        ------
        InvalidQuery, QueryRefused, QueryStopped
            As `query`. A QueryStopped has a `plan` with what was done by then, but for Neo4j, which
            does not tell.

        Examples
        --------
        >>> plan = store.explain("MATCH (m:Model {name: $name}) RETURN m.uri AS uri")
        >>> [operator.name for operator in plan]
        ['ProduceResults', 'Projection', 'Filter', 'Filter', 'NodeIndexSeek']
        """
        from lineage.queries.ad_hoc import explain_query

        given = {**(parameters or {}), **named}
        return explain_query(
            self.backend, cypher, given, profile=profile, limit=limit, timeout=timeout
        )

    def vocabulary(self) -> Vocabulary:
        """Return the labels, relationship types and property names that a query may use.

        Custom properties are those of the newest nodes of each kind; all others are all there are.

        Returns
        -------
        Vocabulary
            `labels`, `relationships`, `properties`, each in order.

        Examples
        --------
        >>> "lr" in store.vocabulary().properties
        True
        """
        from lineage.queries.ad_hoc import list_vocabulary

        with self.snapshot() as snapshot:
            return list_vocabulary(snapshot.reader)

    def save_query(self, name: str, cypher: str) -> None:
        """Keep a query in the store under a name; one that has it is replaced.

        Parameters
        ----------
        name, cypher : str
            The name, and the query.

        Raises
        ------
        InvalidValue
            One of them is no text, or too long.

        Examples
        --------
        >>> store.save_query("models", "MATCH (m:Model) RETURN m.name")
        """
        from lineage.queries.saved_queries import save_query

        self.transact(lambda transaction: save_query(transaction, name, cypher))

    def drop_query(self, name: str) -> None:
        """Forget a kept query.

        Parameters
        ----------
        name : str
            Its name.

        Raises
        ------
        NotFound
            None is kept under that name.

        Examples
        --------
        >>> store.save_query("models", "MATCH (m:Model) RETURN m.name")
        >>> store.drop_query("models")
        """
        from lineage.queries.saved_queries import drop_query

        self.transact(lambda transaction: drop_query(transaction, name))

    def saved_query(self, name: str) -> str:
        """Return the text of a kept query.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        str
            The query.

        Raises
        ------
        NotFound
            None is kept under that name.

        Examples
        --------
        >>> store.save_query("models", "MATCH (m:Model) RETURN m.name")
        >>> store.saved_query("models")
        'MATCH (m:Model) RETURN m.name'
        """
        from lineage.queries.saved_queries import read_query

        with self.snapshot() as snapshot:
            return read_query(snapshot, name)

    def saved_queries(self) -> dict[str, str]:
        """Return all kept queries.

        Returns
        -------
        dict of str to str
            Text by name, in the order of the names.

        Examples
        --------
        >>> store.saved_queries()
        {}
        """
        from lineage.queries.saved_queries import list_queries

        with self.snapshot() as snapshot:
            return list_queries(snapshot)
