"""The board: curves from points, nothing printed in a script."""

from __future__ import annotations

from PIL import Image

import nin
from nin.plotting import in_notebook


def lines(figure):
    return {line.get_label(): line.get_xydata().tolist() for line in figure.axes[0].lines}


def test_points_become_curves():
    board = nin.ProgressBoard(xlabel="x", ylim=(0, 9), yscale="linear")
    for x in range(4):
        board.draw(x, x * x, "square", every_n=2)
        board.draw(x, 1, "one")
    drawn = lines(board.figure())
    assert drawn["square"] == [[0.5, 0.5], [2.5, 6.5]]
    assert drawn["one"] == [[0, 1], [1, 1], [2, 1], [3, 1]]
    assert board.figure().axes[0].get_xlabel() == "x"
    assert board.figure().axes[0].get_ylim() == (0, 9)


def test_a_script_prints_nothing_and_can_save(capsys, tmp_path):
    assert not in_notebook()
    board = nin.ProgressBoard()
    board.draw(0, 1, "loss")
    board.save(tmp_path / "board.png")
    board.save(tmp_path / "board.svg")
    assert capsys.readouterr() == ("", "")
    with Image.open(tmp_path / "board.png") as image:
        assert image.width > 300
    assert (tmp_path / "board.svg").read_text().lstrip().startswith("<?xml")


def test_a_renewed_board_looks_alike_and_is_empty():
    board = nin.ProgressBoard(xlabel="epoch", figsize=(5, 2))
    board.yscale = "log"
    board.draw(0, 1, "loss")
    renewed = board.renewed()
    assert (renewed.points, renewed.xlabel, renewed.yscale) == ({}, "epoch", "log")
    assert tuple(renewed.figure().get_size_inches()) == (5, 2)


def test_the_books_own_draw_may_keep_its_points_in_data():
    board = nin.ProgressBoard()
    board.data = {"a": []}
    assert board.data == {"a": []}


def test_the_books_own_draw_finds_its_figure():
    board = nin.ProgressBoard()
    assert board.fig is None
    assert board.axes is None
