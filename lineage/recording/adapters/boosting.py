"""XGBoost and LightGBM by their own interface; `sklearn` covers their estimators."""

from __future__ import annotations

from typing import Any

from lineage.recording.fitting import (
    Fit,
    begin_fit,
    end_fit,
    fail_fit,
    own_fit,
    read_place,
    write_place,
)
from lineage.recording.origin import carry_origin, origin_of
from lineage.recording.patch import Call, replace_functions, replace_method
from lineage.recording.property_value import to_number


def install_xgboost(xgboost: Any) -> None:
    """Have XGBoost tell what it trains, saves and loads."""
    _install(xgboost, "xgboost", (xgboost.DMatrix, xgboost.QuantileDMatrix))
    for owner in (xgboost.Booster, getattr(xgboost, "XGBModel", None)):
        if owner is not None:
            replace_method(owner, "save_model", "xgboost", after=_after_save)
            replace_method(owner, "load_model", "xgboost", after=_after_load)


def install_lightgbm(lightgbm: Any) -> None:
    """Have LightGBM tell what it trains, saves and loads."""
    _install(lightgbm, "lightgbm", (lightgbm.Dataset,))
    replace_method(lightgbm.Booster, "save_model", "lightgbm", after=_after_save)
    replace_method(lightgbm.Booster, "__init__", "lightgbm", after=_after_make_booster)
    for name in ("create_valid", "subset"):
        replace_method(lightgbm.Dataset, name, "lightgbm", after=_after_carry)


def _install(library: Any, name: str, data: tuple[Any, ...]) -> None:
    listeners = {"before": _before_train, "after": _after_train, "failed": _failed}
    replace_functions(library, {"train": listeners}, name)
    for owner in data:
        replace_method(owner, "__init__", name, after=_after_make)
    replace_method(library.Booster, "predict", name, after=_after_carry)


def _data_of(call: Call) -> list[Any]:
    return [call.argument(1, "dtrain", call.kwargs.get("train_set"))]


def _before_train(call: Call) -> Fit:
    params = dict(call.argument(0, "params") or {})
    rounds = call.argument(2, "num_boost_round")
    if rounds is not None:
        params["num_boost_round"] = rounds
    data = _data_of(call)
    library = type(data[0]).__module__.partition(".")[0] if data[0] is not None else "boosting"
    return begin_fit(None, f"{library}.train", params, data)


def _after_train(call: Call, fit: Fit | None, result: Any) -> None:
    if fit is not None:
        end_fit(fit, result, _data_of(call), metrics=_scores(call, result))


def _failed(call: Call, fit: Fit | None, error: BaseException) -> None:
    fail_fit(fit, error)


def _scores(call: Call, booster: Any) -> dict[str, float | int]:
    """What was measured while it trained, as it was in the end."""
    found: dict[str, float | int] = {}
    tables = [call.kwargs.get("evals_result"), getattr(booster, "best_score", None)]
    for table in tables:
        for data, metrics in table.items() if isinstance(table, dict) else ():
            for name, value in metrics.items() if isinstance(metrics, dict) else ():
                last = value[-1] if isinstance(value, list) and value else value
                number = to_number(last)
                if number is not None:
                    found[f"{data}_{name}"] = number
    return found


def _after_make(call: Call, _: Any, result: Any) -> None:
    sources = [value for value in call.values[1:] if origin_of(value) is not None]
    if sources:
        carry_origin(sources, call.args[0])
    elif len(call.args) > 1 and isinstance(call.args[1], str):
        read_place(call.args[1].partition("?")[0], call.args[0], type="Dataset")


def _after_carry(call: Call, _: Any, result: Any) -> None:
    carry_origin(call.values, result)


def _after_save(call: Call, _: Any, result: Any) -> None:
    value = call.args[0]
    write_place(value, call.argument(1, "fname", call.kwargs.get("filename")), call.name,
                type="Model")  # fmt: skip


def _after_load(call: Call, _: Any, result: Any) -> None:
    read_place(call.argument(1, "fname"), call.args[0], type="Model")


def _after_make_booster(call: Call, _: Any, result: Any) -> None:
    file = call.argument(3, "model_file")
    if file is not None and own_fit(call.args[0]) is None:
        read_place(file, call.args[0], type="Model")
