"""The Open Inference Protocol by hand: what it returns, and what it refuses in one line."""

import base64
import json

import numpy as np
import pytest
from picture_files import encoded, png_header
from PIL import Image
from server_cases import light, picture, shades

from nin._version import __version__
from nin.inference import FilePredictor
from nin.serving.open_inference.input_tensors import read_request
from nin.serving.settings import Limits

MODEL = "/v2/models/shades"
INFER = f"{MODEL}/infer"
JSON_BYTES = "inference-header-content-length"


def pixels(*greys, **changes):
    """An input of evenly grey images, as numbers in JSON."""
    values = np.repeat(np.uint8(greys), 64).tolist()
    shape = [len(greys), 8, 8, 1]
    return {"name": "images", "datatype": "UINT8", "shape": shape, "data": values, **changes}


def files(*contents, **changes):
    data = [base64.b64encode(each).decode() for each in contents]
    return {"name": "images", "datatype": "BYTES", "shape": [len(data)], "data": data, **changes}


def behind(text, binary, stated=None):
    """A request with binary tensors behind its JSON."""
    content = text if isinstance(text, bytes) else json.dumps(text).encode()
    length = str(len(content) if stated is None else stated)
    return {"content": content + binary, "headers": {JSON_BYTES: length}}


def elements(*contents):
    return b"".join(len(each).to_bytes(4, "little") + each for each in contents)


def binary(tensor, content, **request):
    """The same input with its data behind the JSON."""
    tensor = {key: value for key, value in tensor.items() if key != "data"}
    tensor["parameters"] = {"binary_data_size": len(content)}
    return behind({"inputs": [tensor], **request}, content)


def output(**parameters):
    return [{"name": "probabilities", "parameters": parameters}]


def expected(*greys):
    return np.array([[1 - light(grey), light(grey)] for grey in greys])


def test_the_server_and_the_network_are_described(client):
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    server = {"name": "nin", "version": __version__}
    extensions = ["binary_tensor_data", "classification"]
    assert client.get("/v2").json() == {**server, "extensions": extensions}
    for path in (MODEL, f"{MODEL}/versions/1"):
        assert client.get(path).json() == {
            "name": "shades",
            "versions": ["1"],
            "platform": "onnx_onnxv1",
            "inputs": [{"name": "images", "datatype": "UINT8", "shape": [-1, -1, -1, 1]}],
            "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}],
        }
        assert client.get(f"{path}/ready").json() == {"name": "shades", "ready": True}


def test_a_server_that_stops_is_alive_and_not_ready(open_app):
    app = open_app()
    app.service.is_ready = False
    assert app.client.get("/v2/health/live").status_code == 200
    for path in ("/v2/health/ready", f"{MODEL}/ready"):
        response = app.client.get(path)
        assert (response.status_code, response.json()) == (503, {"error": "stopping"})


NESTED = np.repeat(np.uint8([20, 200]), 64).reshape(2, 8, 8, 1).tolist()


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {"inputs": [pixels(20, 200)], "parameters": {"priority": 1}}},
        {"json": {"inputs": [pixels(20, 200, data=NESTED)], "outputs": [], "id": None}},
        {"json": {"inputs": [files(picture(20), picture(200, (60, 40)))]}},
        {"json": {"inputs": [files(picture(20), picture(200), shape=[2, 1])]}},
        binary(pixels(20, 200), bytes([20] * 64 + [200] * 64)),
        binary(pixels(20, 200, shape=[2, 4, 16, 1]), bytes([20] * 64 + [200] * 64)),
        binary(pixels(20, 200, shape=[2, 2, 2, 3]), bytes([20] * 12 + [200] * 12)),
        binary(pixels(20, 200, shape=[2, 1, 1, 4]), bytes([20] * 3 + [255] + [200] * 3 + [255])),
        binary(files(picture(20), picture(200)), elements(picture(20), picture(200))),
    ],
)
def test_pixels_and_files_are_predicted_alike(client, request_):
    for path in (INFER, f"{MODEL}/versions/1/infer"):
        response = client.post(path, **request_)
        assert response.status_code == 200, response.text
        content = response.json()
        [tensor] = content.pop("outputs")
        assert content == {"model_name": "shades", "model_version": "1"}
        found = np.array(tensor.pop("data")).reshape(tensor["shape"])
        assert tensor == {"name": "probabilities", "datatype": "FP32", "shape": [2, 2]}
        assert np.allclose(found, expected(20, 200), atol=1e-6)


