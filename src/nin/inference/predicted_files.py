"""`PredictedFiles`: predictions for files; counts them, and notes which files are unreadable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

from nin.inference.file_predictor import FilePredictor
from nin.names import printable
from nin.progress import progress

#: Most unreadable pictures that are named at the end.
_NAMED = 10


class PredictedFiles:
    """Predictions for files, to be iterated over once.

    Args:
        files: the pictures' paths.
        skip_bad: whether to skip pictures that cannot be read. Otherwise each has a row with the
            reason; but if there is only one picture, it is an error.

    Attributes:
        count: number of pictures predicted so far.
        unreadable: number of pictures that could not be read.
    """

    def __init__(self, files: Sequence[str], *, skip_bad: bool = False) -> None:
        self.files, self.skip_bad = files, skip_bad
        self.count = self.unreadable = 0
        self._named: list[str] = []

    @property
    def errors(self) -> Literal["raise", "yield"]:
        """What to do if a picture cannot be read: it is only an error if there is no other."""
        return "raise" if len(self.files) == 1 and not self.skip_bad else "yield"

    def predictions(
        self,
        predictor: FilePredictor,
        top: int = 1,
        min_probability: float = 0.0,
        *,
        visible: bool = True,
    ) -> Iterator[dict[str, Any]]:
        """The predictions of `FilePredictor.predict_files`, counted.

        Args:
            predictor: the network.
            top: how many of the likeliest classes to name.
            min_probability: if no class is at least this likely, the label is ``"unsure"``.
            visible: whether to show the progress.

        Raises:
            DataError: the only picture cannot be read, and `skip_bad` is not set.
        """
        found = predictor.predict_files(
            self.files,
            top,
            min_probability=min_probability,
            errors=self.errors,
        )
        with progress("images", len(self.files), patience=2.0, visible=visible) as advance:
            yield from self.counted(_advancing(found, advance))

    def counted(self, predictions: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same predictions, counted; without unreadable pictures if they are skipped."""
        for prediction in predictions:
            if "error" not in prediction:
                self.count += 1
            else:
                self.unreadable += 1
                if self.unreadable <= _NAMED:
                    self._named.append(printable(f"{prediction['file']}: {prediction['error']}"))
                if self.skip_bad:
                    continue
            yield prediction

    def unreadable_line(self) -> str:
        """What could not be read, in one line."""
        more = f"; and {self.unreadable - _NAMED} more" if self.unreadable > _NAMED else ""
        named = "; ".join(self._named) + more
        if self.skip_bad:
            return f"left out {counted_images(self.unreadable, 'unreadable ')}: {named}"
        return f"{self.unreadable:,} of {counted_images(len(self.files))} cannot be read: {named}"


def _advancing(
    predictions: Iterable[dict[str, Any]], advance: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    for prediction in predictions:
        advance(1)
        yield prediction


def counted_images(count: int, kind: str = "") -> str:
    """``1 image``, ``1,000 images``, ``2 unreadable images``."""
    return f"{count:,} {kind}image{'' if count == 1 else 's'}"
