"""The four files of a comparison, and its self-contained HTML page."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from nin.files import write_bytes
from nin.study.report import factor_plots, plots, tuning_plots
from nin.study.report.sections import Section, conditions, sections, summary
from nin.study.report.table_files import write_csv, write_json, write_markdown
from nin.study.results import report_text, table_columns
from nin.study.results.overview import tuned_values
from nin.study.results.result import Comparison

#: Function that draws a figure, its title and the rest of its caption.
_PICTURES = (
    (
        plots.accuracy_against_parameters,
        "Accuracy against parameters.",
        "Error bars: one standard deviation over trainings. Dashed: the Pareto front, the highest"
        " accuracy at each size.",
    ),
    (
        plots.accuracy_against_multiply_adds,
        "Accuracy against multiply-adds.",
        "Per image; error bars and dashes as in the first figure.",
    ),
    (
        plots.accuracy_against_time,
        "Accuracy against time.",
        "Seconds of training, mean over trainings, on the machine named above; error bars and"
        " dashes as in the first figure.",
    ),
    (
        plots.learning_curves,
        "Learning curves.",
        "Validation accuracy after each epoch: mean over trainings, in a band from lowest to"
        " highest. The first epochs may lie below the axis.",
    ),
    (
        plots.parameter_shares,
        "Distribution of the parameters.",
        "Shares of each network's total. Convolutions are those larger than 1×1.",
    ),
)


class _Picture(NamedTuple):
    svg: str
    title: str
    caption: str


def write_report(comparison: Comparison, path: Path) -> None:
    """Write the page: HTML with inline figures, without scripts or network requests.

    Args:
        comparison: the results.
        path: of the HTML file; its folder is created if necessary.

    Raises:
        NinError: the file cannot be written; an existing one is left as it was.
    """
    # A name that is not UTF-8 holds lone surrogates.
    write_bytes(path, _page(comparison).encode(errors="backslashreplace"))


def _page(comparison: Comparison) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("nin.study.report").joinpath("report.html.jinja").read_text(encoding="utf-8")
    parts = sections(comparison)
    return environment.from_string(source).render(
        comparison=comparison,
        summary=summary(comparison),
        conditions=conditions(comparison),
        factors=_factor_pictures(comparison),
        curves=_every_curve(comparison),
        search=_search_pictures(comparison),
        tuned=tuned_values(comparison.tuning) if comparison.tuning else None,
        sections=[
            _section_values(comparison, section, number) for number, section in enumerate(parts)
        ],
        report_text=report_text,
    )


def _factor_pictures(comparison: Comparison) -> list[_Picture]:
    """A figure per factor, and one per pair of factors."""
    found = []
    for number, factor in enumerate(comparison.factors):
        svg = factor_plots.factor_curve(comparison, factor, f"f{number}")
        caption = (
            "Mean over the other factors, ± one standard deviation over seeds; a grey dot per"
            " training."
        )
        found.append(_Picture(svg, f"{factor.replace('_', ' ').capitalize()}.", caption))
    for number, pair in enumerate(factor_plots.pairs_of(comparison)):
        svg = factor_plots.interaction(comparison, pair, f"i{number}")
        names = " and ".join(each.replace("_", " ") for each in pair)
        caption = "Where the lines are not parallel, what the one is worth depends on the other."
        found.append(_Picture(svg, f"{names.capitalize()} together.", caption))
    return found


def _every_curve(comparison: Comparison) -> list[_Picture]:
    if not comparison.factors:
        return []
    svg = factor_plots.every_learning_curve(comparison)
    return [_Picture(svg, "Learning curves of every training.", "A line per seed.")]


def _search_pictures(comparison: Comparison) -> list[_Picture]:
    """How a search went, if there was one."""
    record = comparison.tuning
    if record is None:
        return []
    drawn = [
        (tuning_plots.search_history, "The search.", "Nothing here depends on a test image."),
        (tuning_plots.search_curves, "Learning curves of every training.", "Those that lay below"
         " the median of the others at the same epoch were stopped."),
    ]  # fmt: skip
    if record.importances:
        drawn.append(
            (tuning_plots.importances, "What mattered.", "Share of the variation of accuracy that a"
             " field explains within its range (fANOVA, Hutter et al. 2014).")
        )  # fmt: skip
    return [_Picture(draw(record), title, caption) for draw, title, caption in drawn]


def _section_values(comparison: Comparison, section: Section, number: int) -> dict[str, Any]:
    return {
        **section._asdict(),
        "pictures": _pictures(comparison, section.title, number),
        "tables": table_columns.tables(section.rows),
        "notes": table_columns.notes(section.rows),
    }


def _pictures(comparison: Comparison, group: str, number: int) -> list[_Picture]:
    return [
        _Picture(draw(comparison, group, f"g{number}-{draw.__name__}"), title, caption)
        for draw, title, caption in _PICTURES
    ]


#: File → function that writes it.
FILES = {
    "report.html": write_report,
    "compare.csv": write_csv,
    "compare.json": write_json,
    "compare.md": write_markdown,
}


def write_results(comparison: Comparison, folder: Path) -> None:
    """Write all of `FILES` to `folder`.

    Raises:
        NinError: a file cannot be written; an existing one is left as it was.
    """
    for name, write in FILES.items():
        write(comparison, folder / name)
