"""What is refused, with which status, and that nothing is left behind."""

import asyncio
import importlib.util
import io
import struct
import time
import zlib

import numpy as np
import pytest
import typer
from picture_files import encoded, numbers, photograph_and_video, png_header, raw_of_a_camera
from picture_kinds import KINDS, REFUSED
from PIL import Image
from server_cases import chunk, picture, shades

from nin.cli.entry_point import app as cli
from nin.cli.entry_point import run
from nin.data.decoding.picture_formats import MAX_PIXELS
from nin.errors import NinError
from nin.inference import FilePredictor
from nin.serving.service import Service
from nin.serving.settings import Limits

FORM = {"content-type": "multipart/form-data; boundary=x"}


def part(content, header='form-data; name="images"; filename="a"'):
    head = f"--x\r\nContent-Disposition: {header}\r\n\r\n".encode()
    return head + content + b"\r\n"


def bomb(width, height):
    """A PNG of few bytes that states to be huge."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000))


def webp_bomb():
    head = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + b"\xff\xff\0" + b"\xfe\xff\0"
    return b"RIFF" + struct.pack("<I", 4 + len(head)) + b"WEBP" + head


def wide(kind):
    file = io.BytesIO()
    Image.new("L", (2001, 500)).save(file, kind)
    return file.getvalue()


def scans(count):
    """A progressive JPEG that goes over its pixels so many times."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((16, 16)).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * (count - whole.count(b"\xff\xda")) + whole[-2:]


@pytest.fixture
def limited(open_app):
    app = open_app(body=200_000, pixels=1_000_000, queue=4)
    yield app
    assert app.service.images.used == app.service.bytes.used == 0


@pytest.mark.parametrize(
    ("status", "content", "headers"),
    [
        (413, b"x" * 200_001, {}),
        (413, bomb(1001, 1000), {}),
        (413, bomb(2**31 - 1, 2**31 - 1), {}),
        (413, bomb(10_000, 10_000), {}),
        (413, wide("PNG"), {}),
        (413, wide("TIFF"), {}),
        (413, wide("WEBP"), {}),
        (413, part(picture()) * 5 + b"--x--", FORM),
        (413, png_header(65_536, 1), {}),
        (415, b"\xff\x0a" + b"\0" * 50, {}),
        (415, raw_of_a_camera(), {}),
        (415, b"BM", {}),
        (422, b"GIF89a" + b"\0" * 50, {}),
        (422, encoded(numbers(-1, 9, np.int32), "TIFF"), {}),
        (415, b"\0", {}),
        (415, b"<svg xmlns='http://www.w3.org/2000/svg'/>", {"content-type": "image/svg+xml"}),
        (415, picture(), {"content-type": "text/html"}),
        (415, picture(), {"content-type": "application/json"}),
        (422, b"", {}),
        (422, picture()[:50], {}),
        (422, picture(kind="JPEG")[:100], {}),
        (422, scans(101), {}),
        (422, b"II*\0", {}),
        (422, b"RIFF\0\0\0\0WEBP", {}),
        (422, part(picture()), FORM),
        (422, part(picture()) + part(picture())[:-30], FORM),
        (422, part(picture(), 'form-data; name="file"; filename="a"') + b"--x--", FORM),
        (422, part(picture(), 'form-data; name="images"') + b"--x--", FORM),
        (413, part(b"", 'form-data; name="images"; filename="a"') * 2000 + b"--x--", FORM),
        (422, part(b"", 'form-data; name="other"') * 2000 + b"--x--", FORM),
        (422, part(picture(), "x" * 9000) + b"--x--", FORM),
        (422, part(b"", "") + b"--x--", FORM),
        (422, b"--x--", FORM),
        (422, b"no form", FORM),
        (422, picture(), {"content-type": "multipart/form-data"}),
        (422, picture(), {"content-type": f"multipart/form-data; boundary={'y' * 999}"}),
        (422, picture(), {"content-type": "multipart/form-data; boundary="}),
        (
            422,
            part(picture()),
            {"content-type": b"multipart/form-data; boundary=x; charset=\xe9.zip"},
        ),
        (422, part(picture()), {"content-type": b"multipart/form-data; boundary=x; charset=\0"}),
    ],
)
def test_what_is_refused(limited, status, content, headers):
    response = limited.client.post("/predict", content=content, headers=headers)
    assert response.status_code == status, response.text
    assert [*response.json()] == ["detail"]
    (line,) = response.json()["detail"].splitlines()
    assert "Traceback" not in line
    assert "0x" not in line


def test_a_jpeg_of_many_scans_is_decoded_up_to_a_limit(limited):
    assert limited.client.post("/predict", content=scans(100)).status_code == 200


def test_a_video_behind_a_photograph_does_not_count(limited):
    motion = photograph_and_video()
    assert motion.count(b"\xff\xda") > 100
    assert limited.client.post("/predict", content=motion).status_code == 200


