"""Folders of pictures made on the spot, and published sets with contents of our own."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def pictures(tmp_path):
    """Make ``folder/class/000.png`` and so on; every pixel of a picture is its number."""

    def make(counts, folder="photos", side=6):
        root = tmp_path / folder
        for name, count in counts.items():
            (root / name).mkdir(parents=True)
            for number in range(count):
                image = np.full((side, side, 3), number, np.uint8)
                Image.fromarray(image).save(root / name / f"{number:03}.png")
        return root

    return make


@pytest.fixture
def pinned():
    """Make of a published set's entry one with the hashes and sizes of other contents."""

    def make(source, contents, **changes):
        files = [
            replace(file, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
            for file, content in zip(source.files, contents, strict=True)
        ]
        return replace(source, files=tuple(files), system=None, **changes)

    return make
