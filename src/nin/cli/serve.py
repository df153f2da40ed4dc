"""`nin serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nin.errors import NinError
from nin.installing import install_line
from nin.names import printable
from nin.serving.settings import KEEP_ALIVE, Limits

_DEFAULT = Limits()


def serve(
    path: Annotated[
        Path, typer.Argument(metavar="RUN|FILE", help="A run directory or an exported file.")
    ],
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 to accept other machines.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen at; 0 for any free one.", min=0, max=65535)
    ] = 8000,
    workers: Annotated[int, typer.Option(help="Number of worker processes.", min=1, max=256)] = 1,
    max_bytes: Annotated[
        int, typer.Option(help="Largest request, in bytes.", min=1)
    ] = _DEFAULT.body,
    max_pixels: Annotated[
        int, typer.Option(help="Largest image, in pixels.", min=1, max=200_000_000)
    ] = _DEFAULT.pixels,
    queue: Annotated[
        int, typer.Option(help="Images that each worker accepts at a time.", min=1)
    ] = _DEFAULT.queue,
    timeout: Annotated[
        float,
        typer.Option(
            help="Seconds for a request to arrive, and again to answer it.", min=0.1, max=3600
        ),
    ] = _DEFAULT.seconds,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN", help="A web origin whose pages may send requests; * for all."
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A host name that the server may be called by, beside addresses and names without"
            " a dot; *.example.org for subdomains, * for all. At a loopback --host no other name"
            " is answered.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the network in /v2/models/NAME, the Open Inference Protocol's routes;"
            " default: the run's."
        ),
    ] = None,
    keep_alive: Annotated[
        float,
        typer.Option(help="Seconds for which an idle connection is kept.", min=1, max=3600),
    ] = KEEP_ALIVE,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help="Run code that comes along: a SavedModel, or a network not of nin."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not log requests.")] = False,
) -> None:
    """Serve a network over HTTP: a web page at /, the interface described at /docs."""
    from nin.exporting.on_demand import exported_file

    try:
        from nin.serving import Settings, serve
        from nin.serving.access import checked_hosts, checked_origins
        from nin.serving.connections import address_of, listen
        from nin.serving.settings import check_name, share
    except ModuleNotFoundError as error:
        raise NinError(
            f"nin serve needs {error.name}, which is not installed: {install_line('serve')}"
        ) from error

    check_name(name)
    limits = Limits(max_bytes, max_pixels, queue, timeout)
    origins, hosts = checked_origins(allow_origin or ()), checked_hosts(allow_host or (), host)
    with listen(host, port) as listener, exported_file(path, trust=trust) as file:
        address = address_of(listener)
        settings = Settings(
            file,
            limits,
            origins,
            hosts,
            keep_alive,
            quiet,
            *share(workers),
            trust=trust,
            name=name,
        )
        serve(
            settings,
            listener,
            workers,
            lambda what: typer.echo(f"{address} answers for {printable(what)}"),
        )
