"""Training on classes of unequal size, and on images whose left and right matter."""

import keras
import numpy as np
import pytest
from PIL import Image

import nin
from nin.data import Augmentation, ImageData, Split
from nin.data.balance import balancing_weights
from nin.training import Trainer
from nin.training.calibration import calibration_batch
from nin.training.runs.dataset import open_images
from nin.training.runs.evaluation import evaluate, softmax
from nin.training.runs.evaluation_images import every_image

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny")]


class Noise(ImageData):
    """90 and 10 images that say nothing of their class."""

    def __init__(self, **settings):
        super().__init__("noise", ("many", "few"), (12, 12, 1), 10, **settings)
        self.parts = ("train", "validation")

    def load(self, part):
        images = np.random.default_rng(0).integers(0, 256, (100, 12, 12, 1), dtype=np.uint8)
        labels = np.repeat([0, 1], [90, 10]).astype(np.int32)
        return {part: Split(images, labels)}


def trained(data, rate, epochs=1):
    keras.utils.set_random_seed(0)
    model = nin.NiN(num_classes=2, preset="mnist", width=0.1, dropout=0)
    trainer = Trainer(epochs, optimizer=keras.optimizers.Adam(rate), verbose=False)
    trainer.fit(model, data)
    return model, {name: values[-1] for name, values in trainer.history.items()}


@pytest.mark.every_backend
def test_weights_count_in_the_loss_and_not_in_the_accuracy():
    data = Noise(balance="weights")
    model, history = trained(data, 0.0)
    evaluation = evaluate(model, data.train, data.classes)
    assert history["accuracy"] == pytest.approx(evaluation.accuracy)
    assert history["val_accuracy"] == pytest.approx(evaluation.accuracy)
    assert history["val_loss"] == pytest.approx(evaluation.loss, rel=1e-4)
    images, labels = data.train
    chances = softmax(model.predict(images, verbose=0))[np.arange(100), labels]
    weighted = np.mean(-np.log(chances) * balancing_weights(labels))
    assert history["loss"] == pytest.approx(weighted, rel=1e-4)


@pytest.mark.parametrize(("balance", "expected"), [("none", 0.1), ("weights", 0.5)])
def test_the_start_gives_classes_the_share_that_they_have_in_training(balance, expected):
    data = Noise(balance=balance)
    assert calibration_batch(data).shares == pytest.approx([1 - expected, expected])
    model, _ = trained(data, 0.0)
    probabilities = softmax(model.predict(data.train.images, verbose=0))
    assert probabilities[:, 1].mean() == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(
    ("balance", "expected"), [("none", 0.1), ("weights", 0.5), ("sampling", 0.5)]
)
def test_images_that_say_nothing_are_given_the_share_of_their_class(balance, expected):
    data = Noise(balance=balance)
    model, _ = trained(data, 0.0003, epochs=3)
    probabilities = softmax(model.predict(data.train.images, verbose=0))
    assert probabilities[:, 1].mean() == pytest.approx(expected, abs=0.1)


def test_a_balanced_training_says_nothing_of_unequal_classes(capsys):
    for balance, said in (("none", True), ("sampling", False)):
        keras.utils.set_random_seed(0)
        Trainer(1).fit(nin.NiN(num_classes=2, preset="mnist", width=0.1), Noise(balance=balance))
        assert ("'many' has 90 training images" in capsys.readouterr().err) is said


def test_a_network_trained_with_weights_is_saved_and_loaded(tmp_path):
    model, _ = trained(Noise(balance="weights"), 0.001)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    images = Noise().train.images
    np.testing.assert_array_equal(
        again.predict(images, verbose=0), model.predict(images, verbose=0)
    )


@pytest.fixture(scope="module")
def arrows(tmp_path_factory):
    """40 arrows each way, at random places, on noise."""
    root = tmp_path_factory.mktemp("data") / "arrows"
    random = np.random.default_rng(0)
    head = np.abs(np.arange(7) - 3)
    for name in ("left", "right"):
        (root / name).mkdir(parents=True)
        for number in range(40):
            pixels = random.integers(0, 60, (16, 16), dtype=np.uint8)
            top, left = random.integers(2, 8, 2)
            pixels[top + 3, left : left + 7] = 255
            pixels[np.arange(7) + top, left + head] = 255
            if name == "right":
                pixels = pixels[:, ::-1]
            Image.fromarray(pixels).save(root / name / f"{number:02}.png")
    return root


@pytest.mark.parametrize("flip", [False, True])
def test_left_and_right_can_be_learnt_only_without_mirroring(arrows, tmp_path, flip):
    recipe = nin.RECIPES["scratch"].revised(
        data=str(arrows),
        preset="mnist",
        width=0.2,
        image_size=16,
        epochs=12,
        batch_size=16,
        learning_rate=0.003,
        warmup=5,
        shift=1,
        flip=flip,
    )
    run = nin.train(recipe, tmp_path / "run")
    accuracy = evaluate(run.model, every_image(open_images(recipe)), run.classes).accuracy
    assert accuracy == pytest.approx(0.5, abs=0.15) if flip else accuracy > 0.9


def test_what_is_trained_on_is_what_the_augmentation_makes():
    data = Noise(augmentation=Augmentation(erasing=1, rotation=30))
    changed, _ = data.train_dataloader()[0]
    plain, _ = Noise().train_dataloader()[0]
    assert (changed != plain).any(axis=(1, 2, 3)).all()