def test_pixels_of_another_size_are_fitted_as_files_are(open_app, tmp_path):
    client = open_app(FilePredictor(shades(tmp_path / "x.onnx", fit="crop", name="x"))).client
    image = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    sent = binary({"name": "images", "datatype": "UINT8", "shape": [1, 30, 50, 3]}, image.tobytes())
    [tensor] = client.post("/v2/models/x/infer", **sent).json()["outputs"]
    answer = client.post("/predict", content=encoded(Image.fromarray(image), "PNG")).json()
    [prediction] = answer["predictions"]
    assert max(tensor["data"]) == prediction["probability"]


@pytest.mark.parametrize(
    ("outputs", "parameters"),
    [(output(binary_data=True), {}), ([], {"binary_data_output": True})],
)
def test_probabilities_behind_the_json(client, outputs, parameters):
    request = {"id": "é\n", "inputs": [pixels(20, 200)], "outputs": outputs}
    response = client.post(INFER, json={**request, "parameters": parameters})
    size = int(response.headers[JSON_BYTES])
    content = json.loads(response.content[:size])
    assert content["id"] == "é\n"
    assert content["outputs"][0]["parameters"] == {"binary_data_size": 16}
    found = np.frombuffer(response.content[size:], "<f4").reshape(2, 2)
    assert np.allclose(found, expected(20, 200), atol=1e-6)


def test_classes_that_are_named(open_app, tmp_path):
    classes = ["caf\udce9", "light", "c"]
    path = shades(tmp_path / "odd.onnx", classes=classes, name="odd")
    client = open_app(FilePredictor(path)).client
    request = {"inputs": [pixels(160)], "outputs": output(classification=2)}
    [tensor] = client.post("/v2/models/odd/infer", json=request).json()["outputs"]
    assert (tensor["datatype"], tensor["shape"]) == ("BYTES", [1, 2])
    assert [each.split(":")[1:] for each in tensor["data"]] == [["1", "light"], ["0", classes[0]]]
    assert float(tensor["data"][0].split(":")[0]) > 0.5
    request["outputs"] = output(classification=99, binary_data=True)
    response = client.post("/v2/models/odd/infer", json=request)
    content = response.content[int(response.headers[JSON_BYTES]) :]
    assert content.endswith(b":2:c")
    assert b":0:caf\xe9" in content


def test_a_server_may_name_its_network(open_app):
    client = open_app(name="photos").client
    assert client.get("/v2/models/photos").json()["name"] == "photos"
    response = client.get("/v2/models/shades")
    said = "there is no such network: this server has 'photos'"
    assert (response.status_code, response.json()) == (404, {"error": said})


@pytest.fixture(scope="module")
def small(open_for_all):
    return open_for_all(body=200_000, pixels=1_000_000, queue=4)


@pytest.fixture
def limited(small):
    yield small
    assert small.service.images.used == small.service.bytes.used == 0


