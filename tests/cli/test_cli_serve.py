"""`nin serve`: what it refuses before it listens, and a run served as it is."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from processes import started

from nin.exporting import Predictor


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("missing", "missing does not exist"),
        ("photos", "neither a run directory nor an exported network"),
        ("photos/dark/00.png", "is not an exported network"),
        ("digits/weights.safetensors", "is not an exported network"),
        ("broken.onnx", "cannot be opened"),
        ("digits --host no.such.host.invalid", "--host no.such.host.invalid: no such host"),
        ("digits --host 192.0.2.1", "is not an address of this machine"),
        ("digits --port 70000", "'--port'"),
        ("digits --port http", "'--port'"),
        ("digits --workers 0", "'--workers'"),
        ("digits --queue 0", "'--queue'"),
        ("digits --timeout 0", "'--timeout'"),
        ("digits --max-bytes -1", "'--max-bytes'"),
        ("digits --name a/b", "--name 'a/b': give letters, digits"),
        ("digits --allow-origin example.org", "--allow-origin 'example.org' is not an origin"),
        ("digits --allow-origin https://example.org/", "is not an origin"),
        ("digits --allow-origin * --allow-origin https://Example.org", "is not an origin"),
    ],
)
@pytest.mark.usefixtures("digits", "photos")
def test_what_serve_refuses(nin, tmp_path, line, said):
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    options = [] if "--port" in line else ["--port", "0"]
    result = nin("serve", *line.split(), *options)
    assert result.is_mistake(), result
    assert said in result.err


def test_a_port_in_use_is_one_line(nin, digits):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = nin("serve", digits, "--port", port)
    assert result.is_mistake(), result
    assert f"127.0.0.1:{port} is in use: stop the other program" in result.err


@pytest.mark.usefixtures("digits")
def test_a_port_of_the_administrator_is_one_line(nin, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    result = nin("serve", "digits", "--port", 80)
    assert result.is_mistake()
    assert "127.0.0.1:80 needs the rights of an administrator" in result.err


def test_without_what_it_needs_it_says_what_to_type(nin, digits, monkeypatch):
    ours = [name for name in sys.modules if name.startswith("nin.serving")]
    if ours:  # What is imported anew takes its place in the package, too.
        monkeypatch.setattr("nin.serving", sys.modules["nin.serving"])
    for name in ours:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    result = nin("serve", digits, "--port", 0)
    assert result.is_mistake()
    assert "nin serve needs fastapi" in result.err
    assert "pip install 'keras-nin[serve]'" in result.err


@pytest.mark.slow
def test_a_run_is_served_without_keras_in_the_server(program, digits, photos):
    command = [program, "serve", digits, "--port", "0"]
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        address = process.stdout.readline().split()[0]
        content = (photos / "dark/00.png").read_bytes()
        request = urllib.request.Request(f"{address}/predict", content, {"Content-Type": "image/*"})
        with urllib.request.urlopen(request, timeout=30) as response:
            (prediction,) = json.load(response)["predictions"]
        maps = Path(f"/proc/{process.pid}/maps")
        loaded = maps.read_text() if maps.exists() else ""
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr.read().count("\n") == 1
    assert "tensorflow" not in loaded
    predictor = Predictor(digits)
    (expected,) = predictor.predict(predictor.read(content)[None]).probabilities
    printed = {row["label"]: row["probability"] for row in prediction["top"]}
    assert [printed[name] for name in predictor.classes] == pytest.approx(expected, abs=1e-5)
