"""Predicts missing parts: in this process, or on the workers of a cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import CancelledError
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from nin.cluster import lost, threads_of
from nin.errors import ClusterError, NinError, first_line
from nin.inference.batch.batch_job import BatchJob
from nin.inference.batch.part_worker import predict_part
from nin.inference.batch.prediction_parts import PredictionParts
from nin.inference.file_predictor import FilePredictor

if TYPE_CHECKING:
    from dask.distributed import Client, Future

#: Parts that are under way per thread of the cluster, so that no thread has to wait for work.
AHEAD = 3
#: Seconds without a result after which a note is printed if there is no worker.
_SILENCE = 10.0


def predict_here(
    parts: PredictionParts,
    advance: Callable[[int], None],
    *,
    predictor: FilePredictor,
    top: int,
    min_probability: float,
    errors: Literal["raise", "yield"],
) -> None:
    """Predict the missing parts in this process.

    Args:
        parts: where predictions are kept.
        advance: called with the number of pictures done since the last call.
        predictor: the network.
        top: how many of the likeliest classes to name.
        min_probability: if no class is at least this likely, the label is ``"unsure"``.
        errors: see `FilePredictor.predict_files`.

    Raises:
        DataError: a picture cannot be read, and `errors` is ``"raise"``.
        NinError: predictions cannot be written.
    """
    missing = parts.missing()
    found = predictor.predict_files(
        [name for number in missing for name in parts.names(number)],
        top,
        min_probability=min_probability,
        errors=errors,
    )
    for number in missing:
        part = []
        for prediction in islice(found, len(parts.names(number))):
            part.append(prediction)
            advance(1)
        parts.put(number, part)


def predict_on_workers(
    parts: PredictionParts, client: Client, job: BatchJob, advance: Callable[[int], None]
) -> None:
    """Predict the missing parts on a cluster; the work of a lost worker is done again.

    Only this process writes predictions. Workers may come and go meanwhile.

    Args:
        parts: where predictions are kept.
        client: of the cluster.
        job: network and options.
        advance: called with the number of pictures done since the last call.

    Raises:
        ClusterError: the scheduler went away, or four workers in turn were lost at the same part.
        NinError: a worker cannot predict, or predictions cannot be written.
    """
    from dask.distributed import wait
    from distributed.comm import CommClosedError

    address = str(client.scheduler.address)
    waiting = iter(parts.missing())
    under_way: dict[Future, int] = {}

    def begin() -> None:
        most = AHEAD * max(1, sum(threads_of(client).values()))
        for number in islice(waiting, max(0, most - len(under_way))):
            names = list(parts.names(number))
            future = client.submit(predict_part, job, names, pure=False)
            under_way[future] = number

    try:
        begin()
        while under_way:
            try:
                done = wait([*under_way], _SILENCE, "FIRST_COMPLETED").done
            except TimeoutError:
                _note_if_alone(client, address)
                continue
            for future in done:
                number = under_way.pop(future)
                parts.put(number, _result(future, parts.names(number)))
                advance(len(parts.names(number)))
            begin()
    except (CancelledError, CommClosedError) as error:
        raise lost(address) from error


def _result(future: Future, names: Any) -> list[dict[str, Any]]:
    from dask.distributed import KilledWorker
    from distributed.comm import CommClosedError

    try:
        found: list[dict[str, Any]] = future.result()
    except (NinError, CancelledError, CommClosedError):
        raise
    except KilledWorker as error:
        raise ClusterError(
            f"{error.allowed_failures + 1} workers in turn were lost at images {names[0]} to"
            f" {names[-1]}: they ran out of memory, or one of these images crashes them"
        ) from error
    except Exception as error:  # whatever is wrong with a worker's installation
        raise ClusterError(
            f"a worker cannot predict ({type(error).__name__}: {first_line(error)}):"
            " install the same version of nin on all machines"
        ) from error
    return found


def _note_if_alone(client: Client, address: str) -> None:
    if not threads_of(client):
        start = f"dask worker {address} starts one"
        print(f"waiting for a worker; {start}", file=sys.stderr, flush=True)
