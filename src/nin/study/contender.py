"""`Contender`: a network that takes part in a comparison, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nin.errors import NinError
from nin.rivals import find_net

if TYPE_CHECKING:
    from nin.models import Classifier


#: The images by which trainings are compared.
JudgedOn = Literal["test", "validation"]


class Contender(NamedTuple):
    """A network that takes part.

    Attributes:
        name: shown in tables and figures.
        net: its class, one of `nin.models.NETS`.
        arguments: of the class, apart from the number of classes.
        group: the exercise it belongs to; empty in a plain comparison.
        changes: fields of the recipe that are its own, where recipes are compared; None: none.

    Example:
        >>> narrow = nin.Contender("narrow", "NiN", {"preset": "mnist", "width": 0.25})
        >>> nin.count_cost(narrow.make(classes=10), (28, 28, 1)).parameters.total
        22626
    """

    name: str
    net: str
    arguments: dict[str, Any]
    group: str = ""
    changes: dict[str, Any] | None = None

    def make(self, classes: int) -> Classifier:
        """The network, not yet built."""
        # Not at the top: names are checked without Keras.
        from nin.models import make_net

        return make_net(self.net, classes, **self.arguments)


def as_contenders(nets: Sequence[str | Contender]) -> list[Contender]:
    """Contenders for `nets`, in that order; one that is a contender already stays as it is.

    Raises:
        UnknownNameError: there is no such network.
        NinError: two of a group have the same name, or `nets` is empty.
    """
    if not nets:
        raise NinError("there is nothing to compare: name at least one network")
    found = [Contender(net, *find_net(net)) if isinstance(net, str) else net for net in nets]
    names = [(contender.name, contender.group) for contender in found]
    twice = [name for name, group in names if names.count((name, group)) > 1]
    if twice:
        raise NinError(f"{twice[0]} is named twice: name each network once")
    return found
