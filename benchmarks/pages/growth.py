"""The picture and the tables of docs/scale.md about what grows with the number of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nin.study.report import plot_style
from pages.economy import ROOT, mark
from pages.training import conditions, lines, record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Series of the record → what it is called.
SERIES = {
    "files, nin": "nin, files",
    "tar, nin": "nin, tar shards",
    "parquet, nin": "nin, Parquet",
    "https, nin": "nin, tar shards over https://",
    "s3, nin": "nin, tar shards over s3://",
    "files, keras": "Keras `image_dataset_from_directory`, files",
    "tar, webdataset": "`webdataset` and PyTorch's `DataLoader`, tar shards",
}
#: Figure of the record → what its panel is called.
PANELS = {
    "opened_processor": "processor seconds to open for the first time",
    "first_step_processor": "processor seconds to the first step",
    "images_per_processor_second": "images per processor second, in training",
    "trained_mib": "peak memory in training, MiB",
}
#: The same in the table.
COLUMNS = {
    "listed_processor": "listed, s",
    "opened_processor": "opened for the first time, s",
    "first_step_processor": "first step, s",
    "images_per_processor_second": "images/s",
    "trained_mib": "memory, MiB",
}
#: Logarithmic panels, and where in them a line that grows in proportion begins, at a thousand.
IN_PROPORTION = {"opened_processor": 0.02}


def drawing() -> str:
    """Four panels with a line for each source and program."""
    found = record("scale")["summary"]
    with plot_style.new_figure(6.4) as figure:
        figure.set_size_inches(7.2, 6.4)
        for axes, (panel, title) in zip(figure.subplots(2, 2).flat, PANELS.items(), strict=True):
            _draw(axes, found[panel])
            axes.set(xlabel="pictures", xscale="log")
            axes.set_title(title, fontsize=9.5)
            axes.xaxis.set_major_formatter("{x:,.0f}")
            if panel in IN_PROPORTION:
                axes.set_yscale("log")
                axes.set_ylim(axes.get_ylim())
                _draw_proportion(axes, IN_PROPORTION[panel])
                axes.yaxis.set_major_formatter("{x:g}")
                axes.yaxis.set_minor_formatter("")
            else:
                axes.set_ylim(bottom=0)
                axes.yaxis.set_major_formatter("{x:,.0f}")
            axes.grid(alpha=0.25)
        handles, _ = figure.axes[1].get_legend_handles_labels()
        names = [name.replace("`", "") for name in SERIES.values()]
        figure.legend(
            handles, names, loc="outside lower center", ncols=2, frameon=False, fontsize=8.5
        )
        return plot_style.as_svg(figure, "g", "What grows with the number of pictures")


def _draw(axes: Axes, series: dict[str, dict[str, float]]) -> None:
    for place, name in enumerate(SERIES):
        points = sorted((int(count), value) for count, value in series.get(name, {}).items())
        style = plot_style.line_style(place)
        axes.plot(
            [count for count, _ in points],
            [value for _, value in points],
            linestyle=style.dashes,
            color=style.color,
            marker=style.marker,
            markersize=4,
            label=name,
        )


def _draw_proportion(axes: Axes, seconds: float) -> None:
    """A line of slope 1."""
    axes.plot([1e3, 1e5], [seconds, 100 * seconds], color="#999999", linewidth=0.8)
    axes.annotate(
        "in proportion",
        (2e4, 20 * seconds),
        xytext=(5, -8),
        textcoords="offset points",
        color="#666666",
        fontsize=8,
    )


def growth() -> str:
    """What the most pictures of each source took, and how it grows."""
    found = record("scale")["summary"]
    head = ["", "pictures", *COLUMNS.values()]
    table = [[called, *_cells(found, name)] for name, called in SERIES.items()]
    return lines(head, table)


def _cells(found: dict[str, Any], name: str) -> list[str]:
    opened, trained = (
        max(map(int, found[figure].get(name, {})), default=0)
        for figure in ("opened_processor", "first_step_processor")
    )
    both = f"{opened:,}; trained on {trained:,}" if opened > trained else f"{trained:,}"
    return [both, *(_cell(found, figure, name) for figure in COLUMNS)]


def _cell(found: dict[str, Any], figure: str, name: str) -> str:
    series = found.get(figure, {}).get(name)
    if not series:
        return ""
    value, slope = series[max(series, key=int)], found["slope"][figure][name]
    digits = 2 if value < 10 else 0
    grows = "" if slope is None else f" ({slope + 0.0:.2f})".replace("-", "−")
    return f"{value:,.{digits}f}{grows}"


def growth_conditions() -> str:
    """How the figures were measured."""
    return conditions("scale")


def answers() -> str:
    """Predictions a second, by source and processes."""
    found = record("scale")["summary"]
    table = []
    for source in ("files", "tar", "parquet", "https", "s3"):
        cells = []
        for figure in ("pictures_per_second", "pictures_per_processor_second"):
            for workers in (1, 2):
                series = found[figure].get(f"{source}, {workers} workers", {})
                cells.append("".join(f"{value:,.0f}" for value in series.values()))
        table.append([SERIES[f"{source}, nin"].removeprefix("nin, "), *cells])
    heads = [
        f"{workers} per {unit}"
        for unit in ("second", "processor second")
        for workers in ("1 worker,", "2 workers,")
    ]
    return lines(["", *heads], table)


class Costs(NamedTuple):
    """What a picture in tar shards costs, by the largest measurement of each.

    Attributes:
        listing: processor seconds to list it.
        digest: processor seconds to read and digest it.
        memory: bytes that each further one adds where a set is opened.
        step: processor seconds of a training.
        answer: processor seconds of an answer, start included.
    """

    listing: float
    digest: float
    memory: float
    step: float
    answer: float


def costs() -> Costs:
    """What is measured of a picture, the start of a process left out where there is one."""
    found = record("scale")["summary"]
    names = ("listed_processor", "opened_processor", "opened_mib")
    listing, opening, memory = (_each(found[name]["tar, nin"]) for name in names)
    steps = found["images_per_processor_second"]["tar, nin"]
    answers = found["pictures_per_processor_second"]["tar, 2 workers"]
    return Costs(
        listing,
        opening - listing,
        2**20 * memory,
        1 / steps[max(steps, key=int)],
        1 / answers[max(answers, key=int)],
    )


def _each(series: dict[str, float]) -> float:
    """What a picture adds between the two largest numbers of them."""
    few, many = sorted(series, key=int)[-2:]
    return (series[many] - series[few]) / (int(many) - int(few))


def on_paper() -> str:
    """What a hundred million pictures would take on 64 machines with one core each."""
    cost, pictures, machines = costs(), 10**8, 64
    table = [
        [what, f"{1e6 * each:,.0f} µs", _long(pictures * each), "on each machine"]
        for what, each in (("list", cost.listing), ("read for digests", cost.digest))
    ]
    held = f"{pictures * cost.memory / 1e9:,.0f} GB"
    table.append(["hold names and labels", f"{cost.memory:,.0f} bytes", held, "in each process"])
    for what, each in (("an epoch of steps", cost.step), ("predictions", cost.answer)):
        all_ = pictures * each
        shared = f"{_long(all_)} in all, shared by {machines}"
        table.append([what, f"{1e6 * each:,.0f} µs", _long(all_ / machines), shared])
    head = ["", "per picture", "10⁸ pictures on 64 machines, one core each", ""]
    return lines(head, table)


def _long(seconds: float) -> str:
    """Seconds, minutes or hours."""
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:,.1f} h"


def growth_picture() -> dict[Path, str]:
    """The picture, by its path."""
    return {ROOT / "docs/scale.svg": drawing() + mark("scale")}


GROWTH = {
    "growth": growth,
    "growth conditions": growth_conditions,
    "growth answers": answers,
    "growth on paper": on_paper,
}
