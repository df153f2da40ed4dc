"""Dask workers: those of a running scheduler, or processes on this machine."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nin.errors import Advice, Argument, ClusterError, first_line
from nin.installing import install_line

if TYPE_CHECKING:
    from dask.distributed import Client

#: Seconds to wait for a scheduler's response.
PATIENCE = 10


def check_cluster(scheduler: str | None) -> None:
    """Check for Dask and for a valid address before any work begins; no scheduler is contacted.

    Args:
        scheduler: its address, such as ``tcp://10.0.0.5:8786``; None for processes on this machine.

    Raises:
        ClusterError: Dask is not installed, or the address is invalid.
    """
    if importlib.util.find_spec("distributed") is None:
        raise ClusterError(f"workers need Dask, which is not installed: {install_line('cluster')}")
    if scheduler is not None and "://" not in scheduler:
        raise ClusterError(
            "not an address: give one such as tcp://10.0.0.5:8786",
            about=Argument("scheduler", scheduler),
        )


@contextmanager
def cluster(scheduler: str | None = None, workers: int = 1) -> Iterator[Client]:
    """A client of a Dask cluster while the block runs.

    Args:
        scheduler: its address; None for processes on this machine, which end with the block.
        workers: number of processes on this machine, each with one thread.

    Raises:
        ClusterError: Dask is not installed, or no scheduler responds.
    """
    check_cluster(scheduler)
    from dask.distributed import Client, LocalCluster

    # Dask handles lost workers itself, and errors are still raised.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        # Dask warns if its port is taken, but that is only another process's dashboard.
        warnings.filterwarnings("ignore", module=r"distributed\.")
        if scheduler is not None:
            with _connected(scheduler) as client:
                yield client
            return
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
                preload=__name__,
            ) as processes,
            Client(processes) as client,
        ):
            yield client


def dask_setup(worker: Any) -> None:
    """Called by Dask in each local worker: leave Ctrl-C to the process that started them."""
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    from dask.distributed import Client

    try:
        # A server of another kind may accept the connection and never respond.
        found = asyncio.run(asyncio.wait_for(_identity(scheduler), PATIENCE + 1))
    except (OSError, ValueError, TypeError, TimeoutError) as error:
        reason = "timed out" if isinstance(error, TimeoutError) else first_line(error)
        raise _no_scheduler(scheduler, reason) from error
    if found != "Scheduler":
        raise _no_scheduler(scheduler, f"it is a {found}")
    with Client(scheduler, timeout=PATIENCE) as client:
        yield client


async def _identity(address: str) -> str:
    from distributed import Security
    from distributed.core import rpc

    certificates = Security().get_connection_args("client")  # As Dask is configured.
    async with rpc(address, timeout=PATIENCE, connection_args=certificates) as remote:
        return str((await remote.identity())["type"])


def _no_scheduler(scheduler: str, reason: str) -> ClusterError:
    host, _, port = scheduler.partition("://")[2].rpartition(":")
    where = f" --host {host} --port {port}" if host and port.isdecimal() else ""
    return ClusterError(
        f"no Dask scheduler responds there ({reason})",
        f"start one: dask scheduler{where}",
        about=Argument("scheduler", scheduler),
    )


def threads_of(client: Client) -> dict[str, int]:
    """The number of threads of each connected worker, by address.

    Raises:
        CommClosedError: the scheduler went away.
    """
    if client.scheduler is None:
        from distributed.comm import CommClosedError

        raise CommClosedError
    found: dict[str, int] = dict(client.nthreads())
    return found


@contextmanager
def joblib_workers(scheduler: str) -> Iterator[None]:
    """Make joblib use the workers of a Dask cluster while the block runs.

    Args:
        scheduler: its address.

    Raises:
        ClusterError: no scheduler responds; it has no workers; a worker has several threads, whose
            random numbers would get mixed up; the same training crashed four workers in turn; or
            the scheduler went away.
    """
    with cluster(scheduler) as client:
        import joblib
        from dask.distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError
        from joblib._dask import DaskDistributedBackend

        class Workers(DaskDistributedBackend):
            """Claims at least two workers: with one, joblib would compute in its own process."""

            def effective_n_jobs(self, n_jobs: int | None) -> int:
                return max(2, int(super().effective_n_jobs(n_jobs)))

        _check_workers(threads_of(client), scheduler)
        try:
            with joblib.parallel_config(Workers()):
                yield
        except KilledWorker as error:
            raise ClusterError(
                f"the same training crashed {error.allowed_failures + 1} workers in turn, probably"
                " for lack of memory; finished trainings are kept",
                Advice("give a smaller {}", Argument("batch_size")),
            ) from error
        except (CancelledError, CommClosedError) as error:
            raise lost(scheduler) from error


def _check_workers(threads: dict[str, int], scheduler: str) -> None:
    about = Argument("scheduler", scheduler)
    if not threads:
        raise ClusterError(
            "it has no workers", f"start some: dask worker {scheduler} --nthreads 1", about=about
        )
    for address, count in threads.items():
        if count > 1:
            raise ClusterError(
                f"worker {address} would train {count} networks at a time in one process",
                f"start it with: dask worker {scheduler} --nworkers {count} --nthreads 1",
                about=about,
            )


def lost(scheduler: Any) -> ClusterError:
    """The error for a scheduler that went away."""
    return ClusterError(
        "the scheduler went away; finished work is kept; run the same command again to continue",
        about=Argument("scheduler", scheduler),
    )
