"""The fields of a `Recipe` as arguments: their types, omitted ones, and earlier names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from nin.data.augmentation import FillMode
from nin.data.balance import Balance
from nin.data.decoding.decode import ResizeMode
from nin.data.folders.division import SplitBy

#: Earlier name of a field → its name now.
_RENAMED = {"fit": "resize_mode"}


class RecipeFields(TypedDict, total=False):
    """Some fields of `Recipe`, as keyword arguments; None leaves a field as it is."""

    name: str | None
    data: str | Path | Any | None
    preset: str | Sequence[Any] | Callable[..., Any] | None
    finetune: bool | None
    init: str | Path | None
    freeze: int | None
    width: float | None
    depth: int | None
    dropout: float | None
    batch_norm: bool | None
    pooling: Literal["max", "average"] | None
    image_size: int | None
    resize_mode: ResizeMode | None
    epochs: int | None
    batch_size: int | None
    least_steps: int | None
    least_batches: int | None
    patience: int | None
    accumulate: int | None
    precision: Literal["auto", "float32", "bfloat16"] | None
    optimizer: Literal["sgd", "adamw"] | None
    learning_rate: float | None
    momentum: float | None
    weight_decay: float | None
    decay_biases: bool | None
    ema_momentum: float | None
    schedule: Literal["constant", "cosine"] | None
    warmup: int | None
    clip_norm: float | None
    shift: int | None
    fill_mode: FillMode | None
    flip: bool | None
    crop: float | None
    crop_size: int | None
    rotation: float | None
    brightness: float | None
    contrast: float | None
    saturation: float | None
    erasing: float | None
    mixup: float | None
    cutmix: float | None
    mixup_prob: float | None
    label_smoothing: float | None
    balance: Balance | Literal["auto"] | bool | None
    stream: bool | None
    validation: float | None
    split_by: SplitBy | None
    groups: str | Callable[[Path], object] | Any | None
    folds: int | None
    fold: int | None
    limit: int | None
    seed: int | None


def not_none(**values: Any) -> dict[str, Any]:
    """The values that are not None: omitted arguments change nothing."""
    return {name: value for name, value in values.items() if value is not None}


def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by their present names; a value under an earlier name takes precedence."""
    kept = {name: value for name, value in values.items() if name not in _RENAMED}
    return kept | {new: values[old] for old, new in _RENAMED.items() if old in values}
