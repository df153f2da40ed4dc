"""A table of texts as Markdown, LaTeX or HTML, with all special characters escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

#: Characters that have to be written differently in LaTeX.
_LATEX = {
    **{character: f"\\{character}" for character in "#$%&_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "−": r"$-$",
    "–": "--",
    "\N{NO-BREAK SPACE}": "~",
}


def markdown(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """The table in GitHub's Markdown."""
    rows = [map(escaped, titles), ["---"] * len(titles), *(map(escaped, line) for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def latex(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A `tabular` with the rules of the package booktabs; the first column is left-aligned."""
    head, *body = (" & ".join(map(_latex, line)) + r" \\" for line in (titles, *lines))
    columns = "l" + "r" * (len(titles) - 1)
    return "\n".join(
        (
            rf"\begin{{tabular}}{{{columns}}}",
            *(r"\toprule", head, r"\midrule", *body, r"\bottomrule"),
            r"\end{tabular}",
        )
    )


def html(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A `table` without styles: a notebook has its own."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in line) + "</tr>" for line in lines
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def escaped(text: str) -> str:
    """`text` on one line, with the special characters of Markdown and HTML escaped."""
    return re.sub(r"([\\`*_\[\]<>&|#~$!])", r"\\\1", " ".join(text.split()))


def _latex(text: str) -> str:
    # `split` would also split at no-break spaces.
    line = re.sub(r"[\t\n\v\f\r ]+", " ", text).strip()
    return "".join(_LATEX.get(character, character) for character in line)
