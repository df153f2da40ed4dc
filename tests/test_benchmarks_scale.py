"""The pictures of benchmarks/scale.py are as many as asked for, and the same set in each form."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nin.data.decoding.decode import decode
from nin.data.folders.content import digest_files
from nin.data.source_listing import list_source

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
made, slopes = map(importlib.import_module, ("scaling.pictures", "scaling.slopes"))

COUNT = 40


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    noise = np.random.default_rng(0)
    for name in ("hat", "shoes"):
        (folder / name).mkdir()
        for number in range(3):
            pixels = noise.integers(0, 256, (90, 70, 3), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}{name}.jpg")
    return made.reduced(folder)


@pytest.mark.parametrize("form", made.FORMS)
def test_each_form_is_the_same_set(photographs, tmp_path, form):
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="needs keras-nin[parquet]")
    made.FORMS[form](photographs, COUNT, tmp_path / form)
    listing = list_source(tmp_path / form)
    paths = listing.parts["train"].paths
    assert listing.classes == ("hat", "shoes")
    assert len(set(digest_files(paths).tolist())) == COUNT
    expected = Counter(label for _, label, _ in made.pictures(photographs, COUNT))
    assert Counter(listing.labelled().values()) == expected


def test_pixels_repeat_and_content_does_not(photographs):
    contents = [content for _, _, content in made.pictures(photographs, 7)]
    assert contents[0] != contents[6]
    first, other, again = (decode(contents[place], made.SIDE) for place in (0, 1, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_slope_is_that_of_the_last_tenfold():
    assert slopes.slope({"10000": 2.0, "1000": 5.0, "100000": 20.0}) == 1.0
    assert slopes.slope({"1000": 3.0, "10000": 3.0}) == 0.0
    assert slopes.slope({"1000": 3.0}) is None
