"""One engine answers pictures on two processes: Dask or Ray Data. Started by batch_engines.py.

Both call the same function on the same parts of 256 pictures; each worker opens the network once.
Prints JSON: seconds from the start of this process to the first part (`start`) and to the last
(`seconds`), the largest memory of this process and all below it as they share it (`memory`, PSS in
bytes), and how many pictures were answered, each counted once (`answered`).

Run: python -m alternatives.batch_engines dask|ray MODEL FOLDER [--kill]
With --kill, one worker is killed (-9) when a quarter of the parts is there.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from nin.inference.batch.batch_job import batch_job
from nin.inference.batch.part_worker import predict_part

PART, WORKERS = 256, 2
BEGAN = psutil.Process().create_time()


class Memory(threading.Thread):
    """The most that this process and those below it hold at a time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0

    def run(self) -> None:
        """Look four times a second."""
        while True:
            self.most = max(self.most, sum(map(_held, _family())))
            time.sleep(0.25)


def _family() -> list[psutil.Process]:
    here = psutil.Process()
    return [here, *here.children(recursive=True)]


def _held(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def by_dask(model: Path, parts: Sequence[list[str]]) -> Iterator[list[dict[str, Any]]]:
    """As nin does it."""
    from dask.distributed import as_completed

    from nin.cluster import cluster

    job = batch_job(model, parts[0], top=1, min_probability=0.0)
    with cluster(workers=WORKERS) as client:
        futures = [client.submit(predict_part, job, names, pure=False) for names in parts]
        for future in as_completed(futures):
            yield future.result()


def by_ray(model: Path, parts: Sequence[list[str]]) -> Iterator[list[dict[str, Any]]]:
    """A data set of parts, mapped by a pool of two actors."""
    import ray

    job = batch_job(model, parts[0], top=1, min_probability=0.0)

    class Answers:
        def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
            return {"answers": json.dumps(predict_part(job, list(row["names"])))}

    ray.init(num_cpus=WORKERS, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    found = ray.data.from_items(
        [{"names": names} for names in parts], override_num_blocks=len(parts)
    )
    pool = ray.data.ActorPoolStrategy(size=WORKERS)
    # A block is a part: answers come part by part, as from the other.
    for row in found.map(Answers, compute=pool, num_cpus=1).iter_rows():
        yield json.loads(row["answers"])
    ray.shutdown()


def workers_of(engine: str) -> list[psutil.Process]:
    """The processes that answer: those that hold the network."""
    found = []
    for process in _family()[1:]:
        try:
            said = " ".join(process.cmdline())
            opened = any("onnxruntime" in each.path for each in process.memory_maps())
        except psutil.Error:
            continue
        if opened and (engine == "dask" or "ray::" in said):
            found.append(process)
    return found


def main() -> None:
    """Answer all pictures in the folder."""
    engine, model, folder = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()
    names = sorted(str(path) for path in folder.iterdir())
    parts = [names[first : first + PART] for first in range(0, len(names), PART)]
    memory = Memory()
    memory.start()
    seen: list[str] = []
    start, is_killed = None, "--kill" not in sys.argv
    for number, answers in enumerate((by_dask if engine == "dask" else by_ray)(model, parts)):
        seen += [answer["file"] for answer in answers]
        start = start or time.time() - BEGAN
        if not is_killed and number >= len(parts) // 4:
            os.kill(workers_of(engine)[0].pid, signal.SIGKILL)
            is_killed = True
        seconds = time.time() - BEGAN
    assert len(seen) == len(set(seen))
    told = {"start": start, "seconds": seconds, "memory": memory.most, "answered": len(seen)}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
