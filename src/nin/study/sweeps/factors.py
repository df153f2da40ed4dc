"""Factors of a sweep: what can be varied in a recipe or its network, and how values are read."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nin.data.registry import is_grey
from nin.errors import Argument, NinError, RecipeError, UnknownNameError
from nin.networks.lookup import find_network, known_stages
from nin.networks.network_source import import_network, is_custom, source_of
from nin.networks.stage_table import with_field
from nin.networks.stages import MBConv, Stage, deepened, with_ingredients
from nin.study.statistics.effects import level_name
from nin.training.recipe import Recipe
from nin.training.runs.dataset import is_in_memory

#: Fields of a stage that a factor sets in all stages. The others are also fields of a recipe.
STAGE_FIELDS = ("kernel_size", "window", "strides", "padding", "pool", "activation", "last_relu")
#: Fields of a recipe that cannot be factors, and why.
_NO_FACTORS = {
    **dict.fromkeys(
        ("data", "validation", "split_by", "groups", "folds", "fold"),
        "it decides which images networks are evaluated on",
    ),
    "seed": "all are trained with the same seeds: give {}",
    "name": "it changes no training",
    "stream": "it changes no training",
    **dict.fromkeys(
        ("init", "freeze", "finetune", "patience", "least_steps", "least_batches"),
        "networks of a sweep are trained from fresh weights to the last epoch",
    ),
}
#: Field → fields, one of which must be set for it to change anything.
_NEEDS: dict[str, tuple[str, ...]] = {
    "fill_mode": ("shift", "rotation"),
    "mixup_prob": ("mixup", "cutmix"),
    "decay_biases": ("weight_decay",),
}

#: What can be varied if a head is fitted to a frozen trunk.
OF_A_HEAD = ("image_size", "resize_mode", "balance", "limit", "preset")


class Factor(NamedTuple):
    """What a sweep varies.

    Attributes:
        name: a field of `Recipe`, one of `STAGE_FIELDS`, ``"head"``, or an argument of a custom
            network.
        values: its values, two or more.
        usual: its value in the recipe, if that is among `values`; else the first of these.
    """

    name: str
    values: tuple[Any, ...]
    usual: Any


def as_factors(recipe: Recipe, vary: Mapping[str, Sequence[Any]]) -> list[Factor]:
    """The factors that `vary` names, with their values as the recipe or the network holds them.

    Args:
        recipe: the recipe to vary.
        vary: values by name; strings are converted where numbers are needed.

    Raises:
        UnknownNameError: there is no such factor.
        NinError: a value is out of range or given twice, a factor has fewer than two values, or it
            changes nothing.
    """
    if not vary:
        raise NinError("there is nothing to vary: name a field and its values", about=_VARY)
    factors = [_factor(recipe, name, values) for name, values in vary.items()]
    for factor in factors:
        _refuse_idle(recipe, factor, vary)
    return factors


def names_of_factors(recipe: Recipe) -> list[str]:
    """The names of all possible factors."""
    fields = [name for name in Recipe.model_fields if name not in _NO_FACTORS]
    if is_custom(recipe.preset):
        return [*code_arguments(recipe.preset), *fields]
    return [*fields, "head", *STAGE_FIELDS]


_VARY = Argument("vary")
#: Stands for the value of a field in which stages differ.
_SEVERAL = object()


def _factor(recipe: Recipe, name: str, given: Sequence[Any]) -> Factor:
    name = {"lr": "learning_rate"}.get(name, name.replace("-", "_"))
    if name in _NO_FACTORS:
        reason = _NO_FACTORS[name].replace("{}", "seeds")
        raise NinError(f"{name} cannot be varied: {reason}", about=_VARY)
    if name not in names_of_factors(recipe):
        raise UnknownNameError("factor", name, names_of_factors(recipe))
    values = tuple(_read(recipe, name, value) for value in given)
    if len(values) < 2:
        raise NinError(f"{name} needs two values or more", about=_VARY)
    for number, value in enumerate(values):
        if value in values[:number]:
            raise NinError(f"{level_name(name, value)} is given twice", about=_VARY)
    usual = _value_of(recipe, name)
    return Factor(name, values, usual if usual in values else values[0])


def _read(recipe: Recipe, name: str, value: Any) -> Any:
    """One value as a recipe or a stage holds it."""
    if value == "none" and _value_of_default(name) is None:
        value = None
    if is_custom(recipe.preset) and name in code_arguments(recipe.preset):
        return _literal(value)
    if name in Recipe.model_fields:
        try:
            return getattr(recipe.revised(**{name: value}), name)
        except RecipeError as error:
            raise NinError(f"{name}={value}: {error.args[0]}", about=_VARY) from error
    if name == "head":
        return _head(value)
    stages = known_stages(recipe.preset)
    if not stages:
        raise NinError(f"{recipe.preset} has no stages, and {name} is a field of stages")
    changed = changed_stages(stages, {name: value}, f"{name}={value}")
    return getattr(next(stage for stage in changed if isinstance(stage, Stage)), name)


def _value_of(recipe: Recipe, name: str) -> Any:
    """The recipe's value; for a field of stages, `_SEVERAL` unless all stages have the same."""
    if is_custom(recipe.preset) and name in (own := code_arguments(recipe.preset)):
        return source_of(recipe.preset).arguments.get(name, own[name])
    if name in Recipe.model_fields:
        return getattr(recipe, name)
    found = {getattr(stage, name, None) for stage in known_stages(recipe.preset)}
    return found.pop() if len(found) == 1 else _SEVERAL


