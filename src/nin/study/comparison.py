"""`compare`: networks under the same Trainer, images, budget and learning-rate search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import joblib

from nin.files import expand
from nin.networks.lookup import find_network
from nin.study.contender_rows import contender_rows
from nin.study.plan import Conditions, make_plans, settings
from nin.study.preparation import (
    RATES,
    RECIPE,
    SEEDS,
    check_arguments,
    check_from_scratch,
    check_images_reachable,
    check_not_timed,
    check_reachable,
    described,
    make_folder,
    prepare,
    seen_size,
)
from nin.study.report.report_page import write_results
from nin.study.results.result import Comparison
from nin.study.statistics.difference import differences_between
from nin.study.trials.contender import (
    Contender,
    EvaluationPart,
    Net,
    as_contenders,
    check_weights,
)
from nin.study.trials.measurement import measured_elsewhere
from nin.study.trials.results_cache import ResultsCache
from nin.study.trials.row import Row
from nin.training import Recipe
from nin.training.leak_warning import warn_of_duplicates
from nin.training.preflight import check_pretrained
from nin.training.recipe_choice import on_images
from nin.training.recipe_fields import not_none
from nin.training.runs.data_notes import show_found
from nin.training.runs.provenance import command, device, versions
from nin.training.runs.run_folder import locked
from nin.training.schedule import adjust

#: Fields of a recipe about its own network, which networks given by name do not follow.
NETWORK_FIELDS = ("depth", "batch_norm", "pooling")


def compare(
    nets: Sequence[Net] | Mapping[str, Net],
    recipe: Recipe = RECIPE,
    *,
    out: str | Path,
    title: str = "Networks compared",
    data: Any = None,
    folds: int | None = None,
    rates: Sequence[float] = RATES,
    seeds: int | None = None,
    seconds: float | None = None,
    jobs: int | None = None,
    measured: bool = True,
    judged_on: EvaluationPart = "test",
    search_share: float = 1.0,
    speeds: str | Path | None = None,
) -> Comparison:
    """Train every network in the same way, and compare accuracy with cost.

    First, each network is trained once per learning rate, with a seed reserved for this search, and
    with further rates while the best one is the lowest or the highest. Then it is trained once per
    seed with the rate that was best on validation images, and evaluated on the test images, which
    played no part in any choice.

    Every finished trial is kept in ``out/trainings``: the same call continues where it was stopped,
    and more seeds, rates or networks only add what is missing. In the end `out` holds
    ``compare.csv``, ``compare.json``, ``compare.md`` and ``report.html``.

    Args:
        nets: networks, or a mapping from names of your choice to networks. Each is a name (see
            `nin.networks.lookup.find_network`), stages, or a network of your own: a `Classifier`
            class, a function of ``num_classes`` and ``input_shape`` that returns a Keras model, a
            Keras model, which is cloned for each training, or ``"nets.py:name"``; or a `Contender`.
            Within a group, the first NiN is compared with each other network, or the first network
            if there is no NiN.
        recipe: how all are trained; its network, with `width`, `depth`, `batch_norm` and the like,
            is not used. An `image_size` of None becomes the stored size if all networks can take
            it, otherwise the smallest that all can take.
        out: folder for the results.
        title: heading of the report.
        data: images in place of the recipe's: a data set's name, a folder, shards, an ``.npz``
            file, ``(x, y)`` arrays or whatever else `nin.train` takes.
        folds: number of parts into which all images are divided, each being the test part once;
            for small data sets. Each fold has its own learning rate, chosen on images held out of
            the other parts.
        rates: learning rates to start the search with; a single one is used without a search.
        seeds: number of seeds (0, 1, …); None for 5, or for one per fold.
        seconds: training time per network in place of epochs, as measured on this machine.
        jobs: number of trials at the same time; None for one, or for as many as joblib's context
            (a Dask cluster) runs.
        measured: whether to measure images/s and peak memory.
        search_share: length of the trainings that choose a learning rate, as a share of the others;
            above 0, at most 1. Each still runs through its whole schedule.
        speeds: the folder ``measured`` in the `out` of a comparison of networks with the same names
            on another machine. Its speeds are used in place of this machine's, to find out on a
            fast machine how far a slow one would get in `seconds`.
        judged_on: the part of the images that networks are evaluated on: ``"test"``; or, if
            something is to be chosen by the result, ``"validation"``, which are held-out training
            images, the same for all seeds.

    Raises:
        NinError: an argument is invalid, or a result cannot be written; finished trials are kept.
        KeyboardInterrupt: Ctrl-C; finished trials are kept.

    Example:
        >>> recipe = nin.RECIPES["digits"].revised(epochs=1, limit=64)
        >>> quick = {"rates": [0.001], "seeds": 1, "measured": False}
        >>> found = nin.compare(["mnist", "lenet"], recipe, out="digits", **quick)
        >>> [row.net for row in found.rows]
        ['mnist', 'lenet']

        By folds, on arrays:

        >>> import numpy as np
        >>> x, y = np.random.default_rng(0).random((40, 12, 12)), np.arange(40) % 2
        >>> short = recipe.revised(limit=None)
        >>> found = nin.compare(["lenet"], short, data=(x, y), folds=2, out="folds", **quick)
        >>> found.images, len(found.rows[0].accuracies)
        (40, 2)
    """
    contenders = as_contenders(nets)
    recipe = on_images(recipe, data).revised(**not_none(folds=folds))
    check_from_scratch(recipe)
    check_not_timed(recipe, seconds)
    if find_network(recipe.preset).pretrained:
        check_pretrained(recipe)
        contenders = [_with_own_weights(each) for each in contenders]
    else:
        check_weights(contenders, recipe)
    if seeds is None:
        seeds = SEEDS if recipe.folds is None else 1
    check_arguments(rates, seeds, seconds, search_share)
    check_reachable(contenders, joblib.effective_n_jobs(jobs))
    check_images_reachable(recipe, joblib.effective_n_jobs(jobs))
    recipe, images = prepare(contenders, recipe, judged_on)
    if not find_network(recipe.preset).pretrained:  # Fine-tuning does this itself.
        recipe = adjust(recipe, len(images.train.labels))
    show_found(images)
    warn_of_duplicates(images)
    out = expand(out)
    make_folder(out / "trainings")
    ResultsCache(out / "trainings").check_sources(contenders)
    elsewhere = None
    if speeds is not None:
        names = [contender.name for contender in contenders]
        size = seen_size(recipe, images)
        elsewhere = measured_elsewhere(expand(speeds), names, recipe, size)
    conditions = Conditions(
        recipe=recipe,
        data=images,
        rates=sorted(rates),
        seeds=range(seeds),
        seconds=seconds,
        jobs=jobs,
        out=out,
        judged_on=judged_on,
        search_share=search_share,
        elsewhere=elsewhere,
    )
    with locked(out):
        plans = make_plans(conditions, contenders, measured)
        rows, image_count = contender_rows(conditions, plans)
        comparison = Comparison(
            title=title,
            settings=_settings(conditions, contenders),
            data=described(images, recipe),
            judged_on=judged_on,
            images=image_count,
            rows=rows,
            differences=differences_between(_pairs(rows, contenders), image_count, recipe.folds),
            versions=versions(),
            device=device(),
            command=command(),
        )
        write_results(comparison, out)
    return comparison


def _settings(conditions: Conditions, contenders: Sequence[Contender]) -> dict[str, Any]:
    """What was the same for all: networks given by name do not follow the recipe's own fields."""
    found = settings(conditions)
    follow = all(each.changes is not None for each in contenders)
    return {name: each for name, each in found.items() if follow or name not in NETWORK_FIELDS}


def _with_own_weights(contender: Contender) -> Contender:
    """The contender, starting from its own pretrained weights if it has any."""
    preset = contender.arguments.get("preset", "")
    if not (preset and find_network(preset).pretrained):
        return contender
    return contender._replace(changes={"preset": preset, **(contender.changes or {})})


def _pairs(rows: Sequence[Row], contenders: Sequence[Contender]) -> list[tuple[Row, Row]]:
    """The pairs to compare: in each group, the first NiN (or network) with each other network."""
    found = []
    for group in dict.fromkeys(row.group for row in rows):
        nets = {
            row.net: (row, contender.net)
            for row, contender in zip(rows, contenders, strict=True)
            if row.group == group
        }
        members = [row for row, _ in nets.values()]
        one = next((row for row, net in nets.values() if net == "NiN"), members[0])
        found += [(one, row) for row in members if row is not one]
    return found
