"""`nin serve` as a process: started, called, pestered and stopped."""

import errno
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import processes
import pytest
from server_cases import picture, started

from nin.errors import NinError
from nin.serving.connections import MAX_CONNECTIONS, listen
from nin.serving.launch import _kept, _metrics_folder, serve
from nin.serving.metrics import _reserve
from nin.serving.settings import Settings


@pytest.fixture(scope="module")
def shared(network, tmp_path_factory):
    """A server that several tests call."""
    options = ("--max-bytes", 1000, "--timeout", 1, "--quiet")
    with started(network, tmp_path_factory.mktemp("shared") / "log", *options) as server:
        yield server
        server.process.terminate()
        assert server.process.wait(20) == 0
        assert server.log.read_text() == ""


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def everything(connection):
    """What the server sends until it closes the connection."""
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def body_of(connection, stated, sent):
    head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {stated}\r\n\r\n"
    connection.sendall(head.encode() + sent)


def test_it_says_where_it_is_and_what_it_serves_and_predicts(running):
    with running() as server:
        assert server.said.endswith(" serves shades (2 classes, 8×8×1, with class maps)\n")
        assert server.address.startswith("http://127.0.0.1:")
        with server.client() as client:
            assert client.get("/readyz").status_code == 200
            assert client.post("/predict", content=picture()).json()["predictions"][0]["label"]
            client.get("/odd%0d%0apath%1b")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(20) == 0
        assert server.process.stdout.read() == ""
        log = server.log.read_text().splitlines()
        assert [line.split(" ", 3)[3].rsplit(" ", 2)[0] for line in log] == [
            "GET /readyz 200",
            "POST /predict 200",
            "GET /odd%0d%0apath%1b 404",
        ]


def test_head_is_handled_as_get_without_its_body(shared):
    with shared.client() as client:
        for path, status in {"/": 200, "/healthz": 200, "/predict": 405, "/nothing": 404}.items():
            head = client.head(path)
            assert (head.status_code, head.content) == (status, b"")
            assert head.headers["content-length"] == client.get(path).headers["content-length"]


@pytest.mark.parametrize("workers", [1, 2])
def test_stopped_it_finishes_what_it_has_taken(running, workers):
    with (
        running("--workers", workers) as server,
        connect(server) as slow,
        server.client() as client,
    ):
        content = picture()
        body_of(slow, len(content), content[:20])
        assert client.get("/readyz").status_code == 200
        server.process.terminate()
        server.until(lambda: client.get("/readyz").status_code == 503)
        assert client.post("/predict", content=content).status_code == 200
        time.sleep(1.5)
        slow.sendall(content[20:])
        assert everything(slow).startswith(b"HTTP/1.1 200 ")
        assert server.process.wait(20) == 0
        with pytest.raises(httpx.TransportError):
            client.get("/healthz")


def one_response(connection):
    """What the server sends until its JSON is complete, or it closes the connection."""
    response = piece = connection.recv(65536)
    while piece and not response.endswith(b"}"):
        response += (piece := connection.recv(65536))
    return response


def healthy(connection):
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    return one_response(connection).startswith(b"HTTP/1.1 200 ")


def call_until(server, stopped, statuses, keep):
    """One client that calls as fast as it can, and notes what became of each request."""
    request = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
    request = request % len(picture()) + picture()
    while not stopped.is_set():
        try:
            connection = connect(server)
        except OSError:
            time.sleep(0.02)
            continue
        with connection:
            is_open = True
            while is_open and not stopped.is_set():
                try:
                    connection.sendall(request)
                    response = one_response(connection)
                except OSError as error:
                    response = repr(error).encode()
                statuses.append(response.partition(b"\r\n")[0])
                is_open = keep and b"connection: close" not in response.lower()


