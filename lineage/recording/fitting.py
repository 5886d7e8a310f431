"""Fits of models, writes and reads as `autolog` sees them: what is recorded of each."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lineage.errors import LineageError
from lineage.recording.description import describe_object, port_of, type_of_object
from lineage.recording.identity import ArtifactDraft, draft_file, type_of_file, uri_of
from lineage.recording.origin import Origin, join_origins, keep_origin, origin_of
from lineage.recording.project import is_project_file
from lineage.recording.property_value import to_parameters, to_properties, to_property
from lineage.recording.run import Run, current_run, draft_metrics
from lineage.recording.sink import open_sink
from lineage.store import Store

# Larger objects in memory are known by their run alone.
_MAX_HASHED_BYTES = 256 << 20


class Session:
    """What `autolog` was told, and what was read outside of any run."""

    def __init__(self) -> None:
        self.store: Store | str | None = None
        self.strict = False
        self.seeds: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._reads: dict[ArtifactDraft, None] = {}
        self._open: dict[Fit, None] = {}

    def note_read(self, draft: ArtifactDraft, place: Any = None) -> None:
        """Take in that a file was read: by the run that this code is in, else by the program."""
        run = current_run()
        if run is not None:
            run.add_inputs([draft], port_of(place) if place is not None else "input")
        with self._lock:
            self._reads[draft] = None

    def all_reads(self) -> tuple[ArtifactDraft, ...]:
        """Return all that was read so far by the run that this code is in, else by the program."""
        run = current_run()
        if run is not None:
            return run.reads
        with self._lock:
            return tuple(self._reads)

    def begin(self, type: str, name: str, properties: Mapping[str, Any]) -> Run:
        """Start an execution of its own for something that happens outside of any run."""
        run = Run(
            f"{_script()}:{name}",
            type,
            store=self.store,
            strict=self.strict,
            properties={**properties, **self.seeds},
        )
        run.start()
        return run

    def draft(self, place: Any, type: str | None = None) -> ArtifactDraft | None:
        """Return the artifact that lies at a path or url; None where nothing does."""
        run = current_run()
        try:
            if run is not None:
                return run.draft_place(place, type, None, None, {})
            kind = type or type_of_file(place)
            return draft_file(place, type=kind, cache=open_sink(self.store).cache)
        except LineageError:
            return None

    def add(self, fit: Fit) -> None:
        """Keep a fit until its model was saved, or the program ends."""
        with self._lock:
            self._open[fit] = None

    def open_fits(self) -> list[Fit]:
        """Return the fits whose estimators can still be saved."""
        with self._lock:
            return list(self._open)

    def close(self, *, all: bool = True) -> None:
        """Record the models that were never saved; unless `all`, those that are gone."""
        with self._lock:
            done = [fit for fit in self._open if all or not fit.is_alive]
            for fit in done:
                del self._open[fit]
        for fit in done:
            fit.settle()


session = Session()
atexit.register(session.close)


def read_place(place: Any, *results: Any, type: str | None = None) -> ArtifactDraft | None:
    """Take in that objects were read from a path or url."""
    text = place_of(place)
    if text is None:
        return None
    draft = session.draft(text, type)
    if draft is None:
        return None
    session.note_read(draft, text)
    for result in results:
        if result is not None:
            keep_origin(result, Origin((draft,)))
    return draft


def write_place(value: Any, place: Any, function: str, *, type: str | None = None) -> None:
    """Take in that an object was written to a path or url."""
    text = place_of(place)
    if text is None:
        return
    origin = origin_of(value)
    run = current_run()
    fit = own_fit(value)
    if fit is not None and run is None:
        fit.save(text, type or "Model")
        return
    kind = type or _type_for(value, text)
    if run is not None:
        if fit is not None and (draft := session.draft(text, kind)) is not None:
            fit.adopt(value, draft)
        run.note_write(text, kind, _size_of(value))
        return
    sources, guessed = sources_of([value])
    own = session.begin("Process", function, {**_guess(guessed)})
    own.add_inputs([*sources, *models_of(origin)], "input")
    own.output(text, type=kind, **_size_of(value))
    own.finish()


def read_artifact(draft: ArtifactDraft, *results: Any, port: str | None = None) -> None:
    """Take in that objects were read from something that is no file, such as a table."""
    session.note_read(draft, port)
    for result in results:
        if result is not None:
            join_origin(result, Origin((draft,)))


def write_artifact(sources: Iterable[Any], draft: ArtifactDraft, function: str) -> None:
    """Take in that objects were written to something that is no file, such as a table."""
    values = list(sources)
    run = current_run()
    found, guessed = sources_of(values)
    if run is not None:
        run.add_inputs([d for d in found if d.uri != draft.uri], "input")
        run.add_output(draft, port_of(draft.uri or "table"))
        return
    own = session.begin("Process", function, _guess(guessed))
    own.add_inputs([d for d in found if d.uri != draft.uri], "input")
    own.add_output(draft, port_of(draft.uri or "table"))
    own.finish()


def join_origin(value: Any, origin: Origin) -> None:
    """Add to what an object is known to come from."""
    known = origin_of(value)
    if known is not None:
        origin = Origin(
            tuple(dict.fromkeys((*known.artifacts, *origin.artifacts))),
            tuple(dict.fromkeys((*known.fits, *origin.fits))),
        )
    keep_origin(value, origin)


def move_file(source: str, target: str) -> None:
    """Take in that a file was renamed: what was written for safety under another name first."""
    run = current_run()
    if run is not None:
        run.note_move(source, target)
        return
    for fit in session.open_fits():
        fit.move(source, target)


def place_of(place: Any) -> str | None:
    """Return the path or url that something is opened by; None where there is none.

    An open file has the path that it was opened by.
    """
    if isinstance(place, str):
        return place if place and "\n" not in place and len(place) < 4_096 else None
    if isinstance(place, os.PathLike):
        found = os.fspath(place)
        return found if isinstance(found, str) else os.fsdecode(found)
    name = getattr(place, "name", None)
    if isinstance(name, str) and hasattr(place, "read" if hasattr(place, "read") else "write"):
        return name if os.path.exists(name) else None
    return None


def sources_of(values: Iterable[Any]) -> tuple[tuple[ArtifactDraft, ...], bool]:
    """Return what objects were made of, and whether that is a guess.

    Where it is not known, all that was read so far is taken: more than it was, never less.
    """
    given = [value for value in values if value is not None]
    known = join_origins(given)
    unknown = [v for v in given if origin_of(v) is None]
    found = dict.fromkeys(known.artifacts) if known is not None else {}
    guessed = False
    if known is None or (unknown and not found):
        reads = session.all_reads()
        guessed = bool(reads)
        found |= dict.fromkeys(reads)
    return tuple(found), guessed


def models_of(origin: Origin | None) -> list[ArtifactDraft]:
    """Return the models that something was computed by."""
    return [fit.model for fit in origin.fits] if origin is not None else []


class Fit:
    """The fit of one estimator.

    Outside of a run, the fit is an execution of type `Train`, and its model is recorded when it is
    saved, evaluated by something that is saved, or when the program ends. In a run, the fit is
    that run.
    """

    def __init__(self, run: Run, *, own: bool, algorithm: str, properties: Mapping[str, Any]):
        self.run = run
        self.own = own
        self._algorithm = algorithm
        self._properties = dict(properties)
        self._model: ArtifactDraft | None = None
        self._readers: list[Run] = []
        self._saved: set[tuple[str | None, str | None]] = set()
        self._estimator: weakref.ref[Any] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether its estimator can still be saved."""
        return self._estimator is not None and self._estimator() is not None

    def hold(self, estimator: Any) -> None:
        """Say which estimator it fitted; raises TypeError where that can't be held weakly."""
        self._estimator = weakref.ref(estimator)

    def is_of(self, value: Any) -> bool:
        """Return whether an object is its estimator."""
        return self._estimator is not None and self._estimator() is value

    def adopt(self, value: Any, draft: ArtifactDraft) -> None:
        """Take an artifact that its run wrote as its model, where that is what it holds."""
        if self.is_of(value) and self._model is None:
            self._take(draft)

    @property
    def model(self) -> ArtifactDraft:
        """The model's artifact; in memory, until it is saved."""
        if self._model is None:
            self._keep(
                ArtifactDraft(
                    "Model",
                    key=f"{self.run.key}/model",
                    properties={"algorithm": self._algorithm},
                )
            )
        assert self._model is not None
        return self._model

    def save(self, place: str, type: str) -> None:
        """Record that its model was written to a path or url."""
        draft = session.draft(place, type)
        if draft is None or (draft.uri, draft.digest) in self._saved:
            return
        self._saved.add((draft.uri, draft.digest))
        draft = ArtifactDraft(
            draft.type,
            draft.uri,
            draft.digest,
            draft.size,
            properties={**draft.properties, "algorithm": self._algorithm},
        )
        if self._model is None:
            self._keep(draft)
        else:
            self.run.amend(outputs={("model", len(self._saved)): draft})

    def move(self, source: str, target: str) -> None:
        """Record that a file that holds its model has another name."""
        model = self._model
        if model is None or model.uri != uri_of(source):
            return
        moved = replace(model, uri=uri_of(target))
        if (moved.uri, moved.digest) not in self._saved:
            self._saved.add((moved.uri, moved.digest))
            self.run.amend(outputs={("model", len(self._saved)): moved})

    def settle(self) -> None:
        """Record the model of a fit that was never saved."""
        if self._model is None and (self.own or self._readers):
            _ = self.model

    def add_reader(self, run: Run) -> None:
        """Make its model an input of a run, once it is known which artifact that is."""
        if self._model is None:
            self._readers.append(run)
        elif self._model not in run.reads:
            run.add_inputs([self._model], "model")

    def _keep(self, draft: ArtifactDraft) -> None:
        self.run.amend(outputs={("model",): draft})
        self._take(draft)

    def _take(self, draft: ArtifactDraft) -> None:
        self._model = draft
        for reader in self._readers:
            reader.amend(inputs={("model",): draft})
        self._readers.clear()


