"""The board: curves from points, nothing printed in a script, live drawing in Jupyter."""

from __future__ import annotations

import pytest
from PIL import Image

import nin
from nin.training.board import DrawCurves, in_notebook

CELL = """
import numpy as np
import nin
from nin.data import ImageData, Split

class Few(ImageData):
    def __init__(self):
        super().__init__("few", ("a", "b"), (8, 8, 1), 8, (28, 28))
    def load(self, part):
        labels = np.arange(16, dtype=np.int32) % 2
        images = np.zeros((16, 8, 8, 1), np.uint8)
        images[labels == 1] = 200
        return {part: Split(images, labels)}

trainer = nin.Trainer(max_epochs=3)
trainer.fit(nin.LeNet(num_classes=2), Few())
print(sorted(trainer.board.points))
"""


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


def test_an_epoch_gives_two_training_points_and_one_of_validation():
    board = nin.ProgressBoard()
    draw = DrawCurves(board, per_epoch=2)
    draw.set_params({"steps": 10, "epochs": 1})
    draw.on_epoch_begin(3)
    for batch in range(10):
        draw.on_train_batch_end(batch, {"loss": float(batch)})
    draw.on_epoch_end(3, {"val_loss": 0.5, "val_accuracy": 0.75})
    assert board.points == {
        "train_loss": [(3.5, 4.0), (4.0, 9.0)],
        "val_loss": [(4.0, 0.5)],
        "val_acc": [(4.0, 0.75)],
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_jupyter_draws_one_picture_and_keeps_it_up_to_date(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    updates = []

    class Client(nbclient.NotebookClient):
        def process_message(self, msg, cell, cell_index):
            updates.append(msg["msg_type"])
            return super().process_message(msg, cell, cell_index)

    Client(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = notebook.cells[0].outputs
    pictures = [each for each in outputs if "image/png" in each.get("data", {})]
    assert len(pictures) == 1
    assert pictures[0].data["image/png"].startswith("iVBOR")
    assert updates.count("update_display_data") >= 6
    text = "".join(each.get("text", "") for each in outputs)
    assert "['train_loss', 'val_acc', 'val_loss']" in text
    assert "Figure" not in text