@pytest.mark.parametrize("workers", [1, 2])
def test_stopped_under_load_no_client_loses_a_request(running, workers):
    stopped, statuses = threading.Event(), []
    with running("--workers", workers, "--quiet") as server, ThreadPoolExecutor(6) as pool:
        try:
            server.until(lambda: httpx.get(f"{server.address}/readyz", trust_env=False).is_success)
            clients = [pool.submit(call_until, server, stopped, statuses, n % 2) for n in range(6)]
            server.until(lambda: len(statuses) > 50)
            server.process.terminate()
            assert server.process.wait(30) == 0
        finally:
            stopped.set()  # The pool waits for its clients.
        for client in clients:
            client.result(30)
    assert set(statuses) == {b"HTTP/1.1 200 OK"}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kept", [False, True])
def test_a_closed_terminal_stops_it_but_for_nohup(network, tmp_path, workers, kept):
    program = (
        f"import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_{'IGN' if kept else 'DFL'});"
        "from nin.cli.entry_point import run; sys.exit(run(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "serve", network, "--port", "0"]
    options = ("--workers", workers)
    with started(network, tmp_path / "log", *options, command=command) as server:
        server.until(lambda: httpx.get(f"{server.address}/readyz", trust_env=False).is_success)
        server.process.send_signal(signal.SIGHUP)
        if kept:
            time.sleep(2)
            assert httpx.get(f"{server.address}/readyz", trust_env=False).is_success
        else:
            assert server.process.wait(20) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("log", [">/dev/full", ">&-"])
def test_without_a_log_it_serves_and_stops(network, log):
    line = f"exec {sys.executable} -m nin serve {network} --port 0 2{log}"
    with processes.started(["bash", "-c", line], stdout=subprocess.PIPE) as process:
        address = process.stdout.readline().split()[0]
        url = f"{address}/predict"
        response = httpx.post(url, content=picture(), timeout=60, trust_env=False)
        assert response.status_code == 200
        process.terminate()
        assert process.wait(20) == 0


def test_out_of_file_descriptors_costs_connections_and_one_line(network, tmp_path):
    pytest.importorskip("resource")
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64));"
        "from nin.cli.entry_point import run; sys.exit(run(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "serve", network, "--port", "0"]
    with started(network, tmp_path / "log", command=command) as server:
        many = [connect(server) for _ in range(200)]
        server.until(lambda: "connections wait" in server.log.read_text())
        for connection in many:
            connection.close()
        with server.client() as client:
            assert client.get("/healthz").status_code == 200
        log = server.log.read_text()
        assert log.count("connections wait: Too many open files") == 1
        assert "Traceback" not in log


def test_connections_that_idle_make_room_for_others(running):
    with running("--quiet") as server, ExitStack() as stack:
        idle = [stack.enter_context(connect(server)) for _ in range(MAX_CONNECTIONS)]
        for connection in idle:
            assert healthy(connection)
        with server.client() as client:
            assert client.get("/healthz").status_code == 200
        assert everything(idle[0]) == b""
        idle[1].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert everything(idle[1]).startswith(b"HTTP/1.1 200 ")


def test_the_limit_holds_when_many_connect_at_once(running):
    with running("--quiet") as server, ExitStack() as stack:
        idle = [stack.enter_context(connect(server)) for _ in range(MAX_CONNECTIONS)]
        for connection in idle:
            assert healthy(connection)
        process = server.process
        process.send_signal(signal.SIGSTOP)  # They are accepted together.
        new = [stack.enter_context(connect(server)) for _ in range(100)]
        process.send_signal(signal.SIGCONT)

        def limited():
            ended, _, _ = select.select([*idle, *new], [], [], 0)
            return len(idle) + len(new) - len(ended) <= MAX_CONNECTIONS

        server.until(limited)


def test_idle_connections_are_kept_as_long_as_was_set(running):
    with running("--quiet", "--keep-alive", 4) as server, connect(server) as connection:
        for _ in range(2):
            assert healthy(connection)
            time.sleep(1)
        assert everything(connection) == b""


