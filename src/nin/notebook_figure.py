"""`NotebookFigure`: a figure that a notebook shows by itself; elsewhere no window is opened."""

from __future__ import annotations

import io
import sys

from matplotlib.figure import Figure

from nin.plotting import in_notebook


class NotebookFigure(Figure):
    """A figure outside pyplot, so that none stays open and no backend has to be chosen."""

    _shown_by: int | None = None

    def show_in_notebook(self) -> bool:
        """Show the figure unless this cell has shown it; return whether there is a notebook."""
        if not in_notebook():
            return False
        cell = sys.modules["IPython"].get_ipython().execution_count
        if self._shown_by != cell:
            self._shown_by = cell
            picture = io.BytesIO()
            self.savefig(picture, format="png", bbox_inches="tight")
            display = sys.modules["IPython.display"]
            display.display(display.Image(picture.getvalue()))
        return True

    def _ipython_display_(self) -> None:
        if not self.show_in_notebook():
            raise NotImplementedError  # IPython then shows the usual text
