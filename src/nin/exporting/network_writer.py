"""`NetworkWriter`: writes an export, and compares it with its run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nin.errors import ExportError
from nin.exporting import parity, quantization
from nin.exporting.formats import WRITERS, write_litert, write_onnx_to_quantize
from nin.exporting.parity import Parity
from nin.exporting.predictor import Predictor
from nin.exporting.quantization import Quantization
from nin.exporting.web import export_web
from nin.inference import FilePredictor
from nin.inference.engines import FORMATS
from nin.inference.input_spec import InputSpec
from nin.inference.outputs import Images

if TYPE_CHECKING:
    from nin.training import Run

#: Images to calibrate on, and others with their labels.
Apart = tuple[Any, Any]


class NetworkWriter(NamedTuple):
    """Writes the network of a run, and refuses a file that predicts differently.

    Attributes:
        run: a trained run.
        to: the format.
        form: the form of the input.
        description: what is stored with the network.
        quantize: ``"int8"``, ``"float16"``, or None.
    """

    run: Run
    to: str
    form: InputSpec
    description: dict[str, Any]
    quantize: str | None

    def export(
        self, path: Path, images: Images, apart: Apart, runtime: str | Path | None
    ) -> tuple[Parity, Quantization | None]:
        """Write the file or folder `path`.

        Args:
            path: where to write.
            images: (n, h, w, c) uint8, on which the file is compared with its run.
            apart: images to calibrate quantisation on, and to measure its cost on.
            runtime: for the web: a downloaded onnxruntime-web, or None.

        Returns:
            How it agrees with the run; and what quantisation costs, or None without it.

        Raises:
            ExportError: it cannot be written, or does not predict as the run does.
        """
        name = FORMATS["onnx" if self.to == "web" else self.to].file
        calibration, others = apart
        with tempfile.TemporaryDirectory() as folder:
            whole = path if self.to != "web" and not self.quantize else Path(folder) / name
            self.write(whole)
            agreement = self.agreement(whole, images)
            file, cost = whole, None
            if self.quantize:
                file = path if self.to != "web" else Path(folder) / "small.onnx"
                self.write_quantized(whole, file, calibration)
                cost = _cost(whole, file, others)
            if self.to == "web":
                export_web(file, FilePredictor(file).description, path, runtime)
        return agreement, cost

    def write(self, path: Path) -> None:
        """Write the network in float32; for the web, its ONNX file."""
        if self.quantize and self.to != "litert":
            write_onnx_to_quantize(self.run, self.description, path)
        else:
            WRITERS["onnx" if self.to == "web" else self.to](self.run, self.description, path)

    def agreement(self, file: Path, images: Images) -> Parity:
        """How a file agrees with its run; refuses one that does not."""
        here = Predictor(self.run, image_size=self.form.size)
        found = parity.compare(here, FilePredictor(file, trust=True), images)
        if not found.holds:
            raise ExportError(
                f"the {self.to} export does not predict as the run does: {found.labels_equal} of"
                f" {found.images} labels equal, probabilities differ by up to"
                f" {found.largest_difference:.2g}; nothing was written"
            )
        return found

    def write_quantized(self, source: Path, out: Path, calibration: Any) -> None:
        """Write the quantised network; `source` is its file in float32."""
        assert self.quantize is not None
        if self.to == "litert":
            description = {**self.description, "quantization": self.quantize}
            write_litert(self.run, description, out, self.quantize, calibration)
        else:
            from nin.exporting.onnx.int8 import quantize

            quantize(source, out, calibration)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def _cost(whole: Path, small: Path, others: Any) -> Quantization:
    """What quantisation costs and gains, on images that it was not calibrated on."""
    sizes = (size_of(whole), size_of(small))
    return quantization.measure(others, FilePredictor(whole), FilePredictor(small), sizes)
