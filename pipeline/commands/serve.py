"""`towerline serve`: the REST server and its explorer page."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.terminal import console

if TYPE_CHECKING:
    from serving.replay.recording import Recorder

NAME = "serve"
HELP = "serve the pushed model over REST, with an explorer page at /"
TOKEN_VARIABLE: Final = "TOWERLINE_SERVE_TOKEN"
"""Environment variable with the bearer token that requests must carry."""
SIDE_INDEX: Final = "side_products.json"
"""File of the work directory with the products that were added between runs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8500, help="port to bind (8500)")
    parser.add_argument("--grpc-port", type=int, metavar="PORT", help="TF Serving's gRPC API too")
    parser.add_argument("--budget-ms", type=float, default=1000.0, help="time before popular products (1000)")
    parser.add_argument("--workers", type=int, metavar="N", help="requests at a time (cores; least 2)")
    parser.add_argument(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a site whose pages may ask, or *",
    )
    parser.add_argument("--root-path", default="", metavar="PATH", help="path at which a proxy shows it")
    parser.add_argument("--record", metavar="FILE", help="append requests and answers, to replay")
    parser.add_argument("--source", metavar="URL", help="product database, if not that of the last run")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.commands.runs import run_rows
    from pipeline.config.forgotten_users import forgotten_folder
    from pipeline.config.loading import load_config
    from pipeline.config.remembered_source import open_concealed, source_of
    from pipeline.reporting.record import REPORTS
    from pipeline.terminal.capture import import_tensorflow, quiet
    from schema.arrow import import_arrow
    from serving.http.binding import bound, url_of

    listener = bound(arguments.host, arguments.port)
    quiet()
    import_arrow()
    from serving.database.forgotten_users import ForgottenUsers
    from serving.database.shop import Shop
    from serving.http.extras import Extras, RunHistory
    from serving.http.server import Server
    from serving.http.settings import ServerSettings
    from serving.model.holder import ModelHolder
    from serving.new_products.side_index import SideIndex
    from serving.running import run

    config = load_config(arguments, arguments.source)
    settings = ServerSettings.parse(
        {
            **config.serve.model_dump(),
            "host": arguments.host,
            "port": arguments.port,
            "grpc_port": arguments.grpc_port,
            "num_workers": max(2, os.cpu_count() or 1) if arguments.workers is None else arguments.workers,
            "budget_ms": arguments.budget_ms,
            "cors_origins": arguments.cors_origin,
            "root_path": arguments.root_path.rstrip("/"),
            "token": os.environ.get(TOKEN_VARIABLE) or None,
        }
    )
    workdir = Path(arguments.workdir).expanduser().absolute()
    directory = config.push.directory_in(workdir)
    behind = settings.grpc_port is None  # whose services read the signatures
    holder = ModelHolder(directory, settings.poll_seconds, settings.kernel == "auto", behind)
    version, starts_alone = holder.open()
    source = source_of(config, workdir)
    open_concealed(source).close()  # a wrong address is a mistake of now, not of the first request
    extras = Extras(
        SideIndex(workdir / SIDE_INDEX),
        _recorder(arguments.record, workdir) if arguments.record else None,
        RunHistory(lambda: run_rows(arguments), workdir / REPORTS),
        ForgottenUsers(forgotten_folder(workdir), settings.refresh_seconds),
    )
    shop = Shop(lambda: open_concealed(source), settings.clock_seconds)
    address = url_of(settings.host, listener.getsockname()[1])
    console.say(f"Serving model {version} and what is pushed after it at {address} (Ctrl-C stops)")
    if not starts_alone:
        import_tensorflow()
    run(Server(settings, holder, shop, extras), listener)
    return 0


def _recorder(name: str, workdir: Path) -> Recorder:
    """Where it writes is remembered, so that requests can be forgotten there."""
    from pipeline.forgetting.records import remember_record
    from serving.replay.recording import Recorder

    recorder = Recorder(Path(name).expanduser())
    remember_record(workdir, Path(name))
    return recorder
