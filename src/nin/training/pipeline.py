"""Training by gradients, from a recipe to a run directory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nin.backends import random_state_restored
from nin.backends.distribution import Layout, spread
from nin.data import ImageData
from nin.errors import Advice, Argument, RunError
from nin.networks.network_source import is_custom
from nin.networks.stage_table import is_table
from nin.training.attempt import (
    Attempt,
    finetuning_attempt,
    new_attempt,
    new_network,
    resumed_attempt,
)
from nin.training.custom_hooks import check_loss, check_weights
from nin.training.fit_run import fit_run
from nin.training.leak_warning import warn_of_duplicates
from nin.training.network_check import check_stages, try_network
from nin.training.preflight import check_resumable
from nin.training.recipe import Recipe
from nin.training.recipe_fields import not_none
from nin.training.runs.checkpoint import Position, read_position
from nin.training.runs.custom_source import trusted_name
from nin.training.runs.data_notes import show_found
from nin.training.runs.dataset import data_record, open_new
from nin.training.runs.description import describe
from nin.training.runs.images_file import keep_arrays
from nin.training.runs.membership_file import keep_membership
from nin.training.runs.provenance import command, device, session, sessions_of, versions
from nin.training.runs.record import FORMAT
from nin.training.runs.run import SAVE_EVERY, Run, load
from nin.training.runs.run_folder import check_free, new_run_folder, resumed_run_folder
from nin.training.runs.run_format import RunRecord
from nin.training.schedule import adjust, adjustment_note, schedule_record
from nin.training.stop_signal import StopSignal
from nin.training.trainer import Trainer


def train(
    recipe: Recipe,
    out: str | Path | None = None,
    *,
    data: ImageData | None = None,
    skip_bad: bool = False,
    save_every: float = SAVE_EVERY,
    devices: int | None = None,
    callbacks: Sequence[Any] = (),
) -> Run:
    """Train by gradients; see `nin.training.train`.

    `data` are the recipe's images, if they are already open.
    """
    check_free(out)
    with random_state_restored(), spread(devices) as here:
        data = data or open_new(recipe, skip_bad=skip_bad)
        check_custom(recipe, data)
        if here.is_chief:
            show_found(data)
        duplicates = warn_of_duplicates(data, recipe.init) if here.is_chief else {}
        images = len(data.train.labels)
        given, recipe = recipe, adjust(recipe, images)
        data.batch_size = recipe.part_size
        note = adjustment_note(given, recipe, images)
        attempt = new_attempt(recipe, data, here, Position(), note)
        with new_run_folder(here, recipe.name, out) as path:
            run = Run(path, {}, trust=True)
            keep_membership(path, data, recipe.init)
            keep_arrays(path, data, recipe)
            run.update(**_first_record(path, attempt, skip_bad), **duplicates)
            return fit_run(run, attempt, save_every, callbacks)


def resume(
    path: str | Path,
    epochs: int | None = None,
    *,
    skip_bad: bool = False,
    save_every: float = SAVE_EVERY,
    devices: int | None = None,
    callbacks: Sequence[Any] = (),
    data: Any = None,
    stop_signal: StopSignal | None = None,
    trust: bool = False,
) -> Run:
    """Continue a training by gradients, or fine-tune a run whose head has been fitted.

    See `nin.training.resume`; a `stop_signal` may already be watching for Ctrl-C.
    """
    path = load(path).path
    with (
        random_state_restored(),
        spread(devices) as here,
        resumed_run_folder(here, path) as folder,
    ):
        run = load(folder, trust=trust)
        recipe = run.recipe.revised(**not_none(epochs=epochs))
        if recipe.init is not None:
            recipe = recipe.revised(init=str(run.locate(recipe.init)))
        recipe = recipe.revised(preset=_checked_preset(run, recipe, trust))
        position = read_position(run)
        if position is not None:
            _check_unfinished(run, recipe, position, path)
        skip_bad = skip_bad or bool(run.record.get("skip_bad", False))
        data = run.images.open(data, skip_bad=skip_bad)
        images = len(data.train.labels)
        if position is not None and position.batch >= math.ceil(images / data.batch_size):
            raise RunError(f"{run.checkpoint_path} is not a checkpoint of this run")
        attempt, recipe = _attempt(run, recipe, data, here, position)
        now = session(run.path, position.epoch if position else 0, versions(), device())
        run.update(
            state="training",
            recipe={**recipe.model_dump(mode="json"), **_as_recorded(run)},
            schedule=schedule_record(recipe, images),
            skip_bad=skip_bad,
            sessions=[*sessions_of(run.record), now],
            result=None,
        )
        return fit_run(run, attempt, save_every, callbacks, stop_signal)


def _attempt(
    run: Run, recipe: Recipe, data: ImageData, here: Layout, position: Position | None
) -> tuple[Attempt, Recipe]:
    """The attempt to continue from a checkpoint, a fitted head or nothing; and its recipe."""
    if position is not None:
        return resumed_attempt(run, recipe, data, here, position), recipe
    if "head" not in run.record:
        return new_attempt(recipe, data, here, Position()), recipe
    images = len(data.train.labels)
    given, recipe = recipe, adjust(recipe, images)
    data.batch_size = recipe.part_size
    attempt = finetuning_attempt(run, recipe, data, here)
    attempt.trainer.note(adjustment_note(given, recipe, images))
    return attempt, recipe


def _as_recorded(run: Run) -> dict[str, Any]:
    """The recipe's paths as they were given: they are located anew by each process."""
    given = run.record["recipe"]
    return {name: given[name] for name in ("init", "preset") if name in given}


