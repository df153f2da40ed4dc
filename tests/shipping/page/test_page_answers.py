"""Answers and maps in a real browser, from `nin serve` and from the exported folder."""

from __future__ import annotations

import numpy as np
from browsing import answered, give, percent, pixels, png, words
from PIL import Image


def test_an_image_is_answered_as_the_network_does(site, visit, ask, digits):
    (path, *_), (image, *_) = digits
    probabilities, _ = ask(image)
    page = visit(site)
    give(page, path)
    assert words(page, "#answer") == "3" == str(probabilities.argmax())
    shown = page.locator(".percent").all_inner_texts()
    assert shown == [percent(value) for value in probabilities]
    assert words(page, ".best .percent") == words(page, "#sureness")
    assert page.title().startswith("digits-1")
    page.wait_for_selector("#status:not(:empty)", state="attached")
    assert page.locator("#status").text_content() == f"3, {percent(probabilities.max())}"


def test_arrow_keys_switch_the_map(site, visit, ask, digits):
    (path, *_), (image, *_) = digits
    _, maps = ask(image)
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
    assert words(page, "#answer") == "3"


def assert_painted(page, values):
    """Red is for, blue against, and how much is the opacity: Pillow's bilinear is the oracle."""
    painted = pixels(page, "overlay")
    side = painted.shape[0]
    wanted = Image.fromarray(values.astype(np.float32)).resize((side, side), Image.BILINEAR)
    sign = np.where(painted[..., 0] > painted[..., 2], 1, -1)
    np.testing.assert_allclose(sign * painted[..., 3] / 255, wanted, atol=0.01)


def test_no_evidence_is_said_in_words(visit, stub):
    maps = np.stack([[[0.5, 3], [0, 0]], [[-1, -2], [-1, 0]], np.zeros((2, 2))], axis=-1)
    stub.description |= {"classes": ["cat", "dog", "cow"], "draw": False}
    stub.answer = answered(["cat", "dog", "cow"], [0.8, 0.1, 0.1], maps)
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


def test_maps_of_one_place_say_what_not_where(visit, stub):
    stub.description |= {"classes": ["cat", "dog"], "draw": False}
    stub.answer = answered(["cat", "dog"], [0.9, 0.1], np.reshape([2.5, -1], (1, 1, 2)))
    page = visit(stub.address)
    give(page, png(np.zeros((30, 30, 3))))
    assert words(page, "#caption").endswith("they say what, not where. Evidence for cat: +2.50.")
    assert not page.locator("#overlay, #scale, #opacity").filter(visible=True).count()


def test_a_network_without_maps_and_many_classes(visit, stub):
    names = [f"class {number}" for number in range(40)]
    stub.description |= {"classes": names, "maps": False, "draw": False}
    stub.answer = answered(names, np.arange(40) / np.arange(40).sum())
    page = visit(stub.address)
    give(page, png(np.zeros((30, 30, 3))))
    assert "answers what, not where" in words(page, "#caption")
    assert page.locator(".row:visible .name").all_inner_texts() == names[:-13:-1]
    assert not page.locator(".row input").count()
    page.click("#more")
    assert page.locator(".row:visible").count() == 40
