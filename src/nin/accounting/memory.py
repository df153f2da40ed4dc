"""Which outputs of layers are in memory at once, from the tape of a network."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from nin.accounting.trace import IMAGE, Step


def stored(tape: Sequence[Step]) -> int:
    """Values that a forward pass leaves for the backward pass, for one image.

    Those are the outputs of all layers but views and what works in place. The image itself is not
    counted.

    Args:
        tape: what `nin.accounting.walk` gave.
    """
    owners = _owners(tape)
    return sum(
        math.prod(step.output_shape) for place, step in enumerate(tape) if owners[place] == place
    )


def peak(tape: Sequence[Step], input_shape: Sequence[int]) -> int:
    """The most values that are alive at once during prediction, for one image.

    An output lives from the step that makes it to the last that takes it; the image lives from
    the beginning to the last step that takes it.

    Args:
        tape: what `nin.accounting.walk` gave.
        input_shape: (height, width, channels) of what the first layer sees.
    """
    owners = _owners(tape)
    ends = {owners[place]: now for now, step in enumerate(tape) for place in (now, *step.inputs)}
    sizes = {place: math.prod(tape[place].output_shape) for place in ends if place != IMAGE}
    sizes[IMAGE] = math.prod(input_shape)
    alive = most = sizes[IMAGE]
    for now in range(len(tape)):
        alive += sizes[now] if owners[now] == now else 0
        most = max(most, alive)
        alive -= sum(
            sizes[place]
            for place in {owners[p] for p in (now, *tape[now].inputs)}
            if ends[place] == now
        )
    return most


def _owners(tape: Sequence[Step]) -> dict[int, int]:
    """For each step, the one in whose memory its output lies."""
    sources = {IMAGE: IMAGE}
    for place, step in enumerate(tape):
        sources[place] = sources[step.inputs[0]] if step.kind == "view" else place
    takers = Counter(
        sources[place] for step in tape if step.kind != "view" for place in step.inputs
    )
    owners = {IMAGE: IMAGE}
    for place, step in enumerate(tape):
        owners[place] = owners[step.inputs[0]] if _shares(step, sources, takers) else place
    return owners


def _shares(step: Step, sources: dict[int, int], takers: Counter[int]) -> bool:
    """Views always; elementwise layers where nothing else needs what they write over."""
    source = sources[step.inputs[0]]
    alone = source != IMAGE and takers[source] == 1
    return step.kind == "view" or (step.kind == "elementwise" and alone)
