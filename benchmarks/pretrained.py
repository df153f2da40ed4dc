"""Whether the pretrained trunks are right: each of them beside an independent implementation.

The other side is `efficientnet-lite-pytorch` 0.1.0, on PyTorch, with the same published weights.
Photographs of FOLDER, their middle squares, at the size that a trunk was trained on and at an odd
one; the same pixels go to both. Compared are the features (the mean of each of the last maps) by
ONNX Runtime, and the 1,000 logits that the whole network gives on Keras with the published
classifier in it; a largest difference is also told as a share of the largest value.

Printed for tests/pretrained/test_pretrained_published.py: what the other side makes of two images
that a formula describes.

Run: pip install 'keras-nin[pretrained]' torch efficientnet-lite-pytorch==0.1.0
     python benchmarks/pretrained.py FOLDER [IMAGES]
Takes about two minutes for 64 images on 2 cores.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from record import Record

import nin
from nin.data.decoding.decode import decode
from nin.networks.presets import find_preset
from nin.pretrained import FeatureExtractor, load_trunk
from nin.pretrained.features import MEAN, STD
from nin.pretrained.tensors import read_tensors
from nin.pretrained.trunk import SOURCES, locate
from nin.training.runs.weights import weights

try:
    import torch
    from efficientnet_lite_pytorch import EfficientNet
except ImportError as missing:
    sys.exit(f"{missing.name}: pip install torch efficientnet-lite-pytorch==0.1.0")

#: Side in pixels that no trunk was trained on, and that its strides of 2 never divide.
ODD = 209
#: Height and width of the images that a formula describes.
SHAPES = ((64, 64), (65, 97))
BATCH = 8


class Other:
    """A network as the independent package builds it, in evaluation mode.

    Args:
        name: of a preset.
    """

    def __init__(self, name: str) -> None:
        # Without a size the package pads as TensorFlow does, whatever the image.
        self.net = EfficientNet.from_name(name, image_size=None).eval()
        self.net.load_state_dict(torch.load(locate(name), weights_only=True))

    @torch.inference_mode()
    def __call__(self, images: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Photographs (n, height, width, 3), uint8 → features (n, channels), logits (n, 1000)."""
        pixels = torch.from_numpy(images.transpose(0, 3, 1, 2).astype(np.float32))
        standardised = (pixels - MEAN) / STD
        features = self.net.extract_features(standardised).mean(dim=(2, 3))
        return features.numpy(), self.net(standardised).numpy()


def whole(name: str) -> nin.NiN:
    """Our network with the published trunk and the published classifier as its last convolution."""
    trunk, preset = load_trunk(name), find_preset(name)
    model = nin.NiN.from_preset(name, num_classes=preset.num_classes)
    model.preprocessing.configure(mean=[MEAN / 255] * 3, std=[STD / 255] * 3)
    model.build((None, *preset.input_shape))
    tensors = read_tensors(locate(name).read_bytes())
    head = {
        f"{trunk.layout.head}.conv2d.kernel": tensors["_fc.weight"].T[None, None],
        f"{trunk.layout.head}.conv2d.bias": tensors["_fc.bias"],
    }
    arrays = {**trunk.weights(), **head}
    for weight, variable in weights(model).items():
        variable.assign(arrays.pop(weight))
    assert not arrays, f"{name} has no place for {', '.join(arrays)}"
    return model


def synthetic(height: int, width: int) -> NDArray[np.uint8]:
    """Gradients along both sides and across, (1, height, width, 3)."""
    y, x = np.mgrid[:height, :width]
    return np.stack([3 * x, 2 * y, x * y], axis=-1).astype(np.uint8)[None]


def compared(ours: NDArray[Any], theirs: NDArray[Any]) -> dict[str, float]:
    """The largest difference, in itself and as a share of the largest value."""
    difference, largest = float(np.abs(ours - theirs).max()), float(np.abs(theirs).max())
    return {
        "largest_difference": float(f"{difference:.2g}"),
        "largest_value": round(largest, 3),
        "share": float(f"{difference / largest:.2g}"),
    }


def measure(name: str, paths: list[Path], side: int) -> dict[str, Any]:
    """All photographs at one size, by both."""
    extractor, model, other = FeatureExtractor(load_trunk(name)), whole(name), Other(name)
    answers: list[tuple[NDArray[Any], ...]] = []
    for first in range(0, len(paths), BATCH):
        images = np.stack([decode(path, side, 3, "crop") for path in paths[first : first + BATCH]])
        logits = np.asarray(model.predict_on_batch(images))
        answers.append((extractor(images), logits, *other(images)))
    features, logits, their_features, their_logits = map(np.concatenate, zip(*answers, strict=True))
    same = logits.argmax(axis=1) == their_logits.argmax(axis=1)
    return {
        "n": len(paths),
        "features": compared(features, their_features),
        "logits": {**compared(logits, their_logits), "labels_equal": int(same.sum())},
    }


def constants(name: str) -> str:
    """What the other side makes of the synthetic images, as lines of Python."""
    other = Other(name)
    lines = []
    for shape in SHAPES:
        [features], _ = other(synthetic(*shape))
        told = [*features[:4], features.mean(), features.std()]
        lines.append(f'    ("{name}", {shape}): ({", ".join(f"{each:.6f}" for each in told)}),')
    return "\n".join(lines)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The largest differences of all."""
    return {
        what: {key: max(row[what][key] for row in rows) for key in ("largest_difference", "share")}
        for what in ("features", "logits")
    }


def main() -> None:
    """Measure what is not yet in the record."""
    folder, *others = sys.argv[1:]
    count = int(others[0]) if others else 64
    paths = sorted(Path(folder).rglob("*.jpg"))
    paths = paths[:: max(1, len(paths) // count)][:count]
    sys.argv[1] = str(Path(*Path(folder).resolve().parts[-2:]))
    packages = ("onnxruntime", "torch", "efficientnet-lite-pytorch")
    record = Record("pretrained", (__doc__ or "").splitlines()[0], packages)
    for name in SOURCES:
        for side in (find_preset(name).input_shape[0], ODD):
            if not record.has(trunk=name, side=side, n=len(paths)):
                row = measure(name, paths, side)
                record.add(summary, trunk=name, side=side, **row)
                print(name, side, row, flush=True)
    print("\n".join(map(constants, SOURCES)))


if __name__ == "__main__":
    main()
