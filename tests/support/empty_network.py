"""Trains, exports, predicts, serves and compares in a network that has nobody in it.

Run by tests/test_privacy.py within `unshare --net`; prints, as JSON, what the kernel counted: every
connection that was begun, every datagram that was sent, and all that had nowhere to go.
"""

from __future__ import annotations

import fcntl
import http.client
import importlib.util
import json
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from processes import started

RUNTIMES = {"openvino": "openvino", "litert": "ai_edge_litert", "savedmodel": "tensorflow"}
SHORT = ["--epochs", "1", "--limit", "200"]
COUNTED = {
    "/proc/net/snmp": ("Ip OutNoRoutes", "Tcp ActiveOpens", "Udp OutDatagrams"),
    "/proc/net/snmp6": ("Ip6OutNoRoutes", "Udp6OutDatagrams"),
}


def main():
    start_loopback()
    forms = [form for form, module in RUNTIMES.items() if importlib.util.find_spec(module)]
    found = {"forms": forms}
    # The SavedModel is called when it is exported.
    made = {"openvino": "digits/openvino", "litert": "digits/model.tflite"}
    files = ["digits/model.onnx", *(made[form] for form in forms if form in made)]
    compare = ["compare", "lenet", "--data", "digits", *SHORT, "--rates", "0.003"]
    in_one_process(
        [["train", "photos", "--out", "frozen"], ["train", "digits", *SHORT, "--out", "digits"]]
        + [["export", "digits"], ["export", "digits", "--quantize", "int8"]]
        + [["export", "digits", "--to", form] for form in forms]
        + [["predict", file, "picture.png"] for file in files]
        + [["explain", "digits/model.onnx", "picture.png", "--out", "seen.png"]]
        + [[*compare, "--seeds", "2", "--jobs", "2", "--no-measure", "--out", "compared"]]
    )
    serve("digits/model.onnx")
    found["counted"] = counted()
    look_something_up()
    found["noticed"] = counted()
    print(json.dumps(found))


def in_one_process(lines):
    """Give these commands one after the other in a process that imports TensorFlow once."""
    command = [sys.executable, __file__, json.dumps(lines)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        sys.exit(f"{lines}: {done.returncode}\n{done.stdout}\n{done.stderr}")


def run_commands(lines):
    """What such a process does, with a network that is soon compiled."""
    from tiny_network import shrink

    from nin.cli.entry_point import run

    shrink()
    for line in lines:
        if code := run(line):
            sys.exit(f"{line}: {code}")


def serve(file):
    """One request to a server, which is the one connection that anybody makes."""
    command = [sys.executable, "-m", "nin", "serve", file, "--port", "0"]
    with started(command, stdout=subprocess.PIPE) as server:
        address = server.stdout.readline().split()[0].removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("POST", "/predict", Path("picture.png").read_bytes())
        assert connection.getresponse().status == 200
        connection.close()
        server.send_signal(signal.SIGTERM)
        code = server.wait(60)
    assert code == 0, code


def start_loopback():
    """A new network has its own loopback, and that is down."""
    up, name = 1, b"lo"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", name, up))  # SIOCSIFFLAGS


def counted():
    """What this network's kernel has counted."""
    values = {}
    for path, names in COUNTED.items():
        lines = Path(path).read_text().splitlines()
        if path.endswith("6"):
            rows = dict(line.split() for line in lines)
        else:
            pairs = zip(lines[::2], lines[1::2], strict=True)
            rows = {
                f"{keys.split(':')[0]} {key}": value
                for keys, numbers in pairs
                for key, value in zip(keys.split()[1:], numbers.split()[1:], strict=True)
            }
        values |= {name: int(rows[name]) for name in names}
    return values


def look_something_up():
    """So that it is known that the kernel would have noticed."""
    with suppress(OSError):
        socket.getaddrinfo("telemetry.example.org", 443)
    with suppress(OSError):
        socket.create_connection(("192.0.2.1", 443), 1)


if __name__ == "__main__":
    if sys.argv[1:]:
        run_commands(json.loads(sys.argv[1]))
    else:
        main()
