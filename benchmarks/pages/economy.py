"""The tables and pictures of README.md and docs/ that are about parameter economy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import fmean

from nin.accounting import count_cost
from nin.accounting.table import size
from nin.models import PRESETS, RIVALS, named_net
from nin.study.report import plots
from nin.study.report.sections import Section, sections
from nin.study.results import report_text
from nin.study.results.result import Comparison
from nin.study.statistics.difference import Difference
from nin.study.trials.row import Row, Speed
from pages.training import lines

ROOT = Path(__file__).parents[2]


def economy() -> str:
    """Every network's accuracy after the same time, and NiN against each."""
    made = comparison("time")
    images = made.data["splits"]["train"]["images"]
    seen = {
        row.net: made.settings["seconds"] * _speeds(row)[0].images_per_second / images
        for row in made.rows
    }
    title = f"epochs in {made.settings['seconds']:.0f} s"
    return _accuracies("time", (title, lambda row: f"{seen[row.net]:.1f}"))


def equal_epochs() -> str:
    """The same of a comparison in equal epochs."""
    return _accuracies("compare", ("images/s in training", _training_rate))


def _accuracies(name: str, further: tuple[str, Callable[[Row], str]]) -> str:
    """Sizes, one further column, accuracies, and NiN against each."""
    section = sections(comparison(name))[0]
    against = {pair.rival: pair for pair in section.differences}
    title, text = further
    titles = (
        f"network, parameters, in dense layers, multiply-adds, {title}, test accuracy,"
        " NiN's lead (points)"
    )
    return lines(
        titles.split(", "),
        [
            (
                f"`{row.net}`",
                f"{row.cost.parameters.total:,}",
                f"{row.cost.parameters.dense / row.cost.parameters.total:.0%}",
                report_text.count(row.cost.multiply_adds),
                text(row),
                report_text.accuracy(row.accuracies),
                points(against.get(row.net)),
            )
            for row in section.rows
        ],
    )


def _training_rate(row: Row) -> str:
    return report_text.rate(_speeds(row)[0].images_per_second)


def exercise(number: int) -> str:
    """One exercise's networks, each against the one as printed."""
    section = _exercise(number)
    against = {pair.rival: pair for pair in section.differences}
    titles = (
        "network, parameters, multiply-adds, test accuracy, difference from the printed network"
        " (points), images/s in training"
    )
    return lines(
        titles.split(", "),
        [
            (
                row.net,
                f"{row.cost.parameters.total:,}",
                report_text.count(row.cost.multiply_adds),
                report_text.accuracy(row.accuracies),
                points(against.get(row.net), sign=-1),
                report_text.rate(_speeds(row)[0].images_per_second),
            )
            for row in section.rows
        ],
    )


def still_rising() -> str:
    """What the last quarter of the trainings added, by which they have stopped improving or not."""
    made = comparison("ablate")
    last = made.settings["epochs"] // 4
    rises = [100 * fmean(curve[-1] - curve[-1 - last] for curve in row.curves) for row in made.rows]
    low, middle, high = (f"{rise:+.1f}" for rise in (min(rises), fmean(rises), max(rises)))
    return (
        f"In the last {last} epochs accuracy on validation images changed by {middle} points on"
        f" average over the networks, by {low} to {high} in each."
    ).replace("-", "−")


def resources() -> str:
    """What each network of the comparison takes: counted, and measured."""
    titles = (
        "network, weights, activations in training, in prediction, peak in training,"
        " in prediction, images/s in training, in prediction"
    )
    return lines(
        titles.split(", "),
        [
            (
                f"`{row.net}`",
                size(row.cost.weight_bytes),
                size(row.cost.training_activation_bytes),
                size(row.cost.prediction_activation_bytes),
                *(size(speed.peak_bytes) for speed in _speeds(row)),
                *(report_text.rate(speed.images_per_second) for speed in _speeds(row)),
            )
            for row in sections(comparison("time"))[0].rows
        ],
    )


def book_resources() -> str:
    """What NiN and its rivals take at the chapter's size, counted."""
    titles = (
        "network, parameters, multiply-adds, weights, optimiser, activations in training,"
        " in prediction"
    )
    return lines(titles.split(", "), [_at_book_size(name) for name in ("nin", *RIVALS)])


