"""Step speed: the same network, mathematics and batch in nin, plain Keras, PyTorch and d2l.

Two networks: the book's at 224 pixels from stored 28×28, batches of 64; the paper's `cifar10` at
32 pixels, batches of 128. Images are random bytes. Each contender runs in a process of its own, on
the CPU, through the loop its users call (`fit`, `predict`, or PyTorch's own), from stored bytes to
updated weights with resizing, dropout, plain SGD and the count of right answers. The first three
steps are a warm-up; what the first takes beyond the fastest is compilation, with all that the loop
does before it (for nin: the statistics of the images and the start), and is told apart. One round
runs every contender once, and ratios are taken within a round.

The yardstick is the best rate at which NumPy, TensorFlow or PyTorch multiplies two matrices of
2048×2048 floats here. A multiply-add counts two operations in prediction, six in a training step;
that the first layer needs no gradient of its input is not taken off.

Contenders (`contenders/`):

- nin: `Trainer.fit` with its own preprocessing, start and health watch, on TensorFlow; also with
  oneDNN's products in bfloat16, which is other mathematics.
- Keras on TensorFlow, Keras on JAX: `Sequential`, `compile`, `fit` on a tf.data pipeline.
- PyTorch: channels last, resized by `interpolate`; eager, and through `torch.compile`, which
  needs a C++ compiler.
- d2l 1.0.3 on legacy Keras: its `Trainer`, without drawing and without its loader's shuffle
  buffer of 12 GB.

PyTorch and d2l may live in environments of their own, where nin need not be installed. For d2l,
whose own pins are too old for this TensorFlow, without them::

    python3.11 -m venv d2l-env
    d2l-env/bin/pip install --no-deps d2l==1.0.3
    d2l-env/bin/pip install tensorflow==2.21.* tf_keras==2.21.* \
        matplotlib matplotlib-inline pandas requests ipython

A contender that cannot run is in the table and in the record, with the reason, and is tried again
the next time.

Run: python benchmarks/speed.py [--torch PYTHON] [--d2l PYTHON] [--rounds 3] [--seconds 10]
Takes about three quarters of an hour on 2 cores; an interrupted measurement is continued.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

from contenders import CONTENDERS, answer, sgemm
from contenders.task import TASKS

#: Of every contender: the CPU, float32, and no log lines.
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for whose in ("torch", "d2l"):
        parser.add_argument(
            f"--{whose}",
            metavar="PYTHON",
            default=sys.executable,
            help=f"the interpreter that has {whose}; default: this one",
        )
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="of training and of prediction; default: 10"
    )
    parser.add_argument(
        "--contender",
        choices=[*CONTENDERS, *sgemm.PLACES],
        help="measure this one alone, in this process, and print a line of JSON",
    )
    parser.add_argument("--task", choices=TASKS, default="book", help="of --contender")
    return parser.parse_args()


def in_a_process(name: str, task: str, asked: argparse.Namespace) -> dict[str, Any]:
    """What a contender says, or under ``could_not_run`` why it says nothing."""
    contender = CONTENDERS.get(name)
    whose = contender.interpreter if contender else sgemm.PLACES[name]
    environment = contender.environment if contender else {}
    python = {"own": sys.executable, "torch": asked.torch, "d2l": asked.d2l}[whose]
    command = [python, __file__, "--contender", name, "--task", task]
    try:
        done = subprocess.run(
            [*command, "--seconds", str(asked.seconds)],
            env={**os.environ, **ENVIRONMENT, **environment},
            capture_output=True,
            text=True,
        )
    except OSError as error:
        return {"could_not_run": f"no interpreter: {error.strerror}"}
    lines = (done.stderr if done.returncode else done.stdout).strip().splitlines()
    if done.returncode:
        return {"could_not_run": lines[-1] if lines else f"exit code {done.returncode}"}
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def main() -> None:
    """Answer for one contender, or measure all."""
    asked = arguments()
    if asked.contender in sgemm.PLACES:
        print(json.dumps(sgemm.answer(asked.seconds)))
    elif asked.contender:
        print(json.dumps(answer(asked.contender, asked.task, asked.seconds)))
    else:
        # Where interpreters are is nobody else's business: the record has the command.
        for path in (asked.torch, asked.d2l):
            sys.argv[1:] = [word.replace(path, "PYTHON") for word in sys.argv[1:]]
        # Needs nin, which a contender's interpreter need not have.
        from speed_rounds import measure

        measure(asked, in_a_process, (__doc__ or "").splitlines()[0])


if __name__ == "__main__":
    main()
