"""Pictures answered part by part: by a network of this process, or on the workers of a cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import CancelledError
from itertools import islice
from typing import TYPE_CHECKING, Any

from nin.cluster import lost, threads_of
from nin.errors import ClusterError, NinError, first_line
from nin.inference.batch.answer_parts import AnswerParts
from nin.inference.batch.batch_job import BatchJob
from nin.inference.batch.part_worker import answer_part
from nin.inference.file_predictor import FilePredictor

if TYPE_CHECKING:
    from dask.distributed import Client, Future

#: Parts that are under way per thread of the cluster, so that none has to wait for work.
AHEAD = 3
#: Seconds without an answer after which it is said if there is nobody to give one.
_SILENCE = 10.0


def answer_here(
    parts: AnswerParts,
    advance: Callable[[int], None],
    *,
    predictor: FilePredictor,
    top: int,
    min_probability: float,
) -> None:
    """Answer the parts that are missing in this process.

    Args:
        parts: where answers are kept.
        advance: is told how many pictures have been answered.
        predictor: the network.
        top: how many of the likeliest classes to name.
        min_probability: where no class is as likely as this, the label is ``"unsure"``.

    Raises:
        DataError: the only picture of all cannot be read.
        NinError: answers cannot be written.
    """
    missing = parts.missing()
    answers = predictor.predict_files(
        [name for number in missing for name in parts.names(number)],
        top,
        min_probability=min_probability,
        # A single picture that cannot be read is a mistake, as a file that is not there.
        errors="raise" if len(parts.pictures) == 1 else "yield",
    )
    for number in missing:
        part = []
        for answer in islice(answers, len(parts.names(number))):
            part.append(answer)
            advance(1)
        parts.put(number, part)


def answer_on_workers(
    parts: AnswerParts, client: Client, job: BatchJob, advance: Callable[[int], None]
) -> None:
    """Answer the parts that are missing on a cluster; what a lost worker had is done again.

    Only this process writes answers. Workers may come and go meanwhile.

    Args:
        parts: where answers are kept.
        client: of the cluster.
        job: what is asked.
        advance: is told how many pictures have been answered.

    Raises:
        ClusterError: the scheduler went away, or the same part has cost three workers.
        NinError: a worker cannot answer, or answers cannot be written.
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
            future = client.submit(answer_part, job, names, pure=False)
            under_way[future] = number

    try:
        begin()
        while under_way:
            try:
                done = wait([*under_way], _SILENCE, "FIRST_COMPLETED").done
            except TimeoutError:
                _say_if_alone(client, address)
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


def _say_if_alone(client: Client, address: str) -> None:
    if not threads_of(client):
        start = f"dask worker {address} starts one"
        print(f"waiting for a worker; {start}", file=sys.stderr, flush=True)
