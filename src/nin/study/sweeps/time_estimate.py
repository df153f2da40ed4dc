"""Estimates, before the first training, how long all will take on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import joblib

from nin.accounting.cost import count_cost
from nin.networks.lookup import find_network
from nin.networks.network_source import is_in_file
from nin.study.plan import TRAINING_EFFORT, Conditions
from nin.study.preparation import seen_shape
from nin.study.trials.contender import Contender
from nin.study.trials.measurement import Workload, measure_once
from nin.study.trials.trial import training_length
from nin.training.precision import resolve_precision

#: Multiply-adds per second that today's slowest processors nearly reach: what takes less than
#: `_SHORT` seconds at this rate is not worth a measurement, which takes ten.
_SLOWLY, _SHORT = 1e10, 60.0


def estimate(conditions: Conditions, sample: Sequence[Contender], trainings: int) -> float | None:
    """Seconds that this many trainings will take, from the measured speed of one network.

    The time of the others is estimated from their multiply-adds.

    Args:
        conditions: what is the same for all.
        sample: some of the networks, representative of all.
        trainings: how many there will be.

    Returns:
        The seconds; None if the trainings are too short to be worth measuring, or if the network
        exists only in this process or has pretrained weights.
    """
    at_once = _at_once(conditions.jobs)
    if conditions.seconds is not None:
        return float(trainings * conditions.seconds / at_once)
    if find_network(conditions.recipe.preset).pretrained:
        return None
    work = [_multiply_adds(conditions, each) for each in sample]
    total = trainings * fmean(work)
    first = sample[0]
    if total / _SLOWLY < _SHORT or (first.is_own and not is_in_file(first.net)):
        return None
    recipe = resolve_precision(conditions.recipe.revised(**first.changes or {}))
    height, width, channels = conditions.data.image_shape
    workload = Workload(first, recipe, (height, width, channels), len(conditions.data.classes))
    speed = measure_once(conditions.out / "measured", workload, conditions.console)
    alike = float(total / work[0])  # in trainings of the measured network
    return alike * _images(conditions, first) / speed.training.images_per_second / at_once


def _at_once(jobs: int | None) -> int:
    """How many trainings gain from running at the same time: those on machines of their own.

    On this machine they share its cores, on which one alone was measured.
    """
    backend, _ = joblib.parallel.get_active_backend()
    is_here = type(backend).__module__ == "joblib._parallel_backends"
    return 1 if is_here else max(1, joblib.effective_n_jobs(jobs))


def _images(conditions: Conditions, contender: Contender) -> int:
    recipe = conditions.recipe.revised(**contender.changes or {})
    recipe, steps = training_length(recipe, len(conditions.data.train.labels), None)
    return steps * recipe.part_size


def _multiply_adds(conditions: Conditions, contender: Contender) -> float:
    shape = seen_shape(contender, conditions.recipe, conditions.data)
    model = contender.make(len(conditions.data.classes), shape)
    if not contender.is_own:
        model.check_size(shape)
    cost = count_cost(model.net, shape)
    return float(TRAINING_EFFORT * cost.multiply_adds * _images(conditions, contender))
