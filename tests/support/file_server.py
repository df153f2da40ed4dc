"""A server of files on this machine that can be made to refuse, to fail and to break off."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


class FileServer(ThreadingHTTPServer):
    """Serves the files of a folder.

    Attributes:
        url: of the folder.
        requests: path → how many requests there were.
        ranges: whether pieces of files are given.
        faults: what to do in place of the next responses: a status, ``"half"`` or ``"reset"``; the
            last one stays.
        headers: those of the last request.
        delay: seconds before each byte of a response.
    """

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.url = Path(folder), f"http://127.0.0.1:{self.server_port}"
        self.requests, self.ranges, self.faults, self.headers = Counter(), True, [], {}
        self.sent, self.delay = 0, 0.0

    def fault(self):
        """What is wrong with this response; None if nothing is."""
        return self.faults.pop(0) if len(self.faults) > 1 else next(iter(self.faults), None)

    def handle_error(self, request, address):
        """Clients that go away are none."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        place, server = urlsplit(self.path), self.server
        server.requests[place.path] += 1
        server.headers, server.query = dict(self.headers), place.query
        path, fault = server.folder / unquote(place.path).lstrip("/"), server.fault()
        if fault is None and not path.is_file():
            fault = 404
        if isinstance(fault, int):
            self.send_response(fault)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "reset":
            self.close_connection = True
            self.connection.close()
            return
        content = path.read_bytes()
        start, end, size = 0, len(content), len(content)
        wanted = self.headers.get("Range")
        if wanted and server.ranges:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, end = int(first), min(size, int(last) + 1)
            self.send_response(206 if start < size else 416)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(max(0, end - start)))
        self.send_header("ETag", f'"{path.stat().st_mtime_ns}"')
        if fault == "half":
            self.close_connection = True
            end = start + (end - start) // 2
        # Before the headers go out: who needs no more than those may ask at once.
        server.sent += max(0, end - start)
        self.end_headers()
        if not server.delay:
            self.wfile.write(content[start:end])
            return
        for at in range(start, end):
            time.sleep(server.delay)
            self.wfile.write(content[at : at + 1])

    def log_message(self, *_):
        """It logs nothing."""


@contextmanager
def serving(folder):
    """A `FileServer` at work."""
    with FileServer(folder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
