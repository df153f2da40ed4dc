"""The figures of a search: the result and curve of each training, and what mattered."""

from __future__ import annotations

import itertools

from nin.study.report import plot_style
from nin.study.results.tuning_record import TuningRecord

_GREY, _BLUE, _RED = "#999999", "#0072B2", "#D55E00"


def search_history(record: TuningRecord) -> str:
    """Accuracy of each training on held-out images, and the best so far."""
    from matplotlib.ticker import MaxNLocator

    with plot_style.new_figure(2.8) as figure:
        axes = figure.subplots()
        tried = [each for each in record.tried if each.accuracy is not None]
        done = [(each.number + 1, each.accuracy) for each in tried]
        numbers, values = zip(*done, strict=True) if done else ((), ())
        best = [*itertools.accumulate(values, max)]
        axes.step(numbers, best, where="post", color=_GREY, linewidth=1, label="best so far")
        axes.plot(numbers, values, "o", color=_BLUE, markersize=4, label="trained to the end")
        stopped = [each for each in record.tried if each.state == "pruned" and each.curve]
        axes.plot(
            [each.number + 1 for each in stopped], [each.curve[-1] for each in stopped], "x",
            color=_RED, markersize=4, label="stopped early",
        )  # fmt: skip
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        plot_style.label(axes, "training", "accuracy on held-out images")
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
        return plot_style.as_svg(figure, "h", f"Accuracy of {len(record.tried)} trainings")


def search_curves(record: TuningRecord) -> str:
    """Accuracy of every training by epoch; the recipe's own values and the best stand out."""
    from matplotlib.ticker import MaxNLocator

    with plot_style.new_figure(2.8) as figure:
        axes = figure.subplots()
        for each in record.tried:
            own, best = each.values == record.defaults, each.values == record.best
            color = _BLUE if best else _RED if own else _GREY
            width, marker = (1.8 if own or best else 0.7), ("." if len(each.curve) == 1 else None)
            epochs = range(1, len(each.curve) + 1)
            axes.plot(epochs, each.curve, color=color, linewidth=width, marker=marker)
        axes.plot([], [], color=_BLUE, label="the best")
        axes.plot([], [], color=_RED, label="the recipe's values")
        axes.plot([], [], color=_GREY, label="others")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        plot_style.label(axes, "epoch", "accuracy on held-out images")
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
        return plot_style.as_svg(figure, "v", f"Learning curves of {len(record.tried)} trainings")


def importances(record: TuningRecord) -> str:
    """The share of the variation in accuracy that each field explains."""
    found = sorted(record.importances.items(), key=lambda each: each[1])
    with plot_style.new_figure(0.9 + 0.27 * len(found)) as figure:
        axes = figure.subplots()
        places = range(len(found))
        axes.barh(places, [share for _, share in found], 0.68, color=_BLUE)
        axes.set_yticks(places, [field.replace("_", " ") for field, _ in found])
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
        axes.set_xlabel("share of the variation")
        return plot_style.as_svg(figure, "w", "How much each value matters")
