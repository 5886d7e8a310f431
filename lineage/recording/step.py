"""`@lineage.step`: a function each call of which is recorded as one execution."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import time
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, ParamSpec, TypeVar, overload

from lineage.errors import InvalidValue
from lineage.recording.annotation import ports_of
from lineage.recording.cached_call import Computed, Used, open_result
from lineage.recording.content import DigestCache, digest_path
from lineage.recording.description import is_place, type_of_object
from lineage.recording.identity import ArtifactDraft, uri_of
from lineage.recording.memo import CacheKey, build_key
from lineage.recording.name_template import check_template, fill
from lineage.recording.origin import origin_of
from lineage.recording.property_value import to_number, to_parameters
from lineage.recording.run import Run, current_run
from lineage.recording.run_draft import PortPath
from lineage.recording.sink import warn
from lineage.recording.trace import digest_variable, trace_reads
from lineage.store import Store

P = ParamSpec("P")
R = TypeVar("R")

_SCALARS = (str, bytes, bytearray, bool, int, float, complex, type(None))


@dataclass(frozen=True, slots=True)
class StepOptions:
    """How the calls of a step are recorded; the arguments of `step`."""

    name: str
    type: str = "Process"
    pipeline: str | None = None
    store: Store | str | None = None
    strict: bool = False
    retries: int = 0
    backoff: float = 0.0
    types: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    cache: bool = False
    expires_s: float | None = None
    variables: tuple[str, ...] = ()


@overload
def step(function: Callable[P, R], /) -> Callable[P, R]:
    """Record each call of a function."""


@overload
def step(
    *,
    name: str | None = None,
    type: str = "Process",
    pipeline: str | None = None,
    store: Store | str | None = None,
    strict: bool = False,
    retries: int = 0,
    backoff: float = 0.0,
    types: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    cache: bool = False,
    expires: float | timedelta | None = None,
    variables: Sequence[str] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return what records each call of a function in a way of its own."""


