"""Whoever looks at the page, on whatever: small, dark, without a mouse, without eyes."""

from __future__ import annotations

import numpy as np
import pytest
from browsing import give, png, response_of, words

from nin.exporting import web

LONG = ["Schnabeltierfellimitatmantel" * 3, "<img src=x onerror=alert(1)>", "a b c " * 20]


def test_nothing_is_wider_than_a_small_telephone(visit, stub, digits):
    paths, _ = digits
    stub.description |= {"classes": LONG, "name": "x" * 90, "draw": False}
    stub.response = response_of(LONG, [0.2, 0.7, 0.1], np.ones((4, 4, 3)))
    page = visit(stub.address, viewport={"width": 320, "height": 640}, has_touch=True)
    give(page, *paths, *paths, png(np.zeros((50, 500, 3))))
    page.wait_for_function("() => !document.getElementById('images').textContent.includes('…')")
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320
    assert words(page, "#prediction") == LONG[1]
    small = "() => [...document.querySelectorAll('button, .row')].map(e => e.clientHeight)"
    assert all(height == 0 or height >= 24 for height in page.evaluate(small))


COLOURS = """() => {
  const style = getComputedStyle(document.documentElement);
  const names = ["ground", "surface", "tint", "ink", "soft", "accent", "alarm", "edge"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue("--" + name)]));
}"""


def luminance(colour):
    digits = colour.strip().lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = np.array([int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_can_be_read(visit, stub, scheme):
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for what is no text (1.4.11)."""
    colours = visit(stub.address, color_scheme=scheme).evaluate(COLOURS)
    light = {name: luminance(colour) for name, colour in colours.items()}
    assert (light["ground"] > 0.5) == (scheme == "light")
    for name, least in {"ink": 4.5, "soft": 4.5, "accent": 4.5, "alarm": 4.5, "edge": 3}.items():
        for behind in ("ground", "surface", "tint")[: None if name == "ink" else 2]:
            bright, dim = sorted([light[name], light[behind]], reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= least, (name, behind)


NAMELESS = """() => [...document.querySelectorAll("button, a, input, canvas, svg, [role]")]
  .filter((each) => each.checkVisibility() && !each.closest("[aria-hidden]"))
  .filter((each) => !["status", "alert"].includes(each.role))
  .filter((each) => !(each.ariaLabel || each.closest("[role=img][aria-label]")
    || each.textContent.trim() || [...(each.labels ?? [])].some((one) => one.textContent.trim())))
  .map((each) => each.outerHTML)"""


def test_every_control_has_a_name_and_focus_can_be_seen(site, visit, digits):
    paths, _ = digits
    page = visit(site)
    assert page.evaluate(NAMELESS) == []
    give(page, *paths)
    assert page.evaluate(NAMELESS) == []
    assert page.locator("h1, h2").all_inner_texts()[0] == "digits-1"
    seen = set()
    outlined = """() => {
      const each = document.activeElement;
      const shown = each.closest("label") ?? each;
      return [each.id || each.name, getComputedStyle(shown).outlineStyle];
    }"""
    for _ in range(12):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(outlined)
        seen.add(name)
        assert outline == "solid" or not name, name
    assert {"choose", "draw", "opacity", "image", "class", "description"} <= seen


def test_motion_can_be_done_without(visit, stub):
    page = visit(stub.address, reduced_motion="reduce")
    still = "() => getComputedStyle(document.querySelector('.bar i')).transitionDuration"
    assert page.evaluate(still) == "0s"


def test_opacity_of_the_map(site, visit, digits):
    (path, *_), _ = digits
    page = visit(site)
    give(page, path)
    page.focus("#opacity")
    page.keyboard.press("Home")
    look = "() => getComputedStyle(document.getElementById('overlay')).opacity"
    assert page.evaluate(look) == "0"
    page.keyboard.press("End")
    assert page.evaluate(look) == "1"


def test_the_page_is_small():
    """What a visitor loads of ours; a network is larger."""
    assert sum(file.stat().st_size for file in web.PAGE.iterdir()) < 50_000
