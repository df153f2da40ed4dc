"""A comparison as one page that needs nothing beside it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from nin.files import write_bytes
from nin.study import plots, report_text, table_columns
from nin.study.report_text import Section, conditions, lead, sections
from nin.study.result import Comparison
from nin.study.tables import write_csv, write_json, write_markdown

#: What draws a picture, its title and what else to say below it.
_PICTURES = (
    (
        plots.accuracy_against_parameters,
        "Accuracy against parameters.",
        "Bars: one standard deviation over seeds. Dashes: the front, the best to be had at each"
        " size.",
    ),
    (
        plots.accuracy_against_multiply_adds,
        "Accuracy against arithmetic.",
        "Multiply-adds for one image; bars and dashes as before.",
    ),
    (
        plots.learning_curves,
        "Learning.",
        "Accuracy on held-out images after each epoch: mean over seeds, in a band from lowest to"
        " highest. The first epochs may lie below the axis.",
    ),
    (
        plots.parameter_shares,
        "Where the parameters are.",
        "Shares of each network's total. Convolutions are those with a window of more than one"
        " pixel.",
    ),
)


class _Picture(NamedTuple):
    svg: Any
    title: str
    caption: str


def write_report(comparison: Comparison, path: Path) -> None:
    """Write the page: HTML with its pictures in it, no script and no request.

    Args:
        comparison: what to tell.
        path: of the HTML file; the folder is made if need be.

    Raises:
        NinError: the file cannot be written; what was there stays.
    """
    # A name that is not UTF-8 holds lone surrogates.
    write_bytes(path, _page(comparison).encode(errors="backslashreplace"))


def _page(comparison: Comparison) -> str:
    from jinja2 import Environment, StrictUndefined

    house = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("nin.study").joinpath("report.html.jinja").read_text(encoding="utf-8")
    cut = sections(comparison)
    return house.from_string(source).render(
        comparison=comparison,
        lead=lead(comparison),
        conditions=conditions(comparison),
        sections=[_told(comparison, section, number) for number, section in enumerate(cut)],
        report_text=report_text,
    )


def _told(comparison: Comparison, section: Section, number: int) -> dict[str, Any]:
    return {
        **section._asdict(),
        "pictures": _pictures(comparison, section.title, number),
        "tables": table_columns.tables(section.rows),
        "notes": table_columns.notes(section.rows),
    }


def _pictures(comparison: Comparison, group: str, number: int) -> list[_Picture]:
    from markupsafe import Markup

    return [
        _Picture(Markup(draw(comparison, group, f"g{number}-{draw.__name__}")), title, caption)
        for draw, title, caption in _PICTURES
    ]


#: What writes each of them, by its name.
FILES = {
    "report.html": write_report,
    "compare.csv": write_csv,
    "compare.json": write_json,
    "compare.md": write_markdown,
}


def write_results(comparison: Comparison, folder: Path) -> None:
    """Write all of `FILES` to `folder`.

    Raises:
        NinError: a file cannot be written; it is as it was.
    """
    for name, write in FILES.items():
        write(comparison, folder / name)
