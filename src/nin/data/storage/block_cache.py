"""`BlockCache`: files behind URLs, in blocks that are fetched once and kept on this machine."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future

from nin.data.storage.cache_folder import CacheFolder
from nin.data.storage.remote_content import FilePiece, RemoteStatus, fetch

#: Bytes of a block, and how many blocks are held in memory as well.
BLOCK, HELD = 2**22, 8

#: A block of a file: its URL, the file's version, and the block's number, or `_ALL` of them.
Key = tuple[str, int, int]
_ALL = -1


class BlockCache:
    """Reads pieces of files by blocks; may be called by several threads at once.

    Space on disk is bounded, see `nin.data.storage.cache_folder`. If nothing can be written there,
    only a few blocks in memory are kept.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: CacheFolder | None = None
        self._held: OrderedDict[Key, bytes] = OrderedDict()
        self._coming: dict[Key, Future[FilePiece]] = {}
        # Files, by URL and version, whose server sends the whole file for each block.
        self._unranged: set[tuple[str, int]] = set()

    def read(self, url: str, status: RemoteStatus, start: int, length: int) -> bytes:
        """Read a piece of a file; shorter at the end of the file.

        Raises:
            FileNotFoundError: the file is no longer there.
            SourceError: it cannot be read, or has changed.
        """
        end = min(start + length, status.size)
        pieces = []
        while start < end:
            number, skipped = divmod(start, BLOCK)
            wanted = min(end - start, BLOCK - skipped)
            pieces.append(self._piece(url, status, number, skipped, wanted))
            start += wanted
        return b"".join(pieces)

    def _piece(self, url: str, status: RemoteStatus, number: int, start: int, length: int) -> bytes:
        key = (url, status.version, number)
        with self._lock:
            content = self._held.get(key)
            if content is not None:
                self._held.move_to_end(key)
                return content[start : start + length]
        kept = self._kept().get_piece(_name(key), start, length)
        if kept is not None:
            return kept
        return self._fetched(key, status)[start : start + length]

    def _fetched(self, key: Key, status: RemoteStatus) -> bytes:
        """A block from its server; threads that need the same one wait for one response."""
        begin = key[2] * BLOCK
        with self._lock:
            shared = (*key[:2], _ALL) if key[:2] in self._unranged else key
            coming = self._coming.get(shared)
            if is_mine := coming is None:
                coming = self._coming[shared] = Future()
        if not is_mine:
            found = coming.result()
            if found.start <= begin < found.start + len(found.content):
                return _part(found, begin)
            return self._fetched(key, status)  # The server supports ranges after all.
        try:
            coming.set_result(self._from_server(key, status))
        except BaseException as error:  # noqa: BLE001 - raised in the threads that wait
            coming.set_exception(error)
        finally:
            with self._lock:
                del self._coming[shared]
        return _part(coming.result(), begin)

    def _from_server(self, key: Key, status: RemoteStatus) -> FilePiece:
        url, version, number = key
        begin = number * BLOCK
        found = fetch(url, status, begin, min(begin + BLOCK, status.size))
        for start in range(0, len(found.content), BLOCK):
            each = (url, version, (found.start + start) // BLOCK)
            self._keep(each, found.content[start : start + BLOCK])
        with self._lock:
            is_whole = len(found.content) > BLOCK
            (self._unranged.add if is_whole else self._unranged.discard)((url, version))
        return found

    def _keep(self, key: Key, content: bytes) -> None:
        self._kept().put(_name(key), content)
        with self._lock:
            self._held[key] = content
            while len(self._held) > HELD:
                self._held.popitem(last=False)

    def _kept(self) -> CacheFolder:
        if self._folder is None:
            self._folder = CacheFolder("blocks")
        return self._folder


def _part(found: FilePiece, begin: int) -> bytes:
    return found.content[begin - found.start :][:BLOCK]


def _name(key: Key) -> str:
    return f"{BLOCK} {key[1]} {key[2]} {key[0]}"
