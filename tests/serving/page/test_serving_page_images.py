"""How images come to the page, and what it says when they cannot be predicted."""

from __future__ import annotations

import base64
import importlib.util
import io

import numpy as np
import pytest
from browsing import give, labels, pixels, png, response_of, words
from picture_kinds import KINDS, NOT_READ, REFUSED, SAME
from PIL import Image

from nin.data.decoding.decode import decode

EVENT = """([target, type, files]) => {
  const data = new DataTransfer();
  for (const [name, base64] of files) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    data.items.add(new File([bytes], name, { type: "image/png" }));
  }
  const detail = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
  const kind = type === "paste" ? ClipboardEvent : DragEvent;
  document.querySelector(target).dispatchEvent(new kind(type, detail));
}"""


#: What the exported page asks its network about, of a file.
DECODED = """async (base64) => {
  const { decode } = await import(new URL("picture.js", document.baseURI).href);
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  try {
    return (await decode(new File([bytes], "picture"))).toDataURL();
  } catch (error) {
    return error.message;
  }
}"""


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_images_are_dropped_and_pasted(site, visit, digits, way):
    paths, _ = digits
    files = [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in paths]
    page = visit(site)
    page.evaluate(EVENT, ["body", way, files[:1]])
    page.wait_for_selector(".best")
    assert words(page, "#prediction") == "3"
    assert page.locator("#picture").get_attribute("aria-label").startswith("digit 0.png")


def test_of_several_images_one_is_chosen(site, visit, predict, digits):
    paths, images = digits
    page = visit(site)
    give(page, *paths)
    page.locator(".card .name", has_text="…").first.wait_for(state="detached")
    wanted = [str(predict(image)[0].argmax()) for image in images]
    page.wait_for_function("() => !document.getElementById('images').textContent.includes('…')")
    assert labels(page) == wanted
    page.focus("input[name=image]:checked")
    for path, label in zip(paths, wanted, strict=True):
        assert words(page, "#prediction") == label
        assert page.locator("#picture").get_attribute("aria-label").startswith(path.name)
        page.keyboard.press("ArrowRight")


def test_a_photograph_is_turned_as_its_camera_was_held(site, visit, tmp_path):
    image = Image.new("L", (40, 20))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.jpg", exif=exif)
    page = visit(site)
    give(page, tmp_path / "turned.jpg")
    assert pixels(page, "picture").shape[:2] == (40, 20)


def test_a_transparent_image_lies_on_white(site, visit):
    page = visit(site)
    give(page, png(np.zeros((9, 9, 4))))
    assert (pixels(page, "picture") == 255).all()


def test_a_large_photograph_is_made_smaller_for_the_eye_only(visit, stub):
    stub.response = response_of(stub.description["classes"], np.full(10, 0.1), np.ones((2, 2, 10)))
    file = png(np.zeros((300, 1600, 3)))
    page = visit(stub.address)
    give(page, file)
    assert pixels(page, "picture").shape == (150, 800, 4)
    assert stub.sent == [("image/png", file["buffer"])]


@pytest.mark.parametrize(
    ("status", "content", "line"),
    [
        (503, {"detail": "the queue is full"}, "picture.png: the queue is full"),
        (413, b"<html>", "picture.png: too large for this server"),
        (500, b"", "picture.png: the server returned status 500"),
    ],
)
def test_a_refusal_is_one_line(visit, stub, status, content, line):
    stub.status, stub.response = status, content
    page = visit(stub.address)
    give(page, png(np.zeros((9, 9, 3))))
    assert words(page, "#error") == line
    assert words(page, "#prediction") == "No prediction"
    stub.status, stub.response = 200, response_of(stub.description["classes"], np.full(10, 0.1))
    give(page, png(np.zeros((9, 9, 3))))
    page.wait_for_selector(".best")
    assert words(page, "#error") == ""


def test_broken_images_are_named_and_the_others_predicted(site, visit, digits):
    (path, *_), _ = digits
    broken = {"name": "torn.png", "mimeType": "image/png", "buffer": path.read_bytes()[:60]}
    page = visit(site)
    give(page, broken, path)
    page.wait_for_function("() => !document.getElementById('images').textContent.includes('…')")
    assert labels(page) == ["no prediction", "3"]
    assert words(page, "#error").startswith("torn.png: ")
    page.locator(".card").nth(1).click()
    assert (words(page, "#error"), words(page, "#prediction")) == ("", "3")


def test_what_only_the_browser_reads_is_sent_as_it_shows_it(visit, stub):
    """A GIF here; HEIC on a telephone."""
    file = io.BytesIO()
    Image.new("L", (9, 9), 7).save(file, "GIF")
    stub.status, stub.response = 415, {"detail": "not a JPEG"}
    page = visit(stub.address)
    give(page, {"name": "a.gif", "mimeType": "image/gif", "buffer": file.getvalue()})
    assert words(page, "#error") == "a.gif: not a JPEG"
    assert [kind for kind, _ in stub.sent] == ["image/gif", "image/png"]
    assert Image.open(io.BytesIO(stub.sent[1][1])).getpixel((4, 4))[:3] == (7, 7, 7)


def test_a_server_that_is_gone(visit, stub):
    page = visit(stub.address)
    page.route("**/predict*", lambda route: route.abort())
    give(page, png(np.zeros((9, 9, 3))))
    assert "is nin serve still running?" in words(page, "#error")


def test_what_cannot_be_read_is_not_blamed_on_the_server(visit, stub):
    """As of a folder, or of a file that has changed since it was chosen."""
    page = visit(stub.address)
    page.evaluate("Blob.prototype.slice = () => ({ arrayBuffer: () => Promise.reject() })")
    page.route("**/predict*", lambda route: route.abort())
    give(page, png(np.zeros((9, 9, 3))))
    assert "it cannot be read: a folder" in words(page, "#error")


def test_a_browser_makes_of_every_kind_what_the_table_says(visit, stub):
    page = visit(stub.address)
    for kind in KINDS:
        if kind.name == "HEIC" and not importlib.util.find_spec("pillow_heif"):
            continue
        content = kind.make()
        shown_as = page.evaluate(DECODED, base64.b64encode(content).decode())
        if kind.browser.startswith(NOT_READ):
            assert shown_as.startswith("a broken image, or of a kind that"), kind.name
            continue
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown_as.split(",")[1]))), int)
        assert shown.shape == (8, 16, 4), kind.name
        assert (shown[..., 3] == 255).all(), kind.name
        if kind not in REFUSED:
            difference = np.abs(shown[..., :3] - decode(content).astype(int))[:, [3, 12]].max()
            assert (difference <= 6) == (kind.browser == SAME), (kind.name, difference)
