"""What a client gets for its images."""

import base64
import io
import re

import numpy as np
import pytest
import strange_networks
from PIL import Image
from server_cases import light, picture, shades

from nin.errors import ExportError
from nin.inference import FilePredictor

PNG = {"content-type": "image/png"}
OF_CURL = "application/x-www-form-urlencoded"
TYPES = ["image/*", "application/octet-stream", "image/gif", OF_CURL, None]


def test_an_image_as_it_is(client):
    response = client.post("/predict", content=picture(200), headers=PNG)
    assert response.status_code == 200
    (prediction,) = response.json()["predictions"]
    assert [*prediction] == ["name", "label", "probability", "top", "maps"]
    assert (prediction["name"], prediction["label"], prediction["maps"]) == (None, "light", None)
    assert prediction["probability"] == pytest.approx(light(200), abs=1e-6)
    assert prediction["top"][0] == {"label": "light", "probability": prediction["probability"]}
    assert [row["label"] for row in prediction["top"]] == ["light", "dark"]
    assert sum(row["probability"] for row in prediction["top"]) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("stated", TYPES)
def test_its_kind_is_that_of_its_content(client, kind, stated):
    headers = {} if stated is None else {"content-type": stated}
    content = picture(90, (60, 40), kind)
    (prediction,) = client.post("/predict", content=content, headers=headers).json()["predictions"]
    assert prediction["label"] == "dark"
    assert prediction["probability"] == pytest.approx(1 - light(90), abs=0.02)


def test_many_images_keep_their_order_and_their_names(client):
    greys = [*range(0, 256, 9)]
    names = ["../../etc/passwd", 'a"b\r\n.png', "犬.png", "x" * 999, *map(str, greys[4:])]
    files = [("images", (name, picture(grey))) for name, grey in zip(names, greys, strict=True)]
    predictions = client.post("/predict?top=1", files=files).json()["predictions"]
    assert len(predictions) == len(greys)
    for prediction, grey in zip(predictions, greys, strict=True):
        (best,) = prediction["top"]
        assert best["label"] == ("light" if grey > 128 else "dark")
        assert best["probability"] == pytest.approx(max(light(grey), 1 - light(grey)), abs=1e-6)
    names = [prediction["name"] for prediction in predictions]
    assert names[2:] == ["犬.png", "x" * 255, *map(str, greys[4:])]


def test_predictions_are_those_of_the_predictor(client, network):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (3, 40, 30, 3), np.uint8)
    contents = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        contents.append(file.getvalue())
    predictor = FilePredictor(network)
    expected = predictor.predict(np.stack([predictor.read(each) for each in contents]), maps=True)
    files = [("images", ("x", each)) for each in contents]
    predictions = client.post("/predict?maps=values", files=files).json()["predictions"]
    for prediction, probabilities, maps in zip(predictions, *expected, strict=True):
        assert {row["label"]: row["probability"] for row in prediction["top"]} == pytest.approx(
            dict(zip(["dark", "light"], probabilities.tolist(), strict=True))
        )
        values = np.frombuffer(base64.b64decode(prediction["maps"]["values"]), "<f4")
        assert prediction["maps"]["shape"] == [8, 8, 2]
        assert np.allclose(values.reshape(8, 8, 2), maps)


def test_maps_as_pictures_are_on_one_scale_and_only_of_the_top(client):
    path = "/predict?maps=png&top=1"
    (prediction,) = client.post(path, content=picture(160), headers=PNG).json()["predictions"]
    maps = prediction["maps"]
    assert (maps["low"], maps["high"]) == (-1, 1)
    assert [*maps["png"]] == ["light"]
    head, _, content = maps["png"]["light"].partition(",")
    assert head == "data:image/png;base64"
    drawn = Image.open(io.BytesIO(base64.b64decode(content)))
    assert (drawn.size, drawn.mode) == ((8, 8), "RGBA")


