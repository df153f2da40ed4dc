"""Answers and maps in a real browser, from `nin serve` and from the exported folder."""

from __future__ import annotations

import numpy as np
import pytest
from browsing import give, percent, pixels, png, predicting, response_of, words
from PIL import Image


def test_an_image_is_predicted_as_by_the_network(site, visit, predict, digits):
    (path, *_), (image, *_) = digits
    probabilities, _ = predict(image)
    page = visit(site)
    give(page, path)
    assert words(page, "#prediction") == "3" == str(probabilities.argmax())
    shown = page.locator(".percent").all_inner_texts()
    assert shown == [percent(value) for value in probabilities]
    assert words(page, ".best .percent") == words(page, "#sureness")
    assert page.title().startswith("digits-1")
    page.wait_for_selector("#status:not(:empty)", state="attached")
    assert page.locator("#status").text_content() == f"3, {percent(probabilities.max())}"


def test_arrow_keys_switch_the_map(site, visit, predict, digits):
    (path, *_), (image, *_) = digits
    _, maps = predict(image)
    page = visit(site)
    give(page, path)
    page.focus("input[name=class]:checked")
    for name in (3, 4, 5, 6):
        assert page.locator("input[name=class]:checked").get_attribute("value") == str(name)
        high, mean = maps[..., name].max(), maps[..., name].mean()
        assert words(page, "#caption").startswith(f"Most evidence for {name}: ")
        assert f"{high:+.2f}. The mean of its map, {mean:+.2f}".replace("-", "−") in words(
            page, "#caption"
        ).replace(f"{high:+.1f}.", f"{high:+.2f}.")
        assert_painted(page, maps[..., name] / np.abs(maps).max())
        page.keyboard.press("ArrowDown")
    assert words(page, "#prediction") == "3"


def assert_painted(page, values):
    """Red is for, blue against, and how much is the opacity: Pillow's bilinear is the oracle."""
    painted = pixels(page, "overlay")
    side = painted.shape[0]
    wanted = Image.fromarray(values.astype(np.float32)).resize((side, side), Image.BILINEAR)
    sign = np.where(painted[..., 0] > painted[..., 2], 1, -1)
    np.testing.assert_allclose(sign * painted[..., 3] / 255, wanted, atol=0.01)


def test_no_evidence_is_put_in_words(visit, stub):
    maps = np.stack([[[0.5, 3], [0, 0]], [[-1, -2], [-1, 0]], np.zeros((2, 2))], axis=-1)
    stub.description |= {"classes": ["cat", "dog", "cow"], "draw": False}
    stub.response = response_of(["cat", "dog", "cow"], [0.8, 0.1, 0.1], maps)
    page = visit(stub.address)
    give(page, png(np.zeros((30, 30, 3))))
    assert words(page, "#caption").startswith("Most evidence for cat: top right, +3.00.")
    page.get_by_label("dog").check(force=True)
    assert words(page, "#caption").startswith("No evidence for dog, only against it. ")
    page.get_by_label("cow").check(force=True)
    assert words(page, "#caption").startswith("No evidence for cow. The mean of its map, 0,")
    assert not pixels(page, "overlay")[..., 3].any()
    scale = page.locator("#scale").get_attribute("aria-label")
    assert scale.startswith("One scale for all classes: −3.00, against a class, to +3.00, for it.")


def test_maps_may_have_more_values_than_a_function_takes_arguments(visit, stub):
    maps = np.zeros((400, 400, 2), np.float32)
    maps[399, 0, 0] = 4
    stub.description |= {"classes": ["cat", "dog"], "draw": False}
    stub.response = response_of(["cat", "dog"], [0.8, 0.2], maps)
    page = visit(stub.address)
    give(page, png(np.zeros((30, 30, 3))))
    assert words(page, "#caption").startswith("Most evidence for cat: bottom left, +4.00.")


def test_without_maps_that_are_too_large_the_classes_are_still_shown(visit, stub):
    stub.description |= {"classes": ["cat", "dog"], "draw": False}
    stub.status = lambda path: 413 if "maps=values" in path else 200
    stub.response = response_of(["cat", "dog"], [0.8, 0.2])
    page = visit(stub.address)
    give(page, png(np.zeros((30, 30, 3))))
    assert words(page, "#prediction") == "cat"
    assert "too large for its server to send (--max-bytes)" in words(page, "#caption")


def test_maps_of_one_place_say_what_not_where(visit, stub):
    stub.description |= {"classes": ["cat", "dog"], "draw": False}
    stub.response = response_of(["cat", "dog"], [0.9, 0.1], np.reshape([2.5, -1], (1, 1, 2)))
    page = visit(stub.address)
    give(page, png(np.zeros((30, 30, 3))))
    assert words(page, "#caption").endswith("they show what, not where. Evidence for cat: +2.50.")
    assert not page.locator("#overlay, #scale, #opacity").filter(visible=True).count()