def begin_fit(
    estimator: Any, algorithm: str, params: Mapping[str, Any], data: Iterable[Any]
) -> Fit:
    """Take in that an estimator is being fitted on data."""
    session.close(all=False)
    values = [value for value in data if value is not None]
    properties = {**to_parameters(params), "algorithm": algorithm}
    if "algorithm" in params:
        # Some estimators have a parameter of that name.
        properties["param.algorithm"] = to_property("algorithm", params["algorithm"])
    run = current_run()
    if run is not None:
        run.params(_beside(run, properties))
        sources, _ = sources_of(values)
        run.add_inputs(sources, "examples")
        return Fit(run, own=False, algorithm=algorithm, properties=properties)
    sources, guessed = sources_of(values)
    own = Run(
        f"{_script()}:{algorithm.rpartition('.')[2]}",
        "Train",
        store=session.store,
        strict=session.strict,
        properties={**properties, **session.seeds, **_guess(guessed)},
    )
    own.add_inputs(sources or draft_objects(own, values), "examples")
    own.start()
    return Fit(own, own=True, algorithm=algorithm, properties=properties)


def end_fit(
    fit: Fit,
    estimator: Any,
    data: Iterable[Any],
    *,
    params: Mapping[str, Any] | None = None,
    metrics: Mapping[str, float | int] | None = None,
) -> None:
    """Take in that an estimator was fitted."""
    if params:
        fit.run.params(params)
    if metrics:
        fit.run.metrics(metrics)
    if fit.own:
        fit.run.finish()
        session.add(fit)
    sources, _ = sources_of(data)
    keep_origin(estimator, Origin(sources, (fit,)))
    with contextlib.suppress(TypeError):
        fit.hold(estimator)