@pytest.mark.parametrize(
    ("size", "turn", "drawn"),
    [((80, 40), 1, (16, 8)), ((80, 40), 6, (8, 16)), ((8, 8), 1, (8, 8)), ((1, 900), 1, (1, 32))],
)
def test_maps_of_a_crop_lie_over_the_middle_of_the_image(open_app, tmp_path, size, turn, drawn):
    path = shades(tmp_path / "cropped.onnx", fit="crop")
    client = open_app(FilePredictor(path)).client
    exif = Image.Exif()
    exif[0x0112] = turn
    content = picture(160, size, exif=exif)
    (prediction,) = client.post("/predict?maps=png&top=1", content=content).json()["predictions"]
    _, _, overlay = prediction["maps"]["png"]["light"].partition(",")
    overlay = Image.open(io.BytesIO(base64.b64decode(overlay)))
    assert overlay.size == drawn
    side = min(drawn)
    pixels = np.asarray(overlay)
    is_dark = (pixels[..., :3] == 0).all(axis=2)
    assert is_dark.sum() == is_dark.size - side * side
    left, top = ((whole - side) // 2 for whole in drawn)
    assert not is_dark[top : top + side, left : left + side].any()


def test_the_network_is_described(client, network):
    assert client.get("/model").json() == FilePredictor(network).description


def test_names_of_classes_need_not_be_text(open_app, tmp_path):
    path = shades(tmp_path / "odd.onnx", classes=["caf\udce9", "<b>\n"])
    client = open_app(FilePredictor(path)).client
    assert client.get("/model").json()["classes"] == ["caf\udce9", "<b>\n"]
    (prediction,) = client.post("/predict?maps=png", content=picture()).json()["predictions"]
    assert prediction["label"] == "<b>\n"


def test_the_page_and_its_files_are_all_that_is_sent(client):
    response = client.get("/")
    assert response.headers["content-type"].startswith("text/html")
    linked = re.findall(r'(?:href|src)="([\w./]+\.(?:js|css|svg))"', response.text)
    assert linked
    assert all(client.get(f"/{name}").status_code == 200 for name in linked)
    for path in ("/index.html", "/../app.py", "/%2e%2e/app.py", "/page.css/", "//etc/passwd"):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_nothing_from_elsewhere(client, path):
    response = client.get(path)
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy
    assert "http" not in policy
    assert "unsafe-inline" not in policy
    assert not re.search(r'(src|href)="(https?:)?//', response.text)
    assert response.headers["x-content-type-options"] == "nosniff"


def test_the_reference_names_every_route_and_response(client):
    text = client.get("/docs").text
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        assert path in text
        for operation in methods.values():
            assert all(f"<code>{status}</code>" in text for status in operation["responses"])


def test_metrics_count_what_was_handled(client):
    client.post("/predict", content=picture())
    client.post("/predict", content=b"no picture")
    client.get("/anything/%0a/else")
    text = client.get("/metrics").text
    assert 'nin_requests_total{route="/predict",status="200"} 1.0' in text
    assert 'nin_requests_total{route="/predict",status="415"} 1.0' in text
    assert 'nin_requests_total{route="other",status="404"} 1.0' in text
    assert "nin_images_total 1.0" in text
    assert "nin_images_waiting 0.0" in text
    assert "nin_batch_seconds_count 2.0" in text, "the first warms the network up"


def test_an_image_without_a_valid_prediction_is_refused_and_no_other(open_app, tmp_path):
    client = open_app(FilePredictor(strange_networks.picky(tmp_path / "picky.onnx"))).client
    fine, none = picture(0), picture(255)
    accepted, refused, several = client.together(
        [
            ("POST", "/predict", {"content": fine}),
            ("POST", "/predict", {"content": none}),
            ("POST", "/predict", {"files": [("images", ("a", each)) for each in (fine, none)]}),
        ]
    )
    said = "the network has no valid prediction for it"
    assert (accepted.status_code, accepted.json()["predictions"][0]["label"]) == (200, "a")
    assert (refused.status_code, refused.json()) == (422, {"detail": said})
    assert (several.status_code, several.json()) == (422, {"detail": f"image 2 of 2: {said}"})


def test_a_runtime_that_fails_is_the_servers_failure_and_logged(open_app, network, caplog):
    predictor = FilePredictor(network, threads=1)
    client = open_app(predictor).client

    def fail(*_):
        raise RuntimeError("Failed to allocate memory for requested buffer of size 4096")

    predictor._engine.predict = fail
    response = client.post("/predict", content=picture())
    assert response.status_code == 500
    assert response.json() == {"detail": "the server failed; the reason is in its log"}
    assert "cannot predict: Failed to allocate memory" in caplog.text


def test_the_maps_of_one_image_may_be_too_large(open_app):
    client = open_app(body=100).client
    response = client.post("/predict?maps=values", content=b"GIF89a")
    assert response.status_code == 413
    assert response.json()["detail"] == "the class maps of this network are too large to send"


def test_a_network_without_valid_predictions_is_not_served(open_app, tmp_path):
    path = strange_networks.constant(tmp_path / "nan.onnx", [np.nan, 1])
    with pytest.raises(ExportError, match=rf"^{path}: the network returns .* not finite$"):
        open_app(FilePredictor(path))