@pytest.mark.parametrize(
    "between", [b"\xff\x01", b"\xff\xd3", b"\xff\xff", b"\xff\x00", b"\xff\xfe\0\4\xff\xd9"]
)
def test_scans_do_not_hide_behind_other_markers(limited, between):
    """Markers that stand alone, filling, and an end that is only part of a comment."""
    whole = scans(101)
    at = whole.index(b"\xff\xda")
    changed = whole[:at] + between + whole[at:]
    assert limited.client.post("/predict", content=changed).json()["detail"].endswith("scans")


def test_every_kind_is_predicted_as_it_is_decoded_or_refused(open_app):
    app = open_app()
    network = app.service.predictor
    for kind in KINDS:
        if kind.name == "HEIC" and not importlib.util.find_spec("pillow_heif"):
            continue
        content = kind.make()
        response = app.client.post("/predict", content=content)
        if kind in REFUSED:
            assert response.status_code in (413, 415, 422), kind.name
            continue
        (prediction,) = response.json()["predictions"]
        wanted = network.predict(network.read(content)[None]).probabilities.max()
        assert prediction["probability"] == pytest.approx(float(wanted), abs=1e-6), kind.name


def test_the_photographs_of_phones_are_taken_by_default(capsys):
    assert 8192 * 6144 < Limits().pixels < 60_000_000
    options = typer.main.get_command(cli).commands["serve"].params
    (most,) = (option for option in options if option.name == "max_pixels")
    assert most.default == Limits().pixels
    assert run(["serve", "nowhere", "--max-pixels", f"{MAX_PIXELS + 1}"]) == 2
    assert f"less than or equal to {MAX_PIXELS} " in capsys.readouterr().err


def test_a_webp_that_states_to_be_huge(limited):
    started = time.monotonic()
    assert limited.client.post("/predict", content=webp_bomb()).status_code in (413, 422)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "query",
    ["top=0", "top=-1", "top=x", "top=1.5", f"top={'9' * 5000}", "maps=all", "maps=", "top="],
)
def test_a_parameter_that_cannot_be_is_one_line(limited, query):
    response = limited.client.post(f"/predict?{query}", content=picture())
    assert response.status_code == 422
    assert response.json()["detail"].startswith((query.partition("=")[0], "maps"))


def test_a_parameter_of_another_name_would_do_nothing(limited):
    response = limited.client.post("/predict?tops=3", content=picture())
    assert response.status_code == 422
    assert response.json()["detail"] == "tops: there is no such parameter"


def test_maps_of_a_network_without_any(open_app, tmp_path):
    client = open_app(FilePredictor(shades(tmp_path / "x.onnx", maps=False))).client
    assert client.post("/predict", content=picture()).status_code == 200
    response = client.post("/predict?maps=png", content=picture())
    assert (response.status_code, response.json()["detail"]) == (
        422,
        "this network has no class maps",
    )


def test_more_maps_than_anybody_looks_at_are_not_drawn(open_app, tmp_path):
    names = [f"class {number}" for number in range(61)]
    client = open_app(FilePredictor(shades(tmp_path / "x.onnx", classes=names))).client
    response = client.post("/predict?maps=png", content=picture())
    assert response.status_code == 422
    assert response.json()["detail"] == "at most 60 maps are drawn: give top=60"
    for query, drawn in {"maps=png&top=60": 60, "maps=values&top=61": 2}.items():
        (prediction,) = client.post(f"/predict?{query}", content=picture()).json()["predictions"]
        assert len(prediction["maps"].get("png", prediction["maps"])) == drawn


def test_the_broken_one_of_several_is_named_and_no_file_name_is(limited):
    content = part(picture()) + part(picture()[:50]) + b"--x--"
    response = limited.client.post("/predict", content=content, headers=FORM)
    assert response.status_code == 422
    assert response.json()["detail"].startswith("image 2 of 2: ")


def test_maps_that_are_too_large_together(open_app):
    client = open_app(body=2000).client
    small, large = picture(size=(1, 1)), {"images": 5}
    files = [("images", ("a", small))] * large["images"]
    assert client.post("/predict?maps=values", files=files).status_code == 200
    files = [("images", ("a", small))] * 8
    response = client.post("/predict?maps=values", files=files)
    assert response.status_code == 413, response.text


def test_maps_that_are_too_large_together_are_not_computed(open_app, monkeypatch):
    app = open_app(body=2000)
    monkeypatch.setattr(Service, "predict", None)
    files = [("images", ("a", picture(size=(1, 1))))] * 8
    assert app.client.post("/predict?maps=values", files=files).status_code == 413


def test_pictures_of_maps_that_are_too_large_together(open_app):
    client = open_app(body=2000).client
    for count, status in ((1, 200), (20, 413)):
        files = [("images", ("a", picture(size=(1, 1))))] * count
        assert client.post("/predict?maps=png", files=files).status_code == status


def test_a_response_has_its_time_as_a_whole(open_app, monkeypatch):
    monkeypatch.setattr("nin.serving.middleware.PIECE", 5000)
    app = open_app(seconds=0.4)
    wire = Wire(app, headers=[])
    wire.path, wire.method, pieces = "/docs", "GET", []

    async def send(message):
        pieces.append(len(message.get("body", b"")))
        wire.sent.append(message)
        await asyncio.sleep(0.15)

    wire.send = send
    asyncio.run(wire.run())
    assert sum(pieces) < len(app.client.get("/docs").content)


