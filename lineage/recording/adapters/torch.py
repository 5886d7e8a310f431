"""PyTorch and Lightning: checkpoints, seeds, and what a Trainer fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage.recording.fitting import (
    Fit,
    begin_fit,
    end_fit,
    fail_fit,
    read_place,
    session,
    write_place,
)
from lineage.recording.patch import Call, replace_functions, replace_method
from lineage.recording.property_value import to_number


def install_torch(torch: Any) -> None:
    """Have PyTorch tell which checkpoints it saves and loads, and which seed it was given."""
    replace_functions(
        torch,
        {
            "save": {"after": _after_save},
            "load": {"after": _after_load},
            "manual_seed": {"after": _after_seed},
        },
        "torch",
    )


def install_lightning(lightning: Any) -> None:
    """Have a Trainer tell what it fits and saves."""
    trainer = lightning.Trainer
    replace_method(
        trainer, "fit", "lightning", before=_before_fit, after=_after_fit, failed=_failed
    )
    replace_method(trainer, "save_checkpoint", "lightning", after=_after_checkpoint)


def _after_save(call: Call, _: Any, result: Any) -> None:
    write_place(call.argument(0, "obj"), call.argument(1, "f"), call.name, type="Model")


def _after_load(call: Call, _: Any, result: Any) -> None:
    read_place(call.argument(0, "f"), result, type="Model")


def _after_seed(call: Call, _: Any, result: Any) -> None:
    seed = call.argument(0, "seed")
    if isinstance(seed, int):
        session.seeds["torch_seed"] = seed


def _data_of(call: Call) -> list[Any]:
    return [*call.args[2:], *(v for k, v in call.kwargs.items() if k != "model")]


def _before_fit(call: Call) -> Fit:
    trainer, model = call.args[0], call.argument(1, "model")
    params: dict[str, Any] = {}
    hparams = getattr(model, "hparams", None)
    if isinstance(hparams, Mapping):
        params |= {str(name): value for name, value in hparams.items()}
    for name in ("max_epochs", "max_steps", "gradient_clip_val", "accumulate_grad_batches"):
        value = getattr(trainer, name, None)
        if value is not None:
            params.setdefault(name, value)
    return begin_fit(model, f"{type(model).__module__}.{type(model).__qualname__}", params,
                     _data_of(call))  # fmt: skip


def _after_fit(call: Call, fit: Fit | None, result: Any) -> None:
    if fit is None:
        return
    measured = getattr(call.args[0], "callback_metrics", None)
    metrics: dict[str, float | int] = {}
    for name, value in measured.items() if isinstance(measured, Mapping) else ():
        number = to_number(value)
        if number is not None:
            metrics[str(name)] = number
    end_fit(fit, call.argument(1, "model"), _data_of(call), metrics=metrics)


def _failed(call: Call, fit: Fit | None, error: BaseException) -> None:
    fail_fit(fit, error)


def _after_checkpoint(call: Call, _: Any, result: Any) -> None:
    model = getattr(call.args[0], "lightning_module", None)
    write_place(model, call.argument(1, "filepath"), call.name, type="Model")
