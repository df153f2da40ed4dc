"""`PredictedFiles`: predictions for files, counted as they pass; what cannot be read is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

from nin.inference.file_predictor import FilePredictor
from nin.names import printable
from nin.progress import progress

#: Unreadable pictures that are named at the end.
_NAMED = 10


class PredictedFiles:
    """Predictions for files, to be iterated over once.

    Args:
        files: the pictures' paths.
        skip_bad: whether to leave out pictures that cannot be read. Otherwise each has a row with
            the reason or, where it is the only one, is an error.

    Attributes:
        count: for how many pictures there have been predictions so far.
        unreadable: how many could not be read.
    """

    def __init__(self, files: Sequence[str], *, skip_bad: bool = False) -> None:
        self.files, self.skip_bad = files, skip_bad
        self.count = self.unreadable = 0
        self._named: list[str] = []

    @property
    def errors(self) -> Literal["raise", "yield"]:
        """What becomes of a picture that cannot be read: a single one is a mistake."""
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
            min_probability: where no class is as likely as this, the label is ``"unsure"``.
            visible: whether to show how far it is.

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
