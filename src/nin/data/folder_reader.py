"""`FolderReader`: reads the pictures of a folder, into memory or from disk as they are used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from nin.data.decode_many import decode_many, find_bit_depth, unreadable
from nin.data.decoding.decode import ResizeMode
from nin.data.folders.listing import Files
from nin.data.pictures import MEMORY_LIMIT, Pictures, gibibytes
from nin.data.split import Part, Split
from nin.errors import Advice, Argument, DataError


class FolderReader:
    """Reads pictures, and collects remarks about them.

    Args:
        shape: height, width and channels that pictures are resized to; a square.
        resize_mode: which part of a picture fills it; see `nin.data.decoding.decode.decode`.
        stream: whether pictures stay on disk until they are used.
        skip_bad: whether pictures that cannot be read are left out.
        bit_depth: bit depth where files of more than 8 bits do not state it. None: to be found.

    Attributes:
        skipped: path → why the picture cannot be read, for those left out.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        resize_mode: ResizeMode,
        stream: bool,
        skip_bad: bool,
        bit_depth: int | None,
    ) -> None:
        self.size, _, self.channels = shape
        self.resize_mode, self.stream, self.skip_bad = resize_mode, stream, skip_bad
        self.skipped: dict[str, str] = {}
        self._remarks: Counter[str] = Counter()
        self._streamed_remarks: dict[str, tuple[str, ...]] = {}
        self._bit_depth, self._is_depth_known = bit_depth, bit_depth is not None

    @property
    def remarks(self) -> Counter[str]:
        """Remarks about the pictures read so far → how many pictures each applies to."""
        streamed = (each for remarks in self._streamed_remarks.values() for each in remarks)
        return self._remarks + Counter(streamed)

    def bit_depth(self, parts: Mapping[Part, Files]) -> int | None:
        """Bit depth where files of more than 8 bits do not state it: as given, or as found once.

        It is found from the training part, if there is one. None if no picture needs it.
        """
        if not self._is_depth_known:
            known = [parts["train"]] if "train" in parts else parts.values()
            self._bit_depth = find_bit_depth([path for files in known for path in files.paths])
            self._is_depth_known = True
        return self._bit_depth

    def read(self, parts: Mapping[Part, Files]) -> Mapping[Part, Split]:
        """Read all parts, or prepare them to be streamed.

        Raises:
            DataError: pictures cannot be read, and `skip_bad` is False. Streamed pictures raise it
                when they are used.
        """
        return self._streamed(parts) if self.stream else self._in_memory(parts)

    def _streamed(self, parts: Mapping[Part, Files]) -> Mapping[Part, Split]:
        skipped, depth = self.skipped if self.skip_bad else None, self.bit_depth(parts)
        settings = (
            self.size,
            self.channels,
            skipped,
            self.resize_mode,
            depth,
            self._streamed_remarks,
        )
        return {
            part: Split(Pictures(files, *settings), files.labels) for part, files in parts.items()
        }

    def _in_memory(self, parts: Mapping[Part, Files]) -> Mapping[Part, Split]:
        splits: dict[Part, Split] = {}
        bad: dict[str, str] = {}
        remarks: Counter[str] = Counter()
        settings = (self.size, self.channels, self.resize_mode, self.bit_depth(parts), remarks)
        for part, files in parts.items():
            images, faults = decode_many(files.paths, *settings)
            bad |= {files.paths[index]: fault for index, fault in faults.items()}
            labels = files.labels
            if faults:
                images = np.delete(images, list(faults), axis=0)
                labels = np.delete(labels, list(faults))
            splits[part] = Split(images, labels)
        if bad and not self.skip_bad:
            raise unreadable(list(bad.values()))
        self.skipped, self._remarks = bad, remarks
        return splits


def is_streamed(stream: bool | None, count: int, shape: tuple[int, int, int]) -> bool:
    """Whether pictures stay on disk: as given, or else if they are too large for memory.

    Args:
        stream: the setting. None: decide by size.
        count: number of pictures.
        shape: height, width and channels of each.

    Raises:
        DataError: `stream` is False, and they are larger than `MEMORY_LIMIT`.
    """
    size = gibibytes(count, shape)
    fits = size <= MEMORY_LIMIT / 2**30
    if stream is False and not fits:
        raise DataError(
            f"{count:,} pictures of {shape[0]}×{shape[1]} take {size:.1f} GiB, above the"
            f" {MEMORY_LIMIT / 2**30:.0f} GiB allowed in memory",
            Advice("lower {}", Argument("image_size")),
            Advice("set {}", Argument("limit")),
            Advice("leave out {}", Argument("stream", False)),
        )
    return stream or (stream is None and not fits)
