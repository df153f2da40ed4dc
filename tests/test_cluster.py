"""A cluster: nobody at the address, nobody to work, and workers that would mix up their numbers."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest

from nin import cluster as module
from nin.cluster import check_cluster, cluster, joblib_workers
from nin.errors import ClusterError

distributed = pytest.importorskip("distributed", reason="needs keras-nin[cluster]")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.3)


def refusal(address):
    with pytest.raises(ClusterError) as caught, cluster(address):
        pytest.fail("there is a cluster")
    return str(caught.value)


@pytest.mark.usefixtures("impatient")
def test_nobody_at_the_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        said = refusal(f"tcp://127.0.0.1:{port}")
    assert said.startswith(f"scheduler=tcp://127.0.0.1:{port}: no Dask scheduler responds there")
    assert said.endswith(f"start one: dask scheduler --host 127.0.0.1 --port {port}")


@pytest.mark.usefixtures("impatient")
def test_another_program_that_does_not_respond():
    with socket.create_server(("127.0.0.1", 0)) as other:
        said = refusal("tcp://{}:{}".format(*other.getsockname()))
    assert "no Dask scheduler responds there" in said


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl, for a certificate")
def test_a_scheduler_with_tls_is_asked_with_the_certificates_of_dask(tmp_path):
    from dask import config

    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    made = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=127.0.0.1"]
    made += ["-days", "1", "-keyout", key, "-out", certificate]
    subprocess.run(made, check=True, capture_output=True)
    role = {"cert": certificate, "key": key}
    tls = {"ca-file": certificate, "client": role, "scheduler": role, "worker": role}
    tls = {f"distributed.comm.tls.{name}": value for name, value in tls.items()}
    quiet = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "processes": False}
    with (
        config.set(tls),
        distributed.LocalCluster(
            1, protocol="tls", threads_per_worker=1, security=distributed.Security(), **quiet
        ) as started,
        cluster(started.scheduler_address) as client,
    ):
        assert client.submit(sum, [1, 2]).result() == 3


@pytest.mark.parametrize("address", ["http://localhost:1", "tcp://", "tcp://localhost"])
def test_an_address_of_no_scheduler(address):
    assert "no Dask scheduler responds there" in refusal(address)


def test_no_address_is_refused_at_once():
    with pytest.raises(ClusterError, match="scheduler=here: not an address"):
        check_cluster("here")


def test_without_dask_the_line_to_type(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ClusterError, match=r"pip install 'keras-nin\[cluster\]'"):
        check_cluster(None)


@pytest.mark.parametrize(
    ("workers", "said"), [(0, "it has no workers"), (1, "would train 2 networks at a time")]
)
def test_workers_that_cannot_train(workers, said):
    options = {"n_workers": workers, "threads_per_worker": 2, "processes": False}
    quiet = {"protocol": "tcp", "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with (
        distributed.LocalCluster(**options, **quiet) as started,
        pytest.raises(ClusterError, match=said),
        joblib_workers(started.scheduler_address),
    ):
        pytest.fail("it would have trained")
