"""scikit-learn and what follows its interface: fits, parameters, data, scores."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from lineage.recording.description import type_of_object
from lineage.recording.fitting import (
    Fit,
    begin_fit,
    digest_array,
    end_fit,
    evaluate,
    fail_fit,
    own_fit,
    read_place,
    session,
    sources_of,
)
from lineage.recording.identity import ArtifactDraft
from lineage.recording.origin import Origin, carry_origin, keep_origin, origin_of
from lineage.recording.patch import Call, replace_functions, replace_method
from lineage.recording.property_value import to_number, to_property

LIBRARY = "sklearn"
_PREDICTIONS = ("predict", "predict_proba", "predict_log_proba", "decision_function")
_SPLITS = ("train_test_split",)
_VALIDATIONS = ("cross_val_score", "cross_validate")
_DATA = ("X", "y", "sample_weight", "eval_set")


def install_base(base: Any) -> None:
    """Have all estimators tell when they are fitted, asked and judged; later ones too."""
    estimator = base.BaseEstimator
    for found in [estimator, *_below(estimator)]:
        _observe_class(found)
    inherited = estimator.__dict__.get("__init_subclass__")

    def init_subclass(cls: type, /, **kwargs: Any) -> None:
        if inherited is not None:
            inherited.__func__(cls, **kwargs)
        else:
            super(estimator, cls).__init_subclass__(**kwargs)
        _observe_class(cls)

    estimator.__init_subclass__ = classmethod(init_subclass)


def install_selection(selection: Any) -> None:
    """Have splits carry the origin of what they split, and cross-validation tell its scores."""
    names = {name: {"after": _after_carry} for name in _SPLITS}
    names |= {name: {"after": _after_validation} for name in _VALIDATIONS}
    replace_functions(selection, names, LIBRARY)


def install_utils(utils: Any) -> None:
    """Have shuffled and resampled data keep its origin."""
    replace_functions(
        utils, {name: {"after": _after_carry} for name in ("shuffle", "resample")}, LIBRARY
    )


def install_parallel(parallel: Any) -> None:
    """Keep estimators that an ensemble or a search fits in its threads from telling."""
    import functools

    from lineage.recording.patch import suppress

    original = parallel._FuncWrapper.__call__

    @functools.wraps(original)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        with suppress():
            return original(self, *args, **kwargs)

    parallel._FuncWrapper.__call__ = called


def install_metrics(metrics: Any) -> None:
    """Have metrics of predictions tell."""
    names = {}
    for name in metrics.__all__:
        function = getattr(metrics, name, None)
        if inspect.isfunction(function) and _judges(function):
            names[name] = {"after": _after_metric}
    replace_functions(metrics, names, LIBRARY)


def _judges(function: Any) -> bool:
    """Whether a metric is of predictions: of classes, numbers or clusters."""
    first, second = [*inspect.signature(function).parameters, "", ""][:2]
    return first in ("y_true", "labels_true") or (first, second) == ("X", "labels")


def install_datasets(datasets: Any) -> None:
    """Have the data sets that scikit-learn ships, fetches and makes be artifacts."""
    names = [n for n in datasets.__all__ if n.startswith(("load_", "fetch_", "make_"))]
    read = {"load_files": "container_path", "load_svmlight_file": "f"}
    skip = {"load_svmlight_files", *read}
    replace_functions(
        datasets,
        {
            **{n: {"after": _after_dataset} for n in names if n not in skip},
            **{n: {"after": _after_read(argument)} for n, argument in read.items()},
        },
        LIBRARY,
    )


def _below(cls: type) -> Iterator[type]:
    seen: set[type] = set()
    waiting: list[type] = list(cls.__subclasses__())
    while waiting:
        found = waiting.pop()
        if found not in seen:
            seen.add(found)
            waiting += type.__subclasses__(found)
            yield found


def _observe_class(cls: type) -> None:
    """Observe the methods that a class and its mix-ins define."""
    for owner in cls.__mro__:
        if owner is object or owner.__module__ in ("builtins", "abc", "typing"):
            continue
        for name in ("fit", "partial_fit", "fit_predict"):
            replace_method(
                owner, name, LIBRARY, before=_before_fit, after=_after_fit, failed=_failed
            )
        replace_method(
            owner, "fit_transform", LIBRARY, before=_before_fit, after=_after_fit, failed=_failed
        )
        for name in (*_PREDICTIONS, "transform", "inverse_transform"):
            replace_method(owner, name, LIBRARY, after=_after_predict)
        replace_method(owner, "score", LIBRARY, after=_after_score)


def _is_estimator(value: Any) -> bool:
    return hasattr(value, "get_params") and hasattr(value, "fit") and not isinstance(value, type)


def _is_model(estimator: Any) -> bool:
    """Whether it predicts; what only transforms is a part of a model."""
    from sklearn.base import is_classifier, is_regressor

    if hasattr(estimator, "predict"):
        return True
    try:
        # Some can say so only once they are fitted.
        return bool(is_classifier(estimator) or is_regressor(estimator))
    except Exception:  # an estimator of another library may have no tags
        return False


def _data_of(call: Call) -> list[Any]:
    found = [value for value in call.args[1:3] if value is not None]
    found += [call.kwargs[name] for name in _DATA if call.kwargs.get(name) is not None]
    flat: list[Any] = []
    for value in found:
        # eval_set is a list of pairs.
        nested = isinstance(value, list) and value and isinstance(value[0], tuple)
        flat += [part for pair in value for part in pair] if nested else [value]
    return flat


def _before_fit(call: Call) -> Fit | None:
    estimator = call.args[0]
    if not _is_estimator(estimator) or not _is_model(estimator):
        return None
    if call.name == "partial_fit" and own_fit(estimator) is not None:
        return None
    return begin_fit(estimator, algorithm_of(estimator), params_of(estimator), _data_of(call))


def _after_fit(call: Call, fit: Fit | None, result: Any) -> None:
    estimator, data = call.args[0], _data_of(call)
    if fit is not None:
        params, metrics = _found(estimator)
        end_fit(fit, estimator, data, params=params, metrics=metrics)
    elif call.name == "partial_fit" and (known := own_fit(estimator)) is not None:
        sources, _ = sources_of(data)
        known.run.add_inputs(sources, "examples")
    elif _is_estimator(estimator):
        # A transformer is computed of what it was fitted on, and is no model by itself.
        carry_origin(data, estimator)
    if call.name in ("fit_transform", "fit_predict"):
        carry_origin([*data, estimator], result)


def _failed(call: Call, fit: Fit | None, error: BaseException) -> None:
    fail_fit(fit, error)


def _found(estimator: Any) -> tuple[dict[str, Any], dict[str, float | int]]:
    """What a search found: its best parameters and score."""
    params: dict[str, Any] = {}
    metrics: dict[str, float | int] = {}
    best = getattr(estimator, "best_params_", None)
    if isinstance(best, dict):
        params = {f"best_{name}": to_property(name, value) for name, value in best.items()}
        score = to_number(getattr(estimator, "best_score_", None))
        if score is not None:
            metrics["best_score"] = score
    return params, metrics


def _after_predict(call: Call, _: Any, result: Any) -> None:
    carry_origin([call.args[0], call.argument(1, "X")], result)


def _after_score(call: Call, _: Any, result: Any) -> None:
    estimator = call.args[0]
    number = to_number(result)
    if number is not None and _is_estimator(estimator):
        data = [call.argument(1, "X"), call.argument(2, "y")]
        evaluate({_score_name(estimator): number}, data, estimator)


def _score_name(estimator: Any) -> str:
    kind = getattr(estimator, "_estimator_type", None)
    if kind is None:
        try:
            kind = estimator.__sklearn_tags__().estimator_type
        except Exception:  # an estimator of another library may have no tags
            kind = None
    if getattr(estimator, "scoring", None) is not None:
        return "score"
    return {"classifier": "accuracy", "regressor": "r2"}.get(str(kind), "score")


def _after_metric(call: Call, _: Any, result: Any) -> None:
    number = to_number(result)
    predicted = call.args[1] if len(call.args) > 1 else None
    if predicted is None:
        names = (
            "y_pred", "y_score", "y_prob", "y_proba", "pred_decision", "labels_pred", "labels",
        )  # fmt: skip
        predicted = next((call.kwargs[n] for n in names if n in call.kwargs), None)
    if number is None or predicted is None:
        return
    given = (call.kwargs[n] for n in ("y_true", "labels_true", "X") if n in call.kwargs)
    true = call.args[0] if call.args else next(given, None)
    name = call.name.removesuffix("_score")
    evaluate({name: number}, [true, predicted], predicted, subject=_owner(predicted))


def _owner(predicted: Any) -> Any:
    """The array that a view of predictions is of: its columns are judged together."""
    while getattr(predicted, "base", None) is not None and origin_of(predicted.base) is not None:
        predicted = predicted.base
    return predicted


def _after_carry(call: Call, _: Any, result: Any) -> None:
    """Each part of a split comes from what was split into it."""
    given = call.args
    parts = list(result) if isinstance(result, list | tuple) else [result]
    share = len(parts) // len(given) if given else 0
    for at, part in enumerate(parts):
        source = given[at // share] if share and at // share < len(given) else None
        carry_origin(given if source is None else [source], part)


def _after_validation(call: Call, _: Any, result: Any) -> None:
    estimator = call.argument(0, "estimator")
    data = [call.argument(1, "X"), call.argument(2, "y")]
    scores = result if isinstance(result, dict) else {"score": result}
    metrics: dict[str, float | int] = {}
    for name, values in scores.items():
        if not hasattr(values, "mean") or name.endswith("_time"):
            continue
        mean, deviation = to_number(values.mean()), to_number(values.std())
        if mean is not None and deviation is not None:
            metrics |= {f"{name}_mean": mean, f"{name}_std": deviation}
    fit = begin_fit(estimator, algorithm_of(estimator), params_of(estimator), data)
    fit.run.metrics(metrics)
    if fit.own:
        fit.run.finish()


def _after_read(argument: str) -> Any:
    """Have what was read from a file or folder come from there."""

    def after(call: Call, _: Any, result: Any) -> None:
        parts = list(result.values()) if isinstance(result, dict) else list(result)
        data = [part for part in parts if type_of_object(part) == "Dataset"]
        read_place(call.argument(0, argument), *data, type="Dataset")

    return after


def _after_dataset(call: Call, _: Any, result: Any) -> None:
    parts = list(result.values()) if isinstance(result, dict) else []
    if isinstance(result, tuple | list):
        parts = list(result)
    data = [part for part in parts if type_of_object(part) == "Dataset"]
    if not data:
        return
    digest = digest_array(data[0])
    draft = ArtifactDraft(
        "Dataset",
        key=f"sklearn.datasets.{call.name} {digest or id(result)}",
        digest=digest,
        properties={
            "source": f"sklearn.datasets.{call.name}",
            **{name: to_property(name, value) for name, value in call.kwargs.items()},
        },
    )
    session.note_read(draft)
    for part in data:
        keep_origin(part, Origin((draft,)))
    if isinstance(result, dict):
        keep_origin(result, Origin((draft,)))


def algorithm_of(estimator: Any) -> str:
    """Return an estimator's class by its public path, such as `sklearn.svm.SVC`.

    The parts of a pipeline are in its parameters.
    """
    cls = type(estimator)
    parts = [part for part in cls.__module__.split(".") if not part.startswith("_")]
    return ".".join([*parts, cls.__qualname__])


def params_of(estimator: Any) -> dict[str, Any]:
    """Return an estimator's parameters, those of the estimators in it by their dotted names."""
    found: dict[str, Any] = {}
    for name, value in estimator.get_params(deep=True).items():
        if _is_estimator(value):
            found[name] = algorithm_of(value)
        elif isinstance(value, list | tuple) and any(
            _is_estimator(part) for item in value for part in _parts(item)
        ):
            found[name] = [
                algorithm_of(part) if _is_estimator(part) else str(part)
                for item in value
                for part in _parts(item)
                if _is_estimator(part) or isinstance(part, str)
            ]
        else:
            found[name] = value
    return found


def _parts(item: Any) -> list[Any]:
    return list(item) if isinstance(item, list | tuple) else [item]
