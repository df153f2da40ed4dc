"""`Contender`: a network that takes part in a comparison, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nin.errors import NinError
from nin.networks.lookup import class_and_arguments, find_network, network_name
from nin.networks.network_source import is_custom, name_of, source_of
from nin.networks.stage_table import is_table

if TYPE_CHECKING:
    from nin.models import Classifier
    from nin.training.recipe import Recipe


#: The part of the images by which trainings are compared.
EvaluationPart = Literal["test", "validation"]


class Contender(NamedTuple):
    """A network that takes part.

    Attributes:
        name: shown in tables and figures.
        net: its class, one of `nin.models.NETS`; or the name of a custom network,
            ``"nets.py:SmallNet"``.
        arguments: of the class, apart from the number of classes; none for a custom network.
        group: the exercise that it belongs to; empty in a plain comparison.
        changes: where recipes are compared, the fields in which its recipe differs; else None.
        levels: in a sweep, the value of each factor, by its name; else None.

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
    levels: dict[str, Any] | None = None

    def make(self, classes: int, input_shape: tuple[int, int, int] | None = None) -> Classifier:
        """The network, not yet built.

        Args:
            classes: number of logits.
            input_shape: (height, width, channels) of its first layer's input; a function that makes
                a custom network may need it.
        """
        # Imported here, so that names are checked without Keras.
        from nin.models import make_net

        return make_net(self.net, classes, input_shape, **self.arguments)

    def source(self) -> dict[str, Any]:
        """Where the code of a custom network is, and its digest, as JSON values."""
        return source_of(self.net)._asdict()

    @property
    def is_own(self) -> bool:
        """Whether it is custom code."""
        return is_custom(self.net)


#: What can be compared: a name, a contender, a table of stages, or a custom network.
Net = Any


def as_contenders(nets: Sequence[Net] | Mapping[str, Net]) -> list[Contender]:
    """Contenders for `nets`, in the same order; what is already a contender stays as it is.

    Args:
        nets: names, contenders, tables of stages, classes, functions or Keras models; or a mapping
            from names of the caller's choice to these.

    Raises:
        UnknownNameError: there is no such network.
        NinError: two networks of a group have the same name, or `nets` is empty.
    """
    if not nets:
        raise NinError("there is nothing to compare: name at least one network")
    if isinstance(nets, Mapping):
        found = [_contender(net)._replace(name=name) for name, net in nets.items()]
    else:
        found = _told_apart([_contender(net) for net in nets])
    names = [(contender.name, contender.group) for contender in found]
    twice = [name for name, group in names if names.count((name, group)) > 1]
    if twice:
        raise NinError(f"{twice[0]} is named twice: name each network once")
    return found


def check_weights(contenders: Sequence[Contender], recipe: Recipe) -> None:
    """Refuse a network with pretrained weights where the recipe would train it from fresh ones.

    Raises:
        NinError: states where its weights are used.
    """
    for each in contenders:
        preset = each.arguments.get("preset", "")
        trained = (recipe.preset, (each.changes or {}).get("preset"))
        if preset and preset not in trained and find_network(preset).pretrained:
            raise NinError(
                f"{each.name} has pretrained weights, and these networks are trained from fresh"
                " ones",
                "compare such networks by a sweep over the preset",
            )


def _told_apart(contenders: list[Contender]) -> list[Contender]:
    """With the file before the names of custom networks that are called alike."""
    names = [each.name for each in contenders]
    return [
        each._replace(name=Path(each.net).name if names.count(each.name) > 1 else each.name)
        if each.is_own
        else each
        for each in contenders
    ]


def _contender(net: Net) -> Contender:
    if isinstance(net, Contender):
        return net if isinstance(net.net, str) else net._replace(net=name_of(net.net))
    name = network_name(net)
    if is_table(name):
        label = Path(net).stem if isinstance(net, str) and not net.startswith("[") else "stages"
        return Contender(label, *class_and_arguments(name))
    return Contender(source_of(name).label if is_custom(name) else name, *class_and_arguments(name))
