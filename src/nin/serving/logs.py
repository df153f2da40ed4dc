"""Standard error: a line a request, whole tracebacks of our own faults, and nothing else."""

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

    These write a line for every fault in a picture, as many as a stranger likes. Their warnings in
    Python go as well: the memory of what has been warned of once would grow for ever.

    Args:
        quiet: no line a request.
    """
    from PIL.Image import DecompressionBombWarning

    with _stderr_for_python(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("error", DecompressionBombWarning)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        logging.getLogger("nin.server").setLevel(logging.WARNING if quiet else logging.INFO)
        for talkative in ("PIL", "python_multipart"):
            logging.getLogger(talkative).setLevel(logging.CRITICAL)
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)


@contextmanager
def _stderr_for_python() -> Iterator[None]:
    """`sys.stderr` goes where it went; what is written to file descriptor 2 goes nowhere."""
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
