"""A table of texts as Markdown, as LaTeX, and as HTML, whatever characters the texts have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

#: What LaTeX reads as itself only when it is written otherwise.
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
    """The table with a line per line, in the Markdown of GitHub."""
    rows = [map(escaped, titles), ["---"] * len(titles), *(map(escaped, line) for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def latex(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A `tabular` with the rules of the package booktabs; the first column is set to the left."""
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
    """`text` on one line, with the characters escaped that mean something to Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>&|#~$!])", r"\\\1", " ".join(text.split()))


def _latex(text: str) -> str:
    # `split` would part at no-break spaces, too.
    line = re.sub(r"[\t\n\v\f\r ]+", " ", text).strip()
    return "".join(_LATEX.get(character, character) for character in line)
