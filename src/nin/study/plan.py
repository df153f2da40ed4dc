"""What is known before a comparison's first training: cost, speed and length of each training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import joblib
from rich.console import Console

from nin.accounting.cost import Cost, count_cost
from nin.data import ImageData
from nin.errors import NinError
from nin.networks.network_source import is_in_file
from nin.progress import stderr_console
from nin.study.preparation import fingerprint, seen_size
from nin.study.results.report_text import foresight
from nin.study.results.report_text import seconds as as_text
from nin.study.trials.contender import Contender, EvaluationPart
from nin.study.trials.measurement import Elsewhere, Workload, measure_once
from nin.study.trials.row import Measured
from nin.study.trials.trial import Trial, training_length
from nin.study.trials.trial_images import division_seed
from nin.training import Recipe
from nin.training.precision import resolve_precision
from nin.training.runs.dataset import open_images

#: A forward and a backward pass take about three times what the forward pass takes.
TRAINING_EFFORT = 3


class Conditions(NamedTuple):
    """What is the same for all contenders.

    Attributes:
        recipe: how all are trained.
        data: its images.
        rates: learning rates to start the search with; a single one is used without a search.
        seeds: of the trainings that are evaluated.
        seconds: training time per network in place of epochs, if any.
        jobs: trials at the same time; None for joblib's own choice.
        out: folder for the results.
        judged_on: the part of the images that networks are evaluated on.
        search_share: length of the trainings that choose a learning rate, as a share of the others.
        elsewhere: speeds of another machine, to use in place of this one's.
        console: for progress.
    """

    recipe: Recipe
    data: ImageData
    rates: Sequence[float]
    seeds: Sequence[int]
    seconds: float | None
    jobs: int | None
    out: Path
    judged_on: EvaluationPart = "test"
    search_share: float = 1.0
    elsewhere: Elsewhere | None = None
    console: Console = stderr_console()


class ContenderPlan(NamedTuple):
    """What is known about a contender before it is trained."""

    cost: Cost
    measured: Measured | None
    trial: Trial  # with any learning rate and seed
    images: int  # that it is trained on


def make_plans(
    conditions: Conditions, contenders: Sequence[Contender], measured: bool
) -> list[ContenderPlan]:
    """The plan of each contender; speeds are measured in a separate process, and kept.

    Raises:
        NinError: a network that exists only in this process is to be timed.
    """
    digest = fingerprint(conditions.recipe, conditions.data)
    return [
        _plan(conditions, contender, digest, _is_measured(conditions, contender, measured))
        for contender in contenders
    ]


def _is_measured(conditions: Conditions, contender: Contender, wanted: bool) -> bool:
    if not contender.is_own or is_in_file(contender.net) or conditions.elsewhere is not None:
        return wanted or conditions.seconds is not None
    if conditions.seconds is not None:
        raise NinError(
            f"{contender.name} exists only in this process, and time is measured in"
            " another: define it in a file, or give epochs"
        )
    return False


def _plan(
    conditions: Conditions, contender: Contender, digest: str, measured: bool
) -> ContenderPlan:
    changes = contender.changes or {}
    recipe = resolve_precision(conditions.recipe.revised(**changes))
    if "learning_rate" not in changes:
        recipe = recipe.revised(learning_rate=conditions.rates[0])
    # The contenders may differ in the number of training images.
    data = open_images(recipe) if "limit" in changes else conditions.data
    height, width, channels = data.image_shape
    classes = len(data.classes)
    shape = (*seen_size(recipe, data), channels)
    cost = count_cost(contender.make(classes, shape).net, shape, recipe.part_size)
    speed, budget_images = None, None
    if measured and conditions.elsewhere is not None:
        speed = conditions.elsewhere.speeds[contender.name]
    elif measured:
        workload = Workload(contender, recipe, (height, width, channels), classes)
        speed = measure_once(conditions.out / "measured", workload, conditions.console)
    if speed is not None:
        budget_images = conditions.seconds and conditions.seconds * speed.training.images_per_second
    recipe, steps = training_length(recipe, len(data.train.labels), budget_images)
    predicted = len(data.split(conditions.judged_on).labels)
    effort = float(cost.multiply_adds * (TRAINING_EFFORT * steps * recipe.part_size + predicted))
    judged_on = conditions.judged_on
    divided_by = division_seed(conditions.recipe, conditions.data, judged_on)
    trial = Trial(contender, recipe, steps, digest, effort, judged_on, divided_by)
    return ContenderPlan(cost, speed, trial, len(data.train.labels))


def print_estimate(
    conditions: Conditions, plans: Sequence[ContenderPlan], searched: int, evaluated: int
) -> None:
    """Before the first trial, print what the comparison can show and, if known, how long it takes.

    Args:
        conditions: what is the same for all.
        plans: of the networks.
        searched: number of trainings per network that choose a learning rate.
        evaluated: number of trainings per network that are evaluated.
    """
    if any((conditions.out / "trainings").iterdir()):
        return
    folds, seeds = conditions.recipe.folds, len(conditions.seeds)
    images = len(conditions.data.split(conditions.judged_on).labels) * (folds or 1)
    conditions.console.print(foresight(seeds, images, conditions.judged_on, folds))
    predicted, total = seeds * images, 0.0
    lengths = conditions.search_share * searched + evaluated
    for plan in plans:
        if plan.measured is None:
            return
        trained = lengths * plan.trial.steps * plan.trial.recipe.part_size
        total += trained / plan.measured.training.images_per_second
        total += predicted / plan.measured.prediction.images_per_second
    smaller = "a smaller budget" if conditions.seconds else "fewer epochs or images"
    where = "this machine" if conditions.elsewhere is None else "the machine that was measured"
    conditions.console.print(
        f"{(searched + evaluated) * len(plans)} trainings take about {as_text(total)} on {where};"
        f" {smaller} or fewer seeds take less. Ctrl-C keeps what is finished"
    )


def warn_of_short_budgets(conditions: Conditions, plans: Sequence[ContenderPlan]) -> None:
    """Print which networks do not have time to see every training image once."""
    if conditions.seconds is None:
        return
    epochs = {
        plan.trial.contender.name: plan.trial.steps * plan.trial.recipe.part_size / plan.images
        for plan in plans
    }
    if short := {name: share for name, share in epochs.items() if share < 1}:
        shares = ", ".join(f"{name} ({share:.0%})" for name, share in short.items())
        conditions.console.print(
            f"{conditions.seconds:g} s are too short for an epoch of all training images:"
            f" {shares}; a larger budget or fewer images are fairer",
            markup=False,
        )


def settings(conditions: Conditions) -> dict[str, Any]:
    """The conditions as a record holds them, ready for JSON."""
    recipe = conditions.recipe.model_dump(
        mode="json", exclude={"name", "preset", "width", "dropout", "learning_rate", "seed"}
    )
    if conditions.seconds is not None:
        recipe["epochs"] = None
    height, width = seen_size(conditions.recipe, conditions.data)
    return {
        **recipe,
        "image_size": [height, width],
        "seconds": conditions.seconds,
        **({"measured_on": conditions.elsewhere.place} if conditions.elsewhere else {}),
        "learning_rates": list(conditions.rates),
        "search_share": conditions.search_share,
        "seeds": list(conditions.seeds),
        "jobs": joblib.effective_n_jobs(conditions.jobs),
    }