BOMB = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
DEEP = b'{"inputs":[{"name":"images","datatype":"UINT8","shape":[1],"data":' + b"[" * 90_000


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"content": b"no json"}),
        (400, {"content": b"\xff\xfe"}),
        (400, {"content": BOMB}),
        (400, {"content": DEEP}),
        (400, {"content": b'{"inputs": "\\ud800"}'}),
        (400, {"json": []}),
        (400, {"json": {}}),
        (400, {"json": {"inputs": []}}),
        (400, {"json": {"inputs": [pixels(1), pixels(1)]}}),
        (400, {"json": {"inputs": [pixels(1)], "outputs": [{"name": "maps"}]}}),
        (400, {"json": {"inputs": [pixels(1)], "outputs": output(classification=-1)}}),
        (400, {"json": {"inputs": [pixels(1)], "outputs": output(classification=0.5)}}),
        (400, {"content": b'{"inputs": [{"name": "images", "shape": [1e999]}]}'}),
        (400, {"json": {"inputs": [pixels(1)], "id": 7}}),
        (400, {"json": {"inputs": [pixels(1, name="input")]}}),
        (400, {"json": {"inputs": [pixels(1, datatype="FP32")]}}),
        (400, {"json": {"inputs": [pixels(1, shape=[1, -8, -8, 1])]}}),
        (400, {"json": {"inputs": [pixels(1, shape=[0, 8, 8, 1])]}}),
        (400, {"json": {"inputs": [pixels(1, shape=[1, 8.0, 8, 1])]}}),
        (400, {"json": {"inputs": [pixels(1, shape=[1, 8, 8])]}}),
        (400, {"json": {"inputs": [pixels(1, shape=[1, 8, 4, 2])]}}),
        (400, {"json": {"inputs": [pixels(1, shape=[1, 8, 8, 3])]}}),
        (400, {"json": {"inputs": [pixels(1, shape=[1] * 9999)]}}),
        (400, {"json": {"inputs": [pixels(1, shape=["1"] * 4)]}}),
        (400, {"json": {"inputs": [pixels(1, data=None)]}}),
        (400, {"json": {"inputs": [pixels(1, data=[])]}}),
        (400, {"json": {"inputs": [pixels(1, data=[256] * 64)]}}),
        (400, {"json": {"inputs": [pixels(1, data=[-1] * 64)]}}),
        (400, {"json": {"inputs": [pixels(1, data=[1.0] * 64)]}}),
        (400, {"json": {"inputs": [pixels(1, data=["1"] * 64)]}}),
        (400, {"json": {"inputs": [pixels(1, data=[10**4000] + [1] * 63)]}}),
        (400, {"json": {"inputs": [pixels(1, data=[[1] * 63, [1]])]}}),
        (400, {"json": {"inputs": [pixels(1, data=[[[[1] * 64]]])]}}),
        (400, {"content": json.dumps({"inputs": [pixels(1, data=[float("nan")] * 64)]})}),
        (400, {"json": {"inputs": [pixels(1, parameters={"binary_data_size": 64})]}}),
        (400, {"json": {"inputs": [files(b"", data=["not base64"])]}}),
        (400, {"json": {"inputs": [files(b"", data=[7])]}}),
        (400, {"json": {"inputs": [files(b"", shape=[2])]}}),
        (400, {"json": {"inputs": [files(b"", shape=[1, 1, 1])]}}),
        (400, binary(pixels(1), b"1" * 63)),
        (400, binary(pixels(1), b"1" * 65)),
        (400, binary(files(b""), b"")),
        (400, binary(files(b""), b"\xff\xff\xff\xff" + picture())),
        (400, binary(files(b""), elements(picture(), b""))),
        (400, binary(files(b"", b""), elements(picture()))),
        (400, behind({"inputs": [pixels(1)]}, b"more")),
        (400, behind({"inputs": [pixels(1)]}, b"", 10**9)),
        (400, behind({"inputs": [pixels(1)]}, b"", -1)),
        (400, behind({"inputs": [pixels(1)]}, b"", "9" * 5000)),
        (400, behind({"inputs": [pixels(1)]}, b"", 0)),
        (413, {"content": b" " * 200_001}),
        (413, {"json": {"inputs": [pixels(1, 1, 1, 1, 1)]}}),
        (413, {"json": {"inputs": [pixels(1, shape=[10**30, 8, 8, 1])]}}),
        (413, {"json": {"inputs": [pixels(1, shape=[1, 10**6, 2, 1])]}}),
        (413, {"json": {"inputs": [pixels(1, shape=[1, 1001, 1000, 1])]}}),
        (413, {"json": {"inputs": [files(png_header(10_000, 10_000))]}}),
        (415, {"json": {"inputs": [files(b"")]}}),
        (415, {"json": {"inputs": [pixels(1)]}, "headers": {"content-encoding": "gzip"}}),
        (422, {"content": b""}),
        (422, {"json": {"inputs": [files(picture()[:50])]}}),
    ],
)
def test_what_is_refused(limited, status, request_):
    response = limited.client.post(INFER, **request_)
    assert response.status_code == status, response.text
    said = response.json()
    assert [*said] == ["error"]
    [line] = said["error"].splitlines()
    assert "Traceback" not in line
    assert len(line) < 200


