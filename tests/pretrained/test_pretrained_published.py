"""The features of the trunks are those of an independent implementation of the networks."""

import importlib.util

import numpy as np
import pytest

from nin.pretrained import FeatureExtractor, load_trunk
from nin.pretrained.trunk import SOURCES

# (Trunk, height and width) → features 0 to 3 of `gradients`, and all features' mean and standard
# deviation, by efficientnet-lite-pytorch 0.1.0 on PyTorch 2.13. benchmarks/pretrained.py prints
# these lines; results/pretrained.json says how far apart the two are on photographs.
PUBLISHED = {
    ("efficientnet-lite0", (64, 64)): (4.061510, 0.000000, 3.075578, 1.089722, 0.985422, 1.727811),
    ("efficientnet-lite0", (65, 97)): (0.501009, 0.000000, 0.000000, 0.728143, 0.290435, 0.663353),
    ("efficientnet-lite1", (64, 64)): (0.000000, 0.000000, 4.932980, 0.000000, 0.817816, 1.522020),
    ("efficientnet-lite1", (65, 97)): (0.000000, 0.000000, 0.256861, 0.000000, 0.314830, 0.720141),
    ("efficientnet-lite2", (64, 64)): (0.000000, 0.000000, 0.062311, 2.480909, 0.859205, 1.611679),
    ("efficientnet-lite2", (65, 97)): (0.000000, 0.398118, 1.774492, 2.063025, 0.523843, 1.047113),
}


def gradients(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([3 * x, 2 * y, x * y], axis=-1).astype(np.uint8)[None]


@pytest.mark.parametrize("name", SOURCES)
def test_features_are_those_of_an_independent_implementation(name):
    if importlib.util.find_spec(SOURCES[name].module) is None:
        pytest.skip(f"the weights of {name} are not installed")
    extractor = FeatureExtractor(load_trunk(name))
    for (trunk, shape), expected in PUBLISHED.items():
        if trunk == name:
            [features] = extractor(gradients(*shape))
            found = [*features[:4], features.mean(), features.std()]
            assert found == pytest.approx(expected, abs=1e-4)