@pytest.mark.parametrize("workers", [1, 2])
def test_at_the_second_signal_it_does_not_wait(running, workers):
    with running("--workers", workers) as server, connect(server) as slow:
        body_of(slow, 1000, b"x")
        with server.client() as client:
            assert client.get("/readyz").status_code == 200
        server.process.terminate()
        time.sleep(2)
        assert server.process.poll() is None
        started = time.monotonic()
        server.process.terminate()
        assert server.process.wait(20) == 0
        assert time.monotonic() - started < 15
        assert "Traceback" not in server.log.read_text()


def test_a_slow_client_gets_a_408_and_others_are_served_meanwhile(shared):
    with connect(shared) as slow, shared.client() as client:
        body_of(slow, 1000, b"x")
        started = time.monotonic()
        received = []
        listening = threading.Thread(target=lambda: received.append(everything(slow)))
        listening.start()
        while listening.is_alive() and time.monotonic() < started + 20:
            assert client.post("/predict", content=picture()).status_code == 200
            try:
                slow.sendall(b"x")
            except OSError:
                break
            listening.join(0.2)
        listening.join(10)
        assert received[0].startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - started < 20


def test_a_large_body_is_refused_and_the_response_arrives(shared):
    with connect(shared) as connection:
        body_of(connection, 10**9, b"x" * 300_000)
        assert everything(connection).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 50_000 + b"\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"\0" * 100,
    ],
)
def test_what_is_no_http(shared, sent):
    with connect(shared) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        response = everything(connection)
    assert response == b"" or response.startswith(b"HTTP/1.1 4")
    assert "Traceback" not in shared.log.read_text()
    assert httpx.get(f"{shared.address}/healthz", trust_env=False).status_code == 200


@pytest.mark.slow
def test_connections_that_never_say_anything_are_dropped(running):
    with running() as server:
        silent = [connect(server) for _ in range(20)]
        for connection in silent[:10]:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: ")
        started = time.monotonic()
        assert [everything(connection) for connection in silent] == [b""] * 20
        assert 5 < time.monotonic() - started < 40
        for connection in silent:
            connection.close()


def test_several_workers_count_together_and_stop_together(running):
    with running("--workers", 2) as server:

        def ask(_):
            url = f"{server.address}/predict"
            return httpx.post(url, content=picture(), timeout=30, trust_env=False).status_code

        with ThreadPoolExecutor(4) as pool:
            assert [*pool.map(ask, range(40))] == [200] * 40
        with server.client() as client:
            assert "nin_images_total 40.0" in client.get("/metrics").text
        server.process.terminate()
        assert server.process.wait(30) == 0
    assert "Traceback" not in server.log.read_text()


