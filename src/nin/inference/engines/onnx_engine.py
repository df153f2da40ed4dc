"""ONNX files, run by ONNX Runtime."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from nin.errors import ExportError, first_line
from nin.inference.engines import FORMATS, require
from nin.inference.engines.untrusted_onnx import check
from nin.inference.metadata import KEY, parse
from nin.inference.outputs import Images, Predictions, from_outputs

#: Memory in which all networks of a process may compute: bytes, and a share of the machine's.
MOST_MEMORY, MEMORY_SHARE = 4 * 2**30, 0.75
#: Most bytes of a constant that is computed when a file is opened, which is enough for shapes.
#: Larger ones would be computed outside of this memory.
_LARGEST_CONSTANT = 64 * 2**10
#: Files with the memory limit of a container, if this is one.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class OnnxEngine:
    """An ONNX Runtime session; several threads may use it at once.

    Args:
        path: the file.
        threads: number of threads per batch; 0 for all cores.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        require("onnx")
        check(path)
        import onnxruntime as runtime

        _bound_memory()
        try:
            self.session = runtime.InferenceSession(
                str(path), _options(threads), providers=["CPUExecutionProvider"]
            )
            metadata = self.session.get_modelmeta().custom_metadata_map
        except Exception as error:  # whatever the runtime raises for a damaged file
            raise ExportError(f"{path} cannot be opened: {first_line(error)}") from error
        self.description = parse(metadata.get(KEY), path)
        self._check(path)

    def _check(self, path: Path) -> None:
        outputs = {output.name: output.shape for output in self.session.get_outputs()}
        classes = len(self.description["classes"])
        if (outputs.get("probabilities") or [None])[-1] != classes:
            raise ExportError(
                f"{path} is damaged: it describes {classes} classes and has another number"
            )
        if self.description["maps"] and "maps" not in outputs:
            raise ExportError(f"{path} is damaged: it describes class maps and has none")

    def predict(self, images: Images, maps: bool) -> Predictions:
        """See `nin.inference.engines.Engine`."""
        names = ["probabilities", "maps"] if maps else ["probabilities"]
        found: list[Any] = self.session.run(names, {"images": images})
        return from_outputs(dict(zip(names, found, strict=True)), maps)


def open_file(path: Path, threads: int) -> OnnxEngine:
    """Open an ``.onnx`` file, or the one in the folder of a web page."""
    return OnnxEngine(path / FORMATS["onnx"].file if path.is_dir() else path, threads)


def _options(threads: int) -> Any:
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # Errors are raised; they need not be printed as well.
    for name, value in {
        # Threads that wait in a busy loop take the cores from those that decode.
        "session.intra_op.allow_spinning": 0,
        "session.use_env_allocators": 1,
        "optimization.constant_folding_max_output_size_in_bytes": _LARGEST_CONSTANT,
    }.items():
        options.add_session_config_entry(name, str(value))
    return options


@functools.cache
def _bound_memory() -> None:
    """Make ONNX Runtime raise an error before the system would end this process."""
    import onnxruntime as runtime

    memory = runtime.OrtMemoryInfo(
        "Cpu", runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, runtime.OrtMemType.DEFAULT
    )
    most = min(MOST_MEMORY, int(MEMORY_SHARE * machine_memory()))
    runtime.create_and_register_allocator(memory, runtime.OrtArenaCfg({"max_mem": most}))


def machine_memory() -> int:
    """Bytes of memory that this machine, or this container, has."""
    limits = [Path(name).read_text().strip() for name in _LIMITS if Path(name).is_file()]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([pages, *(int(limit) for limit in limits if limit.isdecimal())])
