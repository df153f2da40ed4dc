"""What to try where a network has not learnt."""

from __future__ import annotations

import math

from nin.names import printable
from nin.training.restart import HOPELESS
from nin.training.runs.evaluation import wilson
from nin.training.runs.run_format import RunRecord

#: A class with fewer training images is worth adding to.
FEW_IMAGES = 100
#: A training of fewer steps is short.
FEW_STEPS = 300


def advice(record: RunRecord) -> str:
    """What is most likely to help a run that has not learnt, apart from what is set already.

    Args:
        record: the record of the finished run.
    """
    result, schedule = record["result"], record.get("schedule")
    assert result is not None
    n, share = result["n"], result["largest_class"]["share"]
    counts = record["data"]["splits"]["train"]["per_class"]
    rarest = min(counts, key=counts.__getitem__)
    if result["accuracy"] > share or wilson(n, n)[0] <= share:
        return f"evaluate it on more images: {n:,} {'is' if n == 1 else 'are'} too few to tell"
    if schedule is None:
        return "training from scratch, in case pretrained features do not help: --preset book"
    if HOPELESS & {finding["kind"] for finding in record["health"]}:
        return "other images, or another --preset: three learning rates have not helped"
    patience = record["recipe"].get("patience")
    if patience is not None and (result["epoch"] or 0) + patience < schedule["epochs"]:
        return (
            f"more patience: it ended {patience} epochs after its best; --patience {3 * patience}"
        )
    if schedule["steps"] < FEW_STEPS:
        epochs = math.ceil(FEW_STEPS * schedule["epochs"] / schedule["steps"])
        return f"train longer: {schedule['steps']:,} steps are few; --epochs {epochs:,}"
    if counts[rarest] < FEW_IMAGES:
        return f'more training images: {counts[rarest]:,} of "{printable(rarest)}" are few'
    return f"another learning rate (it was {_rate(record):.2g}: --lr), or another --preset"


def _rate(record: RunRecord) -> float:
    """The learning rate of the last attempt."""
    restarts = record["restarts"]
    return float(restarts[-1]["learning_rate"] if restarts else record["recipe"]["learning_rate"])
