"""`Room`: something of which there is only so much; whoever finds none is asked to come again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import HTTPException

#: Seconds after which a refused client may try again.
RETRY_AFTER = "1"


class Room:
    """A bounded amount, shared by the requests of one event loop.

    Args:
        limit: how much there is.
        used: called with what is in use, whenever that changes.
    """

    def __init__(self, limit: int, used: Callable[[float], None] = lambda _: None) -> None:
        self.limit, self._used, self._tell = limit, 0, used

    @property
    def is_full(self) -> bool:
        """Whether nothing is left."""
        return self._used >= self.limit

    @contextmanager
    def taking(self) -> Iterator[Callable[[int], None]]:
        """A function that takes some; all of it is given back when the block ends.

        Raises:
            HTTPException: 503, from the function: there is not enough left.
        """
        taken = 0

        def take(amount: int) -> None:
            nonlocal taken
            if self._used + amount > self.limit:
                raise busy()
            taken += amount
            self._change(amount)

        try:
            yield take
        finally:
            self._change(-taken)

    def _change(self, amount: int) -> None:
        self._used += amount
        self._tell(self._used)


def busy() -> HTTPException:
    """The answer to a request that comes at a bad time."""
    return HTTPException(
        503, "more images are waiting than are taken: try again", {"Retry-After": RETRY_AFTER}
    )
