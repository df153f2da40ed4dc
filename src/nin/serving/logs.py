"""Logging to standard error: a line per request, and tracebacks of the server's own failures."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def logging_to_stderr(quiet: bool) -> Iterator[None]:
    """Log to standard error while the block runs, and keep the decoders' C libraries off it.

    These libraries write a line for every fault in an image, and a client can send any number.
    Warnings are ignored as well: Python remembers each one that it has shown, so memory would grow
    for ever.

    Args:
        quiet: whether to log no requests.
    """
    from PIL.Image import DecompressionBombWarning

    with _stderr_for_python(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("error", DecompressionBombWarning)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        logging.getLogger("nin.server").setLevel(logging.WARNING if quiet else logging.INFO)
        # uvicorn warns about invalid requests in several lines; `Connection` logs them in one.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        for talkative in ("PIL", "python_multipart"):
            logging.getLogger(talkative).setLevel(logging.CRITICAL)
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)


@contextmanager
def _stderr_for_python() -> Iterator[None]:
    """Leave `sys.stderr` as it is, but discard what is written to file descriptor 2."""
    before = sys.stderr
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    with os.fdopen(kept, "w", buffering=1, errors="backslashreplace") as stream:
        sys.stderr = stream
        try:
            yield
        finally:
            os.dup2(kept, 2)
            sys.stderr = before
