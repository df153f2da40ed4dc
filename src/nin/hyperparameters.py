"""`HyperParameters`: constructor arguments kept as attributes, as in the book."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from nin.errors import NinError


class HyperParameters:
    """Mixin that keeps an object's constructor arguments (*Dive into Deep Learning*, section 3.2).

    Example:
        >>> class Block(nin.HyperParameters):
        ...     def __init__(self, width, depth=2):
        ...         self.save_hyperparameters()
        >>> block = Block(64)
        >>> block.width, block.hparams
        (64, {'width': 64, 'depth': 2})
    """

    hparams: dict[str, Any]

    def save_hyperparameters(self, ignore: Iterable[str] = ()) -> None:
        """Keep the caller's arguments in `self.hparams` and as attributes of the same names.

        Call it in ``__init__``. Names that start with an underscore are left out.

        Args:
            ignore: further names to leave out.
        """
        frame = inspect.currentframe()
        assert frame is not None
        assert frame.f_back is not None
        *_, local = inspect.getargvalues(frame.f_back)
        left_out = {"self", *ignore}
        self.hparams = {
            name: value
            for name, value in local.items()
            if name not in left_out and not name.startswith("_")
        }
        for name, value in self.hparams.items():
            setattr(self, name, value)


def saved_arguments(made: HyperParameters) -> dict[str, Any]:
    """The arguments that make such an object again, as far as it has saved them.

    Raises:
        NinError: a parent class saved its arguments, but one that only this class takes is missing.
    """
    arguments = dict(getattr(made, "hparams", {}))
    _, *taken = inspect.signature(type(made).__init__).parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in taken):
        return arguments
    # Arguments of a parent class are not arguments of this one.
    names = [each.name for each in taken if each.kind is not each.VAR_POSITIONAL]
    lost = [name for name in names if name not in arguments]
    if lost and arguments.keys() - set(names):
        raise NinError(
            f"{type(made).__name__} does not keep its argument {lost[0]}: call"
            " self.save_hyperparameters() in its own __init__, behind that of its parent"
        )
    return {name: arguments[name] for name in names if name in arguments}
