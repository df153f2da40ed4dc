"""Near copies: what is found, and what is not taken for one."""

import numpy as np
import photographs
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from nin.data.duplicate_detection.near_copies import MOST, _hashes, _linked, near_copies


@pytest.fixture
def save(tmp_path):
    """Save pictures, as JPEG unless a name says otherwise, and return their paths."""

    def saved(pictures, **settings):
        paths = []
        for number, picture in enumerate(pictures):
            paths.append(str(tmp_path / f"{number}.jpg"))
            picture.save(paths[-1], **{"quality": 90, **settings})
        return paths

    return saved


def found(paths):
    copies = near_copies(paths)
    assert not copies.faults
    assert (copies.distances <= MOST).all()
    return sorted(map(tuple, np.sort(copies.links, axis=1).tolist()))


def cropped(picture, left, above, right, below):
    width, height = picture.size
    return picture.crop((left * width, above * height, (1 - right) * width, (1 - below) * height))


CHANGES = {
    "half the size": lambda each: each.resize((160, 120)),
    "another shape": lambda each: each.resize((200, 200)),
    "brighter": lambda each: ImageEnhance.Brightness(each).enhance(1.2),
    "darker": lambda each: ImageEnhance.Brightness(each).enhance(0.7),
    "more contrast": lambda each: ImageEnhance.Contrast(each).enhance(1.3),
    "less colour": lambda each: ImageEnhance.Color(each).enhance(0.5),
    "grey": lambda each: each.convert("L"),
    "cropped all round": lambda each: cropped(each, 0.04, 0.04, 0.04, 0.04),
    "cropped in a corner": lambda each: cropped(each, 0.03, 0.03, 0, 0),
    "cropped below": lambda each: cropped(each, 0, 0, 0, 0.05),
    "turned by its EXIF": None,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_is_a_near_copy(save, tmp_path, change):
    random = np.random.default_rng(0)
    pictures = [photographs.scene(random, (320, 240)) for _ in range(4)]
    paths = save(pictures)
    copy = str(tmp_path / "copy.jpg")
    if CHANGES[change] is None:
        exif = Image.Exif()
        exif[0x112] = 6
        pictures[2].transpose(Image.Transpose.ROTATE_90).save(copy, exif=exif)
    else:
        CHANGES[change](pictures[2]).save(copy, quality=60)
    assert found([*paths, copy]) == [(2, 4)]


def square(random):
    """Dim noise with a bright square somewhere, 40 pixels wide."""
    pixels = random.integers(0, 60, (40, 40, 3), np.uint8)
    y, x = random.integers(2, 13, 2)
    pixels[y : y + 20, x : x + 20] = (220, 40, 40)
    return Image.fromarray(pixels)


UNLIKE = {
    "photographs": lambda random: photographs.scene(random),
    "one colour": lambda random: Image.new("RGB", (60, 40), tuple(random.integers(0, 256, 3))),
    "noise": lambda random: photographs.noise(None, random),
    "stripes": lambda random: photographs.stripes(True, random),
    "squares in noise": square,
    "a faint grain": lambda random: Image.fromarray(random.integers(126, 129, (64, 64), np.uint8)),
}


@pytest.mark.parametrize("kind", UNLIKE)
def test_pictures_of_one_kind_are_no_copies(save, kind):
    random = np.random.default_rng(0)
    assert found(save([UNLIKE[kind](random) for _ in range(40)])) == []


def test_other_colours_are_another_picture(save):
    scene = photographs.scene(np.random.default_rng(0))
    turned = Image.merge("RGB", scene.split()[::-1])
    shapes = [Image.new("RGB", (64, 64), "white") for _ in range(3)]
    for picture, colour in zip(shapes, ("red", "green", "blue"), strict=True):
        ImageDraw.Draw(picture).polygon([(10, 15), (50, 20), (40, 52)], fill=colour)
    assert found(save([scene, turned, *shapes])) == []


def test_small_pictures_are_not_compared(save):
    random = np.random.default_rng(0)
    pictures = [photographs.scene(random, (31, 64)), photographs.scene(random, (32, 64))]
    copies = [each.copy() for each in pictures]
    assert found(save([*pictures, *copies])) == [(1, 3)]


def test_what_cannot_be_read_is_said_and_stops_nothing(save, tmp_path):
    random = np.random.default_rng(0)
    scene = photographs.scene(random)
    paths = save([scene, scene])
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    copies = near_copies([paths[0], str(bad), paths[1]])
    assert copies.links.tolist() == [[0, 2]]
    assert copies.faults.keys() == {1}
    assert copies.faults[1].startswith(f"{bad}: not a ")


def test_a_group_of_many_is_held_together_by_few_links(save):
    scene = photographs.scene(np.random.default_rng(0))
    frames = [ImageEnhance.Brightness(scene).enhance(1 + number / 200) for number in range(12)]
    links = found(save(frames))
    assert len(links) == 11
    assert {position for link in links for position in link} == set(range(12))


def test_links_are_the_same_in_blocks(monkeypatch):
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**63, (60, 1, 4), dtype=np.uint64).repeat(13, axis=1)
    hashes[40] = hashes[7]
    hashes[55] = hashes[7] ^ np.uint64(1)
    colours = np.zeros((60, 48), np.float32)
    whole = _linked(hashes, colours)
    monkeypatch.setattr("nin.data.duplicate_detection.near_copies._PAIRS", 100)
    blocks = _linked(hashes, colours)
    for links, distances in (whole, blocks):
        assert sorted(links[0]) == [7, 40]
        assert 55 in links[1]
        assert distances.tolist() == [0, 4]


def test_the_hash_is_that_of_others():
    """ImageHash 4.3.2: ``phash(picture, hash_size=16, highfreq_factor=2)``."""
    y, x = np.mgrid[:64, :64]
    pixels = (127 + 60 * np.sin(x / 5) + 60 * np.cos(y * x / 200)).astype(np.uint8)
    ours = _hashes(Image.fromarray(pixels))[0].view(np.uint8)
    bits = np.unpackbits(ours).reshape(2, 2, 8, 8).transpose(0, 2, 1, 3).reshape(16, 16)
    expected = "fa00f1ffc602ccfd930ab4afa9554aaa555552aa655552aa4d5b52a85d545ae3"
    assert np.packbits(bits).tobytes().hex() == expected
