"""From a recipe to a run directory."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from nin.backends.distribution import Layout, gather, layout, leave, lost_peers, spread
from nin.data import ImageData
from nin.errors import PeerLostError, RunError, TrainingDiedError
from nin.models import Classifier, NiN
from nin.training.checkpoint import SAVE_EVERY, Checkpoint, Place, load_checkpoint, place_of
from nin.training.description import describe, rebuild
from nin.training.evaluation import evaluate, final_split
from nin.training.health import Finding
from nin.training.images import open_images
from nin.training.optimizer import optimizer
from nin.training.plots import save_curves
from nin.training.precision import computing_in
from nin.training.provenance import command, device, versions
from nin.training.recipe import Recipe
from nin.training.run import FORMAT, Run, check_free, load
from nin.training.stopping import Stopping
from nin.training.team import run_folder, run_folder_again
from nin.training.trainer import Trainer
from nin.training.weights import count


def train(
    recipe: Recipe,
    out: str | Path | None = None,
    *,
    skip_bad: bool = False,
    save_every: float = SAVE_EVERY,
    devices: int | None = None,
    callbacks: Sequence[Any] = (),
) -> Run:
    """Train a NiN as `recipe` says; everything it leaves is in the run directory.

    Args:
        recipe: what to train, on what, how.
        out: the run directory; by default ``runs/<recipe>-<number>``.
        skip_bad: in a folder of images, go on without those that cannot be read.
        save_every: seconds between two checkpoints within an epoch.
        devices: how many of this machine's devices share each batch; 0 for all of them, None for
            one. JAX only. Where several processes have met by `nin.backends.distribution.join`,
            all their devices share it.
        callbacks: further Keras callbacks; a run that is resumed has none. Where images grow they
            see a training begin and end for each size.

    Returns:
        The finished run; ``run.record["result"]`` says how good it is. Of several processes only
        the first keeps the run and judges it.

    Raises:
        BackendError: there are not so many devices.
        PeerLostError: another process of this training has ended; the run can be resumed.
        DataError: the images cannot be had.
        RunError: the run directory cannot be used.
        TrainingDiedError: the training could not recover; the run says why.
        KeyboardInterrupt: Ctrl-C; the step has been finished and saved, and the message says how
            to go on.
    """
    check_free(out)
    with spread(devices) as here:
        data = open_images(recipe, skip_bad=skip_bad)
        trainer, model = _fresh(recipe, data, here)
        with run_folder(here, recipe.name, out) as path:
            run = Run(path, {})
            run.update(**_first_record(recipe, data, model, skip_bad))
            trainer.callbacks = callbacks
            return _fit(run, trainer, model, data, Place(), save_every)


def resume(
    path: str | Path,
    epochs: int | None = None,
    *,
    skip_bad: bool = False,
    save_every: float = SAVE_EVERY,
    devices: int | None = None,
) -> Run:
    """Continue an interrupted run exactly where it was, or a finished one with more epochs.

    On a CPU the weights are to the bit those of a training that was never interrupted.

    Args:
        path: the run directory.
        epochs: how many epochs it is to have in all; by default as many as its recipe says.
        skip_bad: from now on do without pictures of a folder that cannot be read.
        save_every: seconds between two checkpoints within an epoch.
        devices: as in `train`; need not be as many as before.

    Raises:
        RunError: there is nothing to continue, the images are no longer the same, or another
            process is training there.
    """
    load(path)
    with (
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
        if data.fingerprint() != run.record["data"]["fingerprint"]:
            raise RunError(
                f"{recipe.data} no longer holds the images that {run.path} was trained on"
            )
        if place is not None and place.batch >= math.ceil(len(data.train.labels) / data.batch_size):
            raise RunError(f"{run.checkpoint_path} is no checkpoint of this run")
        if place is None:
            trainer, model = _fresh(recipe, data, here)
        else:
            trainer, model = _as_it_was(run, recipe, data, here)
        values = recipe.model_dump(mode="json")
        run.update(state="training", recipe=values, skip_bad=skip_bad, result=None)
        return _fit(run, trainer, model, data, place or Place(), save_every)


def _check_unfinished(run: Run, recipe: Recipe, place: Place, path: str | Path) -> None:
    if run.record["state"] == "died":
        raise RunError(f"{path} died: train anew, with a lower learning rate")
    if len(run.metrics()) < place.epoch:
        raise RunError(f"{path} is damaged: it has {place.epoch} epochs, but not their metrics")
    if run.record["state"] == "finished" and place.epoch >= recipe.epochs:
        raise RunError(f"{path} has all its {place.epoch} epochs: to train on, add --epochs")
    if (place.epoch, place.batch) > (recipe.epochs, 0):
        raise RunError(f"{path} is further than {recipe.epochs} epochs: give a larger --epochs")


def _fresh(recipe: Recipe, data: ImageData, here: Layout) -> tuple[Trainer, Classifier]:
    keras.utils.set_random_seed(recipe.seed)
    trainer = _trainer(recipe, data, here)
    with computing_in(recipe.precision):
        model = NiN(
            num_classes=len(data.classes),
            preset=recipe.preset,
            width=recipe.width,
            dropout=recipe.dropout,
        )
        trainer.prepare_model(model, data)
    return trainer, model


def _as_it_was(
    run: Run, recipe: Recipe, data: ImageData, here: Layout
) -> tuple[Trainer, Classifier]:
    keras.utils.set_random_seed(recipe.seed)
    trainer = _trainer(recipe, data, here)
    with computing_in(recipe.precision):
        model = rebuild(run.record["model"], count(run.checkpoint_path))
    trainer.compile_model(model)
    load_checkpoint(run, model)
    return trainer, model


def _first_record(
    recipe: Recipe, data: ImageData, model: Classifier, skip_bad: bool
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "state": "training",
        "recipe": recipe.model_dump(mode="json"),
        "skip_bad": skip_bad,
        "data": data.describe(),
        "classes": list(data.classes),
        "model": describe(model, data.image_shape),
        "parameters": model.count_params(),
        "versions": versions(),
        "device": device(),
        "command": command(),
    }


def _trainer(recipe: Recipe, data: ImageData, here: Layout) -> Trainer:
    steps = recipe.epochs * math.ceil(len(data.train.labels) / data.batch_size)
    return Trainer(
        recipe.epochs,
        gradient_clip_val=recipe.clip_norm,
        optimizer=optimizer(recipe, steps),
        smaller_first=recipe.smaller_first,
        verbose=here.is_chief,
    )


def _fit(
    run: Run, trainer: Trainer, model: Classifier, data: ImageData, place: Place, save_every: float
) -> Run:
    here, stopping = layout(), Stopping()
    checkpoint = Checkpoint(
        run,
        place,
        every=save_every,
        health=lambda: _findings(place, trainer),
        stopping=stopping,
    )
    trainer.callbacks = [*trainer.callbacks, checkpoint]
    try:
        with stopping.watching(), lost_peers():
            trainer.fit(model, data, initial_epoch=place.epoch, initial_batch=place.batch)
        run.update(skipped=list(getattr(data, "skipped", ())))
        assert trainer.health is not None
        if trainer.health.died:
            _finish(run, "died", _findings(place, trainer))
            raise TrainingDiedError(f"training stopped: {trainer.health.died} (see {run.path})")
        if _is_usable(run):
            run.__dict__["model"] = model
        gather()
        leave()
        if here.is_chief:
            result = _result(run, data)
            _finish(run, "finished", _findings(place, trainer), result=result)
    except PeerLostError as lost:
        _finish(run, "interrupted", _findings(place, trainer))
        raise PeerLostError(f"another process was lost; {_how_to_go_on(run, here)}") from lost
    except KeyboardInterrupt as stop:
        _finish(run, "interrupted", _findings(place, trainer))
        raise KeyboardInterrupt(f"stopped; {_how_to_go_on(run, here)}") from stop
    return run


def _is_usable(run: Run) -> bool:
    """Whether the network that was trained is the one that the run gives: here, in float32."""
    alone = layout().devices == 1
    return alone and run.record["recipe"]["precision"] == "float32"


def _result(run: Run, data: ImageData) -> dict[str, Any]:
    part, split = final_split(data)
    evaluation = evaluate(run.model, split, data.classes)
    return {
        "split": part,
        "n": evaluation.n,
        "accuracy": evaluation.accuracy,
        "loss": evaluation.loss,
        "seconds": run.metrics()[-1]["seconds"],
    }


def _how_to_go_on(run: Run, here: Layout) -> str:
    path = shlex.quote(str(run.path)) if here.is_chief else "RUN"
    together = " --join, in every process" if here.processes > 1 else ""
    return f"to go on: nin train --resume {path}{together}"


def _findings(place: Place, trainer: Trainer) -> list[Finding]:
    """What has been found before the last interruption, and new kinds of findings since."""
    kinds = {finding.kind for finding in place.findings}
    since = trainer.health.findings if trainer.health else []
    return [*place.findings, *(finding for finding in since if finding.kind not in kinds)]


def _finish(run: Run, state: str, findings: list[Finding], **values: Any) -> None:
    run.update(state=state, health=[finding._asdict() for finding in findings], **values)
    rows = run.metrics()
    if rows:
        save_curves(run.path / "curves.png", rows, str(run.path))