def step(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    type: str = "Process",
    pipeline: str | None = None,
    store: Store | str | None = None,
    strict: bool = False,
    retries: int = 0,
    backoff: float = 0.0,
    types: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    cache: bool = False,
    expires: float | timedelta | None = None,
    variables: Sequence[str] = (),
) -> Any:
    """Record each call of a function as one execution.

    Parameters annotated `Input[…]` are read and those annotated `Output[…]` are written: paths,
    urls or lists of them. Objects that another step returned, or that were read under `autolog`,
    are inputs wherever they are given. All other arguments are parameters. What is returned is an
    output: a table, an array, a model, a path, or several of them in a tuple or a dict. A dict of
    numbers is metrics. Generators, coroutines and asynchronous generators are steps as well.

    Parameters
    ----------
    name
        What the step is called; without it, its qualified name. Fields are filled in by each call:
        `train/{model.stem}`, with what its parameters are called.
    type
        The execution's type: `Train`, `Evaluate`, `Process` …
    pipeline, store, strict
        As `lineage.run` takes them.
    retries
        How often a call that raised an exception is made again. Each attempt is an execution.
    backoff
        Seconds before the first of these; doubled for each further one.
    types
        Types of artifacts by parameter; `return` stands for what is returned.
    names
        Names of what is written, by parameter or `return`, with fields as in `name`. What is
        written under a name again is its next version.
    cache
        Whether a call is skipped where an earlier one had the same inputs (by content), code (the
        function and what it calls in the project), parameters and libraries; what it returned and
        wrote is used again, and the execution is CACHED. See `docs/recording.md`.
    expires
        After how many seconds, or which timedelta, a result is computed again.
    variables
        Environment variables that a cached result depends on, beside those that are looked up.

    Raises
    ------
    InvalidValue
        It is no function, or a generator whose results were to be used again; a name refers to
        what is no parameter.

    Examples
    --------
    >>> import lineage
    >>> store = lineage.connect("memory://")
    >>> @lineage.step(type="Train", store=store)
    ... def fit(lr: float) -> dict[str, float]:
    ...     return {"accuracy": 0.97}
    >>> fit(lr=0.1)
    {'accuracy': 0.97}
    >>> store.executions(type="Train")[0].get("lr")
    0.1
    """

    def decorate(decorated: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(decorated):
            raise InvalidValue(f"a step is a function, not {decorated!r}")
        if retries < 0 or backoff < 0:
            raise InvalidValue(f"retries={retries} and backoff={backoff} must not be negative")
        options = StepOptions(
            name=name or getattr(decorated, "__qualname__", "step").replace("<locals>.", ""),
            type=type,
            pipeline=pipeline,
            store=store,
            strict=strict,
            retries=retries,
            backoff=backoff,
            types=dict(types or {}),
            names=dict(names or {}),
            cache=cache,
            expires_s=expires.total_seconds() if isinstance(expires, timedelta) else expires,
            variables=tuple(variables),
        )
        generates = inspect.isgeneratorfunction(decorated) or inspect.isasyncgenfunction(decorated)
        if cache and generates:
            raise InvalidValue(
                f"{options.name} is a generator, whose results can't be used again; "
                "return a list, or leave cache=True out"
            )
        return _wrap(decorated, options)

    return decorate if function is None else decorate(function)


class _Call:
    """One call of a step: its arguments, and the runs that record its attempts."""

    def __init__(
        self,
        function: Callable[..., Any],
        options: StepOptions,
        ports: Mapping[str, Literal["input", "output"]],
        signature: inspect.Signature | None,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> None:
        self.function = function
        self.options = options
        self._ports = ports
        self._arguments = _bind(signature, args, kwargs)
        self.name = self._fill(options.name) or options.name
        self._attempt = 0
        self._receiver = args[0] if args and _has_receiver(signature) else None

    def begin(
        self,
        *,
        key: str | None = None,
        properties: Mapping[str, Any] | None = None,
        cached: Mapping[PortPath, ArtifactDraft] | None = None,
    ) -> Run:
        """Start recording an attempt; with `cached`, that an earlier one's outputs are used."""
        self._attempt += 1
        options = self.options
        run = Run(
            self.name,
            options.type,
            store=options.store,
            pipeline=options.pipeline,
            parent=current_run(),
            strict=options.strict,
            key=key,
            properties=properties,
        )
        self._describe(run)
        run.start(cached=cached)
        return run

    def _fill(self, template: str | None) -> str | None:
        """A name with what this call was given; None where it can't be filled in."""
        if template is None:
            return None
        try:
            return fill(template, self._arguments)
        except InvalidValue as error:
            if self.options.strict:
                raise
            warn(str(error))
            return None

    def build_key(self, cache: DigestCache, loaded: Collection[str] | None = None) -> CacheKey:
        """Return what an earlier call is to have had in common with this one."""
        inputs: dict[str, str] = {}
        outputs: dict[str, str] = {}
        parameters: dict[str, Any] = {}
        for name, value in self._arguments.items():
            flow = self._ports.get(name)
            for at, (port, item) in enumerate(_items(name, value) if flow else ()):
                place = f"{port}.{at}" if isinstance(value, list | tuple) else port
                if flow == "output":
                    outputs[place] = uri_of(item) if is_place(item) else repr(item)
                elif is_place(item):
                    inputs[place] = digest_path(item, cache=cache).digest
                else:
                    parameters[place] = item
            if flow is None:
                parameters[name] = value
        receiver = self._receiver
        if receiver is not None:
            parameters["self"] = receiver
        variables = {name: digest_variable(name) for name in self.options.variables}
        return build_key(
            self.options.name, self.function, parameters, inputs, outputs, variables, loaded
        )

    def _describe(self, run: Run) -> None:
        run.guard(lambda: self._describe_arguments(run))

    def _describe_arguments(self, run: Run) -> None:
        properties = to_parameters(
            {
                name: value
                for name, value in self._arguments.items()
                if name not in self._ports and not _is_data(value)
            }
        )
        if self.options.retries:
            properties["attempt"] = self._attempt
        run.give(properties, self._inputs, self._outputs)

    def _inputs(self, run: Run) -> None:
        types = self.options.types
        for name, value in self._arguments.items():
            if self._ports.get(name) == "output":
                continue
            if self._ports.get(name) == "input":
                for port, item in _items(name, value):
                    run.read(item, type=types.get(name), port=port)
            else:
                for port, item in _data_in(name, value):
                    run.read(item, type=types.get(name), port=port)

    def _outputs(self, run: Run) -> None:
        for name, value in self._arguments.items():
            if self._ports.get(name) == "output":
                for port, item in _items(name, value):
                    given = self._fill(self.options.names.get(name))
                    run.output(item, type=self.options.types.get(name), name=given, port=port)

    def keep(self, run: Run, value: Any) -> None:
        """Record what was returned."""
        if value is not None:
            run.guard(lambda: self._keep(run, value))

    def _keep(self, run: Run, value: Any) -> None:
        given = self.options.types.get("return")
        name = self._fill(self.options.names.get("return"))
        metrics = as_metrics(value)
        if metrics is not None:
            run.metrics(metrics)
            return
        for port, item in _returned(value):
            if is_place(item):
                if isinstance(item, str) and not _exists(item):
                    continue
                run.output(item, type=given, name=name, port=None if port == "output" else port)
            else:
                run.output(item, type=given, name=name, port=port)

    def declared_inputs(self) -> frozenset[str]:
        """Return the paths of its declared inputs."""
        return frozenset(
            os.path.realpath(item)
            for name, value in self._arguments.items()
            if self._ports.get(name) == "input"
            for _, item in _items(name, value)
            if is_place(item)
        )

    def returned(self, value: Any) -> Iterable[tuple[str, Any]]:
        """Return the parts of a returned value that are outputs, each with its port."""
        return [] if value is None or as_metrics(value) is not None else _returned(value)

    def is_to_be_retried(self, error: BaseException) -> bool:
        """Return whether the call is made again after an error."""
        return isinstance(error, Exception) and self._attempt <= self.options.retries

    @property
    def pause_s(self) -> float:
        """Seconds before the next attempt."""
        return self.options.backoff * float(2 ** (self._attempt - 1))


def _wrap(function: Callable[..., Any], options: StepOptions) -> Callable[..., Any]:
    signature = _signature(function)
    ports = ports_of(function)
    _check_names(options, signature)

    def call_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> _Call:
        return _Call(function, options, ports, signature, args, kwargs)

    wrapped: Callable[..., Any]
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def generate_async(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            async for item in _iterate_async(function, call_of(args, kwargs), args, kwargs):
                yield item

        wrapped = generate_async
    elif inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run_async(*args: Any, **kwargs: Any) -> Any:
            import asyncio

            call = call_of(args, kwargs)
            while True:
                # Another task of this loop may be what is waited for.
                found = await asyncio.to_thread(open_result, call) if options.cache else None
                if isinstance(found, Used):
                    return found.value
                run = found.run if found is not None else call.begin()
                try:
                    with _inside(run), _traced(found):
                        value = await function(*args, **kwargs)
                except BaseException as error:
                    run.finish(error)
                    if not call.is_to_be_retried(error):
                        raise
                    await asyncio.sleep(call.pause_s)
                else:
                    if found is not None:
                        found.keep(value)
                    _complete(call, run, value)
                    return value

        wrapped = run_async
    elif inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            return (yield from _iterate(function, call_of(args, kwargs), args, kwargs))

        wrapped = generate
    else:

        @functools.wraps(function)
        def run_plain(*args: Any, **kwargs: Any) -> Any:
            call = call_of(args, kwargs)
            while True:
                found = open_result(call) if options.cache else None
                if isinstance(found, Used):
                    return found.value
                run = found.run if found is not None else call.begin()
                try:
                    with _inside(run), _traced(found):
                        value = function(*args, **kwargs)
                except BaseException as error:
                    run.finish(error)
                    if not call.is_to_be_retried(error):
                        raise
                    time.sleep(call.pause_s)
                else:
                    if found is not None:
                        found.keep(value)
                    _complete(call, run, value)
                    return value

        wrapped = run_plain
    return _name(wrapped, options)


def _check_names(options: StepOptions, signature: inspect.Signature | None) -> None:
    known: set[str] | None = set(signature.parameters) if signature is not None else None
    if signature is not None and any(
        p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values()
    ):
        known = None
    for template in (options.name, *options.names.values()):
        check_template(template, known)


def _name(wrapped: Callable[..., Any], options: StepOptions) -> Callable[..., Any]:
    wrapped.__lineage_step__ = options  # type: ignore[attr-defined]
    return wrapped


def _complete(call: _Call, run: Run, value: Any) -> None:
    call.keep(run, value)
    run.finish()


def _traced(found: Computed | None) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext() if found is None else trace_reads(found.trace)


@contextlib.contextmanager
def _inside(run: Run) -> Iterator[None]:
    run.activate()
    try:
        yield
    finally:
        run.deactivate()


def _iterate(
    function: Callable[..., Any], call: _Call, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Generator[Any, Any, Any]:
    """Go through a generator; it is in its run only while it works, not while it waits."""
    run = call.begin()
    generator = function(*args, **kwargs)
    resume: Callable[[], Any] = lambda: next(generator)  # noqa: E731
    try:
        while True:
            try:
                with _inside(run):
                    item = resume()
            except StopIteration as ended:
                _complete(call, run, ended.value)
                return ended.value
            call.keep(run, item)
            try:
                sent = yield item
            except GeneratorExit:
                with _inside(run):
                    generator.close()
                raise
            except BaseException as thrown:
                resume = functools.partial(generator.throw, thrown)
            else:
                resume = functools.partial(generator.send, sent)
    except BaseException as error:
        run.finish(error)
        raise


async def _iterate_async(
    function: Callable[..., Any], call: _Call, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> AsyncIterator[Any]:
    run = call.begin()
    generator = function(*args, **kwargs)
    resume: Callable[[], Any] = lambda: generator.__anext__()  # noqa: E731
    try:
        while True:
            try:
                with _inside(run):
                    item = await resume()
            except StopAsyncIteration:
                run.finish()
                return
            call.keep(run, item)
            try:
                sent = yield item
            except GeneratorExit:
                with _inside(run):
                    await generator.aclose()
                raise
            except BaseException as thrown:
                resume = functools.partial(generator.athrow, thrown)
            else:
                resume = functools.partial(generator.asend, sent)
    except BaseException as error:
        run.finish(error)
        raise


def as_metrics(value: Any) -> dict[str, float | int] | None:
    """Return a dict of numbers by name as metrics; None for everything else."""
    if not isinstance(value, Mapping) or not value:
        return None
    found: dict[str, float | int] = {}
    for name, item in value.items():
        number = to_number(item)
        if not isinstance(name, str) or number is None:
            return None
        found[name] = number
    return found


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _bind(
    signature: inspect.Signature | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by parameter, defaults among them."""
    if signature is None:
        return {f"argument_{at}": value for at, value in enumerate(args)} | dict(kwargs)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        # The call itself is to raise it.
        return dict(kwargs)
    bound.apply_defaults()
    found: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            found |= value
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            found |= {f"{name}_{at}": item for at, item in enumerate(value)}
        elif name in ("self", "cls") and not is_place(value):
            continue
        else:
            found[name] = value
    return found


def _has_receiver(signature: inspect.Signature | None) -> bool:
    return signature is not None and next(iter(signature.parameters), None) in ("self", "cls")


def _items(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The things that an annotated parameter holds, each with its port."""
    if value is None:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{name}.{key}", item
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield name, item
    else:
        yield name, value


def _data_in(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What a parameter that is not annotated holds of known origin, or is data by its class."""
    if _is_data(value):
        yield name, value
    elif isinstance(value, Mapping) and len(value) <= 1_000:
        for key, item in value.items():
            if _is_data(item):
                yield f"{name}.{key}", item
    elif isinstance(value, list | tuple) and len(value) <= 1_000:
        for item in value:
            if _is_data(item):
                yield name, item


def _is_data(value: Any) -> bool:
    if isinstance(value, _SCALARS) or is_place(value):
        return False
    return origin_of(value) is not None or type_of_object(value) != "Object"


def _returned(value: Any) -> Iterable[tuple[str, Any]]:
    """What a step returned, taken apart, each with its port."""
    if isinstance(value, Mapping):
        return [(str(k), v) for k, v in value.items() if _is_output(v)]
    if isinstance(value, tuple | list):
        names = getattr(value, "_fields", None)
        return [
            (names[at] if names else "output", item)
            for at, item in enumerate(value)
            if _is_output(item)
        ]
    return [("output", value)] if _is_output(value) else []


def _is_output(value: Any) -> bool:
    if is_place(value):
        return True
    if isinstance(value, (*_SCALARS, list, dict, tuple, set)):
        return False
    return hasattr(value, "__weakref__") or _is_data(value)


def _exists(text: str) -> bool:
    """Whether a text that was returned is the path of something, and not any text."""
    try:
        return ("/" in text or os.sep in text or "." in text) and os.path.exists(text)
    except (OSError, ValueError):
        return False
