"""The result of a finished training, in words that claim no more than the images show."""

from __future__ import annotations

import math

from nin.data import ImageData
from nin.names import printable
from nin.training.runs.evaluation import evaluate, wilson
from nin.training.runs.evaluation_images import final_split
from nin.training.runs.run import Run
from nin.training.runs.run_format import EvaluationSummary, RunRecord, RunResult

#: A class with fewer training images is worth adding to.
FEW_IMAGES = 100
#: A training of fewer steps is short.
FEW_STEPS = 300


def final_result(run: Run, data: ImageData, epoch: int | None) -> RunResult:
    """How good the saved weights of `run` are on the test part, else on the held-out images.

    Args:
        run: a training that has ended.
        data: its images.
        epoch: the epoch whose weights are saved.
    """
    part, split = final_split(data)
    summary = evaluate(run.model, split, data.classes).summary()
    seconds = run.metrics()[-1]["seconds"]
    return {"split": part, **summary, "seconds": seconds, "epoch": epoch}


def has_learnt(result: EvaluationSummary) -> bool:
    """Whether the accuracy's 95 % interval lies above that of always predicting one class."""
    low, _ = result["interval"]
    return bool(low > result["largest_class"]["share"])


def result_line(result: EvaluationSummary, split: str, other: str | None = None) -> str:
    """Accuracy, its interval and the accuracy of always predicting the largest class, in one line.

    Args:
        result: the result of the run, or of an evaluation.
        split: the part of the data.
        other: the name of other data, if it is not the run's own.
    """
    low, high = result["interval"]
    largest = result["largest_class"]
    images = {"validation": "held-out", "all": ""}.get(split, split)
    return (
        f"accuracy {result['accuracy']:.3f} [{low:.3f}, {high:.3f}]"
        f" on {result['n']:,} {images} images".replace("  ", " ")
        + (f" of other data, {printable(other)}" if other else "")
        + f'; always naming "{printable(largest["name"])}" gives {largest["share"]:.3f}'
    )


def not_learnt_line(result: EvaluationSummary) -> str:
    """The line for a training that has not learnt."""
    return f'no better than always naming "{printable(result["largest_class"]["name"])}"'


def advice(record: RunRecord) -> str:
    """What is most likely to help a run that has not learnt, apart from what is set already.

    Args:
        record: the record of the finished run.
    """
    from nin.training.restart import HOPELESS

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
