"""Curves of a training: their points, and how they grow in Jupyter, in the cell that trains."""

from __future__ import annotations

import pytest

import nin
from nin.training.draw_curves import DrawCurves

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
#: A second training by the same trainer, by hand; the board must not go on in the first cell.
SECOND = """
class Stepped(nin.LeNet):
    def training_step(self, batch):
        return super().training_step(batch)

trainer.fit(Stepped(num_classes=2), Few())
print([x for x, _ in trainer.board.points["val_loss"]])
"""
#: Ctrl-C while it trains, and then the cell once more.
THIRD = """
import keras

class Press(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt

trainer.callbacks = [Press()]
model = nin.LeNet(num_classes=2)
try:
    trainer.fit(model, Few())
except KeyboardInterrupt:
    print("interrupted")
"""
AGAIN = """
trainer.callbacks = []
trainer.fit(model, Few())
print([x for x, _ in trainer.board.points["val_loss"]])
"""


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
def test_each_cell_that_trains_has_one_picture_which_is_kept_up_to_date(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    cells = [nbformat.v4.new_code_cell(source) for source in (CELL, SECOND, THIRD, AGAIN)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    updates = []

    class Client(nbclient.NotebookClient):
        def process_message(self, msg, cell, cell_index):
            updates.append(msg["msg_type"])
            return super().process_message(msg, cell, cell_index)

    Client(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = []
    for cell in notebook.cells:
        pictures = [each for each in cell.outputs if "image/png" in each.get("data", {})]
        assert len(pictures) == 1
        assert pictures[0].data["image/png"].startswith("iVBOR")
        said.append("".join(each.get("text", "") for each in cell.outputs))
        assert "Figure" not in said[-1]
    assert updates.count("update_display_data") >= 6
    assert "['train_loss', 'val_acc', 'val_loss']" in said[0]
    assert "[1.0, 2.0, 3.0]" in said[1]
    assert "interrupted" in said[2]
    assert "[1.0, 2.0, 3.0]" in said[3]
