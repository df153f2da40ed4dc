"""Every exception a user can meet. Each message is one line that says what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: What is said where another process of a training has ended.
LOST_PEER = "another process was lost; to go on: nin train --resume RUN, in all of them"


def first_line(error: BaseException) -> str:
    """What an exception says, in one line: the first, or its kind where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


class NinError(Exception):
    """Base of all errors raised on purpose; the command line prints it and exits with 2."""


class BackendError(NinError):
    """Keras has no backend, or not the one that was asked for."""


class PeerLostError(NinError):
    """Another process of the same training has ended, or cannot be reached."""


class UnknownNameError(NinError):
    """A preset, recipe, data set or net that does not exist.

    Args:
        kind: what was looked for, in words: ``"preset"``.
        name: what was given.
        known: the names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        self._arguments = (kind, name, names)
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        super().__init__(f"unknown {kind} {name!r}: {hint}known: {', '.join(names)}")

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, list[str]]]:
        """It can travel from one process to another."""
        return type(self), self._arguments


class InputSizeError(NinError):
    """Images too small, or of the wrong number of channels, for a network."""


class DataError(NinError):
    """Images or labels that are missing, unreadable or inconsistent."""


class RunError(NinError):
    """A run directory that is missing, damaged, of another kind, or in use."""


class RecipeError(NinError):
    """A training recipe with a value that cannot work."""


class WeightsError(NinError):
    """Pretrained weights that are not installed, or not those that were published."""


class TrainingDiedError(NinError):
    """Training that cannot recover: every gradient is zero, or a number is not finite."""


class ExportError(NinError):
    """A run that cannot be exported, or an export that cannot be opened or predicts otherwise."""
