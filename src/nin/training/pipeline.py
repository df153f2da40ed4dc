"""From a recipe to a run directory, by gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nin.backends import random_state_restored
from nin.backends.distribution import spread
from nin.errors import RunError
from nin.training.attempt import Attempt, finetuning_attempt, new_attempt, resumed_attempt
from nin.training.checkpoint import Position, read_position
from nin.training.dataset import open_images
from nin.training.description import describe
from nin.training.fit_run import fit_run
from nin.training.provenance import command, device, session, sessions_of, versions
from nin.training.recipe import Recipe
from nin.training.record import FORMAT
from nin.training.run import SAVE_EVERY, Run, load
from nin.training.run_folder import check_free, new_run_folder, resumed_run_folder
from nin.training.run_images import inherited_membership, keep_membership
from nin.training.schedule import adjust, adjustment_note, schedule_record
from nin.training.stopping import Stopping


def train(
    recipe: Recipe,
    out: str | Path | None = None,
    *,
    skip_bad: bool = False,
    save_every: float = SAVE_EVERY,
    devices: int | None = None,
    callbacks: Sequence[Any] = (),
) -> Run:
    """Train by gradients; see `nin.training.train`."""
    check_free(out)
    with random_state_restored(), spread(devices) as here:
        data = open_images(recipe, skip_bad=skip_bad, membership=inherited_membership(recipe))
        images = len(data.train.labels)
        asked, recipe = recipe, adjust(recipe, images)
        data.batch_size = recipe.part_size
        note = adjustment_note(asked, recipe, images)
        attempt = new_attempt(recipe, data, here, Position(), note)
        with new_run_folder(here, recipe.name, out) as path:
            run = Run(path, {})
            keep_membership(path, data)
            run.update(**_first_record(path, attempt, skip_bad))
            return fit_run(run, attempt, save_every, callbacks)


def resume(
    path: str | Path,
    epochs: int | None = None,
    *,
    skip_bad: bool = False,
    save_every: float = SAVE_EVERY,
    devices: int | None = None,
    callbacks: Sequence[Any] = (),
    stopping: Stopping | None = None,
) -> Run:
    """Continue a training by gradients, or begin one on a head that has been fitted.

    See `nin.training.resume`; `callbacks` are those of `nin.training.train`. With `stopping`
    somebody has been listening for Ctrl-C already.
    """
    load(path)
    with (
        random_state_restored(),
        spread(devices) as here,
        resumed_run_folder(here, Path(path)) as folder,
    ):
        run = load(folder)
        recipe = run.recipe.revised(epochs=epochs)
        if recipe.init is not None:
            recipe = recipe.revised(init=str(run.locate(recipe.init)))
        position = read_position(run)
        if position is not None:
            _check_unfinished(run, recipe, position, path)
        skip_bad = skip_bad or bool(run.record.get("skip_bad", False))
        data = run.images.open(skip_bad=skip_bad)
        images = len(data.train.labels)
        if position is not None and position.batch >= math.ceil(images / data.batch_size):
            raise RunError(f"{run.checkpoint_path} is no checkpoint of this run")
        if position is None and "head" in run.record:
            asked, recipe = recipe, adjust(recipe, images)
            data.batch_size = recipe.part_size
            attempt = finetuning_attempt(run, recipe, data, here)
            attempt.trainer.note(adjustment_note(asked, recipe, images))
        elif position is None:
            attempt = new_attempt(recipe, data, here, Position())
        else:
            attempt = resumed_attempt(run, recipe, data, here, position)
        now = session(run.path, position.epoch if position else 0, versions(), device())
        run.update(
            state="training",
            recipe={**recipe.model_dump(mode="json"), "init": run.record["recipe"].get("init")},
            schedule=schedule_record(recipe, images),
            skip_bad=skip_bad,
            sessions=[*sessions_of(run.record), now],
            result=None,
        )
        return fit_run(run, attempt, save_every, callbacks, stopping)


def _check_unfinished(run: Run, recipe: Recipe, position: Position, path: str | Path) -> None:
    if run.record["state"] == "died":
        raise RunError(f"{path} died: train anew, with a lower learning rate")
    if max((row["epoch"] for row in run.metrics()), default=0) < position.epoch:
        raise RunError(f"{path} is damaged: it has {position.epoch} epochs, but not their metrics")
    if run.record["state"] == "finished" and position.epoch >= recipe.epochs:
        raise RunError(f"{path} has all its {position.epoch} epochs: to train on, add --epochs")
    if run.record["state"] == "finished" and run.is_over(run.metrics()):
        raise RunError(
            f"{path} ended after {position.epoch} epochs, for want of a better one: train anew,"
            " with more patience"
        )
    if (position.epoch, position.batch) > (recipe.epochs, 0):
        raise RunError(f"{path} is further than {recipe.epochs} epochs: give a larger --epochs")


def _first_record(run: Path, attempt: Attempt, skip_bad: bool) -> dict[str, Any]:
    recipe, data, model = attempt.recipe, attempt.data, attempt.model
    computes, machine = versions(), device()
    return {
        "format": FORMAT,
        "state": "training",
        "recipe": recipe.model_dump(mode="json"),
        "schedule": schedule_record(recipe, len(data.train.labels)),
        "skip_bad": skip_bad,
        "data": data.describe(),
        "classes": list(data.classes),
        "model": describe(model, data.image_shape),
        "parameters": model.count_params(),
        "versions": computes,
        "device": machine,
        "command": command(),
        "sessions": [session(run, 0, computes, machine)],
    }
