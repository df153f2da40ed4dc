"""Whether maps point at the object: NiN's class maps against AlexNet with Grad-CAM.

The scenes are those of `scenes`: one garment in clutter, its place known. Both networks are
trained on the same scenes of 68×68 pixels, each seen once, from labels alone; these have from none
to all of the clutter. Each one's learning rate is chosen among the same three, by shorter trainings
and 1,000 held-out training scenes. Then both are asked where the true class is, on 1,000 scenes of
test garments with all of the clutter, on the canvas trained on and on one of four times its area.
NiN takes the large canvas as it is; AlexNet, whose dense layers take one size, gets it resized.

What is measured of a map, the true class's, on all test scenes and on those classified correctly:

- pointing: the share of scenes where the strongest cell's middle lies in the object's box (Zhang et
  al. 2016, *Top-down Neural Attention*, section 4.1, here without a margin), or on the object
  itself. The middle is that of what the cell sees; ``stretched`` takes, as programs that draw maps
  do, the middle of the cell's share of the image. A map that is zero everywhere points nowhere.
  ``box_other_class`` asks the map of another class, the next one: a map may find an object without
  telling its class.
- energy: the share of the map's sum that lies in the box, averaged over the scenes.

The maps:

- ``class map``: NiN's, as it is. ``class map − mean``: what is above the mean over all classes,
  since a value common to all maps cancels in the softmax. ``class map, resized``: of the canvas
  resized to 68×68.
- ``grad-cam``: of AlexNet's last convolution, as is usual. ``grad-cam, 2nd convolution``: of one
  whose cells are finer.

Run: python benchmarks/localisation.py [SEEDS]     (needs tf-keras-vis)
An interrupted measurement is continued. The networks of seed 0 are kept in runs/localisation/, for
`localisation_picture`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
from localising.gradcam import BATCH, centres, convolutions, gradcam
from localising.pointing import Maps, energy, points, scaled, stretched
from localising.scenes import SceneData, Scenes, boxes, make_scenes
from numpy.typing import NDArray
from record import Record, spread
from scipy.ndimage import gaussian_filter

import nin
from nin.networks.presets import PRESETS
from nin.training.recipe import Recipe
from nin.training.schedule import optimizer

SIDE = 68
SIDES = (SIDE, 2 * SIDE)
TRAINED, SEARCHED, HELD, TESTED = 40_000, 10_000, 1_000, 1_000
RATES = (0.0005, 0.0015, 0.005)
RECIPE = Recipe(
    name="localisation",
    data="scenes",
    image_size=SIDE,
    epochs=1,
    batch_size=32,
    learning_rate=RATES[0],
    warmup=40,
    clip_norm=1.0,
)
KEPT = Path(__file__).parents[1] / "runs/localisation"


def fine_nin() -> nin.NiN:
    """The paper's MNIST network at half its width, with cells of 4 pixels as there.

    Its first convolution, in place of its second pooling, halves the side: that is quicker.
    """
    first, second, last = PRESETS["mnist"].stages
    stages = [first._replace(strides=2), second._replace(pool=None), last]
    return nin.NiN(stages=stages, width=0.5, dropout=0.1)


NETWORKS = {"nin": fine_nin, "alexnet": nin.AlexNet}


@cache
def clothes() -> nin.FashionMNIST:
    """The garments."""
    return nin.FashionMNIST(resize=(28, 28))


@cache
def training_scenes(count: int, seed: int) -> Scenes:
    """Those that a seed trains on, and behind them those held out; some have little clutter."""
    return make_scenes(clothes().train, count + HELD, SIDE, seed, sparse=True)


@cache
def test_scenes(side: int) -> Scenes:
    """The same for every network and seed."""
    return make_scenes(clothes().test, TESTED, side, seed=0)


def train(network: str, rate: float, count: int, seed: int) -> tuple[Any, dict[str, Any]]:
    """A network trained on `count` scenes, and its accuracy on those held out."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    recipe = RECIPE.revised(learning_rate=rate, seed=seed)
    scenes, classes = training_scenes(count, seed), clothes().classes
    data = SceneData(scenes, classes, HELD, recipe.batch_size, seed)
    steps = -(-count // recipe.batch_size) * recipe.epochs
    trainer = nin.Trainer(
        max_epochs=recipe.epochs,
        gradient_clip_val=recipe.clip_norm,
        optimizer=optimizer(recipe, steps),
        verbose=False,
    )
    model, began = NETWORKS[network](), time.perf_counter()
    trainer.fit(model, data)
    return model, {
        "scenes": count,
        "parameters": model.count_params(),
        "seconds": round(time.perf_counter() - began, 1),
        "held_out": trainer.history["val_accuracy"][-1],
    }


def class_maps(model: Any, images: NDArray[np.uint8], image_size: int | None) -> Maps:
    """NiN's maps of all classes, (n, h, w, classes)."""
    rows = (images[first : first + BATCH] for first in range(0, len(images), BATCH))
    return np.concatenate([np.asarray(model.class_maps(some, image_size)) for some in rows])


def looks(network: str, model: Any, scenes: Scenes) -> Iterator[tuple[str, Maps, Maps, Any]]:
    """The network's maps: name, the label's (n, h, w), logits, middles of a row's cells."""
    side, each = scenes.images.shape[1], np.arange(len(scenes.labels))
    last = convolutions(model.net)[-1]
    if network == "nin":
        for name, size in (("class map", side), ("class map, resized", SIDE)):
            if name == "class map" or size < side:
                maps = class_maps(model, scenes.images, size)
                true, logits = maps[each, ..., scenes.labels], maps.mean(axis=(1, 2))
                middles = scaled(centres(model.net, size, last), side / size)
                yield name, true, logits, middles
                if name == "class map":
                    above = np.maximum(true - maps.mean(axis=-1), 0)
                    yield "class map − mean", above, logits, middles
        return
    logits = model.predict(scenes.images, verbose=0)
    for name, layer in (("", last), (", 2nd convolution", convolutions(model.net)[1])):
        maps = gradcam(model, scenes.images, scenes.labels, layer)
        yield f"grad-cam{name}", maps, logits, scaled(centres(model.net, SIDE, layer), side / SIDE)


def measure(network: str, model: Any) -> Iterator[dict[str, Any]]:
    """All maps of a trained network, at each size of canvas."""
    for side in SIDES:
        scenes = test_scenes(side)
        box = boxes(scenes.masks)
        wrong = scenes._replace(labels=(scenes.labels + 1) % len(clothes().classes))
        both = zip(looks(network, model, scenes), looks(network, model, wrong), strict=True)
        for (name, maps, logits, middles), (_, others, *_) in both:
            right = logits.argmax(axis=1) == scenes.labels
            in_box = points(maps, middles, box)
            in_mask = points(maps, middles, scenes.masks)
            values = {
                "accuracy": right,
                "box": in_box,
                "box_correct": in_box[right],
                "box_other_class": points(others, middles, box),
                "mask": in_mask,
                "mask_correct": in_mask[right],
                "box_stretched": points(maps, stretched(maps.shape[1], side), box),
                "energy": energy(maps, middles, box),
                "empty": maps.max(axis=(1, 2)) <= 0,
            }
            told = {key: round(float(np.mean(value)), 4) for key, value in values.items()}
            yield {"side": side, "map": name, "cells": maps.shape[1], **told}


def chance() -> list[dict[str, Any]]:
    """What pointing without a network scores, at each size of canvas.

    ``random``: at any pixel; ``middle``: at the canvas's; ``brightest``: where the image, blurred
    with a standard deviation of 6 pixels, is brightest.
    """
    found = []
    for side in SIDES:
        scenes = test_scenes(side)
        blurred = gaussian_filter(scenes.images[..., 0].astype(np.float32), (0, 6, 6))
        pixels = np.arange(side, dtype=np.float64)
        for what, shape in (("box", boxes(scenes.masks)), ("mask", scenes.masks)):
            values = {
                "random": shape.mean(),
                "middle": shape[:, side // 2, side // 2].mean(),
                "brightest": points(blurred, pixels, shape).mean(),
            }
            told = {key: round(float(value), 4) for key, value in values.items()}
            found.append({"side": side, "what": what, **told})
    return found


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each network, map and size: what the seeds gave."""
    told: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        for one in row.get("measured", []) if row["kind"] == "test" else []:
            told.setdefault((row["network"], one["map"], one["side"]), []).append(one)
    return [
        {"network": network, "map": name, "side": side, "cells": found[0]["cells"]}
        | {key: spread([one[key] for one in found]) for key in list(found[0])[3:]}
        for (network, name, side), found in told.items()
    ]


def choose_rates(record: Record) -> dict[str, float]:
    """Each network's best rate by the held-out scenes of a seed that is not measured."""
    for network in NETWORKS:
        for rate in RATES:
            if not record.has(kind="rate", network=network, rate=rate):
                _, result = train(network, rate, SEARCHED, seed=1000)
                record.add(summary, kind="rate", network=network, rate=rate, **result)
                print(network, rate, result, flush=True)
    tried = [row for row in record.rows if row["kind"] == "rate"]
    return {
        network: max((row["held_out"], row["rate"]) for row in tried if row["network"] == network)[
            1
        ]
        for network in NETWORKS
    }


def main() -> None:
    """Measure what is not yet in the record."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    record = Record("localisation", (__doc__ or "").splitlines()[0])
    rates = choose_rates(record)
    if not record.has(kind="chance"):
        record.add(summary, kind="chance", measured=chance())
    for seed in range(seeds):
        for network, rate in rates.items():
            if not record.has(kind="test", network=network, seed=seed):
                model, result = train(network, rate, TRAINED, seed)
                measured = list(measure(network, model))
                where = {"kind": "test", "network": network, "seed": seed, "rate": rate}
                record.add(summary, **where, **result, measured=measured)
                print(network, seed, result, *measured, sep="\n  ", flush=True)
                if seed == 0:
                    KEPT.mkdir(parents=True, exist_ok=True)
                    model.save(KEPT / f"{network}.keras", include_optimizer=False)


if __name__ == "__main__":
    main()
