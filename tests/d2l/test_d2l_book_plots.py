"""What the book draws with: pyplot's current figure, and nothing on a screen."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

import nin

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _closed():
    with mpl.rc_context():
        yield
    nin.plt.close("all")


def curves():
    return [line.get_xydata().tolist() for line in nin.plt.gca().lines]


def test_one_curve_several_and_those_without_x():
    nin.plot([0, 1], [2, 3], "x", "y", xlim=(0, 5), yscale="log")
    axes = nin.plt.gca()
    assert curves() == [[[0, 2], [1, 3]]]
    assert (axes.get_xlabel(), axes.get_xlim(), axes.get_yscale()) == ("x", (0, 5), "log")
    nin.plot(np.arange(2), [np.array([0, 1]), np.array([4, 5])], legend=["a", "b"])
    assert curves() == [[[0, 0], [1, 1]], [[0, 4], [1, 5]]]
    assert [text.get_text() for text in nin.plt.gca().get_legend().get_texts()] == ["a", "b"]
    nin.plot([7, 8, 9])
    assert curves() == [[[0, 7], [1, 8], [2, 9]]]
    nin.plot(nin.tensor([0.0, 1.0]), nin.tensor([5.0, 6.0]))
    assert curves() == [[[0, 5], [1, 6]]]
    assert len(nin.plt.get_fignums()) == 1


def test_sizes_are_set_for_figures_to_come():
    nin.set_figsize((7, 2))
    assert nin.plt.figure().get_size_inches().tolist() == [7, 2]


def test_images_stand_in_a_grid_and_no_figure_is_left():
    axes = nin.show_images(np.zeros((3, 4, 5)), 2, 2, titles=np.array(["a", "b", "c"]), scale=2)
    assert [each.get_title() for each in axes] == ["a", "b", "c", ""]
    assert axes[0].figure.get_size_inches().tolist() == [4, 4]
    assert nin.plt.get_fignums() == []