def test_a_network_without_maps_and_many_classes(visit, stub):
    names = [f"class {number}" for number in range(40)]
    stub.description |= {"classes": names, "maps": False, "draw": False}
    stub.response = response_of(names, np.arange(40) / np.arange(40).sum())
    page = visit(stub.address)
    give(page, png(np.zeros((30, 30, 3))))
    assert "predicts what, not where" in words(page, "#caption")
    assert page.locator(".row:visible .name").all_inner_texts() == names[:-13:-1]
    assert not page.locator(".row input").count()
    page.click("#more")
    assert page.locator(".row:visible").count() == 40


@pytest.mark.parametrize(
    ("size", "part"),
    [
        ((100, 300), (1 / 3, 0, 1 / 3, 1)),
        ((300, 100), (0, 1 / 3, 1, 1 / 3)),
        ((200, 200), (0, 0, 1, 1)),
        ((1, 5000), (0.4999, 0, 0.0002, 1)),
    ],
)
def test_the_map_of_a_crop_lies_over_the_middle_and_the_rest_is_dimmed(visit, stub, size, part):
    stub.description |= {"fit": "crop", "draw": False}
    stub.response = response_of(stub.description["classes"], np.full(10, 0.1), np.ones((2, 2, 10)))
    page = visit(stub.address)
    give(page, png(np.full((*size, 3), 255)))
    page.wait_for_selector(".best")
    picture, overlay = (page.locator(place).bounding_box() for place in ("#picture", "#overlay"))
    for corner, side, start, share in zip(
        "xy", ("width", "height"), part[:2], part[2:], strict=True
    ):
        begun = (overlay[corner] - picture[corner]) / picture[side]
        assert begun == pytest.approx(start, abs=0.01)
        assert overlay[side] / picture[side] == pytest.approx(share, abs=0.01)
    has_margins = size[0] != size[1]
    dims = "() => getComputedStyle(document.getElementById('overlay')).boxShadow !== 'none'"
    assert page.evaluate(dims) == has_margins
    said = words(page, "#caption").endswith("Dimmed: outside what the network sees.")
    assert said == has_margins


def test_of_a_squashed_image_the_map_covers_all(visit, stub):
    stub.response = response_of(stub.description["classes"], np.full(10, 0.1), np.ones((2, 2, 10)))
    page = visit(stub.address)
    give(page, png(np.zeros((100, 300, 3))))
    page.wait_for_selector(".best")
    picture, overlay = (page.locator(place).bounding_box() for place in ("#picture", "#overlay"))
    assert picture == overlay
    assert "Dimmed" not in words(page, "#caption")


@pytest.mark.slow
@pytest.mark.parametrize("is_tall", [False, True])
def test_a_network_in_the_browser_takes_the_middle_of_a_photograph(
    visit, exported_cropping, cropping, digits, is_tall
):
    _, (image, *_) = digits
    wide = np.full((64, 192, 1), 255, np.uint8)
    wide[:, 64:128] = image.repeat(8, axis=0).repeat(8, axis=1)
    photo = np.rot90(wide) if is_tall else wide
    probabilities, maps = predicting(cropping)(photo)
    page = visit(exported_cropping)
    give(page, png(photo[..., 0]))
    page.wait_for_selector(".best")
    shown = page.locator(".percent").all_inner_texts()
    assert shown == [percent(value) for value in probabilities]
    assert is_tall or words(page, "#prediction") == "3"
    assert_painted(page, maps[..., probabilities.argmax()] / np.abs(maps).max())


@pytest.mark.parametrize("fit", ["crop", "squash"])
def test_a_panorama_stays_sharp_and_no_canvas_is_too_large(visit, stub, fit):
    stub.description |= {"fit": fit, "input_shape": [224, 224, 3], "draw": False}
    stub.response = response_of(stub.description["classes"], np.full(10, 0.1), np.ones((2, 2, 10)))
    page = visit(stub.address)
    for size, canvas in [
        ((600, 3000), (448, 2240)),
        ((3000, 2000), (800, 533)),
        ((300, 900), (300, 900)),
        ((2, 9000), (1, 4096)),
    ]:
        give(page, png(np.zeros((*size, 3))))
        page.wait_for_function("() => document.getElementById('page').ariaBusy === 'false'")
        assert pixels(page, "picture").shape[:2] == canvas


@pytest.mark.parametrize(
    ("changes", "is_said"),
    [
        ({"quantization": "int8"}, False),
        ({"input": {"size": 8}, "trained_size": 8}, True),
        ({"input": {"size": 8}, "trained_size": 16}, False),
    ],
)
def test_an_accuracy_is_said_of_the_network_that_it_was_measured_of(visit, stub, changes, is_said):
    stub.description.update(changes)
    page = visit(stub.address)
    page.locator("#facts", has_text="10 classes").wait_for()
    assert ("right" in page.locator("#facts").text_content()) is is_said


def test_an_image_without_a_prediction_has_its_own_name(visit, stub):
    maps = np.ones((2, 2, 10))
    stub.response = response_of(stub.description["classes"], np.full(10, 0.1), maps)
    page = visit(stub.address)
    give(page, {**png(np.zeros((9, 9, 3))), "name": "first.png"})
    page.wait_for_selector(".best")
    stub.status = 503
    give(page, {**png(np.zeros((9, 9, 3))), "name": "second.png"})
    page.wait_for_selector("#error:not(:empty)")
    assert page.locator("#picture").get_attribute("aria-label") == "second.png"