def _value_of_default(name: str) -> Any:
    if name in Recipe.model_fields:
        return Recipe.model_fields[name].default
    return Stage._field_defaults.get(name, 0) if name != "head" else None


def _head(value: Any) -> list[int] | None:
    """Hidden units of dense layers in place of the average: ``512-512``; None for the average."""
    if value is None or isinstance(value, list | tuple):
        return None if value is None else list(value)
    try:
        return [int(word) for word in str(value).split("-")]
    except ValueError:
        way = "give units of dense layers, such as 512-512, or none"
        raise NinError(f"head={value}: {way}", about=_VARY) from None


def changed_stages(
    stages: Sequence[Stage | MBConv], changes: Mapping[str, Any], name: str
) -> tuple[Stage | MBConv, ...]:
    """A table with fields changed in all its stages.

    Args:
        stages: the table.
        changes: values of `STAGE_FIELDS`.
        name: how messages call the change.

    Raises:
        NinError: a stage refuses a value.
    """
    try:
        for field, value in changes.items():
            stages = with_field(stages, field, value)
    except NinError as error:
        raise NinError(f"{name}: {error}", about=_VARY) from error
    return tuple(stages)


def _refuse_idle(recipe: Recipe, factor: Factor, vary: Mapping[str, Any]) -> None:
    """Refuse a factor that would have no effect."""
    why = _idle_in_training(recipe, factor.name, vary)
    if why is None and "preset" not in vary and not is_custom(recipe.preset):
        why = _idle_in_stages(factor.name, recipe.preset)
    if why is not None:
        raise NinError(f"{factor.name} changes nothing {why}", about=_VARY)


def _idle_in_training(recipe: Recipe, name: str, vary: Mapping[str, Any]) -> str | None:
    """Why a factor has no effect on how the network is trained; None if it has one."""
    if name in _NEEDS and not any(getattr(recipe, each) or each in vary for each in _NEEDS[name]):
        return f"without {' or '.join(_NEEDS[name])}"
    is_pretrained = find_network(recipe.preset).pretrained and "preset" not in vary
    if is_pretrained and name not in Recipe.model_fields:
        return f"in {recipe.preset}, whose layers are those of its pretrained weights"
    if is_pretrained and not recipe.finetune and name not in OF_A_HEAD:
        return "where the trunk is frozen: fine-tune it"
    if name == "resize_mode" and is_in_memory(recipe.data):
        return f"where images are not read from picture files: {recipe.data}"
    if name == "saturation" and is_grey(recipe.data):
        return f"in grey images: {recipe.data}"
    if name == "momentum" and recipe.optimizer != "sgd" and "optimizer" not in vary:
        return f"where the optimizer is {recipe.optimizer}"
    if name == "warmup" and recipe.schedule == "constant" and "schedule" not in vary:
        return "where the learning rate is constant"
    return None


def _idle_in_stages(name: str, preset: str) -> str | None:
    """Why a factor has no effect on a preset's stages; None if it has one, or there are none."""
    stages = known_stages(preset)
    if not stages:
        return None
    if name == "depth" and deepened(stages, 2) == deepened(stages, 1):
        return f"in {preset}: no stage is between its first and its last"
    if name == "batch_norm" and with_ingredients(stages, batch_norm=True) == tuple(stages):
        return f"in {preset}: every convolution before the class maps has it"
    if name == "dropout" and not any(getattr(stage, "dropout", 0) for stage in stages):
        return f"in {preset}: none of its stages drops values"
    if name == "pooling" and not any(getattr(stage, "pool", None) for stage in stages):
        return f"in {preset}: none of its stages is pooled"
    return None


def code_arguments(preset: str) -> dict[str, Any]:
    """The arguments of a custom network that have defaults, with their defaults."""
    source = source_of(preset)
    if source.file is None:
        return {}
    code = import_network(f"{source.file}:{source.name}")
    try:
        parameters = inspect.signature(code).parameters
    except (TypeError, ValueError):
        return {}
    return {
        name: each.default
        for name, each in parameters.items()
        if each.default is not each.empty and name not in ("lr", "num_classes", "input_shape")
    }


def _literal(value: Any) -> Any:
    """A word of the command line as Python would read it: a number, a Boolean, or a string."""
    if not isinstance(value, str):
        return value
    import ast

    known = {"true": True, "false": False, "none": None}
    try:
        return known[value.lower()] if value.lower() in known else ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
