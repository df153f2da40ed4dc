"""The tables and the picture of docs/paper.md: the paper's results beside those in results/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from nin.accounting import count_cost
from nin.data import NAMED
from nin.models import NiN
from nin.study.report import plot_style
from nin.study.report.plot_style import line_style
from nin.study.report.sections import sections
from nin.study.results import report_text
from nin.training.recipes import find_recipe
from pages.economy import ROOT, comparison, points
from pages.training import duration, lines, record, spread


class Published(NamedTuple):
    """What was published of a recipe's network on its images.

    Attributes:
        images: what it was trained on here, or would be.
        accuracy: published; empty if there is none.
    """

    images: str
    accuracy: str = ""


ROWS = {
    "cifar10": Published("CIFAR-10, JPEG of quality 75", "0.9119"),
    "cifar10-deep": Published("CIFAR-10, JPEG of quality 75"),
    "cifar100": Published("CIFAR-100", "0.6432"),
    "svhn": Published("SVHN", "0.9765"),
    "mnist": Published("MNIST", "0.9953"),
    "fashion28": Published("Fashion-MNIST"),
    "fashion28-deep": Published("Fashion-MNIST"),
}
CURVES = {"cifar10": "the published layers", "cifar10-deep": "deep"}
PICTURE = ROOT / "docs/paper_curves.svg"


def results() -> str:
    """Each recipe: its network, what was published and what it reached here."""
    head = [
        *("", "images", "parameters", "published", "here", "mirrored, too"),
        *("epochs", "time of a training"),
    ]
    return lines(head, [_row(name, published) for name, published in ROWS.items()])


def _row(name: str, published: Published) -> list[str]:
    recipe = find_recipe(name)
    images = NAMED[recipe.data].published
    network = NiN(num_classes=len(images.classes), preset=recipe.preset).net
    cost = count_cost(network, images.shape)
    parameters = f"{cost.parameters.total:,}"
    start = [f"`nin train {name}`", published.images, parameters, published.accuracy]
    if not (ROOT / f"results/{name}.json").exists():
        return [*start, "not run here", "", f"{recipe.epochs}", ""]
    made = record(name)
    accuracy = made["summary"]["accuracy"]
    took = duration(3600 * made["summary"]["hours"]["mean"])
    here = f"{spread(accuracy)} (n = {accuracy['n']})"
    both = made["summary"].get("accuracy_mirrored")
    mirrored = spread(both) if both else ""
    return [*start, here, mirrored, f"{made['rows'][0]['epochs']}", f"{took}, {_place(made)}"]


def _place(made: dict[str, Any]) -> str:
    device = made["device"]
    gpu = device.get("gpu")
    return f"{gpu}, several at a time" if gpu else f"{device['cores']} busy cores"


def curves() -> str:
    """Held-out accuracy after each epoch of the CIFAR-10 trainings, as SVG text."""
    with plot_style.new_figure(2.7) as figure:
        axes = figure.subplots()
        for index, (name, title) in enumerate(CURVES.items()):
            style = line_style(index)
            for row in record(name)["rows"]:
                epochs = range(1, len(row["curve"]) + 1)
                label = title if row["seed"] == 0 else None
                axes.plot(
                    epochs, row["curve"], style.dashes, color=style.color, lw=1.1, label=label
                )
        axes.set(xlabel="epoch", ylabel="held-out accuracy", ylim=(0.5, 0.92), xlim=(0, None))
        axes.grid(alpha=0.25)
        axes.legend(loc="lower right", frameon=False)
        title = "Held-out accuracy after each epoch, CIFAR-10 (JPEG), one curve per seed"
        return plot_style.as_svg(figure, "curves", title)


def heads() -> str:
    """Global average pooling against fully connected layers."""
    made = comparison("heads")
    section = sections(made)[0]
    against = {pair.rival: pair for pair in section.differences}
    head = ["head", "parameters", "test accuracy", "difference from the average (points)"]
    table = [
        [
            row.net,
            f"{row.cost.parameters.total:,}",
            report_text.accuracy(row.accuracies),
            points(against.get(row.net), sign=-1),
        ]
        for row in section.rows
    ]
    return f"{lines(head, table)}\n\n{_conditions('heads')}"


def ingredients() -> str:
    """What the recipe gains by each ingredient, in order of that."""
    made = comparison("ingredients")
    section = sections(made)[0]
    base, *changed = section.rows
    against = {pair.rival: pair for pair in section.differences}
    changed.sort(key=lambda row: against[row.net].mean)
    table = [
        [
            row.net,
            report_text.accuracy(row.accuracies),
            points(against.get(row.net), sign=-1),
        ]
        for row in (base, *changed)
    ]
    head = ["", "accuracy, validation", "difference (points)"]
    return f"{lines(head, table)}\n\n{_conditions('ingredients')}"


def _conditions(name: str) -> str:
    made = comparison(name)
    kept = json.loads((ROOT / f"results/{name}.json").read_text(encoding="utf-8"))
    settings = made.settings
    return (
        f"(Fashion-MNIST, {made.data['splits']['train']['images']:,} training images,"
        f" {settings['epochs']} epochs, n = {len(settings['seeds'])} seeds, {made.images:,}"
        f" {made.judged_on} images; intervals of 95 % over seeds, in bold where chance is an"
        f" unlikely cause after Holm's correction; {made.device['cores']} cores;"
        f" commit {kept['commit']}; `{made.command}`)"
    )


PAPER = {"paper results": results, "paper heads": heads, "paper ingredients": ingredients}


def drawn() -> dict[Path, str]:
    """The picture of the page, by its path."""
    return {PICTURE: curves()}
