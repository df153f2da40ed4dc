"""`tune`: search a recipe's values, and compare the best with the recipe's own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Unpack

import joblib
import keras

from nin import backends
from nin.data import ImageData
from nin.files import expand
from nin.networks.lookup import find_network
from nin.progress import stderr_console
from nin.study.comparison import compare
from nin.study.preparation import (
    check_images_reachable,
    check_reachable,
    fingerprint,
    make_folder,
    open_evaluated,
    prepare,
)
from nin.study.report.report_page import write_results
from nin.study.results.result import Comparison
from nin.study.results.tuning_record import TuningRecord
from nin.study.sweeps.factor_grid import contender_at
from nin.study.trials.contender import Contender
from nin.study.trials.pretrained_trial import train_pretrained
from nin.study.trials.results_cache import ResultsCache
from nin.study.trials.trial import SEARCH_SEED, Trial, digest, train_trial, training_length
from nin.study.trials.trial_images import division_seed
from nin.study.tuning.search import Report, Search, Trained
from nin.study.tuning.space_choice import GivenSpace, ends, plan_tuning
from nin.study.tuning.spaces import Space, around, own_value
from nin.training import Recipe
from nin.training.precision import resolve_precision
from nin.training.recipe_choice import What, chosen_fields, with_images
from nin.training.recipe_fields import RecipeFields
from nin.training.runs.provenance import versions
from nin.training.runs.run_folder import locked
from nin.training.schedule import adjust

#: Names of the two contenders that are evaluated on test images at the end.
TUNED, DEFAULTS = "tuned", "the recipe's values"
#: Number of seeds with which both are evaluated.
SEEDS = 3


def tune(
    recipe: What = None,
    *,
    out: str | Path,
    minutes: float = 30.0,
    space: GivenSpace | None = None,
    sampler: str = "tpe",
    seeds: int = SEEDS,
    jobs: int | None = None,
    **options: Unpack[RecipeFields],
) -> Comparison:
    """Search for better values on held-out training images, and evaluate the best on test images.

    Optuna chooses what to try; the recipe's own values come first, and a training whose curve lies
    below the median of the others at the same epoch is stopped. A network is then trained over the
    same seeds with the best values and with the recipe's own, and evaluated on the test images,
    which played no part until then.

    Every training is kept: the same call continues where it was stopped, and more minutes add to
    the search. `out` holds Optuna's journal, and in the end ``compare.csv``, ``compare.json``,
    ``compare.md`` and ``report.html``.

    Args:
        recipe: what to tune: a recipe or its name, a data set's name, or a folder of images; see
            `nin.train`. For a folder, image size, resize mode and balance are searched; with
            ``finetune=True``, the learning rates of fine-tuning.
        out: folder for the results.
        minutes: time for the search, all calls together; the final trainings take extra time.
        space: what to search in place of what the recipe declares: values, or a `Range`, by field
            name.
        sampler: ``"tpe"``, ``"random"``, or ``"grid"`` for all combinations of given values;
            up to 100 combinations are always tried as a grid.
        seeds: number of seeds of the final trainings.
        jobs: how many of the final trainings run at the same time.
        options: fields of `Recipe` in place of the recipe's own.

    Returns:
        The tuned values against the recipe's own, with `tuning`; only the recipe's own if nothing
        better was found.

    Raises:
        UnknownNameError: there is no such recipe, field or folder.
        NinError: the time is too short for a search, a value is impossible, or Optuna is missing;
            what is finished is kept.
        KeyboardInterrupt: Ctrl-C; what is finished is kept.

    Example:
        >>> rates = {"learning_rate": [0.001, 0.003]}
        >>> quick = {"epochs": 1, "limit": 64, "width": 0.1, "seeds": 1, "sampler": "grid"}
        >>> found = nin.tune("digits", out="tuned", minutes=60, space=rates, **quick)
        >>> len(found.tuning.tried)
        2
    """
    recipe, given = with_images(recipe, options)
    chosen = chosen_fields(recipe, given)
    recipe, searched = plan_tuning(
        recipe, minutes=minutes, space=space, sampler=sampler, seeds=seeds, out=out, options=given
    )
    out = expand(out)
    own = contender_at(recipe, {})
    check_images_reachable(recipe, joblib.effective_n_jobs(jobs))
    check_reachable([own._replace(name=recipe.preset)], joblib.effective_n_jobs(jobs))
    make_folder(out / "trainings")
    ResultsCache(out / "trainings").check_sources([own])
    with locked(out):
        recipe, data = _prepared(recipe, own)
        # The recipe's own values may have changed: a small folder has smaller batches, more epochs.
        searched = {name: around(each, own_value(recipe, name)) for name, each in searched.items()}
        record = _searched(recipe, own, data, searched, chosen, minutes, sampler, out)
    contenders = [contender_at(recipe, record.best, chosen)._replace(name=TUNED, levels=None)]
    defaults = own._replace(name=DEFAULTS)
    contenders = [*contenders, defaults] if record.found_better else [defaults]
    found = compare(
        contenders,
        recipe,
        out=out,
        title=f"What tuning {recipe.name} is worth",
        rates=[recipe.learning_rate],
        seeds=seeds,
        jobs=jobs,
        measured=False,
    ).model_copy(update={"tuning": record})
    write_results(found, out)
    return found


def _prepared(recipe: Recipe, own: Contender) -> tuple[Recipe, ImageData]:
    """The recipe, with the length and the image size of its trainings, and its images."""
    data = open_evaluated(recipe)
    recipe = resolve_precision(recipe)
    is_pretrained = find_network(recipe.preset).pretrained
    if not is_pretrained or recipe.finetune:
        recipe = adjust(recipe, len(data.train.labels))
    return (recipe, data) if is_pretrained else prepare([own], recipe)


def _searched(
    recipe: Recipe,
    own: Contender,
    data: ImageData,
    space: Space,
    chosen: frozenset[str],
    minutes: float,
    sampler: str,
    out: Path,
) -> TuningRecord:
    console = stderr_console()
    defaults = {name: own_value(recipe, name) for name in space}
    images = fingerprint(recipe, data)
    described = {name: ends(each) for name, each in space.items()}
    what = [recipe.model_dump(mode="json"), described, images, versions()]
    what += [own.source()] if own.is_own else []
    name = f"{recipe.name}-{digest(what)[:12]}"
    search = Search(out, name, space, defaults, sampler, recipe.epochs, console)
    console.print(
        f"searching {', '.join(space)} for {minutes:g} minutes by held-out training images;"
        " Ctrl-C keeps what is finished",
        markup=False,
    )
    frozen = find_network(recipe.preset).pretrained and not recipe.finetune
    steps_of = None if frozen else len(data.train.labels)

    trial = Trial(own, recipe, 1, images, 1.0, "validation", division_seed(recipe, data))

    def train(values: dict[str, Any], report: Report, left: float) -> Trained:
        contender = contender_at(recipe, values, chosen)
        return _train(trial._replace(contender=contender), steps_of, report, left)

    search.run(minutes, train)
    return TuningRecord(
        sampler=search.sampler,
        minutes=minutes,
        space=described,
        defaults=defaults,
        best=search.best(),
        tried=search.tried(),
        importances=search.importances(),
    )


def _train(
    trial: Trial,
    training_images: int | None,
    report: Report,
    left: float,
) -> Trained:
    varied = trial.recipe.revised(**trial.contender.changes or {}, seed=SEARCH_SEED)
    steps = 1 if training_images is None else training_length(varied, training_images, None)[1]
    watch = EpochReporter(report, left, steps)
    callbacks = [] if training_images is None else [watch]
    trial = trial._replace(recipe=varied, steps=steps)
    train = train_pretrained if trial.is_pretrained else train_trial
    with backends.global_state_restored():
        outcome = train(trial, callbacks)
    done = watch.done / steps if watch.is_late else 1.0
    return Trained(outcome.validation, outcome.curve, done)


class EpochReporter(keras.callbacks.Callback):
    """Reports the accuracy after each epoch, and stops trainings that are hopeless or too long."""

    def __init__(self, report: Report, left: float, steps: int) -> None:
        super().__init__()
        self.report, self.steps = report, steps
        self.done, self.is_late = 0, False
        self._until = time.monotonic() + left

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Count the step, and stop if the time is up."""
        self.done += 1
        if time.monotonic() > self._until and self.done < self.steps:
            self.is_late = self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Report the accuracy, and stop if the training is hopeless."""
        accuracy = (logs or {}).get("val_accuracy")
        if accuracy is not None and self.report(epoch + 1, float(accuracy)):
            self.model.stop_training = True