def _at_book_size(name: str) -> tuple[str, ...]:
    cost = count_cost(named_net(name, 10)[0], PRESETS["book"].input_shape, batch_size=128)
    return (
        f"`{name}`",
        f"{cost.parameters.total:,}",
        report_text.count(cost.multiply_adds),
        size(cost.weight_bytes),
        size(cost.optimizer_bytes),
        size(cost.training_activation_bytes),
        size(cost.prediction_activation_bytes),
    )


def networks() -> str:
    """Every network that has a name, at the input it was published for."""
    titles = "network, input, parameters, of them 1×1, dense, multiply-adds, class-map cell sees"
    return lines(titles.split(", "), [_network(name) for name in (*PRESETS, *RIVALS)])


def _network(name: str) -> tuple[str, ...]:
    model, shape = named_net(name)
    cost = count_cost(model, shape)
    total = cost.parameters.total
    return (
        f"`{name}`",
        "×".join(map(str, shape)),
        f"{total:,}",
        f"{cost.parameters.pointwise / total:.0%}",
        f"{cost.parameters.dense / total:.0%}",
        report_text.count(cost.multiply_adds),
        "×".join(map(str, cost.receptive_field)) + " px"
        if cost.receptive_field
        else "no class maps",
    )


def conditions(record: str) -> str:
    """What was the same for all networks of a comparison."""
    made = comparison(record)
    settings = made.settings
    height, width = settings["image_size"]
    training = made.data["splits"]["train"]["images"]
    if settings["seconds"]:
        device = settings.get("measured_on", {}).get("device") or made.device
        length = f"as many steps as {settings['seconds']:g} s on {device['cores']} cores"
        length += " allow by speeds measured beforehand"
    else:
        length = f"{settings['epochs']} epochs"
    # Before recipes had a precision, oneDNN multiplied in bfloat16.
    precision = {
        "bfloat16": "Products and activations in bfloat16.",
        "float32": "In float32.",
    }.get(settings.get("precision", ""), "Products in bfloat16, sums in float32.")
    return (
        f"Fashion-MNIST at {height}×{width} pixels, {training:,} training images, {length},"
        f" {len(settings['seeds'])} seeds. The same search on validation images chose each"
        f" network's learning rate. Accuracy on the {made.images:,} test images, mean ± sd."
        " Differences have 95 % confidence intervals over seeds, and are in bold where chance is"
        f" an unlikely cause after Holm's correction for all {len(made.differences)}. {precision}"
    )


def points(difference: Difference | None, sign: int = 1) -> str:
    """A difference in points of accuracy with its interval over seeds; in bold if it is clear."""
    if difference is None:
        return ""
    assert difference.low is not None
    assert difference.high is not None
    low, high = sorted((sign * difference.low, sign * difference.high))
    values = (100 * value for value in (sign * difference.mean, low, high))
    text = "{:+.1f} [{:+.1f}, {:+.1f}]".format(*values).replace("-", "−")
    return f"**{text}**" if difference.is_clear else text


ECONOMY = {
    "economy": economy,
    "equal epochs": equal_epochs,
    "networks": networks,
    "economy conditions": partial(conditions, "time"),
    "equal epochs conditions": partial(conditions, "compare"),
    "exercise conditions": partial(conditions, "ablate"),
    "exercise convergence": still_rising,
    "resources": resources,
    "book resources": book_resources,
    **{f"exercise {number}": partial(exercise, number) for number in (1, 2, 3, 5, 6)},
}


def pictures() -> dict[Path, str]:
    """Every picture that is drawn from a record, by its path."""
    family = _exercise(6).title
    return {
        ROOT / "docs/economy.svg": _drawn("time", ""),
        ROOT / "docs/family.svg": _drawn("ablate", family),
    }


def mark(record: str) -> str:
    """The digest of a record, as it stands in its picture."""
    digest = hashlib.sha256(_path(record).read_bytes()).hexdigest()
    return f"<!-- drawn from results/{record}.json, SHA-256 {digest} -->\n"


def _drawn(record: str, group: str) -> str:
    return plots.accuracy_against_parameters(comparison(record), group) + mark(record)


def comparison(record: str) -> Comparison:
    """The comparison in a record."""
    return Comparison.model_validate(json.loads(_path(record).read_text())["comparison"])


def _speeds(row: Row) -> tuple[Speed, Speed]:
    assert row.measured is not None
    return row.measured.training, row.measured.prediction


def _exercise(number: int) -> Section:
    cut = sections(comparison("ablate"))
    return next(section for section in cut if section.title.startswith(f"{number}. "))


def _path(record: str) -> Path:
    return ROOT / f"results/{record}.json"
