"""What three exact identities would save in a step of the book's network, and so why none is used.

Batches of 64 at 224 pixels, TensorFlow, float32, each way in turn:

- ``stem``: the resizing and the first convolution, forward and gradient. To see both as one small
  convolution of the stored 28×28 image would save at most all of it.
- ``stem as 3×3``: the same convolution as one of 3×3 with stride 1 on blocks of 4×4 pixels, equal
  to rounding (checked here).
- ``pool, then relu``: relu(max(x)) in place of max(relu(x)), the whole step; ``step`` is beside it.

Run: python benchmarks/identities.py [ROUNDS]
Takes a minute a round on 2 cores.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from record import Record, spread

BATCH, SIDE = 64, 224
BLOCKS = ((96, 11), (256, 5), (384, 3), (10, 3))


def weights() -> list[Any]:
    """Kernels and biases of the four blocks, in order."""
    made, channels = [], 1
    for width, window in BLOCKS:
        for shape in ((window, window, channels), (1, 1, width), (1, 1, width)):
            scale = np.sqrt(2 / np.prod(shape))
            made += [
                tf.Variable(tf.random.normal((*shape, width)) * scale),
                tf.Variable(tf.zeros(width)),
            ]
        channels = width
    return made


def convolved(x: Any, kernel: Any, bias: Any, stride: int = 1, padding: str = "SAME") -> Any:
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, stride, padding), bias)


def logits(x: Any, variables: list[Any], pool_first: bool) -> Any:
    """The book's network."""
    for block, _ in enumerate(BLOCKS):
        kernels = variables[6 * block : 6 * block + 6]
        last = block == len(BLOCKS) - 1
        geometry = () if block else (4, "VALID")
        x = tf.nn.relu(convolved(x, *kernels[:2], *geometry))
        x = tf.nn.relu(convolved(x, *kernels[2:4]))
        x = convolved(x, *kernels[4:])
        if last or not pool_first:
            x = tf.nn.relu(x)
        if not last:
            x = tf.nn.max_pool2d(x, 3, 2, "VALID")
            x = tf.nn.relu(x) if pool_first else x
    return tf.reduce_mean(x, (1, 2))


def stem_by_blocks(x: Any, kernel: Any) -> Any:
    """The 11×11 convolution of stride 4 as a 3×3 one of stride 1 on blocks of 4×4 pixels."""
    blocks = tf.nn.space_to_depth(x, 4)
    padded = tf.reshape(tf.pad(kernel, [[0, 1], [0, 1], [0, 0], [0, 0]]), (3, 4, 3, 4, 1, -1))
    small = tf.reshape(tf.transpose(padded, (0, 2, 1, 3, 4, 5)), (3, 3, 16, -1))
    return tf.nn.conv2d(blocks, small, 1, "VALID")


def ways() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Name and function of each."""
    images = tf.cast(tf.random.uniform((BATCH, 28, 28, 1), 0, 255, tf.int32), tf.float32)
    labels = tf.random.uniform((BATCH,), 0, 10, tf.int32)
    variables = weights()

    def resized() -> Any:
        return tf.image.resize(images, (SIDE, SIDE)) / 255

    def step(pool_first: bool) -> Any:
        with tf.GradientTape() as tape:
            answers = logits(resized(), variables, pool_first)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, answers))
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.001 * gradient)
        return loss

    def stem(convolve: Callable[[Any, Any], Any]) -> Any:
        with tf.GradientTape() as tape:
            out = convolve(resized(), variables[0])
        return tape.gradient(out, variables[0])

    def plain(x: Any, kernel: Any) -> Any:
        return tf.nn.conv2d(x, kernel, 4, "VALID")

    x = resized()
    np.testing.assert_allclose(plain(x, variables[0]), stem_by_blocks(x, variables[0]), atol=1e-4)
    yield "step", tf.function(lambda: step(False))
    yield "pool, then relu", tf.function(lambda: step(True))
    yield "stem", tf.function(lambda: stem(plain))
    yield "stem as 3×3", tf.function(lambda: stem(stem_by_blocks))


def best(function: Callable[[], Any], times: int = 5) -> float:
    """The shortest of some calls, in milliseconds, after one that does not count."""
    taken = []
    for _ in range(times + 1):
        began = time.perf_counter()
        np.asarray(function())
        taken.append(time.perf_counter() - began)
    return round(1000 * min(taken[1:]), 1)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Milliseconds of each way."""
    names = dict.fromkeys(row["way"] for row in rows)
    return {
        name: spread([row["milliseconds"] for row in rows if row["way"] == name]) for name in names
    }


def main() -> None:
    """Measure what is not yet in the record."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    record = Record("identities", (__doc__ or "").splitlines()[0])
    functions = dict(ways())
    for number in range(rounds):
        for way, function in functions.items():
            if not record.has(way=way, round=number):
                record.add(summary, way=way, round=number, milliseconds=best(function))
    for name, row in summary(record.rows).items():
        print(f"{name:20} {row['mean']} ms")


if __name__ == "__main__":
    main()
