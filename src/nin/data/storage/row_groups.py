"""`RowGroups`: what was read last, so much of it as a limit allows, for many threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any


class RowGroups:
    """Groups of rows that were read from files, the latest that together are below a limit.

    A thread that needs what another one is reading waits for that, so that nothing is read twice
    at a time.

    Args:
        limit: bytes. The one that was read last is kept whatever it takes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, read: Callable[[], Any]) -> Any:
        """A row group, which has `nbytes`; whatever `read` raises is raised.

        Args:
            key: by which it is known.
            read: reads it, where it is not kept.
        """
        with self._lock:
            kept = self._kept.get(key)
            future = kept or Future()
            self._kept[key] = future
            self._kept.move_to_end(key)
        if kept is None:
            try:
                future.set_result(read())
            except BaseException as error:
                with self._lock:
                    self._kept.pop(key, None)
                future.set_exception(error)
                raise
            self._forget()
        return future.result()

    def _forget(self) -> None:
        with self._lock:
            done = [key for key, each in self._kept.items() if each.done() and not each.exception()]
            total = sum(self._kept[key].result().nbytes for key in done)
            for key in done[:-1]:
                if total <= self.limit:
                    break
                total -= self._kept.pop(key).result().nbytes
