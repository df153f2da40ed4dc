"""From a recipe to a run directory."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Any

import keras

from nin import backends
from nin.data import ImageData
from nin.errors import RunError, TrainingDiedError
from nin.models import Classifier, NiN, describe
from nin.training.checkpoint import Checkpoint
from nin.training.evaluation import evaluate, final_split
from nin.training.images import open_images
from nin.training.plots import save_curves
from nin.training.provenance import command, device, versions
from nin.training.recipe import Recipe
from nin.training.run import FORMAT, Run, check_free, load, new_run
from nin.training.trainer import Trainer
from nin.training.weights import load_variables, metadata, save_variables, training_state, weights


def train(recipe: Recipe, out: str | Path | None = None, *, skip_bad: bool = False) -> Run:
    """Train a NiN as `recipe` says; everything it leaves is in the run directory.

    Args:
        recipe: what to train, on what, how.
        out: the run directory; by default ``runs/<recipe>-<number>``.
        skip_bad: in a folder of images, go on without those that cannot be read.

    Returns:
        The finished run; ``run.record["result"]`` says how good it is.

    Raises:
        DataError: the images cannot be had.
        RunError: the run directory cannot be used.
        TrainingDiedError: the training could not recover; the run says why.
        KeyboardInterrupt: Ctrl-C; what there is has been saved, and the message says how to go on.
    """
    check_free(out)
    keras.utils.set_random_seed(recipe.seed)
    data = open_images(recipe, skip_bad=skip_bad)
    model = NiN(
        num_classes=len(data.classes),
        preset=recipe.preset,
        width=recipe.width,
        dropout=recipe.dropout,
    )
    trainer = _trainer(recipe, data)
    trainer.prepare_model(model, data)
    run = Run(new_run(recipe.name, out), {})
    run.update(
        format=FORMAT,
        state="training",
        recipe=recipe.model_dump(),
        skip_bad=skip_bad,
        data=data.describe(),
        classes=list(data.classes),
        model=describe(model, data.image_shape),
        parameters=model.count_params(),
        versions=versions(),
        device=device(),
        command=command(),
    )
    return _fit(run, trainer, model, data, epochs_done=0)


def resume(path: str | Path, epochs: int | None = None) -> Run:
    """Continue an interrupted run from its last whole epoch, or a finished one with more epochs.

    Args:
        path: the run directory.
        epochs: how many epochs it is to have in all; by default as many as its recipe says.

    Raises:
        RunError: there is nothing to continue, or the images are no longer the same.
    """
    run = load(path)
    recipe = Recipe.parse(run.record["recipe"]).revised(epochs=epochs)
    done = _epochs_done(run)
    if done >= recipe.epochs and run.record["state"] == "finished":
        raise RunError(f"{run.path} has all its {done} epochs: to train on, add --epochs")
    keras.utils.set_random_seed(recipe.seed)
    data = open_images(recipe, skip_bad=run.record.get("skip_bad", False))
    if data.fingerprint() != run.record["data"]["fingerprint"]:
        raise RunError(f"{recipe.data} no longer holds the images that {run.path} was trained on")
    trainer = _trainer(recipe, data)
    model = run.model
    trainer.compile_model(model)
    model.optimizer.build(model.trainable_variables)
    load_variables(run.checkpoint_path, training_state(model))
    run.update(state="training", recipe=recipe.model_dump(), result=None)
    return _fit(run, trainer, model, data, epochs_done=done)


def _trainer(recipe: Recipe, data: ImageData) -> Trainer:
    steps = recipe.epochs * math.ceil(len(data.train.labels) / recipe.batch_size)
    return Trainer(
        recipe.epochs, gradient_clip_val=recipe.clip_norm, optimizer=optimizer(recipe, steps)
    )


def optimizer(recipe: Recipe, steps: int) -> Any:
    """The optimiser of `recipe`, for a training of `steps` batches."""
    rate: Any = recipe.learning_rate
    warmup = min(recipe.warmup, steps // 10)
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warmup else rate,
            decay_steps=steps - warmup,
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    return keras.optimizers.SGD(
        rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay or None
    )


def _epochs_done(run: Run) -> int:
    if not run.checkpoint_path.exists():
        raise RunError(f"{run.path} ended before its first epoch did: train it anew")
    done = metadata(run.checkpoint_path).get("epoch", "")
    if not done.isdecimal() or len(done) > 9:
        raise RunError(f"{run.checkpoint_path} is no checkpoint of a run")
    return int(done)


def _fit(run: Run, trainer: Trainer, model: Classifier, data: ImageData, epochs_done: int) -> Run:
    trainer.callbacks = [Checkpoint(run, epochs_done)]
    try:
        trainer.fit(model, data, initial_epoch=epochs_done)
        assert trainer.health is not None
        if trainer.health.died:
            _finish(run, trainer, "died")
            raise TrainingDiedError(f"training stopped: {trainer.health.died} (see {run.path})")
        _finish(run, trainer, "finished", result=_result(run, model, data))
    except KeyboardInterrupt as stop:
        backends.current().sync(model)
        save_variables(run.weights_path, weights(model))
        _finish(run, trainer, "interrupted")
        raise KeyboardInterrupt(_how_to_go_on(run)) from stop
    run.__dict__["model"] = model
    return run


def _result(run: Run, model: Classifier, data: ImageData) -> dict[str, Any]:
    part, split = final_split(data)
    evaluation = evaluate(model, split, data.classes)
    return {
        "split": part,
        "n": evaluation.n,
        "accuracy": evaluation.accuracy,
        "loss": evaluation.loss,
        "seconds": run.metrics()[-1]["seconds"],
    }


def _how_to_go_on(run: Run) -> str:
    if not run.checkpoint_path.exists():
        return f"stopped before the first epoch had ended; {run.path} holds what there is"
    return f"stopped; to go on: nin train --resume {shlex.quote(str(run.path))}"


def _finish(run: Run, trainer: Trainer, state: str, **values: Any) -> None:
    findings = trainer.health.findings if trainer.health else []
    health = [finding._asdict() for finding in findings]
    run.update(state=state, health=health, **values)
    rows = run.metrics()
    if rows:
        save_curves(run.path / "curves.png", rows, str(run.path))
