"""`nin serve`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nin.cli.shared_options import TrustFile, with_options
from nin.errors import NinError
from nin.installing import install_line
from nin.names import printable
from nin.serving.settings import KEEP_ALIVE, Limits

if TYPE_CHECKING:
    from nin.serving import Settings

_DEFAULT = Limits()


@dataclass(frozen=True)
class ServerOptions:
    """The options of a server, in the order in which help lists them."""

    host: Annotated[
        str,
        typer.Option(help="Address to listen on; 0.0.0.0 to accept connections from elsewhere."),
    ] = "127.0.0.1"
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 for any free one.", min=0, max=65535)
    ] = 8000
    workers: Annotated[int, typer.Option(help="Number of worker processes.", min=1, max=256)] = 1
    max_bytes: Annotated[int, typer.Option(help="Largest request, in bytes.", min=1)] = (
        _DEFAULT.body
    )
    max_pixels: Annotated[
        int, typer.Option(help="Largest image, in pixels.", min=1, max=200_000_000)
    ] = _DEFAULT.pixels
    queue: Annotated[
        int, typer.Option(help="Maximum number of images that a worker accepts at a time.", min=1)
    ] = _DEFAULT.queue
    timeout: Annotated[
        float,
        typer.Option(
            help="Seconds for a request to arrive, and as many again to handle it.",
            min=0.1,
            max=3600,
        ),
    ] = _DEFAULT.seconds
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="Web origin whose pages may send requests; * for all. Can be repeated.",
        ),
    ] = None
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Host name that requests may use, besides IP addresses and names without a dot;"
            " *.example.org for subdomains, * for all. Can be repeated. With a loopback --host,"
            " requests to any other name are refused.",
        ),
    ] = None
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the model in the Open Inference Protocol: /v2/models/NAME;"
            " default: the run's."
        ),
    ] = None
    keep_alive: Annotated[
        float,
        typer.Option(help="Seconds to keep an idle connection open.", min=1, max=3600),
    ] = KEEP_ALIVE
    trust: TrustFile = False
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not log requests.")] = False

    def settings(self, file: Path) -> Settings:
        """The settings of a server of `file`, checked."""
        from nin.serving import Settings
        from nin.serving.access import checked_hosts, checked_origins
        from nin.serving.settings import check_name, threads_per_worker

        check_name(self.name)
        threads = threads_per_worker(self.workers)
        return Settings(
            file,
            Limits(self.max_bytes, self.max_pixels, self.queue, self.timeout),
            checked_origins(self.allow_origin or ()),
            checked_hosts(self.allow_host or (), self.host),
            self.keep_alive,
            self.quiet,
            threads.computing,
            threads.decoding,
            trust=self.trust,
            name=self.name,
        )


@with_options(ServerOptions)
def serve(
    path: Annotated[
        Path, typer.Argument(metavar="RUN|FILE", help="A run directory or an exported file.")
    ],
    *,
    options: ServerOptions,
) -> None:
    """Serve a network over HTTP: a web page at /, the API described at /docs."""
    from nin.exporting.on_demand import exported_file

    try:
        from nin.serving import serve as serve_settings
        from nin.serving.connections import address_of, listen
    except ModuleNotFoundError as error:
        raise NinError(
            f"nin serve needs {error.name}, which is not installed: {install_line('serve')}"
        ) from error

    settings = options.settings(path)
    with (
        listen(options.host, options.port) as listener,
        exported_file(path, trust=options.trust) as file,
    ):
        address = address_of(listener)
        serve_settings(
            settings._replace(path=file),
            listener,
            options.workers,
            lambda what: typer.echo(f"{address} serves {printable(what)}"),
        )
