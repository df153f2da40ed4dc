"""`train` and `resume`: which way a recipe is trained.

A frozen trunk needs neither Keras nor its backend, which take longer to load than a head takes to
fit; they are imported where gradients are.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nin.errors import Advice, Argument, RecipeError, RunError
from nin.presets import find_preset
from nin.training.precision import resolve_precision
from nin.training.recipe import Recipe
from nin.training.run import SAVE_EVERY, Run, load
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
    """Train a NiN as `recipe` says; everything it leaves is in the run directory.

    Where the recipe's preset has pretrained weights its trunk stays as it is and a head is fitted
    to it, to its optimum. With ``recipe.finetune`` gradients go on from there, and the epoch that
    is best on held-out images is kept, the fitted head if none is better. Otherwise `save_every`
    and `devices`, which belong to gradients, are not used, and `callbacks` are refused.

    Args:
        recipe: what to train, on what, how.
        out: the run directory; by default ``runs/<recipe>-<number>``.
        skip_bad: in a folder of images, go on without those that cannot be read.
        save_every: seconds between two checkpoints within an epoch.
        devices: how many of this machine's devices share each batch; 0 for all of them, None for
            one. JAX only. Where several processes have met by `nin.backends.distribution.join`,
            all their devices share it.
        callbacks: further Keras callbacks, such as ``keras.callbacks.TensorBoard("logs")``.

    Returns:
        The finished run; ``run.record["result"]`` says how good it is. Of several processes only
        the first keeps the run and judges it.

    Raises:
        BackendError: there are not so many devices.
        PeerLostError: another process of this training has ended; the run can be resumed.
        DataError: the images cannot be had.
        WeightsError: pretrained weights are not installed, or damaged.
        RecipeError: callbacks for a network that is not trained by gradients.
        RunError: the run directory cannot be used.
        TrainingDiedError: the training could not recover; the run says why.
        KeyboardInterrupt: Ctrl-C; the step has been finished and saved, and the message says how
            to go on.

    Example:
        >>> run = nin.train(nin.RECIPES["digits"].revised(epochs=1, limit=64))
        >>> run.path.parent.name, run.record["result"]["n"]
        ('runs', 359)
    """
    recipe = resolve_precision(recipe)
    _check_callbacks(callbacks, recipe)
    if find_preset(recipe.preset).pretrained:
        from nin.training.transfer import train_head

        run = train_head(recipe, out, skip_bad=skip_bad)
        if not recipe.finetune:
            return run
        from nin.training import pipeline

        return pipeline.resume(
            run.path, save_every=save_every, devices=devices, callbacks=callbacks
        )
    from nin.training import pipeline

    return pipeline.train(
        recipe,
        out,
        skip_bad=skip_bad,
        save_every=save_every,
        devices=devices,
        callbacks=callbacks,
    )


def resume(
    path: str | Path,
    epochs: int | None = None,
    *,
    skip_bad: bool = False,
    save_every: float = SAVE_EVERY,
    devices: int | None = None,
    callbacks: Sequence[Any] = (),
) -> Run:
    """Continue an interrupted run exactly where it was, or a finished one with more epochs.

    On a CPU the weights are to the bit those of a training that was never interrupted.

    Args:
        path: the run directory.
        epochs: how many epochs it is to have in all; by default as many as its recipe says.
        skip_bad: from now on do without pictures of a folder that cannot be read.
        save_every: seconds between two checkpoints within an epoch.
        devices: as in `train`; need not be as many as before.
        callbacks: further Keras callbacks, as in `train`: a run does not keep those it had.

    Raises:
        RecipeError: callbacks for a network that is not trained by gradients.
        RunError: there is nothing to continue, the images are no longer the same, or another
            process is training there.

    Example:
        >>> run = nin.resume("runs/digits-1", epochs=2)
        >>> [row["epoch"] for row in run.metrics()]
        [1, 2]
    """
    run = load(path)
    recipe = run.recipe
    _check_callbacks(callbacks, recipe)
    settings: dict[str, Any] = {
        "skip_bad": skip_bad,
        "save_every": save_every,
        "devices": devices,
        "callbacks": callbacks,
    }
    if find_preset(recipe.preset).pretrained and not (recipe.finetune and "head" in run.record):
        from nin.training.transfer import resume_head

        if not recipe.finetune and (epochs is not None or devices is not None):
            raise RunError(f"{path} is not trained by gradients: leave out epochs and devices")
        run = resume_head(run, skip_bad=skip_bad)
        if not recipe.finetune:
            return run
        return _finetune(run, epochs=epochs, **settings)
    from nin.training import pipeline

    return pipeline.resume(path, epochs, **settings)


def _check_callbacks(callbacks: Sequence[Any], recipe: Recipe) -> None:
    """Refuse callbacks that nothing would call."""
    if callbacks and find_preset(recipe.preset).pretrained and not recipe.finetune:
        raise RecipeError(
            "callbacks are called while a network is trained by gradients, and a frozen one is not",
            Advice("leave them out, or train with {}", Argument("finetune", True)),
        )


def _finetune(run: Run, **settings: Any) -> Run:
    """Go on by gradients; Ctrl-C while they are prepared is heard after the first step."""
    stopping = Stopping()
    with stopping.watching():
        from nin.training import pipeline

        return pipeline.resume(run.path, stopping=stopping, **settings)
