"""Triton's own client, which is not ours, calls a server in another thread."""

import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from server_cases import light, picture

from nin.serving.connections import Connection, address_of, listen

triton = pytest.importorskip("tritonclient.http")
errors = pytest.importorskip("tritonclient.utils")


@contextmanager
def serving(app):
    """The address of an application while it is served."""
    settings = {"http": Connection, "log_config": None, "timeout_graceful_shutdown": 10}
    server = uvicorn.Server(uvicorn.Config(app, **settings))
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield address_of(listener).removeprefix("http://")
        finally:
            server.should_exit = True
            thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def client(open_app):
    with (
        serving(open_app(body=10_000)) as address,
        triton.InferenceServerClient(address) as client,
    ):
        yield client


def images(values, datatype="UINT8", **how):
    tensor = triton.InferInput("images", values.shape, datatype)
    tensor.set_data_from_numpy(values, **how)
    return [tensor]


def test_it_finds_the_server_and_the_network(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("shades")
    assert client.is_model_ready("shades", "1")
    assert not client.is_model_ready("other")
    assert client.get_server_metadata()["name"] == "nin"
    assert client.get_model_metadata("shades")["outputs"][0]["shape"] == [-1, 2]


@pytest.mark.parametrize("is_binary", [True, False])
def test_pixels(client, is_binary):
    greys = np.uint8([20, 200])
    pixels = np.repeat(greys, 64).reshape(2, 8, 8, 1)
    wanted = triton.InferRequestedOutput("probabilities", binary_data=is_binary)
    tensors = images(pixels, binary_data=is_binary)
    for outputs in ([wanted], None):
        found = client.infer("shades", tensors, outputs=outputs, request_id="7")
        assert found.get_response()["id"] == "7"
        assert np.allclose(found.as_numpy("probabilities")[:, 1], light(greys.astype(float)))


def test_files_and_names_of_classes(client):
    files = np.array([picture(20), picture(200, (60, 40), "JPEG")], object)
    wanted = triton.InferRequestedOutput("probabilities", class_count=1)
    found = client.infer("shades", images(files, "BYTES"), outputs=[wanted])
    named = found.as_numpy("probabilities")
    assert [each[0].split(b":")[1:] for each in named] == [[b"0", b"dark"], [b"1", b"light"]]


@pytest.mark.parametrize(
    ("name", "values", "how", "status", "said"),
    [
        ("other", np.zeros((1, 8, 8, 1), np.uint8), {}, "404", "there is no such network"),
        ("shades", np.zeros((1, 8, 8, 2), np.uint8), {}, "400", "1, 3 or 4 channels"),
        ("shades", np.zeros((1, 99, 110, 1), np.uint8), {}, "413", "may have 10,000 bytes"),
        (
            "shades",
            np.zeros((1, 8, 8, 1), np.uint8),
            {"request_compression_algorithm": "gzip"},
            "415",
            "a compressed request",
        ),
    ],
)
def test_it_understands_what_is_refused(client, name, values, how, status, said):
    with pytest.raises(errors.InferenceServerException, match=said) as refused:
        client.infer(name, images(values), **how)
    assert refused.value.status() == status


EXAMPLE = re.search(
    r"```python\n(import tritonclient.*?)```",
    (Path(__file__).parents[2] / "docs/shipping.md").read_text(encoding="utf-8"),
    re.DOTALL,
)[1]


def test_the_lines_in_the_docs(open_app, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("coat.jpg").write_bytes(picture(200, (60, 40), "JPEG"))
    with serving(open_app(name="photos-1")) as address:
        exec(EXAMPLE.replace("127.0.0.1:8000", address), {})
    assert re.fullmatch(
        r"\[\[b'0\.98\d+:1:light' b'0\.01\d+:0:dark'\]\]\n", capsys.readouterr().out
    )
