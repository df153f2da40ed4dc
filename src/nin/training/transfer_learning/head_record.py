"""The record of a run with a frozen trunk: its network, its weights, its fitted head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nin.data import ImageFolder
from nin.pretrained import Trunk
from nin.pretrained.features import MEAN, STD
from nin.training.recipe import Recipe
from nin.training.runs.dataset import data_record
from nin.training.runs.provenance import command, device, session, versions_of
from nin.training.runs.record import FORMAT
from nin.training.runs.run_format import RunRecord
from nin.training.transfer_learning.head import Candidate, Head


def head_versions() -> dict[str, str]:
    """Versions of the software that fits a head."""
    return versions_of("numpy", "onnxruntime", "scikit-learn")


def first_record(
    path: Path, recipe: Recipe, data: ImageFolder, trunk: Trunk, skip_bad: bool
) -> RunRecord:
    """The record with which a training of a head begins."""
    classes = len(data.classes)
    trained = sum(array.size for array in trunk.weights().values())
    return {
        "format": FORMAT,
        "state": "training",
        "recipe": recipe.model_dump(mode="json"),
        "skip_bad": skip_bad,
        "data": data_record(data),
        "classes": list(data.classes),
        "model": {
            "net": "NiN",
            "arguments": {
                "lr": 0.1,
                "num_classes": classes,
                "preset": recipe.preset,
                "width": 1.0,
                "depth": 1,
                "dropout": recipe.dropout,
                "stages": None,
                "head": None,
                "batch_norm": recipe.batch_norm,
                "pooling": recipe.pooling,
            },
            "input_shape": list(data.image_shape),
            "preprocessing": {
                "size": None,
                "mean": [MEAN / 255] * 3,
                "std": [STD / 255] * 3,
            },
        },
        "parameters": trained + (trunk.channels + 1) * classes,
        "pretrained": {"name": trunk.name, "sha256": trunk.digest},
        "versions": head_versions(),
        "device": device(gpus=0),
        "command": command(),
        "sessions": [session(path, 0, head_versions(), device(gpus=0))],
    }


def fitted_record(head: Head) -> dict[str, Any]:
    """A fitted head and the candidates it was chosen from, as JSON values."""
    return {"C": head.C, "candidates": [_candidate(each) for each in head.candidates]}


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {"C": candidate.C, "accuracy": [*candidate.accuracy], "loss": [*candidate.loss]}
