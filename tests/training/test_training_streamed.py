"""What training takes from a streamed set: calibration batch, evaluation, a whole training."""

import keras
import numpy as np
import pytest
from PIL import Image

from nin.data import ImageFolder, Pictures
from nin.errors import DataError
from nin.models import NiN
from nin.training import Trainer
from nin.training.calibration import calibration_batch
from nin.training.runs.evaluation import evaluate
from nin.training.runs.evaluation_images import every_image

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny")]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder of 60 noisy pictures in two classes."""
    root = tmp_path_factory.mktemp("trained")
    noise = np.random.default_rng(0)
    for name in ("dark", "light"):
        (root / name).mkdir()
        for number in range(30):
            pixels = noise.integers(0, 128, (16, 16, 3), dtype=np.uint8)
            picture = Image.fromarray(pixels + 127 * np.uint8(name == "light"))
            picture.save(root / name / f"{number:03}.png")
    return root


@pytest.fixture
def twins(root):
    """The same set, streamed and in memory."""
    return [ImageFolder(root, 8, image_size=16, stream=stream) for stream in (True, False)]


def small():
    made = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.GlobalAveragePooling2D()])
    made.add(keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(seed=1)))
    return made


def test_the_calibration_batch_is_that_of_memory(twins):
    streamed, memory = map(calibration_batch, twins)
    assert type(streamed.images) is np.ndarray
    assert (streamed.images == memory.images).all()
    assert (streamed.shares == memory.shares).all()


def test_the_evaluation_is_that_of_memory_and_reads_a_batch_at_a_time(twins, monkeypatch):
    model = small()
    indexed = []
    original = Pictures.__getitem__
    monkeypatch.setattr(
        Pictures, "__getitem__", lambda self, key: indexed.append(key) or original(self, key)
    )
    streamed, memory = (
        evaluate(model, every_image(data), data.classes, batch_size=7) for data in twins
    )
    assert not indexed
    assert streamed.n == 60
    assert streamed.loss == memory.loss
    assert (streamed.confusion == memory.confusion).all()


def test_an_unreadable_picture_ends_an_evaluation_as_one_data_error(root, tmp_path):
    for name in ("dark", "light"):
        (tmp_path / name).mkdir()
        for number in range(5):
            source = root / name / f"{number:03}.png"
            (tmp_path / name / source.name).write_bytes(source.read_bytes())
    (tmp_path / "light" / "001.png").write_bytes(b"no picture")
    data = ImageFolder(tmp_path, image_size=16, stream=True, validation=0, test=0)
    with pytest.raises(DataError, match=r"light/001\.png: not a JPEG") as raised:
        evaluate(small(), data.train, data.classes, batch_size=2)
    assert "\n" not in str(raised.value)


@pytest.mark.every_backend
def test_a_whole_training_is_that_of_memory_to_the_bit(twins):
    losses = []
    for data in twins:
        keras.utils.set_random_seed(0)
        trainer = Trainer(2, verbose=False)
        trainer.fit(NiN(num_classes=2, preset="mnist", width=0.1), data)
        losses.append(trainer.history["loss"])
    assert losses[0] == losses[1]
