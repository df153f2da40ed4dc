"""Which picture of a folder is in which part, where the folder itself does not say."""

from __future__ import annotations

from nin.data.listing import Files, Listing
from nin.data.split import Part, hold_out, stratified


def divide(
    listing: Listing, validation: float, test: float, limit: int | None, seed: int
) -> dict[Part, Files]:
    """Give each picture its part; what the folder does not divide is divided by `seed`.

    Args:
        listing: what the folder holds.
        validation: share of all pictures held out for validation, unless there is a folder.
        test: share of all pictures held out for the test, unless there is a train/ folder.
        limit: keep at most this many training pictures, classes in proportion. None: all.
        seed: 0 or more.

    Raises:
        DataError: a part is left without any.
    """
    parts = dict(listing.parts)
    if "test" not in parts and "validation" in parts:
        parts["test"] = parts.pop("validation")
    total = len(parts["train"].paths)
    if not listing.split and test:
        _carve(parts, "test", test, seed)
    if "validation" not in parts and validation:
        share = validation * total / len(parts["train"].paths)
        _carve(parts, "validation", share, seed)
    train = parts["train"]
    if limit is not None and limit < len(train.paths):
        parts["train"] = train.take(stratified(train.labels, limit, seed))
    order: tuple[Part, ...] = ("train", "validation", "test")
    return {part: parts[part] for part in order if part in parts}


def _carve(parts: dict[Part, Files], part: Part, share: float, seed: int) -> None:
    train = parts["train"]
    kept, held = hold_out(train.labels, share, seed, part)
    parts["train"], parts[part] = train.take(kept), train.take(held)
