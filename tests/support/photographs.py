"""Small pictures of two kinds, that a pretrained trunk tells apart at once."""

import numpy as np
from PIL import Image


def stripes(across, random):
    """A picture of 40×50 pixels with stripes from left to right, or from top to bottom."""
    wave = np.sin(np.arange(50) * random.uniform(0.6, 1.2) + random.uniform(0, 6))
    grey = 127 + 100 * np.broadcast_to(wave[:, None] if across else wave, (50, 50))[:40]
    noisy = grey[..., None] + random.normal(0, 10, (40, 50, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def noise(_, random):
    """A picture of 40×50 pixels that says nothing."""
    return Image.fromarray(random.integers(0, 256, (40, 50, 3), np.uint8))


def scene(random, size=(96, 72)):
    """A picture of large and small blurred spots, whose spectrum is about that of a photograph."""
    layers = [
        Image.fromarray(random.integers(0, 256, (cells, cells, 3), np.uint8)).resize(size)
        for cells in (4, 12, 36)
    ]
    return Image.blend(Image.blend(layers[0], layers[1], 0.4), layers[2], 0.2)


def folder(root, parts=("",), each=12, draw=stripes):
    """Make ``root/part/class/00.png`` and so on, and return the root."""
    random = np.random.default_rng(0)
    for part in parts:
        for name in ("across", "down"):
            (root / part / name).mkdir(parents=True)
            for number in range(each):
                draw(name == "across", random).save(root / part / name / f"{number:02}.png")
    return root
