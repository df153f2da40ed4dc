"""Servers on loopback: nginx with TLS for https://, and moto's for the protocol of S3.

Each is a process of its own while the block runs, and yields the URL of the folder that it serves
and the environment in which it is reached.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

#: URL of the folder, and variables of the environment.
Served = tuple[str, dict[str, str]]

_NGINX = """
daemon off; worker_processes 1; pid {work}/nginx.pid; error_log stderr error;
{user}
events {{}}
http {{
  access_log off; sendfile on; client_body_temp_path {work}/body; proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi; uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl; root {folder};
    ssl_certificate {work}/server.crt; ssl_certificate_key {work}/server.key;
  }}
}}
"""
_CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    " -addext subjectAltName=DNS:localhost -keyout server.key -out server.crt"
)


@contextmanager
def https(folder: Path, work: Path) -> Iterator[Served]:
    """nginx serves a folder; its certificate is made here.

    Raises:
        FileNotFoundError: nginx or openssl is not installed.
    """
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise FileNotFoundError("nginx is not installed")
    work.mkdir(parents=True, exist_ok=True)
    subprocess.run(_CERTIFICATE.split(), cwd=work, check=True, capture_output=True)
    port, user = _free_port(), "user root;" if os.geteuid() == 0 else ""
    configuration = work / "nginx.conf"
    configuration.write_text(_NGINX.format(work=work, folder=folder, port=port, user=user))
    with _running([program, "-p", str(work), "-c", str(configuration)], port):
        yield f"https://localhost:{port}", {"SSL_CERT_FILE": str(work / "server.crt")}


@contextmanager
def s3(folder: Path, work: Path) -> Iterator[Served]:
    """moto keeps a copy of a folder in its memory.

    Raises:
        ImportError: moto or s3fs is not installed.
    """
    import moto.server  # noqa: F401
    import s3fs

    work.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, port):
        files = s3fs.S3FileSystem(key="a", secret="b", endpoint_url=address)
        files.mkdir("bucket")
        for path in sorted(folder.iterdir()):
            files.put_file(str(path), f"bucket/{path.name}")
        yield (
            "s3://bucket",
            {
                "AWS_ACCESS_KEY_ID": "a",
                "AWS_SECRET_ACCESS_KEY": "b",
                "FSSPEC_S3_ENDPOINT_URL": address,
            },
        )


#: Scheme → its server.
SERVERS: dict[str, Callable[[Path, Path], AbstractContextManager[Served]]] = {
    "https": https,
    "s3": s3,
}


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[None]:
    """A server as a process, from when it answers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} does not start")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port: int = asking.getsockname()[1]
        return port
