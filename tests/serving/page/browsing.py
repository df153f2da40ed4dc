"""What the tests of the page do and see in a browser, and a server that responds as it is set."""

from __future__ import annotations

import base64
import io
import json
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image

from nin.exporting import web
from nin.inference import FilePredictor
from nin.inference.input_spec import InputSpec

DESCRIPTION = {
    "format": 1,
    "name": "digits-1",
    "classes": list("0123456789"),
    "input_shape": [8, 8, 1],
    "input": InputSpec(1).described(),
    "maps": True,
    "draw": True,
    "parameters": 650,
    "provenance": {"result": {"accuracy": 0.97}},
}


class Quiet(SimpleHTTPRequestHandler):
    """Hands out a folder, and logs nothing."""

    def log_message(self, *_):
        pass


class Stub(Quiet):
    """Responds with whatever a test wants, in the place of `nin serve`; keeps what it is sent.

    The status is a number, or a function of the path.
    """

    def __init__(self, wanted, *arguments):
        self.wanted = wanted
        super().__init__(*arguments, directory=web.PAGE)

    def do_GET(self):
        if self.path == "/model":
            self.reply(200, self.wanted.description)
        else:
            super().do_GET()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.wanted.sent.append((self.headers["Content-Type"], body))
        status = self.wanted.status
        self.reply(status(self.path) if callable(status) else status, self.wanted.response)

    def reply(self, status, value):
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def listening(handler):
    """Yield the address of a server on a thread of its own; then it is ended."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def predicting(network):
    """What a network predicts for an image: probabilities and maps."""
    predictor = FilePredictor(network)
    return lambda image: [each[0] for each in predictor.predict(image[None], maps=True)]


def response_of(classes, probabilities, maps=None):
    top = sorted(zip(probabilities, classes, strict=True), reverse=True)
    top = [{"label": label, "probability": float(value)} for value, label in top]
    if maps is not None:
        values = base64.b64encode(np.asarray(maps, "<f4").tobytes()).decode()
        maps = {"shape": list(np.shape(maps)), "values": values}
    return {"predictions": [{"name": None, **top[0], "top": top, "maps": maps}]}


def give(page, *files):
    page.set_input_files("#files", [payload(file) for file in files])
    page.wait_for_selector(".best, #error:not(:empty)")


def payload(file):
    if isinstance(file, dict):
        return file
    return {"name": file.name, "mimeType": "", "buffer": file.read_bytes()}


def words(page, place):
    return page.locator(place).inner_text()


def labels(page):
    return page.locator(".card .name").all_inner_texts()


def pixels(page, name):
    address = page.evaluate("id => document.getElementById(id).toDataURL()", name)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))), int)


def percent(value):
    return "<0.1 %" if value < 0.001 else ">99.9 %" if value > 0.999 else f"{100 * value:.1f} %"


def png(image):
    file = io.BytesIO()
    Image.fromarray(np.asarray(image, np.uint8)).save(file, "PNG")
    return {"name": "picture.png", "mimeType": "image/png", "buffer": file.getvalue()}
