"""The result of a finished training, in words that claim no more than the images show."""

from __future__ import annotations

from nin.data import ImageData
from nin.names import printable
from nin.training.runs.evaluation import evaluate
from nin.training.runs.evaluation_images import final_split
from nin.training.runs.run import Run
from nin.training.runs.run_format import EvaluationSummary, RunResult


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
