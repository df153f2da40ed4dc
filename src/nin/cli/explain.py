"""`nin explain`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from nin.cli.shared_options import JsonPerImage, TrustFile, with_options
from nin.files import expand
from nin.names import printable


@dataclass(frozen=True)
class DrawingOptions:
    """What to draw and where to write it, as arguments of `nin.maps.explanation.explained`."""

    classes: Annotated[
        list[str] | None,
        typer.Option(help="Classes to show, separated by commas; can be repeated."),
    ] = None
    top: Annotated[
        int,
        typer.Option(
            min=1, help="Number of most likely classes to show, if --classes is not given."
        ),
    ] = 3
    strongest: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT",
            help="Show only this percentage of each map, its strongest values, such as 10.",
        ),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            help="A .png or .svg file, or a folder for one picture per image; default: here."
        ),
    ] = None
    raw: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="Also write the class maps as arrays.")
    ] = None
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Also replace files that nin explain did not write."),
    ] = False

    def arguments(self) -> dict[str, Any]:
        """The arguments of `explained`, by name."""
        return {**asdict(self), "classes": self.classes or ()}


@with_options(DrawingOptions)
def explain(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory or an exported file.")
    ],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    *,
    options: DrawingOptions,
    image_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=4096,
            help="Side in pixels to resize images to: larger gives finer maps, and may change"
            " the prediction.",
        ),
    ] = None,
    trust: TrustFile = False,
    as_json: JsonPerImage = False,
) -> None:
    """Show where in images the evidence for each class is: class maps, drawn over the images."""
    from nin.data.storage.picture_store import open_stored
    from nin.inference.engines import format_of
    from nin.maps.destinations import pictures

    format_of(expand(run))
    for image in images:
        with open_stored(image):  # Report a missing file before anything heavy is loaded.
            pass
    pictures(images, options.out, options.overwrite)

    from nin.exporting import Predictor
    from nin.maps.explanation import explained

    predictor = Predictor(run, image_size=image_size, trust=trust)
    for row in explained(predictor, images, **options.arguments()):
        typer.echo(json.dumps(row) if as_json else _line(row))


def _line(row: dict[str, Any]) -> str:
    label, probability = row["label"], row["probability"]
    return printable(f"{row['file']}: {label} {probability:.3f}  {row['picture']}")