class Wire:
    """An ASGI request by hand: what is received and what is sent can be watched."""

    def __init__(self, app, *pieces, headers=(), pause=0.0):
        self.app, self.pieces, self.headers, self.pause = app, [*pieces], headers, pause
        self.received, self.sent = 0, []
        self.method, self.path = "POST", "/predict"

    async def receive(self):
        self.received += 1
        await asyncio.sleep(self.pause)
        if not self.pieces:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": self.pieces.pop(0), "more_body": True}

    async def send(self, message):
        self.sent.append(message)

    async def run(self):
        scope = {
            "type": "http",
            "method": self.method,
            "path": self.path,
            "query_string": b"",
            "headers": self.headers,
            "client": ("127.0.0.1", 1),
        }
        async with asyncio.timeout(60):
            await self.app(scope, self.receive, self.send)
        return self.sent[0]["status"]

    @property
    def closes(self):
        return (b"connection", b"close") in self.sent[0]["headers"]


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr("nin.serving.middleware.LINGER", 0.05)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b"name=\"images\"; filename*=utf-8''%D1%84%D0%BE%D1%82%D0%BE.png", "фото.png"),
        (b"filename=\"x.png\"; filename*=UTF-8'en'a%22b%0d%0a.png; name=images", "a_b__.png"),
        (b"name=images; filename*=iso-8859-1''caf%E9.png", "café.png"),
        (b'name=images; filename="=?utf-8?B?0YTQvtGC0L4ucG5n?="', "фото.png"),
        (b'name=images; filename="=?utf-8?B?no base64?="', "=?utf-8?B?no base64?="),
        (b"name=images; filename=plain.png", "plain.png"),
    ],
)
def test_names_of_files_as_clients_write_them(open_app, disposition, name):
    body = b"--x\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\n"
    body += picture() + b"\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = open_app().client.post("/predict", content=body, headers=headers)
    assert response.json()["predictions"][0]["name"] == name


def test_a_content_length_that_is_too_large_is_refused_unread(limited):
    wire = Wire(limited, headers=[(b"content-length", b"200001")])
    seen = []

    async def send(message):
        seen.append(wire.received)
        wire.sent.append(message)

    wire.send = send
    assert asyncio.run(wire.run()) == 413
    assert seen[0] == 0, "the response begins before any of the body is requested"
    assert wire.closes


def test_a_body_without_a_length_is_cut_off(limited):
    wire = Wire(limited, *[b"x" * 50_000] * 9, headers=[(b"transfer-encoding", b"chunked")])
    assert asyncio.run(wire.run()) == 413
    assert wire.closes


def test_a_body_that_trickles_in(open_app):
    app = open_app(seconds=0.2)
    wire = Wire(app, *[b"x"] * 99, headers=[(b"content-length", b"99")], pause=0.05)
    assert asyncio.run(wire.run()) == 408
    assert wire.closes
    assert app.service.bytes.used == 0


def test_bytes_of_all_requests_are_bounded(open_app):
    app = open_app(body=1000, seconds=0.3)
    many = [
        Wire(app, b"x" * 900, headers=[(b"content-length", b"1000")], pause=0.05) for _ in range(20)
    ]

    async def all_at_once():
        return await asyncio.gather(*(wire.run() for wire in many))

    statuses = asyncio.run(all_at_once())
    assert statuses.count(408) == 8
    assert statuses.count(503) == 12
    assert app.service.bytes.used == 0


class Failing(FilePredictor):
    """Computes the first images and no more."""

    received = 0

    def predict(self, images, maps=False):
        self.received += 1
        if self.received > 1:
            raise NinError("secret")
        return super().predict(images, maps)


def test_a_failure_of_ours_tells_the_client_nothing_and_the_log_all(open_app, network, caplog):
    client = open_app(Failing(network)).client
    response = client.post("/predict", content=picture())
    assert (response.status_code, response.json()) == (
        500,
        {"detail": "the server failed; the reason is in its log"},
    )
    assert "secret" in caplog.text
    assert client.get("/healthz").status_code == 200


def test_readiness_and_health(open_app):
    app = open_app()
    assert app.client.get("/readyz").json() == {"status": "ready"}
    assert app.client.get("/healthz").json() == {"status": "ok"}
    app.service.is_ready = False
    assert app.client.get("/readyz").status_code == 503
    assert app.client.get("/healthz").status_code == 200
    app.service.close()
    assert app.client.get("/healthz").status_code == 503


def test_a_failure_can_be_read_by_a_page_that_may_ask(open_app, network):
    failing = Failing(network)  # Its first images are those of the start.
    client = open_app(failing, origins=["https://example.org"]).client
    response = client.post("/predict", content=picture(), headers={"origin": "https://example.org"})
    assert response.status_code == 500
    assert response.headers["access-control-allow-origin"] == "https://example.org"
