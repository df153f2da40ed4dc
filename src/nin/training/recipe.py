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
    """A place as a recipe holds it: a `Path` is never the name of a published set."""
    is_named = isinstance(place, Path) and str(place) in NAMED
    return f"./{place}" if is_named else str(place)


class Recipe(BaseModel):
    """How a network is trained: named, typed, frozen, printable.

    `nin.RECIPES` holds those that come with the package, and `revised` changes one. The reference
    describes each field, and ``nin train --help`` those that are options.

    Raises:
        RecipeError: `revised` or `parse` were given a value that cannot work.

    Example:
        >>> recipe = nin.RECIPES["digits"].revised(epochs=3, optimizer="sgd", learning_rate=0.05)
        >>> recipe.epochs, recipe.data
        (3, 'digits')
        >>> recipe.revised(epochs=0)
        Traceback (most recent call last):
        nin.errors.RecipeError: recipe: epochs=0: input should be greater than or equal to 1
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    #: What it is called; the name of a run directory begins with it.
    name: str
    #: A named data set, a folder of images or an ``.npz`` file; or images themselves, as
    #: `nin.train` takes them, which get a name here that holds in this process.
    data: str
    #: A preset of NiN, see `nin.PRESETS`, or one of `nin.models.RIVALS`; stages of your own, or a
    #: TOML or YAML file of them; ``"nets.py:name"``, a class, a function or a Keras model. One that
    #: has pretrained weights starts from them.
    preset: str = "book"
    #: Whether a pretrained network is trained on by gradients once its head has been fitted.
    finetune: bool = False
    #: A run whose weights training starts from, wherever they fit; None for fresh ones, or for
    #: those of ImageNet.
    init: str | None = None
    #: How many first layers, counted as `nin summary` groups them, keep the weights they have.
    freeze: int = Field(default=0, ge=0, le=10_000)
    #: Factor by which the network's number of channels is multiplied.
    width: float = Field(default=1.0, gt=0, le=4)
    #: How many blocks there are before each pooling but the first, in place of one: see `nin.NiN`.
    depth: int = Field(default=1, ge=1, le=16)
    #: Dropout rate, in place of the preset's own; None leaves that.
    dropout: float | None = Field(default=None, ge=0, lt=1)
    #: Whether batch normalisation follows each convolution but those that make class maps.
    batch_norm: bool = False
    #: Kind of pooling between the blocks, in place of the preset's own; None leaves that.
    pooling: Literal["max", "average"] | None = None
    #: Side in pixels to which the model resizes images; None leaves them as they are stored.
    image_size: int | None = Field(default=None, ge=1, le=4096)
    #: How a folder's pictures become squares: all of each, squashed, or the middle, cropped.
    resize_mode: ResizeMode = "squash"
    #: Passes over the training images.
    epochs: int = Field(ge=1, le=1_000_000)
    #: Images per step of the optimiser.
    batch_size: int = Field(ge=1)
    #: With few images there are more epochs, to make this many steps; see `nin.training.schedule`.
    least_steps: int = Field(default=0, ge=0, le=1_000_000)
    #: With few images batches are smaller, for this many per epoch; see `nin.training.schedule`.
    least_batches: int = Field(default=0, ge=0, le=1024)
    #: Training ends after this many epochs without a lower held-out loss; None: never.
    patience: int | None = Field(default=None, ge=1)
    #: Parts in which each batch is computed, to save memory; their gradients are averaged.
    accumulate: int = Field(default=1, ge=1, le=1024)
    #: `bfloat16` halves memory; weights, the maps' average and the loss stay in float32. `auto` is
    #: one of the two when training begins: see `nin.training.precision.resolve_precision`.
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    #: SGD, with `momentum`; or AdamW, which without `weight_decay` is Adam.
    optimizer: Literal["sgd", "adamw"] = "adamw"
    #: The learning rate; the largest one, where there is a schedule.
    learning_rate: float = Field(gt=0)
    #: Momentum of SGD.
    momentum: float = Field(default=0.0, ge=0, lt=1)
    #: Decoupled decay of the weights in each step, times the learning rate; 0 for none.
    weight_decay: float = Field(default=0.0, ge=0)
    #: Whether biases decay as well, and the scales and offsets of batch normalisation.
    decay_biases: bool = True
    #: Momentum of a moving average of the weights, which takes the place of the weights wherever
    #: the network is evaluated or saved; 0 for none.
    ema_momentum: float = Field(default=0.0, ge=0, lt=1)
    #: Of the learning rate: constant, or a cosine that falls to zero at the end of the last epoch.
    schedule: Literal["constant", "cosine"] = "cosine"
    #: Steps over which the learning rate rises from zero, at most a third of all; for cosine.
    warmup: int = Field(default=0, ge=0)
    #: Largest global norm of the gradients; 0 for no clipping.
    clip_norm: float = Field(default=0.0, ge=0)
    #: Training images are moved by up to this many stored pixels either way.
    shift: int = Field(default=0, ge=0, le=256)
    #: What a shift or a rotation uncovers: the nearest pixel, black, or the image mirrored.
    fill_mode: FillMode = "nearest"
    #: Training images are mirrored, each with probability one half.
    flip: bool = False
    #: Smallest share of an image's area that is cut out and enlarged to its size; 1 for none.
    crop: float = Field(default=1.0, gt=0, le=1)
    #: Side in pixels of what is cut out; None for the image's own. For networks of any image size.
    crop_size: int | None = Field(default=None, ge=1, le=4096)
    #: Training images are turned by up to this many degrees either way.
    rotation: float = Field(default=0.0, ge=0, le=180)
    #: Brightness is multiplied by a factor of 1 ± this.
    brightness: float = Field(default=0.0, ge=0, le=1)
    #: Contrast likewise: the distance of values from the image's mean grey.
    contrast: float = Field(default=0.0, ge=0, le=1)
    #: Saturation likewise: the distance of values from the pixel's grey.
    saturation: float = Field(default=0.0, ge=0, le=1)
    #: Share of training images of which a rectangle is overwritten with noise.
    erasing: float = Field(default=0.0, ge=0, le=1)
    #: Images are blended with others of their batch, and labels likewise: parameter of the beta
    #: distribution of the shares; 0 for none. With `cutmix` as well, either is as likely.
    mixup: float = Field(default=0.0, ge=0, le=MOST_ALPHA)
    #: A rectangle of each image is replaced by another image's, and so much of its label: parameter
    #: of the beta distribution of the shares; 0 for none.
    cutmix: float = Field(default=0.0, ge=0, le=MOST_ALPHA)
    #: Share of the batches that are mixed.
    mixup_prob: float = Field(default=1.0, ge=0, le=1)
    #: This share of each training label is divided among all classes.
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    #: Whether small classes count as much as large ones: by weights in the loss, or by drawing
    #: their images more often. `True` or ``"auto"`` is `nin.data.balance.PREFERRED`.
    balance: Balance = "none"
    #: Whether a folder's pictures are read anew for each batch; None: where memory is too small.
    stream: bool | None = None
    #: Share of the training images held out to validate on.
    validation: float = Field(default=0.1, ge=0, lt=1)
    #: What decides which part a folder's picture is in, where no folder does: its content, so that
    #: it stays there when others are added; or its position, as in earlier runs.
    split_by: SplitBy = "content"
    #: A regular expression on the paths of a folder's pictures: those of which it finds the same
    #: are in one part. Its first group counts, or all it finds where it has none.
    groups: str | None = None
    #: Into how many parts all images are divided, one of which is the test; None: they are not.
    folds: int | None = Field(default=None, ge=2)
    #: Which of the parts is the test, from 0.
    fold: int | None = Field(default=None, ge=0)
    #: Use only this many training images.
    limit: int | None = Field(default=None, ge=1)
    #: Random seed.
    seed: int = Field(default=0, ge=0, lt=2**32)

    @property
    def part_size(self) -> int:
        """Images computed at a time: a batch, or one of the parts that it is accumulated from."""
        return self.batch_size // self.accumulate

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, values: Any) -> Any:
        """Older records hold `smaller_first`, the sizes of images that grew while it trained."""
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
        """A recipe from plain values, as they stand in a run's record.

        Raises:
            RecipeError: a value cannot work.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _first_problem(error) from error

    def revised(self, **changes: Any) -> Recipe:
        """This recipe with some values changed; ``limit=None`` takes a limit away.

        Given epochs are final, so that `least_steps` no longer adds to them; likewise a given batch
        size and `least_batches`.

        Raises:
            RecipeError: a value cannot work, or there is no such field.
        """
        lifted = {bound: 0 for name, bound in _BOUNDS.items() if name in changes}
        return self.parse({**self.model_dump(), **lifted, **changes})


#: Value → the bound that would change it for few images.
_BOUNDS = {"epochs": "least_steps", "batch_size": "least_batches"}


def network_of(recipe: Recipe) -> tuple[str, dict[str, Any]]:
    """The class of the recipe's network, by name, and its arguments but the number of classes."""
    net, arguments = class_and_arguments(recipe.preset)
    if net == "NiN":
        names = ("width", "dropout", "batch_norm", "pooling")
        arguments |= {name: getattr(recipe, name) for name in names}
        # Results that were kept before there was a depth are found by arguments without it.
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
