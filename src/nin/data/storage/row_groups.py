"""`RowGroups`: the most recently used row groups, up to a limit, for many threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any


class RowGroups:
    """Row groups that were read from files: the most recently used, up to a limit in bytes.

    A thread that needs a group that another is reading waits for it, so that no group is read
    twice at the same time.

    Args:
        limit: the limit in bytes. The most recently used group is kept whatever its size.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, read: Callable[[], Any]) -> Any:
        """A row group, an object with `nbytes`; errors of `read` are raised.

        Args:
            key: identifies the group.
            read: reads the group if it is not kept.
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
