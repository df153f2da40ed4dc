"""A browser, a network that can be had at once, and the page as each of the two serves it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from browsing import DESCRIPTION, Quiet, Stub, listening, predicting
from PIL import Image
from processes import started

from nin.errors import ExportError
from nin.exporting import web

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    return linear(tmp_path_factory.mktemp("network") / "model.onnx", DESCRIPTION)


@pytest.fixture(scope="session")
def cropping(tmp_path_factory):
    """The same network, of the middle of an image."""
    path = tmp_path_factory.mktemp("cropping") / "model.onnx"
    return linear(path, {**DESCRIPTION, "fit": "crop"})


def linear(path, description):
    """A linear classifier: what each pixel adds to a class is that class's map."""
    pytest.importorskip("onnx")
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    from nin.exporting.onnx.onnx_preprocessing import resize_images
    from nin.inference.metadata import KEY
    from nin.onnx_graph.graph import Graph

    images, labels = load_digits(return_X_y=True)
    fitted = LogisticRegression(C=0.1, max_iter=5000).fit(images / 16, labels)
    graph = Graph()
    x = resize_images(graph, "images", (8, 8, 1), description.get("fit", "squash"))
    weights = graph.constant(64 / 255 * fitted.coef_.reshape(1, 10, 8, 8))
    bias = graph.constant(fitted.intercept_.reshape(1, 10, 1, 1))
    maps = graph.node("Add", graph.node("Mul", x, weights), bias)
    logits = graph.node("Flatten", graph.node("GlobalAveragePool", maps))
    graph.node("Softmax", logits, name="probabilities", axis=1)
    graph.node("Transpose", maps, name="maps", perm=[0, 2, 3, 1])
    model = graph.model(
        {"images": ("uint8", ["n", "height", "width", 1])},
        {
            "probabilities": ("float32", ["n", 10]),
            "maps": ("float32", ["n", "map_height", "map_width", 10]),
        },
        {KEY: json.dumps(description)},
    )
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture(scope="session")
def predict(network):
    """What the network predicts for an image: probabilities and maps."""
    return predicting(network)


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """Three test images as PNG files, and as arrays."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("digits")
    images = np.rint(load_digits().images[[3, 900, 11]] * (255 / 16)).astype(np.uint8)
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"digit {number}.png")
    return sorted(folder.iterdir()), images[..., None]


@pytest.fixture(scope="module", params=["served", pytest.param("exported", marks=pytest.mark.slow)])
def site(request):
    """Address of the page: of `nin serve`, and of the exported folder behind any web server."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def served(network, program):
    pytest.importorskip("fastapi")
    command = [program, "serve", network, "--port", "0"]
    with started(command, 900, stdout=subprocess.PIPE) as process:
        yield process.stdout.readline().split()[0] + "/"
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def exported(folder):
    yield from listening(partial(Quiet, directory=folder))


@pytest.fixture(scope="session")
def folder(network, tmp_path_factory):
    """NIN_ONNXRUNTIME_WEB names a packed onnxruntime-web; without it npm downloads one."""
    out = tmp_path_factory.mktemp("web")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web, "_cache", lambda: out / "cache")
        try:
            runtime = os.environ.get("NIN_ONNXRUNTIME_WEB")
            web.export_web(network, DESCRIPTION, out / "page", runtime)
        except ExportError as error:
            pytest.skip(str(error))
    return out / "page"


@pytest.fixture
def exported_cropping(folder, cropping, tmp_path):
    """Address of the exported folder of a network that crops."""
    page = shutil.copytree(folder, tmp_path / "page")
    shutil.copyfile(cropping, page / "model.onnx")
    (page / "model.json").write_text(json.dumps({**DESCRIPTION, "fit": "crop"}))
    yield from listening(partial(Quiet, directory=page))


@pytest.fixture
def stub():
    """A server that responds as it is set to; what it is sent is in `sent`."""
    wanted = SimpleNamespace(description=dict(DESCRIPTION), status=200, response={}, sent=[])
    for address in listening(partial(Stub, wanted)):
        wanted.address = address
        yield wanted


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("there is no chromium to look with")
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Open an address; afterwards: nothing was requested elsewhere, no script complained."""
    contexts, requests, complaints = [], [], []

    def _visit(address, **settings):
        context = chromium.new_context(**{"viewport": {"width": 1200, "height": 860}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: requests.append((address, request.url)))
        page.on("pageerror", lambda error: complaints.append(("error", str(error))))
        page.on("console", lambda message: complaints.append((message.type, message.text)))
        page.goto(address)
        page.wait_for_selector(".row")
        return page

    yield _visit
    for context in contexts:
        context.close()
    own = ("blob:", "data:")
    assert not [url for at, url in requests if not url.startswith((at, *own))]
    errors = [text for kind, text in complaints if kind == "error"]
    # The browser itself writes a line for each status from 400 on.
    assert not [line for line in errors if "Failed to load resource" not in line]
