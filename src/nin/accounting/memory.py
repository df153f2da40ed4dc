"""Memory of activations, from a trace: which outputs of layers are alive at the same time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from nin.accounting.trace import IMAGE, Step


def training_activations(trace: Sequence[Step]) -> int:
    """Values that a forward pass keeps for the backward pass, for one image.

    These are the outputs of all layers except views and layers that work in place, without the
    image itself.

    Args:
        trace: from `nin.accounting.walk`.
    """
    owners = _owners(trace)
    return sum(
        math.prod(step.output_shape) for place, step in enumerate(trace) if owners[place] == place
    )


def peak_activations(trace: Sequence[Step], input_shape: Sequence[int]) -> int:
    """The most values that are alive at the same time during prediction, for one image.

    An output is alive from the step that makes it to the last step that takes it, and the image
    from the beginning to the last step that takes it.

    Args:
        trace: from `nin.accounting.walk`.
        input_shape: (height, width, channels) of the first layer's input.
    """
    owners = _owners(trace)
    ends = {owners[place]: now for now, step in enumerate(trace) for place in (now, *step.inputs)}
    sizes = {place: math.prod(trace[place].output_shape) for place in ends if place != IMAGE}
    sizes[IMAGE] = math.prod(input_shape)
    alive = most = sizes[IMAGE]
    for now in range(len(trace)):
        alive += sizes[now] if owners[now] == now else 0
        most = max(most, alive)
        alive -= sum(
            sizes[place]
            for place in {owners[p] for p in (now, *trace[now].inputs)}
            if ends[place] == now
        )
    return most


def _owners(trace: Sequence[Step]) -> dict[int, int]:
    """For each step, the step whose memory holds its output."""
    sources = {IMAGE: IMAGE}
    for place, step in enumerate(trace):
        sources[place] = sources[step.inputs[0]] if step.kind == "view" else place
    consumers = Counter(
        sources[place] for step in trace if step.kind != "view" for place in step.inputs
    )
    owners = {IMAGE: IMAGE}
    for place, step in enumerate(trace):
        owners[place] = owners[step.inputs[0]] if _shares(step, sources, consumers) else place
    return owners


def _shares(step: Step, sources: dict[int, int], consumers: Counter[int]) -> bool:
    """Whether a step works in place: views always; elementwise if no other step needs the input."""
    source = sources[step.inputs[0]]
    alone = source != IMAGE and consumers[source] == 1
    return step.kind == "view" or (step.kind == "elementwise" and alone)
