"""When workers are replaced, and when the service ends."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.supervisors.multiprocess import SIGNALS

from nin.serving import supervisor as module
from nin.serving.metrics import SHARED_FOLDER
from nin.serving.server import Server
from nin.serving.supervisor import MOST_FAILURES, Supervisor, Worker


class Stub:
    """A worker that is in no process."""

    def __init__(self, pid):
        self.pid, self.has_served, self.alive, self.exitcode = pid, False, True, None

    def check(self, timeout):
        self.has_served = self.has_served or self.alive
        return self.alive

    def die(self, code, served):
        self.alive, self.exitcode, self.has_served = False, code, served

    def kill(self):
        pass

    join = kill


@pytest.fixture
def service(monkeypatch, tmp_path):
    """A supervisor of two stubs, with a clock that the test moves, and no signal handlers left."""
    kept = {kind: signal.getsignal(kind) for kind in SIGNALS}
    started = []

    class Stubbed(Supervisor):
        def _start(self):
            started.append(Stub(len(started) + 1))
            (tmp_path / f"counter_{started[-1].pid}.db").touch()
            return started[-1]

    now = [100.0]
    monkeypatch.setenv(SHARED_FOLDER, str(tmp_path))
    monkeypatch.setattr(module, "Worker", Stub)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    ready_calls = []
    service = Stubbed(Config("app", workers=2), [], lambda: ready_calls.append(1))
    service.started, service.now, service.ready_calls = started, now, ready_calls
    service.init_processes()
    yield service
    for kind, handler in kept.items():
        signal.signal(kind, handler)


def test_a_worker_that_has_served_is_replaced_however_it_dies(service, tmp_path):
    service.keep_subprocess_alive()
    for code in (-9, 0, 1, STARTUP_FAILURE):
        for _ in range(5):
            service.processes[0].die(code, served=True)
            service.keep_subprocess_alive()
            assert service.processes[0].alive
    assert not service.should_exit.is_set()
    assert len(service.started) == 22
    assert len([*tmp_path.iterdir()]) == 22, "what they have counted counts"


def test_one_that_cannot_start_is_tried_again_now_and_then_while_another_serves(service, tmp_path):
    service.keep_subprocess_alive()
    for _ in range(10):
        service.processes[0].die(STARTUP_FAILURE, served=False)
        before = len(service.started)
        service.now[0] += module.RETRY
        service.keep_subprocess_alive()
        service.processes[0].die(STARTUP_FAILURE, served=False)
        service.keep_subprocess_alive()
        assert len(service.started) == before + 1, "at once"
    assert not service.should_exit.is_set()
    kept = {f"counter_{worker.pid}.db" for worker in service.processes}
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_that_it_is_ready_is_reported_once(service):
    for _ in range(3):
        service.keep_subprocess_alive()
        service.processes[0].die(-9, served=True)
    assert len(service.ready_calls) == 1


def test_where_none_can_start_the_service_ends(service):
    for worker in service.processes:
        worker.die(STARTUP_FAILURE, served=False)
    service.keep_subprocess_alive()
    assert service.should_exit.is_set()
    assert service.has_given_up
    assert not service.ready_calls


def test_where_all_are_killed_as_they_start_the_service_ends(service):
    for _ in range(MOST_FAILURES):
        assert not service.should_exit.is_set()
        for worker in service.processes:
            worker.die(-9, served=False)
        service.keep_subprocess_alive()
        service.now[0] += module.RETRY
    assert service.has_given_up


def test_a_signal_does_not_wait_for_the_other_workers(service):
    looked_at = []
    for worker in service.processes:
        worker.check = looked_at.append
    service.processes[0].check = lambda _: service.signal_queue.append(signal.SIGTERM) or True
    service.keep_subprocess_alive()
    assert not looked_at


def test_a_worker_responds_once_its_event_loop_does():
    ours, theirs = multiprocessing.Pipe()
    config = Config("app")
    worker = Worker(config, [])
    worker.child_conn, worker._server = theirs, Server(config)
    loop = worker.server.loop = asyncio.new_event_loop()
    responding = threading.Thread(target=worker.pong, daemon=True)
    responding.start()
    ours.send(b"ping")
    assert not ours.poll(0.3)
    deadline = time.monotonic() + 30
    while not ours.poll() and time.monotonic() < deadline:
        loop.call_later(0.05, loop.stop)
        loop.run_forever()
    assert ours.poll()
    assert ours.recv() is False
    loop.close()
    responding.join(10)


def test_no_signal_changes_the_number_of_workers(service):
    for kind in ("TTIN", "TTOU"):
        service.signal_queue.append(getattr(signal, f"SIG{kind}"))
    service.handle_signals()
    assert len(service.processes) == 2
    service.signal_queue.append(signal.SIGHUP)
    service.handle_signals()
    assert service.should_exit.is_set()


@pytest.mark.parametrize("kind", [signal.SIGWINCH, signal.SIGHUP])
def test_a_window_that_is_resized_or_closed_ends_nothing(service, monkeypatch, kind):
    killed, alive = [], iter([True] * 4 + [False] * 4)
    for worker in service.processes:
        worker.process = SimpleNamespace(is_alive=lambda: next(alive), sentinel=None)
        worker.kill = lambda: killed.append(1)
        worker.join = lambda: None

    def signalled(*_, **__):
        service.signal_queue.append(kind)

    monkeypatch.setattr(module.connection, "wait", signalled)
    service.join_all()
    assert not killed


def test_the_second_signal_drops_connections():
    dropped = []

    class Waiting:
        transport = SimpleNamespace(abort=lambda: dropped.append(1))

    server = Server(Config("app"))
    server.loop = SimpleNamespace(call_soon_threadsafe=lambda call: call())
    server.server_state.connections.add(Waiting())
    for _ in range(2):
        server.handle_exit(signal.SIGINT, None)
    assert dropped == [1]


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_before_the_first_is_handled_counts(service, kind):
    service.signal_queue += [kind, kind]
    service.handle_signals()
    assert service.should_exit.is_set()
    assert service.signal_queue == [kind]


def test_metrics_of_another_program_are_left_alone(tmp_path):
    """A single worker needs no folder, whatever the environment says."""
    code = "from nin.serving.metrics import Metrics; print(b'nin_images' in Metrics().text())"
    for name in ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"):
        environment = {**os.environ, name: str(tmp_path)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == "True\n"
    assert not [*tmp_path.iterdir()]