def _checked_preset(run: Run, recipe: Recipe, trust: bool) -> Any:
    """The name of the recipe's network; for a custom one, the name that finds it here.

    Raises:
        RunError: its code is not trusted, or has changed since the training.
    """
    source = run.own_source
    if is_custom(recipe.preset) and (source is None or source.net != recipe.preset):
        raise RunError(f"{run.path / 'run.json'} is damaged: it names two networks")
    if source is None:
        return recipe.preset
    return trusted_name(source, trust=trust, locate=run.locate, run=run.path)


def check_custom(recipe: Recipe, data: ImageData) -> None:
    """Refuse data that a custom network cannot take, before any picture is decoded.

    Raises:
        NinError: states in one line what is wrong.
    """
    if is_custom(recipe.preset):
        trial = new_network(recipe, data)
        trial.preprocessing.configure(data.resize)
        try_network(trial, len(data.classes), data.image_shape)
        check_loss(trial, data)
        check_weights(Trainer(1, verbose=False), trial, data)
    elif is_table(recipe.preset):
        size, channels = data.resize or data.image_shape[:2], data.image_shape[2]
        check_stages(new_network(recipe, data), len(data.classes), size, channels)


def _check_unfinished(run: Run, recipe: Recipe, position: Position, path: str | Path) -> None:
    check_resumable(run, recipe)
    if max((row["epoch"] for row in run.metrics()), default=0) < position.epoch:
        raise RunError(f"{path} is damaged: it has {position.epoch} epochs, but not their metrics")
    if (position.epoch, position.batch) > (recipe.epochs, 0):
        way = Advice("give more {}", Argument("epochs"))
        raise RunError(f"{path} has more than {recipe.epochs} epochs already", way)


def _first_record(run: Path, attempt: Attempt, skip_bad: bool) -> RunRecord:
    recipe, data, model = attempt.recipe, attempt.data, attempt.model
    computes, machine = versions(), device()
    return {
        "format": FORMAT,
        "state": "training",
        "recipe": recipe.model_dump(mode="json"),
        "schedule": schedule_record(recipe, len(data.train.labels)),
        "skip_bad": skip_bad,
        "data": data_record(data),
        "classes": list(data.classes),
        "model": describe(model, data.image_shape),
        "parameters": model.count_params(),
        "versions": computes,
        "device": machine,
        "command": command(),
        "sessions": [session(run, 0, computes, machine)],
    }
