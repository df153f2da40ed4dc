"""The types of a run's record, which `run.json` holds.

A record is a plain dictionary. One from an earlier version may lack any entry except ``format``,
``state``, ``recipe``, ``data``, ``classes`` and ``model``, which `record.read_record` checks.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

State = Literal["training", "interrupted", "died", "finished"]


class LargestClass(TypedDict):
    """The most frequent class and its share of the images: the accuracy of always predicting it."""

    name: str
    share: float


class EvaluationSummary(TypedDict):
    """An evaluation in a few numbers.

    Attributes:
        n: number of images.
        accuracy: share of correct predictions.
        interval: its 95 % interval, two numbers.
        largest_class: the baseline to beat.
        loss: mean cross-entropy, in nats.
        calibration_error: how far the predictions' probabilities are from their accuracy.
    """

    n: int
    accuracy: float
    interval: list[float]
    largest_class: LargestClass
    loss: float
    calibration_error: NotRequired[float]


class RunResult(EvaluationSummary):
    """How good a run is, on which part of its data, after how many seconds of training.

    The weights that are kept are those of `epoch`.
    """

    split: str
    seconds: float
    epoch: int | None


class PartRecord(TypedDict):
    """A part of the data: its number of images, in all and per class."""

    images: int
    per_class: dict[str, int]


class DataRecord(TypedDict, total=False):
    """What a run was trained on; see `nin.data.ImageData.describe`."""

    name: str
    classes: list[str]
    image_shape: list[int]
    splits: dict[str, PartRecord]
    source: str
    licence: str
    fingerprint: str
    inventory: dict[str, Any]
    exact: bool  # False for a loader, whose order is unknown.
    groups: int
    fold: list[int]
    bit_depth: int


class ModelRecord(TypedDict):
    """A network; see `nin.training.runs.description.describe`."""

    net: str
    arguments: dict[str, Any]
    input_shape: list[int]
    preprocessing: dict[str, Any]
    source: NotRequired[dict[str, Any]]  # For a custom network.


class ScheduleRecord(TypedDict):
    """The length of a training by gradients; `warmup` in steps."""

    images: int
    batch_size: int
    epochs: int
    steps: int
    warmup: int


class SessionRecord(TypedDict, total=False):
    """A part of a training, from the epoch at which it was begun or resumed.

    Attributes:
        directory: what paths are relative to.
        directory_from_run: the relative path from the run to it.
    """

    epoch: int
    versions: dict[str, str]
    device: dict[str, Any]
    command: str
    directory: str
    directory_from_run: str


class FindingRecord(TypedDict):
    """What the health watch found, and after which step."""

    step: int
    kind: str
    message: str


class RestartRecord(TypedDict):
    """A restart: after which step, why, and at which learning rate."""

    step: int
    reason: str
    learning_rate: float


class RunRecord(TypedDict, total=False):
    """What ``run.json`` holds.

    Attributes:
        recipe: the fields of `nin.Recipe`.
        skip_bad: whether pictures that cannot be read are left out.
        unreadable: how many of them stopped a frozen training before it began.
        parameters: number of weights of the network.
        pretrained: name and SHA-256 of the trunk that it starts from.
        head: how the head on a frozen trunk was fitted.
        from_scratch: how a network trained from scratch compares.
        duplicates: pictures that the folder holds more than once.
        skipped: pictures that were left out.
        remarks: remark on pictures → number of pictures it applies to.
    """

    format: int
    state: State
    recipe: dict[str, Any]
    schedule: ScheduleRecord
    skip_bad: bool
    unreadable: int
    data: DataRecord
    classes: list[str]
    model: ModelRecord
    parameters: int
    pretrained: dict[str, str]
    head: dict[str, Any]
    from_scratch: dict[str, Any]
    duplicates: dict[str, Any]
    skipped: list[str]
    remarks: dict[str, int]
    versions: dict[str, str]
    device: dict[str, Any]
    command: str
    sessions: list[SessionRecord]
    restarts: list[RestartRecord]
    health: list[FindingRecord]
    result: RunResult | None
