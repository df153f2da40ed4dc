"""Digits drawn on the page."""

from __future__ import annotations

import math

import numpy as np
import pytest
from browsing import words


def ring(x, y, width, height, start=-90, stop=270):
    angles = [math.radians(angle) for angle in range(start, stop + 1, 10)]
    return [(x + width * math.cos(angle), y + height * math.sin(angle)) for angle in angles]


STROKES = {
    "0": [ring(0.5, 0.5, 0.2, 0.3)],
    "1": [[(0.42, 0.3), (0.52, 0.2), (0.52, 0.8)]],
    "3": [ring(0.48, 0.34, 0.17, 0.16, -160, 90) + ring(0.48, 0.66, 0.19, 0.17, -90, 150)],
    "4": [[(0.5, 0.2), (0.3, 0.6), (0.7, 0.6)], [(0.6, 0.42), (0.58, 0.82)]],
}


def draw(page, strokes, scale=1.0):
    box = page.locator("#pad").bounding_box()
    for stroke in strokes:
        places = [
            (box["x"] + scale * x * box["width"], box["y"] + scale * y * box["height"])
            for x, y in stroke
        ]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


@pytest.mark.parametrize(("digit", "scale"), [("0", 1.0), ("1", 0.7), ("3", 0.5), ("4", 1.0)])
def test_a_drawn_digit_is_read_while_it_is_drawn(site, visit, digit, scale):
    page = visit(site)
    draw(page, STROKES[digit], scale)
    page.locator("#prediction", has_text=digit).wait_for()
    page.click("#clear")
    assert words(page, "#prediction") == "No prediction yet"
    assert not page.locator(".best").count()


def test_a_second_finger_draws_nothing(visit, stub):
    page = visit(stub.address, has_touch=True)
    box = page.locator("#pad").bounding_box()
    first, palm, further = ({"x": box["x"] + at, "y": box["y"] + at} for at in (30, 90, 60))
    session = page.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [{**first, "id": 0}]),
        ("touchStart", [{**first, "id": 0}, {**palm, "id": 1}]),
        ("touchMove", [{**further, "id": 0}, {**palm, "id": 1}]),
        ("touchEnd", []),
    ):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function("() => document.querySelector('#ink').getAttribute('d')?.includes('M')")
    assert page.locator("#ink").get_attribute("d").count("M") == 1


NORMALISED = """async ([strokes, description]) => {
  const { canvas, square } = (await import("./drawing.js")).normalised(strokes, description);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [Array.from(data.filter((_, index) => index % 4 === 0)), square];
}"""


def normalised(page, strokes, side, **more):
    description = {"input_shape": [side, side, 1], **more}
    values, square = page.evaluate(NORMALISED, [strokes, description])
    return np.reshape(values, (side, side)) / 255, square


def test_a_drawing_is_brought_to_the_frame_of_the_training_images(visit, stub):
    """MNIST's digits take 20 of 28 pixels about their centre of mass, UCI's 8 of 8."""
    page = visit(stub.address)
    for scale, shift in [(1, 0), (0.6, 0.3)]:
        strokes = np.array(STROKES["3"]) * scale + shift
        mnist, square = normalised(page, strokes.tolist(), 28)
        assert np.ptp(np.flatnonzero(mnist.max(axis=1) > 0.5)) + 1 == pytest.approx(20, abs=1)
        middles = np.arange(28) + 0.5
        for axis in (0, 1):
            assert middles @ mnist.sum(axis=axis) / mnist.sum() == pytest.approx(14, abs=0.1)
        height = np.ptp(strokes[0, :, 1])
        assert square["side"] == pytest.approx(height / (20 / 28 - 0.09))
        uci, _ = normalised(page, strokes.tolist(), 8)
        assert uci[0].max() > 0.5
        assert uci[-1].max() > 0.5


def test_a_dot_stays_a_dot(visit, stub):
    uci, square = normalised(visit(stub.address), [[[0.2, 0.2]]], 8)
    assert square["side"] == 0.3
    assert 0 < uci.sum() < 3


def test_what_is_cleared_while_it_is_drawn_can_be_drawn_on(visit, stub):
    page = visit(stub.address)
    box = page.locator("#pad").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 90)
    page.evaluate("document.getElementById('clear').click()")
    page.mouse.move(box["x"] + 60, box["y"] + 120, steps=3)
    page.mouse.move(box["x"] + 40, box["y"] + 150, steps=3)
    page.mouse.up()
    path = page.locator("#ink").get_attribute("d")
    assert path.count("M") == 1
    assert path.count(" ") >= 2


def test_others_than_digits_are_not_drawn(visit, stub):
    stub.description["draw"] = False
    page = visit(stub.address)
    assert not page.locator("#pad, #draw").filter(visible=True).count()


def test_digits_at_twice_their_size_are_framed_as_digits(visit, stub):
    page = visit(stub.address)
    provenance = {"data": {"name": "digits"}}
    seen, _ = normalised(page, STROKES["3"], 16, provenance=provenance)
    assert seen[0].max() > 0.5
    assert seen[-1].max() > 0.5
