"""`Recipe`: everything that decides how a network is trained, in one frozen value."""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from nin.data import NAMED, ImageArrays
from nin.data.augmentation import MOST_ALPHA, FillMode
from nin.data.balance import PREFERRED, Balance
from nin.data.decoding.decode import ResizeMode
from nin.data.folders.division import SplitBy
from nin.data.folders.grouping import check_pattern, group_name
from nin.data.sources import as_images, is_given, name_of_images
from nin.data.storage.url_path import source_path
from nin.errors import Argument, DataError, NinError, RecipeError
from nin.networks.lookup import class_and_arguments, network_name
from nin.training.recipe_fields import renamed
from nin.urls import is_url


def as_text(place: str | Path) -> str:
    """A path or name as a recipe stores it; a `Path` never names a published set."""
    is_named = isinstance(place, Path) and str(place) in NAMED
    return f"./{place}" if is_named else str(place)


class Recipe(BaseModel):
    """How a network is trained: named, typed, frozen, printable.

    `nin.RECIPES` holds those that come with the package, and `revised` changes one. The reference
    describes every field; ``nin train --help`` describes those that are options.

    Raises:
        RecipeError: `revised` or `parse` was given an invalid value.

    Example:
        >>> recipe = nin.RECIPES["digits"].revised(epochs=3, optimizer="sgd", learning_rate=0.05)
        >>> recipe.epochs, recipe.data
        (3, 'digits')
        >>> recipe.revised(epochs=0)
        Traceback (most recent call last):
        nin.errors.RecipeError: recipe: epochs=0: input should be greater than or equal to 1
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    #: The recipe's name, with which names of run directories begin.
    name: str
    #: A named data set, a folder of images or an ``.npz`` file; or images, as `nin.train` takes
    #: them, which are stored here under a name valid in this process.
    data: str
    #: The network: a preset of NiN (see `nin.PRESETS`) or one of `nin.models.RIVALS`; a list of
    #: stages, or a TOML or YAML file of one; ``"nets.py:name"``, a class, a function or a Keras
    #: model. A network with pretrained weights starts from them.
    preset: str = "book"
    #: Whether to train a pretrained network further, by gradients, once its head is fitted.
    finetune: bool = False
    #: A run to start from: its weights are taken wherever they fit. None for fresh weights, or for
    #: those of ImageNet.
    init: str | None = None
    #: Number of first layers, counted as in ``model.net.layers``, whose weights are frozen.
    freeze: int = Field(default=0, ge=0, le=10_000)
    #: Factor by which the network's number of channels is multiplied.
    width: float = Field(default=1.0, gt=0, le=4)
    #: Number of blocks before each pooling except the first, in place of one; see `nin.NiN`.
    depth: int = Field(default=1, ge=1, le=16)
    #: Dropout rate; None for the preset's own.
    dropout: float | None = Field(default=None, ge=0, lt=1)
    #: Whether batch normalisation follows each convolution except those that make class maps.
    batch_norm: bool = False
    #: Kind of pooling between the blocks; None for the preset's own.
    pooling: Literal["max", "average"] | None = None
    #: Side in pixels to which the model resizes images; None leaves them as they are stored.
    image_size: int | None = Field(default=None, ge=1, le=4096)
    #: How a folder's pictures are made square: squashed whole, or cropped to the middle.
    resize_mode: ResizeMode = "squash"
    #: Passes over the training images.
    epochs: int = Field(ge=1, le=1_000_000)
    #: Images per step of the optimiser.
    batch_size: int = Field(ge=1)
    #: Least number of steps: small data sets get more epochs for it; see `nin.training.schedule`.
    least_steps: int = Field(default=0, ge=0, le=1_000_000)
    #: Least batches per epoch: small data sets get smaller ones; see `nin.training.schedule`.
    least_batches: int = Field(default=0, ge=0, le=1024)
    #: Training stops after this many epochs without a lower validation loss; None: never.
    patience: int | None = Field(default=None, ge=1)
    #: Number of parts in which each batch is computed, to save memory; gradients are averaged.
    accumulate: int = Field(default=1, ge=1, le=1024)
    #: `bfloat16` halves memory; weights, the maps' average and the loss stay in float32. `auto`
    #: chooses when training begins: see `nin.training.precision.resolve_precision`.
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    #: SGD, with `momentum`; or AdamW, which without `weight_decay` is Adam.
    optimizer: Literal["sgd", "adamw"] = "adamw"
    #: Learning rate; with a schedule, the highest one.
    learning_rate: float = Field(gt=0)
    #: Momentum of SGD.
    momentum: float = Field(default=0.0, ge=0, lt=1)
    #: Decoupled weight decay per step, multiplied by the learning rate; 0 for none.
    weight_decay: float = Field(default=0.0, ge=0)
    #: Whether weight decay includes biases and the scales and offsets of batch normalisation.
    decay_biases: bool = True
    #: Momentum of a moving average of the weights, which is evaluated and saved in their place; 0
    #: for none.
    ema_momentum: float = Field(default=0.0, ge=0, lt=1)
    #: Learning-rate schedule: constant, or a cosine that falls to zero by the end of all epochs.
    schedule: Literal["constant", "cosine"] = "cosine"
    #: Steps over which a cosine schedule rises from zero, at most a third of all steps.
    warmup: int = Field(default=0, ge=0)
    #: Largest global norm of the gradients; 0 for no clipping.
    clip_norm: float = Field(default=0.0, ge=0)
    #: Training images are shifted by up to this many stored pixels in each direction.
    shift: int = Field(default=0, ge=0, le=256)
    #: What a shift or a rotation uncovers: the nearest pixel, black, or the image mirrored.
    fill_mode: FillMode = "nearest"
    #: Whether training images are mirrored, each with probability 0.5.
    flip: bool = False
    #: Smallest share of an image's area that is cut out and enlarged to its size; 1 for no crop.
    crop: float = Field(default=1.0, gt=0, le=1)
    #: Side of the crop in pixels; None for the image's own. Only for networks of any image size.
    crop_size: int | None = Field(default=None, ge=1, le=4096)
    #: Training images are rotated by up to this many degrees in each direction.
    rotation: float = Field(default=0.0, ge=0, le=180)
    #: Brightness is multiplied by a random factor from 1 - this to 1 + this.
    brightness: float = Field(default=0.0, ge=0, le=1)
    #: Likewise for contrast: the distance of values from the image's mean grey.
    contrast: float = Field(default=0.0, ge=0, le=1)
    #: Likewise for saturation: the distance of values from the pixel's grey.
    saturation: float = Field(default=0.0, ge=0, le=1)
    #: Share of training images in which a rectangle is overwritten with noise.
    erasing: float = Field(default=0.0, ge=0, le=1)
    #: Parameter of the beta distribution for blending the images of a batch, and their labels; 0
    #: for no mixup. With `cutmix` too, each mixed batch gets either with equal probability.
    mixup: float = Field(default=0.0, ge=0, le=MOST_ALPHA)
    #: Parameter of the beta distribution for how much of each image, and of its label, a rectangle
    #: of another image replaces; 0 for no cutmix.
    cutmix: float = Field(default=0.0, ge=0, le=MOST_ALPHA)
    #: Share of the batches that are mixed, by `mixup` or `cutmix`.
    mixup_prob: float = Field(default=1.0, ge=0, le=1)
    #: Share of each training label that is spread evenly over all classes.
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    #: How small classes are made to count as much as large ones: by weights in the loss, or by
    #: drawing their images more often. `True` or ``"auto"`` is `nin.data.balance.PREFERRED`.
    balance: Balance = "none"
    #: Whether a folder's pictures are read anew for each batch; None: only if memory is too small.
    stream: bool | None = None
    #: Share of the training images held out for validation.
    validation: float = Field(default=0.1, ge=0, lt=1)
    #: How pictures of a folder without parts are divided: by content, so that a picture stays in
    #: its part when others are added; or by position, as in earlier runs.
    split_by: SplitBy = "content"
    #: A regular expression for the paths of a folder's pictures: those with the same match stay in
    #: the same part. The first group is compared, or the whole match if there is none.
    groups: str | None = None
    #: Number of folds that all images are divided into, one of which is the test; None for none.
    folds: int | None = Field(default=None, ge=2)
    #: Which fold is the test, from 0.
    fold: int | None = Field(default=None, ge=0)
    #: Use only this many training images.
    limit: int | None = Field(default=None, ge=1)
    #: Random seed.
    seed: int = Field(default=0, ge=0, lt=2**32)

    @property
    def part_size(self) -> int:
        """Images computed at a time: a batch, or one part of it if gradients are accumulated."""
        return self.batch_size // self.accumulate

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, values: Any) -> Any:
        """Older records may hold `smaller_first`, image sizes that grew during training."""
        if not isinstance(values, dict):
            return values
        if values.get("smaller_first"):
            raise ValueError("smaller_first: training on growing images is no longer supported")
        return renamed({name: values[name] for name in values if name != "smaller_first"})

    @field_validator("data", "init", mode="before")
    @classmethod
    def _path_as_text(cls, value: Any) -> Any:
        return as_text(value) if isinstance(value, Path) else value

    @field_validator("data")
    @classmethod
    def _url_without_secrets(cls, value: str) -> str:
        return str(source_path(value)) if is_url(value) else value

    @field_validator("data", mode="before")
    @classmethod
    def _images_by_name(cls, value: Any) -> Any:
        if value is None or isinstance(value, str) or not is_given(value):
            return value
        try:
            images = as_images(value)
        except NinError as error:
            raise RecipeError(str(error), about=Argument("data")) from error
        return name_of_images(images) if isinstance(images, ImageArrays) else images

    @field_validator("preset")
    @classmethod
    def _preset_by_its_name(cls, value: str) -> str:
        return "book" if value == "nin" else value

    @field_validator("preset", mode="before")
    @classmethod
    def _own_network_by_name(cls, value: Any) -> Any:
        try:
            return value if value is None else network_name(value)
        except NinError as error:
            raise RecipeError(str(error), about=Argument("preset")) from error

    @field_validator("balance", mode="before")
    @classmethod
    def _balance_by_name(cls, value: Any) -> Any:
        if isinstance(value, bool):
            return PREFERRED if value else "none"
        return PREFERRED if value == "auto" else value

    @field_validator("groups", mode="before")
    @classmethod
    def _groups_by_name(cls, value: Any) -> Any:
        try:
            if isinstance(value, str):
                check_pattern(value)
        except DataError as error:
            raise ValueError(error.args[0]) from error
        return group_name(value) if callable(value) else value

    @model_validator(mode="after")
    def _fold_is_one_of_them(self) -> Self:
        if self.fold is not None and self.fold >= (self.folds or 0):
            raise ValueError(f"fold={self.fold} must be below folds={self.folds}")
        return self

    @model_validator(mode="after")
    def _parts_are_equal(self) -> Self:
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"batches of {self.batch_size} images cannot be divided into"
                f" {self.accumulate} equal parts"
            )
        return self

    @classmethod
    def parse(cls, values: Any) -> Recipe:
        """A recipe from plain values, such as those in a run's record.

        Raises:
            RecipeError: a value is invalid.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _first_problem(error) from error

    def revised(self, **changes: Any) -> Recipe:
        """This recipe with some values changed; ``limit=None`` removes a limit.

        If `epochs` is given, `least_steps` no longer adds to it; likewise for `batch_size` and
        `least_batches`.

        Raises:
            RecipeError: a value is invalid, or there is no such field.
        """
        lifted = {bound: 0 for name, bound in _BOUNDS.items() if name in changes}
        return self.parse({**self.model_dump(), **lifted, **changes})


#: Field → the bound that would change it if there are few images.
_BOUNDS = {"epochs": "least_steps", "batch_size": "least_batches"}


def network_of(recipe: Recipe) -> tuple[str, dict[str, Any]]:
    """The name of the network's class, and its arguments except the number of classes."""
    net, arguments = class_and_arguments(recipe.preset)
    if net == "NiN":
        names = ("width", "dropout", "batch_norm", "pooling")
        arguments |= {name: getattr(recipe, name) for name in names}
        # Results from before `depth` existed are looked up by arguments without it.
        arguments |= {"depth": recipe.depth} if recipe.depth != 1 else {}
    return net, arguments


def _first_problem(error: ValidationError) -> RecipeError:
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"])
    if not name:
        return RecipeError(problem["msg"].removeprefix("Value error, "))
    given = None if problem["type"] == "missing" else reprlib.repr(problem["input"])
    message = problem["msg"].removeprefix("Value error, ").lower()
    return RecipeError(message, about=Argument(name, given))