def fail_fit(fit: Fit | None, error: BaseException) -> None:
    """Take in that fitting an estimator raised an exception."""
    if fit is not None and fit.own:
        fit.run.finish(error)


def own_fit(value: Any) -> Fit | None:
    """Return the fit that made an estimator; None for what was merely computed by one."""
    origin = origin_of(value)
    return next((fit for fit in origin.fits if fit.is_of(value)), None) if origin else None


def evaluate(
    metrics: Mapping[str, float | int], data: Iterable[Any], by: Any, *, subject: Any = None
) -> None:
    """Take in what was measured: by the run around, else by an execution of its own.

    Parameters
    ----------
    data
        What it was measured on.
    by
        The estimator, or what it predicted.
    subject
        Metrics of the same object are of one execution.
    """
    origin = origin_of(by)
    if origin is None:
        return
    run = current_run()
    if run is not None:
        run.metrics(metrics)
        for fit in origin.fits:
            if fit.run is not run:
                fit.add_reader(run)
        return
    loaded = [draft for draft in origin.artifacts if draft.type == "Model"]
    if not origin.fits and not loaded:
        return
    before = _evaluations.get(id(subject)) if subject is not None else None
    if before is not None and before[0]() is subject:
        own, measured = before[1], before[2]
        measured |= metrics
        own.amend(outputs={("metrics",): draft_metrics(own, measured)})
        return
    sources, guessed = sources_of(data)
    own = session.begin("Evaluate", "evaluate", _guess(guessed))
    own.add_inputs([draft for draft in sources if draft.type != "Model"], "examples")
    own.add_inputs(loaded, "model")
    own.metrics(metrics)
    for fit in origin.fits:
        fit.add_reader(own)
    own.finish()
    if subject is not None:
        key = id(subject)
        with contextlib.suppress(TypeError):
            held = weakref.ref(subject, lambda _: _evaluations.pop(key, None))
            _evaluations[key] = (held, own, dict(metrics))


