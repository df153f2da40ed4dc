"""The chapter's exercises (*Dive into Deep Learning*, section 8.3.5), as networks to compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nin.errors import NinError, UnknownNameError
from nin.networks.presets import find_preset
from nin.networks.stages import CLASSES, Stage, deepened
from nin.study.trials.contender import Contender

Stages = tuple[Stage, ...]
#: Name of the network that every exercise starts from.
BASE = "as printed"


class Exercise(NamedTuple):
    """One exercise.

    Attributes:
        number: as in the chapter.
        title: the question in a few words.
        variants: stages of a preset → arguments of `NiN`, by name of the variant.
    """

    number: int
    title: str
    variants: Callable[[Stages], dict[str, dict[str, Any]]]


def one_by_ones(stages: Stages, count: int) -> Stages:
    """`count` 1×1 convolutions in each block, in place of two."""
    return tuple(
        stage._replace(widths=(stage.widths[0], *stage.widths[1:2] * (count - 1), stage.widths[-1]))
        for stage in stages
    )


def tapered(stages: Stages) -> Stages:
    """From the last features to the class maps in three steps: half, an eighth, the classes."""
    *others, last = stages
    features = others[-1].widths[-1] if others else last.widths[0]
    return (*others, last._replace(widths=(features // 2, features // 8, CLASSES)))


def without_last_relu(stages: Stages) -> Stages:
    """No ReLU on the class maps."""
    return (*stages[:-1], stages[-1]._replace(last_relu=False))


def _family(stages: Stages) -> dict[str, dict[str, Any]]:
    return {
        f"NiN-{sum(len(stage.widths) for stage in deep if isinstance(stage, Stage))} ×{width:g}": {
            "stages": deep,
            "width": width,
        }
        for width in (0.5, 1.0)
        for deep in (deepened(stages, blocks) for blocks in (1, 2, 3))
        if (deep, width) != (stages, 1.0)
    }


EXERCISES = {
    "ones": Exercise(
        1,
        "one, two or three 1×1 convolutions per block",
        lambda stages: {
            "one 1×1": {"stages": one_by_ones(stages, 1)},
            "three 1×1": {"stages": one_by_ones(stages, 3)},
        },
    ),
    "windows": Exercise(
        2,
        "3×3 convolutions in place of the 1×1s",
        lambda stages: {
            "3×3 for 1×1": {"stages": tuple(stage._replace(window=3) for stage in stages)}
        },
    ),
    "head": Exercise(
        3,
        "global average pooling against dense heads",
        lambda stages: {
            "flatten, dense": {"stages": stages, "head": ()},
            "4096-4096 head": {"stages": stages, "head": (4096, 4096)},
        },
    ),
    "resources": Exercise(4, "what it takes: parameters, computation, memory", lambda _: {}),
    "end": Exercise(
        5,
        "to the classes in one step or tapered, with and without a ReLU on the class maps",
        lambda stages: {
            "no ReLU on maps": {"stages": without_last_relu(stages)},
            "tapered": {"stages": tapered(stages)},
            "tapered, no ReLU": {"stages": without_last_relu(tapered(stages))},
        },
    ),
    "family": Exercise(6, "a family by depth and width, as VGG-11, 16 and 19", _family),
}


def exercise_contenders(names: list[str], preset: str, width: float = 1.0) -> list[Contender]:
    """The networks of some exercises; each exercise begins with the network as printed.

    Args:
        names: keys of `EXERCISES`, or their numbers; empty for all.
        preset: the network to vary.
        width: factor for its channels.

    Raises:
        UnknownNameError: there is no such exercise or preset.
        NinError: the preset is not made of mlpconv blocks alone.

    Example:
        >>> [each.name for each in nin.exercise_contenders(["head"], "mnist")]
        ['as printed', 'flatten, dense', '4096-4096 head']
    """
    stages = _mlpconvs(preset)
    by_number = {str(exercise.number): name for name, exercise in EXERCISES.items()}
    chosen = [by_number.get(name, name) for name in names] or list(EXERCISES)
    for name in chosen:
        if name not in EXERCISES:
            raise UnknownNameError("exercise", name, [*EXERCISES, *by_number])
    return [
        Contender(name, "NiN", _scaled(arguments, width), f"{made.number}. {made.title}")
        for made in (EXERCISES[name] for name in dict.fromkeys(chosen))
        for name, arguments in {BASE: {"stages": stages}, **made.variants(stages)}.items()
    ]


def _mlpconvs(preset: str) -> Stages:
    stages = tuple(stage for stage in find_preset(preset).stages if isinstance(stage, Stage))
    if len(stages) < len(find_preset(preset).stages):
        raise NinError(
            f"the exercises vary mlpconv blocks, and {preset} has others: choose another"
        )
    return stages


def _scaled(arguments: dict[str, Any], width: float) -> dict[str, Any]:
    return {**arguments, "width": arguments.get("width", 1.0) * width}