def test_more_json_than_memory_should_hold_is_not_read(client):
    content = json.dumps({"inputs": [pixels(1, data=[[]] * 1_000_001)]}).encode()
    response = client.post(INFER, content=content)
    assert response.status_code == 413
    assert response.json()["error"].endswith("send them as binary data")


def test_a_full_queue_refuses(open_app):
    app = open_app(queue=2)
    with app.service.images.reserving() as take:
        take(1)
        several = app.client.post(INFER, json={"inputs": [pixels(1, 2)]})
        take(1)
        refused = app.client.post(INFER, json={"inputs": [pixels(1)]})
    for response in (several, refused):
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        assert response.json()["error"].endswith("try again")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/models/other/ready", 404),
        ("GET", "/v2/models/shades/versions/2", 404),
        ("POST", "/v2/models/other/infer", 404),
        ("GET", "/v2/anything", 404),
        ("GET", INFER, 405),
    ],
)
def test_what_is_not_there(client, method, path, status):
    [response] = client.together([(method, path, {})])
    assert response.status_code == status
    assert [*response.json()] == ["error"]


def test_other_pages_and_foreign_names_are_refused(open_app):
    client = open_app(hosts=("test",)).client
    ask = {"json": {"inputs": [pixels(1)]}}
    foreign = client.post(INFER, **ask, headers={"origin": "https://example.org"})
    named = client.post(INFER, **ask, headers={"host": "example.org"})
    assert (foreign.status_code, named.status_code) == (403, 421)
    assert [*foreign.json(), *named.json()] == ["error", "error"]


def test_requests_are_counted_by_route(client):
    client.post(INFER, json={"inputs": [pixels(1, 200)]})
    client.post("/v2/models/other/infer", json={})
    text = client.get("/metrics").text
    for status in (200, 404):
        route = 'route="/v2/models/{name}/infer"'
        assert f'nin_requests_total{{{route},status="{status}"}} 1.0' in text
    assert "nin_images_total 2.0" in text


def test_numbers_in_json_are_held_no_longer_than_the_pictures_made_of_them():
    content = json.dumps({"inputs": [pixels(40, 200)]}).encode()
    message, pictures = read_request(content, None, Limits())
    assert message.inputs[0].data is None
    assert [each.shape for each in pictures] == [(8, 8, 1)] * 2


def test_names_that_are_no_text(open_app, tmp_path):
    path = shades(tmp_path / "odd.onnx", classes=["\ud800", "light"], name="caf\udce9")
    client = open_app(FilePredictor(path, threads=1)).client
    assert client.get("/docs").status_code == client.get("/openapi.json").status_code == 200
    name = client.get("/v2/models/caf%5Cudce9").json()["name"]
    assert name == "caf\\udce9"
    outputs = output(classification=2, binary_data=True)
    request = {"inputs": [pixels(40)], "outputs": outputs}
    assert client.post("/v2/models/caf%5Cudce9/infer", json=request).status_code == 200