def workers_of(server):
    """Process ids of the workers, the one that was started first in front."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return [pid for pid in map(int, children.read_text().split()) if is_spawned(pid)]


def is_spawned(pid):
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")


@needs_proc
def test_a_worker_that_dies_is_replaced_and_its_gauges_are_forgotten(network, tmp_path):
    served = shutil.copy(network, tmp_path / "model.onnx")
    server = started(served, tmp_path / "log", "--workers", 2)
    with server as server, server.client() as client:
        assert client.get("/readyz").status_code == 200
        served.write_bytes(b"another network")
        first, second = workers_of(server)
        environment = Path(f"/proc/{first}/environ").read_bytes().split(b"\0")
        [folder] = [each for each in environment if each.startswith(b"PROMETHEUS_MULTIPROC_DIR=")]
        gauges = Path(os.fsdecode(folder.partition(b"=")[2]))
        server.until(lambda: (gauges / f"gauge_livesum_{first}.db").exists())
        os.kill(first, signal.SIGKILL)
        server.until(lambda: len(workers_of(server)) == 2 and first not in workers_of(server))
        assert second in workers_of(server)
        server.until(lambda: not (gauges / f"gauge_livesum_{first}.db").exists())
        for _ in range(4):
            url = f"{server.address}/predict"
            assert httpx.post(url, content=picture(), trust_env=False).status_code == 200
        server.process.terminate()
        assert server.process.wait(30) == 0
        assert not gauges.exists()
    assert "Traceback" not in server.log.read_text()


def test_workers_share_a_copy_of_a_network_that_is_a_folder(tmp_path, monkeypatch):
    exported = tmp_path / "openvino"
    exported.mkdir()
    (exported / "model.xml").write_text("one")
    with _metrics_folder() as folder:
        copy = _kept(Settings(exported), folder).path
        (exported / "model.xml").write_text("another")
        assert copy.name == "openvino"
        assert (copy / "model.xml").read_text() == "one"
    monkeypatch.chdir(exported)
    with _metrics_folder() as folder:
        assert _kept(Settings(Path()), folder).path == folder / "network" / "openvino"
    (tmp_path / "3f2a9c").touch()
    (tmp_path / "model.onnx").symlink_to("3f2a9c")
    with _metrics_folder() as folder:
        assert _kept(Settings(tmp_path / "model.onnx"), folder).path.name == "model.onnx"


@needs_proc
def test_workers_do_not_outlive_a_supervisor_that_is_killed(running, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running("--workers", 2) as server:
        with server.client() as client:
            assert client.get("/readyz").status_code == 200
            assert client.post("/predict", content=picture(kind="TIFF")).status_code == 200
        # A disk that is full by now cannot kill a worker that counts.
        files = [each.stat() for each in tmp_path.glob("nin-serve-*/*.db")]
        assert files
        if sys.platform == "linux":
            assert all(512 * each.st_blocks >= each.st_size for each in files)
        pids = workers_of(server)
        server.process.kill()
        server.until(lambda: not any(map(is_running, pids)))
        with pytest.raises(ConnectionRefusedError):
            connect(server)


def test_without_a_temporary_folder_several_workers_are_refused(network, monkeypatch):
    said = []
    with monkeypatch.context() as patch, listen("127.0.0.1", 0) as listener:
        patch.setattr(tempfile, "tempdir", "/nowhere")
        with pytest.raises(NinError, match="--workers 1"):
            serve(Settings(network), listener, 2, said.append)
    assert not said


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no room can be reserved")
def test_metrics_without_room_are_refused_in_one_line(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = tmp_path / "nin-serve-x"
    folder.mkdir()
    (folder / f"counter_{os.getpid()}.db").touch()
    monkeypatch.setattr("os.posix_fallocate", fail)
    with pytest.raises(NinError, match=f"no room in {tmp_path} .*TMPDIR"):
        _reserve(folder)


def test_a_worker_that_cannot_start_ends_the_server_with_one_line(network, tmp_path):
    """The file goes as soon as the supervisor has opened it."""
    path = tmp_path / "gone.onnx"
    path.write_bytes(network.read_bytes())
    program = (
        "import sys; from nin.cli.entry_point import run; import nin.serving.launch as launch;"
        " described = launch.summary;"
        " launch.summary = lambda network: network.path.unlink() or described(network);"
        " sys.exit(run(['serve', sys.argv[1], '--workers', '2', '--port', '0']))"
    )
    command = [sys.executable, "-c", program, path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"nin: no worker could start: {path} does not exist\n"


def test_a_port_in_use(program, network, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [program, "serve", network, "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"nin: 127.0.0.1:{port} is in use: ")
    assert not [*tmp_path.iterdir()]


@needs_proc
def test_stopped_as_a_group_it_finishes_what_it_has_taken(running):
    with running("--workers", 2) as server, connect(server) as slow, server.client() as client:
        content = picture()
        body_of(slow, len(content), content[:20])
        assert client.get("/readyz").status_code == 200
        for pid in [server.process.pid, *workers_of(server)]:
            os.kill(pid, signal.SIGTERM)
        time.sleep(1.5)
        slow.sendall(content[20:])
        assert everything(slow).startswith(b"HTTP/1.1 200 ")
        assert server.process.wait(20) == 0
