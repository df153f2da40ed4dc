"""A custom network as a `Classifier`: from a class, a function or a Keras model."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Self

import keras

from nin.errors import NinError
from nin.models.classifier import Classifier
from nin.models.geometry import leaves
from nin.networks.network_source import NetworkSource, import_network, source_of, where_raised


@keras.saving.register_keras_serializable("nin", "OwnNetwork")  # Its name in earlier files.
class CustomNetwork(Classifier):
    """Any Keras layer or model that turns images into logits.

    Args:
        net: floats (n, height, width, channels), standardised → logits (n, classes).
    """

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def get_config(self) -> dict[str, Any]:
        """The network's own configuration, and the preprocessing."""
        return {**super().get_config(), "net": keras.saving.serialize_keras_object(self.net)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the model that `get_config` describes."""
        net = keras.saving.deserialize_keras_object(config["net"])
        return super().from_config({**config, "net": net})


def make_custom(
    name: str, num_classes: int, input_shape: tuple[int, int, int] | None
) -> Classifier:
    """The custom network called `name`, with fresh weights.

    Args:
        name: see `nin.networks.network_source`.
        num_classes: number of logits.
        input_shape: (height, width, channels) that its first layer takes.

    Raises:
        NinError: its code raises an error or returns no network; states where.
    """
    source = source_of(name)
    model = as_classifier(import_network(name), num_classes, input_shape, source)
    model.source, model.made_as = source, (name, num_classes)
    return model


def as_classifier(
    code: Any,
    num_classes: int,
    input_shape: tuple[int, int, int] | None,
    source: NetworkSource,
) -> Classifier:
    """The network that a class, a function or a model makes; see `make_custom`."""
    if isinstance(code, keras.Model):
        made = _run(lambda: keras.models.clone_model(code), source)
    else:
        known = {"num_classes": num_classes, "input_shape": input_shape}
        made = _run(lambda: code(**_taken(code, known, source)), source)
    if isinstance(made, keras.layers.Layer):
        _check_layout(getattr(made, "net", made), source)
    if isinstance(made, Classifier):
        if not hasattr(made, "net"):
            raise NinError(f"{source.label} sets no self.net: a Classifier keeps its layers there")
        return made
    if not isinstance(made, keras.layers.Layer):
        raise NinError(
            f"{source.label} returns no network but {type(made).__name__}: return a keras.Model"
        )
    model = CustomNetwork(made)
    model.is_fresh = getattr(made, "is_fresh", True)
    return model


def _check_layout(net: Any, source: NetworkSource) -> None:
    """Refuse layers that take channels first; here Keras's own setting is not in force."""
    for layer in leaves(net):
        if isinstance(layer, keras.layers.Permute):  # From here on the user decides the layout.
            return
        if getattr(layer, "data_format", None) == "channels_first":
            raise NinError(
                f"{source.label}: {layer.name} takes channels first, and images here are (n,"
                " height, width, channels)",
                "call keras.config.set_image_data_format('channels_last') before it is made",
            )


def _taken(code: Any, known: dict[str, Any], source: NetworkSource) -> dict[str, Any]:
    """Those known arguments that `code` takes."""
    _refuse_unknown(code, source)
    try:
        parameters = inspect.signature(code).parameters
    except (TypeError, ValueError):
        raise NinError(
            f"{source.label} is not a network: give a class, or a function of num_classes and"
            " input_shape that returns a keras.Model"
        ) from None
    given = code.keywords if isinstance(code, functools.partial) else {}
    lacking = [
        name
        for name, each in parameters.items()
        if each.default is each.empty
        and each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
        and name not in {*known, *given}
    ]
    if lacking:
        raise NinError(
            f"{source.label} needs an argument {lacking[0]}: only num_classes and input_shape are"
            " passed; set the others by functools.partial, or by default"
        )
    wanted = {name: value for name, value in known.items() if name in parameters}
    if "input_shape" in wanted and wanted["input_shape"] is None:
        raise NinError(f"{source.label} needs input_shape, (height, width, channels) of the images")
    return wanted


def _refuse_unknown(code: Any, source: NetworkSource) -> None:
    """Refuse arguments that a function or class does not have."""
    if not isinstance(code, functools.partial) or not callable(code.func):
        return
    try:
        parameters = inspect.signature(code.func).parameters
    except (TypeError, ValueError):
        return
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    if odd := [name for name in code.keywords if name not in parameters and not takes_any]:
        raise NinError(
            f"{source.label}: there is no argument {odd[0]}: known are {', '.join(parameters)}"
        )


def _run(make: Any, source: NetworkSource) -> Any:
    try:
        return make()
    except NinError:
        raise
    except (Exception, SystemExit) as error:
        reason = where_raised(error, source.file)
        raise NinError(f"{source.label} cannot be made: {reason}") from error
