"""`mnist` with four of its nine convolutions: most of a short training is to compile them.

Run as a program, it is the `nin` command with that network.
"""

from __future__ import annotations

from nin.cli import main
from nin.networks.presets import PRESETS
from nin.networks.stages import CLASSES, Stage

MNIST = PRESETS["mnist"]._replace(
    stages=(Stage((96, 48), 5, pool="same", dropout=0.5), Stage((96, CLASSES), 3))
)


def shrink():
    """For all of this process, as one that a test has started."""
    PRESETS["mnist"] = MNIST


if __name__ == "__main__":
    shrink()
    main()
