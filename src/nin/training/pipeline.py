"""From a recipe to a run directory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nin.backends.distribution import Layout, gather, layout, leave, lost_peers, spread
from nin.errors import PeerLostError, RunError, TrainingDiedError
from nin.training.attempt import Attempt, as_it_was, fresh, on_weights
from nin.training.checkpoint import Checkpoint, Place, place_of
from nin.training.dataset import check_same_images, open_images
from nin.training.description import describe
from nin.training.figures import save_curves
from nin.training.health import Finding
from nin.training.provenance import command, device, versions
from nin.training.randomness import random_state_kept
from nin.training.recipe import Recipe
from nin.training.restart import MOST, GiveUp
from nin.training.run import FORMAT, SAVE_EVERY, Run, check_free, going_on, load
from nin.training.schedule import described, deviation, fitted
from nin.training.stopping import Stopping
from nin.training.team import run_folder, run_folder_again
from nin.training.verdict import judged, learnt, no_better
from nin.training.weights import load_variables, weights


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
    with random_state_kept(), spread(devices) as here:
        data = open_images(recipe, skip_bad=skip_bad)
        images = len(data.train.labels)
        asked, recipe = recipe, fitted(recipe, images)
        data.batch_size = recipe.part_size
        attempt = fresh(recipe, data, here, Place(), deviation(asked, recipe, images))
        with run_folder(here, recipe.name, out) as path:
            run = Run(path, {})
            run.update(**_first_record(attempt, skip_bad))
            return _fit(run, attempt, save_every, callbacks)


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
        random_state_kept(),
        spread(devices) as here,
        run_folder_again(here, Path(path)) as folder,
    ):
        run = load(folder)
        recipe = Recipe.parse(run.record["recipe"]).revised(epochs=epochs)
        place = place_of(run)
        if place is not None:
            _check_unfinished(run, recipe, place, path)
        skip_bad = skip_bad or bool(run.record.get("skip_bad", False))
        data = open_images(recipe, skip_bad=skip_bad)
        check_same_images(run.path, run.record, data)
        if place is not None and place.batch >= math.ceil(len(data.train.labels) / data.batch_size):
            raise RunError(f"{run.checkpoint_path} is no checkpoint of this run")
        images = len(data.train.labels)
        if place is None and "head" in run.record:
            asked, recipe = recipe, fitted(recipe, images)
            data.batch_size = recipe.part_size
            attempt = on_weights(run, recipe, data, here)
            attempt.trainer.note(deviation(asked, recipe, images))
        elif place is None:
            attempt = fresh(recipe, data, here, Place())
        else:
            attempt = as_it_was(run, recipe, data, here, place)
        run.update(
            state="training",
            recipe=recipe.model_dump(mode="json"),
            schedule=described(recipe, images),
            skip_bad=skip_bad,
            result=None,
        )
        return _fit(run, attempt, save_every, callbacks, stopping)


def _check_unfinished(run: Run, recipe: Recipe, place: Place, path: str | Path) -> None:
    if run.record["state"] == "died":
        raise RunError(f"{path} died: train anew, with a lower learning rate")
    if max((row["epoch"] for row in run.metrics()), default=0) < place.epoch:
        raise RunError(f"{path} is damaged: it has {place.epoch} epochs, but not their metrics")
    if run.record["state"] == "finished" and place.epoch >= recipe.epochs:
        raise RunError(f"{path} has all its {place.epoch} epochs: to train on, add --epochs")
    if run.record["state"] == "finished" and run.is_over(run.metrics()):
        raise RunError(
            f"{path} ended after {place.epoch} epochs, for want of a better one: train anew, with"
            " more patience"
        )
    if (place.epoch, place.batch) > (recipe.epochs, 0):
        raise RunError(f"{path} is further than {recipe.epochs} epochs: give a larger --epochs")


def _first_record(attempt: Attempt, skip_bad: bool) -> dict[str, Any]:
    recipe, data, model = attempt.recipe, attempt.data, attempt.model
    return {
        "format": FORMAT,
        "state": "training",
        "recipe": recipe.model_dump(mode="json"),
        "schedule": described(recipe, len(data.train.labels)),
        "skip_bad": skip_bad,
        "data": data.describe(),
        "classes": list(data.classes),
        "model": describe(model, data.image_shape),
        "parameters": model.count_params(),
        "versions": versions(),
        "device": device(),
        "command": command(),
    }


def _fit(
    run: Run,
    attempt: Attempt,
    save_every: float,
    callbacks: Sequence[Any] = (),
    stopping: Stopping | None = None,
) -> Run:
    here, stopping, recipe = layout(), stopping or Stopping(), attempt.recipe
    try:
        with stopping.watching(), lost_peers():
            while again := _train(run, attempt, save_every, callbacks, stopping):
                step, reason, rate = again.restarts[-1]
                attempt.trainer.note(
                    f"step {step}: begun again at a learning rate of {rate:.2g} ({reason})"
                )
                attempt = fresh(recipe, attempt.data, here, again)
        skipped = {*run.record.get("skipped", ()), *getattr(attempt.data, "skipped", ())}
        run.update(skipped=sorted(skipped))
        _check_alive(run, attempt)
        epoch = attempt.settle(run)
        attempt.trainer.note(_fallback(attempt, epoch))
        if _is_usable(run):
            load_variables(run.weights_path, weights(attempt.model))
            run.__dict__["model"] = attempt.model
        gather()
        leave()
        if here.is_chief:
            result = {**judged(run, attempt.data), "epoch": epoch}
            _finish(run, "finished", attempt, result=result)
    except PeerLostError as lost:
        _finish(run, "interrupted", attempt)
        raise PeerLostError(f"another process was lost; {_how_to_go_on(run, here)}") from lost
    except KeyboardInterrupt as stop:
        _finish(run, "interrupted", attempt)
        raise KeyboardInterrupt(f"stopped; {_how_to_go_on(run, here)}") from stop
    return run


def _train(
    run: Run, attempt: Attempt, save_every: float, callbacks: Sequence[Any], stopping: Stopping
) -> Place | None:
    """Train to the end; or give up, and return the place at which to begin again."""
    place, trainer, recipe = attempt.place, attempt.trainer, attempt.recipe
    # A head that was fitted is something to fall back on: no new beginning is needed.
    restarts = MOST if "head" in run.record else len(place.restarts)
    give_up = GiveUp(recipe, restarts, attempt.findings)
    checkpoint = Checkpoint(
        run,
        place,
        every=save_every,
        health=attempt.findings,
        lost=give_up.restart,
        stopping=stopping,
    )
    trainer.callbacks = [*callbacks, give_up, checkpoint]
    begin = recipe.epochs if run.is_over(checkpoint.rows) else place.epoch
    trainer.fit(attempt.model, attempt.data, initial_epoch=begin, initial_batch=place.batch)
    restart = give_up.restart()
    return restart and Place(seconds=checkpoint.seconds(), restarts=(*place.restarts, restart))


def _fallback(attempt: Attempt, epoch: int | None) -> str | None:
    """What is said where fine-tuning ends with what it had before."""
    died = attempt.trainer.health.died if attempt.trainer.health else None
    if died:
        return f"fine-tuning went wrong ({died}): epoch {epoch} is kept"
    if epoch == 0:
        return "fine-tuning was no better on the held-out images: the frozen trunk is kept"
    return None


def _check_alive(run: Run, attempt: Attempt) -> None:
    assert attempt.trainer.health is not None
    died = attempt.trainer.health.died
    if died and "head" not in run.record:
        _finish(run, "died", attempt)
        raise TrainingDiedError(f"training stopped: {died} (see {run.path})")


def _is_usable(run: Run) -> bool:
    """Whether the network that was trained is the one that the run gives: here, in float32."""
    alone = layout().devices == 1
    return alone and run.record["recipe"]["precision"] == "float32"


def _how_to_go_on(run: Run, here: Layout) -> str:
    together = " --join, in every process" if here.processes > 1 else ""
    return going_on(run.path if here.is_chief else "RUN") + together


def _finish(run: Run, state: str, attempt: Attempt, **values: Any) -> None:
    findings = attempt.findings()
    if (result := values.get("result")) and not learnt(result):
        findings.append(Finding(attempt.step, "not learnt", no_better(result)))
    run.update(
        state=state,
        restarts=[restart._asdict() for restart in attempt.place.restarts],
        health=[finding._asdict() for finding in findings],
        **values,
    )
    rows = run.metrics()
    if rows:
        save_curves(run.path / "curves.png", rows, str(run.path), run.best_epoch(rows))
