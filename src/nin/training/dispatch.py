"""`train` and `resume`: train a recipe by fitting a head or by gradients.

Fitting a head on a frozen trunk needs neither Keras nor its backend, which take longer to load than
the head takes to fit. They are only imported for training by gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

from nin.data import ImageData, ImageFolder
from nin.errors import Advice, Argument, RecipeError, RunError
from nin.networks.lookup import find_network
from nin.training.precision import resolve_precision
from nin.training.preflight import check, check_resumable
from nin.training.recipe import Recipe
from nin.training.recipe_choice import What, recipe_of
from nin.training.recipe_fields import RecipeFields, not_none
from nin.training.runs.run import SAVE_EVERY, Run, load
from nin.training.stop_signal import StopSignal


def train(
    recipe: What = None,
    out: str | Path | None = None,
    *,
    skip_bad: bool = False,
    save_every: float = SAVE_EVERY,
    devices: int | None = None,
    callbacks: Sequence[Any] = (),
    classes: Sequence[str] | None = None,
    **options: Unpack[RecipeFields],
) -> Run:
    """Train a network, as ``nin train`` does, and keep everything in a run directory.

    If the recipe's preset has pretrained weights, its trunk is frozen and only a head is fitted, to
    its optimum. With ``recipe.finetune`` all layers are then trained by gradient descent; the epoch
    that is best on held-out images is kept, or the fitted head if no epoch is better. For a folder,
    any setting of gradient descent (`epochs`, a learning rate, augmentation, `callbacks`,
    `devices`, `save_every`) implies `finetune`, as on the command line. A `Recipe` must set
    `finetune` itself: with one that does not, these arguments are refused.

    Args:
        recipe: what to train on, or a recipe: a folder of images with one directory per class, a
            table of labels or shards (see `ImageFolder`); an ``.npz`` file; the name of a recipe or
            of a data set, such as ``"fashion"``; a `Recipe`; ``(x, y)`` arrays; ``(train, test)``
            or ``(train, validation, test)`` pairs of arrays; a `DataModule` or loaders (see
            `ImageArrays`); or an `ImageFolder`, `ImageArrays` or published data set, whose
            arguments count as options. A `Path` is always a folder, a table or a file. None means
            ``"digits"``. Arrays in memory are stored in the run.
        out: the run directory, new or empty; by default ``runs/<recipe>-<number>``.
        skip_bad: skip images of a folder that cannot be read.
        save_every: seconds between checkpoints within an epoch.
        devices: number of this machine's devices to split each batch over; 0 for all of them, None
            for one. JAX only. Processes that have joined with `nin.backends.distribution.join`
            split each batch over all their devices.
        callbacks: further Keras callbacks, such as ``keras.callbacks.TensorBoard("logs")``.
        classes: names of the classes, for arrays and loaders.
        options: fields of `Recipe` to override, such as ``epochs=3``. For arrays, ``groups`` may be
            a key per image. `preset` also adapts the image size and the learning rate to the
            network, unless they are given.

    Returns:
        The finished run; ``run.record["result"]`` holds its accuracy. With several processes,
        only the first keeps the run and evaluates it.

    Raises:
        UnknownNameError: there is no such recipe, data set, network or option.
        RecipeError: a value is invalid, or a frozen network is given settings of gradient descent.
        InputSizeError: the images are too small for the network.
        BackendError: fewer devices are available.
        PeerLostError: another process of this training has ended; the run can be resumed.
        DataError: the images cannot be found or read.
        WeightsError: pretrained weights are not installed, or damaged.
        RunError: the run directory cannot be used.
        TrainingDiedError: the training could not recover; the run's record says why.
        KeyboardInterrupt: Ctrl-C; the current step was finished and saved, and the message states
            how to continue.

    Example:
        >>> run = nin.train("digits", epochs=1, limit=64)
        >>> run.path.parent.name, run.record["result"]["n"]
        ('runs', 359)

        Photographs of your own, and another network:

        >>> from pathlib import Path
        >>> from PIL import Image
        >>> for name, colour in ("sky", "skyblue"), ("sea", "navy"):
        ...     Path("views", name).mkdir(parents=True)
        ...     for number in range(10):
        ...         Image.new("RGB", (60, 40), colour).save(f"views/{name}/{number}.png")
        >>> run = nin.train("views", preset="lenet", epochs=1)
        >>> run.path.name, run.input_shape
        ('views-1', (28, 28, 3))

        Arrays:

        >>> import numpy as np
        >>> x = np.random.default_rng(0).random((40, 12, 12))
        >>> y = np.arange(40) % 2
        >>> run = nin.train((x[10:], y[10:]), classes=["even", "odd"], preset="lenet", epochs=1)
        >>> run.evaluate((x[:10], y[:10])).n
        10
    """
    if isinstance(recipe, ImageFolder):
        skip_bad = skip_bad or recipe.skip_bad
    is_given = {
        "callbacks": bool(callbacks),
        "devices": devices is not None,
        "save_every": save_every != SAVE_EVERY,
    }
    by_gradients = [*filter(is_given.get, is_given)]
    # A `Recipe` itself states whether it fine-tunes.
    implied = [] if isinstance(recipe, Recipe) else by_gradients
    chosen = recipe_of(recipe, {**options, **not_none(classes=classes)}, settings=implied)
    _check_by_gradients(by_gradients, chosen)
    data = check(chosen, out, skip_bad=skip_bad, devices=devices)
    settings: dict[str, Any] = {
        "save_every": save_every,
        "devices": devices,
        "callbacks": callbacks,
    }
    return train_on(chosen, data, out, skip_bad=skip_bad, **settings)


def train_on(
    recipe: Recipe,
    data: ImageData | None,
    out: str | Path | None,
    *,
    skip_bad: bool = False,
    **settings: Any,
) -> Run:
    """Train with a recipe that has been checked; see `train`.

    Args:
        recipe: what to train.
        data: its images; None to open them here.
        out: the run directory.
        skip_bad: skip images of a folder that cannot be read.
        settings: `save_every`, `devices` and `callbacks`, for training by gradients.
    """
    recipe = resolve_precision(recipe)
    if find_network(recipe.preset).pretrained:
        from nin.training.transfer_learning.transfer import train_head

        run = train_head(recipe, out, data=data, skip_bad=skip_bad)
        return _finetune(run, **settings) if recipe.finetune else run
    from nin.training import pipeline

    return pipeline.train(recipe, out, data=data, skip_bad=skip_bad, **settings)


def resume(
    path: str | Path,
    epochs: int | None = None,
    *,
    skip_bad: bool = False,
    save_every: float = SAVE_EVERY,
    devices: int | None = None,
    callbacks: Sequence[Any] = (),
    data: Any = None,
    trust: bool = False,
) -> Run:
    """Continue an interrupted run exactly where it stopped, or a finished one for more epochs.

    On a CPU the weights are identical, bit for bit, to those of an uninterrupted training.

    Args:
        path: the run directory.
        epochs: total number of epochs; by default those of the recipe.
        skip_bad: from now on, skip images of a folder that cannot be read.
        save_every: seconds between checkpoints within an epoch.
        devices: as in `train`; may differ from before.
        callbacks: further Keras callbacks, as in `train`; a run does not store earlier ones.
        data: images in memory, as in `train`, in place of those stored in the run; they must be the
            same. A run trained on loaders stores no images: give the loaders again.
        trust: whether the file of a custom network may be imported; see `nin.load`.

    Returns:
        The finished run.

    Raises:
        RecipeError: callbacks are given for a network that is not trained by gradients.
        RunError: there is nothing to continue, the images are no longer the same, or another
            process is training there.

    Example:
        >>> run = nin.resume("runs/digits-1", epochs=2)
        >>> [row["epoch"] for row in run.metrics()]
        [1, 2]
    """
    run = load(path)
    recipe = run.recipe
    _check_by_gradients(["callbacks"] if callbacks else [], recipe)
    settings: dict[str, Any] = {
        "skip_bad": skip_bad,
        "save_every": save_every,
        "devices": devices,
        "callbacks": callbacks,
    }
    pretrained = find_network(recipe.preset).pretrained
    if pretrained and not (recipe.finetune and "head" in run.record):
        from nin.training.transfer_learning.transfer import resume_head

        every = None if save_every == SAVE_EVERY else save_every
        of_gradients = {"epochs": epochs, "devices": devices, "save_every": every}
        given = [name for name, value in of_gradients.items() if value is not None]
        if data is not None:
            raise RunError(
                f"{path} was trained on {recipe.data}, not on images in memory",
                Advice("leave out {}", Argument("data")),
            )
        if given and not recipe.finetune:
            way = Advice("leave out {}", Argument(given[0]))
            raise RunError(f"{path} is not trained by gradients", way)
        run = resume_head(run, skip_bad=skip_bad)
        if not recipe.finetune:
            return run
        return _finetune(run, epochs=epochs, **settings)
    check_resumable(run, recipe.revised(**not_none(epochs=epochs)))
    from nin.training import pipeline

    return pipeline.resume(path, epochs, data=data, trust=trust, **settings)


def _check_by_gradients(given: Sequence[str], recipe: Recipe) -> None:
    """Refuse the named arguments of gradient descent for a network that stays frozen."""
    if not given or not find_network(recipe.preset).pretrained or recipe.finetune:
        return
    if "callbacks" in given:
        raise RecipeError(
            "callbacks run while a network is trained by gradients, and a frozen one is not",
            Advice("leave them out, or train with {}", Argument("finetune", True)),
        )
    way = Advice("leave out {}", Argument(given[0]))
    raise RecipeError("a frozen network is not trained by gradients", way)


def _finetune(run: Run, **settings: Any) -> Run:
    """Fine-tune a run; Ctrl-C during the preparation takes effect after the first step."""
    stop_signal = StopSignal()
    with stop_signal.caught():
        from nin.training import pipeline

        return pipeline.resume(run.path, stop_signal=stop_signal, **settings)