_evaluations: dict[int, tuple[weakref.ref[Any], Run, dict[str, float | int]]] = {}


def draft_objects(run: Run, values: Iterable[Any]) -> list[ArtifactDraft]:
    """Return artifacts for data that nobody knows the origin of, known by its bytes."""
    drafts = []
    for at, value in enumerate(values):
        if type_of_object(value) == "Object":
            continue
        digest = digest_array(value)
        key = f"{digest} in memory" if digest is not None else f"{run.key}/data/{at}"
        draft = ArtifactDraft(
            "Dataset", key=key, digest=digest, properties=to_properties(describe_object(value))
        )
        keep_origin(value, Origin((draft,), itself=True))
        drafts.append(draft)
    return drafts


def digest_array(value: Any) -> str | None:
    """Return the digest of an array's or a table's content; None where it is too large or odd."""
    import hashlib

    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    try:
        array = value if isinstance(value, numpy.ndarray) else numpy.asarray(value)
        if array.dtype.hasobject or array.nbytes > _MAX_HASHED_BYTES:
            return None
        digest = hashlib.sha256(f"{array.shape} {array.dtype.str}".encode())
        digest.update(numpy.ascontiguousarray(array).data.cast("B") if array.size else b"")
        return f"sha256:{digest.hexdigest()}"
    except Exception:  # whatever a foreign array may do
        return None


def _beside(run: Run, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a fit in a run, with the estimator's name before them from the second on.

    Two estimators in one run have parameters of the same name.
    """
    taken = run.fits
    run.fits += 1
    if not taken:
        return dict(properties)
    short = str(properties["algorithm"]).rpartition(".")[2]
    return {f"{short}_{taken + 1}.{name}": value for name, value in properties.items()}


def _guess(guessed: bool) -> dict[str, Any]:
    return {"inputs_assumed": True} if guessed else {}


def _type_for(value: Any, place: str) -> str:
    kind = type_of_object(value)
    return type_of_file(place) if kind == "Object" else kind


def _size_of(value: Any) -> dict[str, Any]:
    found = describe_object(value)
    return {name: to_property(name, found[name]) for name in ("rows", "columns") if name in found}


def _script() -> str:
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if isinstance(file, str) and is_project_file(file):
        return os.path.splitext(os.path.basename(file))[0]
    return "python"
