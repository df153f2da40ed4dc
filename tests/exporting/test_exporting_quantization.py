"""Int8: no picture both calibrates the ranges and judges the result."""

import numpy as np
import pytest

from nin.data.split import Split
from nin.errors import ExportError, RunError
from nin.exporting.quantization import CALIBRATION, EVALUATED_ON, images_apart


class Judged:
    def __init__(self, images, labels):
        self.split = Split(images, labels)


class Stub:
    """A run with these training images, or none, and these to evaluate on."""

    path = "runs/stub"

    def __init__(self, training, evaluated):
        self.images, self.training, self.by = self, training, evaluated

    def trained(self):
        if self.training is None:
            raise RunError("the images of runs/stub are not to be found")
        return Judged(*self.training)

    def for_evaluation(self, data=None):
        return Judged(*self.by)


def some(first, count):
    """Pictures, each of its number, and labels."""
    numbers = np.arange(first, first + count)
    images = np.zeros((count, 2, 2, 1), np.uint8)
    images[:, 0, 0, 0], images[:, 1, 0, 0] = numbers % 256, numbers // 256
    return images, numbers.astype(np.int32) % 7


def contents(images):
    return {image.tobytes() for image in np.asarray(images)}


def test_training_images_calibrate_and_test_images_evaluate():
    calibration, evaluated = images_apart(Stub(some(0, 1000), some(5000, 3000)), None)
    assert (len(calibration), len(evaluated.labels)) == (CALIBRATION, EVALUATED_ON)
    assert contents(calibration) <= contents(some(0, 1000)[0])
    assert contents(evaluated.images) <= contents(some(5000, 3000)[0])


def test_copies_of_what_evaluates_do_not_calibrate():
    calibration, evaluated = images_apart(Stub(some(0, 100), some(90, 40)), None)
    assert contents(evaluated.images) == contents(some(90, 40)[0])
    assert contents(calibration) == contents(some(0, 90)[0])


@pytest.mark.parametrize("training", [None, (0, 2)])
@pytest.mark.parametrize("count", [2, 3, 20, 700])
def test_other_data_is_divided_where_training_images_are_gone_or_among_it(count, training):
    training = training and some(*training)
    calibration, evaluated = images_apart(Stub(training, some(0, count)), "others")
    assert len(calibration) == min(CALIBRATION, count // 2)
    assert len(evaluated.labels) == count - len(calibration)
    assert not contents(calibration) & contents(evaluated.images)
    low, high = np.asarray(evaluated.images)[:, :, 0, 0].astype(int).T
    numbers = low + 256 * high
    assert (evaluated.labels == numbers % 7).all()


@pytest.mark.parametrize(
    "run", [Stub(None, some(0, 0)), Stub(None, some(0, 1)), Stub(some(0, 1), some(0, 1))]
)
def test_too_few_images_are_one_line(run):
    with pytest.raises(ExportError, match=r"too few different images .*: name more: data"):
        images_apart(run, "others")


def test_own_images_that_are_gone_are_an_error():
    with pytest.raises(RunError, match="not to be found"):
        images_apart(Stub(None, some(0, 9)), None)
