"""Three questions that the chapter does not ask, each by one command of `nin`, as a record.

- ``windows``: what 1×1 convolutions are worth against 3×3, where both networks have as many
  parameters; the paper's network for MNIST at half its width, learning rates searched for each.
- ``depth``: depth against width, where all are trained for the same time.
- ``folder``: what a folder of photographs gains from tuning: the views of a frozen trunk.

The first two on Fashion-MNIST at 28×28 pixels with 20,000 training images, in bfloat16 where that
is faster.

Run: python benchmarks/questions.py windows|depth
     python benchmarks/questions.py folder FOLDER
Takes a quarter of an hour to an hour each on 2 cores; an interrupted measurement is continued. With
--quick it takes a few minutes, to show that it works; the record is then in its folder under runs/.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from record import RESULTS, commit

import nin
from nin.files import write_json

#: What each asks, by the name of its record.
QUESTIONS: dict[str, dict[str, Any]] = {
    "windows": {
        "vary": {"window": [1, 3]},
        "equal": "parameters",
        "rates": [0.001, 0.002, 0.004],
        "width": 0.5,
        "limit": 20_000,
        "epochs": 12,
        "seeds": 3,
    },
    "depth": {
        "vary": {"depth": [1, 2], "width": [0.25, 0.5, 1.0]},
        "limit": 20_000,
        "seconds": 120.0,
        "seeds": 3,
    },
    "folder": {"minutes": 12.0, "seeds": 3},
}
#: What makes each short.
QUICK: dict[str, dict[str, Any]] = {
    "windows": {"limit": 2000, "epochs": 2, "rates": None},
    "depth": {"limit": 2000, "seconds": 8.0},
    "folder": {"minutes": 4.0},
}


def main() -> None:
    """Ask one question, and write the record."""
    words = [word for word in sys.argv[1:] if word != "--quick"]
    quick = len(words) + 1 < len(sys.argv)
    name, *folder = words
    asked = QUESTIONS[name] | (QUICK[name] if quick else {})
    out = f"runs/questions-{name}{'-quick' if quick else ''}"
    if name == "folder":
        found = nin.tune(folder[0], out=out, **asked)
    else:
        found = nin.sweep("fashion28", out=out, **asked)
    record = {
        "claim": (__doc__ or "").splitlines()[0],
        "commit": commit(),
        "comparison": found.model_dump(mode="json"),
    }
    write_json(Path(out) / "record.json" if quick else RESULTS / f"{name}.json", record)


if __name__ == "__main__":
    main()
