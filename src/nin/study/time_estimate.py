"""How long trainings will take on this machine, before the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import joblib

from nin.accounting.cost import count_cost
from nin.network_source import is_in_file
from nin.study.contender import Contender
from nin.study.experiment import TRAINING_EFFORT, Experiment
from nin.study.measurement import Workload, measure_once
from nin.study.preparation import seen_shape
from nin.study.trial import training_length

#: Multiply-adds per second that no processor of today is slow enough to miss by much: what takes
#: less than `_SHORT` seconds at this rate is not worth a measurement, which takes ten.
_SLOWLY, _SHORT = 1e10, 60.0


def estimate(study: Experiment, sample: Sequence[Contender], trainings: int) -> float | None:
    """Seconds that so many trainings take, from the measured speed of one network.

    The others are reckoned by their multiply-adds.

    Args:
        study: what is the same for all.
        sample: some of the networks, representative of all.
        trainings: how many there will be.

    Returns:
        None where they are so short that it is not worth measuring, or where the network is known
        to this process alone.
    """
    at_once = max(1, joblib.effective_n_jobs(study.jobs))
    if study.seconds is not None:
        return trainings * study.seconds / at_once
    work = [_multiply_adds(study, each) for each in sample]
    total = trainings * fmean(work)
    first = sample[0]
    if total / _SLOWLY < _SHORT or (first.is_own and not is_in_file(first.net)):
        return None
    recipe = study.recipe.revised(**first.changes or {})
    height, width, channels = study.data.image_shape
    workload = Workload(first, recipe, (height, width, channels), len(study.data.classes))
    speed = measure_once(study.out / "measured", workload, study.console)
    return total / work[0] * _images(study, first) / speed.training.images_per_second / at_once


def _images(study: Experiment, contender: Contender) -> int:
    recipe = study.recipe.revised(**contender.changes or {})
    recipe, steps = training_length(recipe, len(study.data.train.labels), None)
    return steps * recipe.part_size


def _multiply_adds(study: Experiment, contender: Contender) -> float:
    shape = seen_shape(contender, study.recipe, study.data)
    cost = count_cost(contender.make(len(study.data.classes), shape).net, shape)
    return float(TRAINING_EFFORT * cost.multiply_adds * _images(study, contender))
