"""`towerline submit`: runs a compiled pipeline on Kubeflow."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Final

from pipeline.terminal import console
from schema.errors import PipelineRefusedError, UserError

NAME = "submit"
HELP = "run a compiled pipeline on Kubeflow Pipelines 2, once or by cron"

TOKEN_VARIABLE: Final = "TOWERLINE_KUBEFLOW_TOKEN"
"""Environment variable with a bearer token for the API."""

_SUCCEEDED: Final = "SUCCEEDED"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("runner", choices=("kubeflow",), help="where it runs")
    parser.add_argument("document", metavar="pipeline.yaml", help="what `towerline compile` wrote")
    parser.add_argument("--endpoint", required=True, metavar="URL", help="the API, such as http://host:8888")
    parser.add_argument("--experiment", default="towerline", help="experiment, made if absent (towerline)")
    parser.add_argument("--namespace", help="namespace of a multi-user installation")
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a run parameter; may be repeated"
    )
    parser.add_argument("--wait", action="store_true", help="follow the run to its end")
    parser.add_argument("--cron", metavar="FIELDS", help="run again and again: six fields, seconds first")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.kubeflow.parameters import read_document
    from pipeline.kubeflow.runner import Kubeflow

    cron = arguments.cron
    if cron is not None and (arguments.wait or len(cron.split()) != 6):
        raise UserError(
            f"`--cron` takes six fields, seconds first, and goes without `--wait`. Received: {cron!r}. "
            "Remedy: such as '0 0 2 * * *' for two o'clock."
        )
    if not arguments.endpoint.startswith(("http://", "https://")):
        raise UserError(f"`--endpoint` takes an http:// or https:// URL. Received: {arguments.endpoint}.")
    document = read_document(Path(arguments.document), arguments.param)
    cluster = Kubeflow(arguments.endpoint, arguments.namespace, os.environ.get(TOKEN_VARIABLE))
    if cron is not None:
        found = cluster.recur(document, arguments.experiment, cron)
        return _tell(arguments, {"recurring_run_id": found}, f"Recurring run {found}: {cron}")
    run_id = cluster.start(document, arguments.experiment)
    address = f"{arguments.endpoint.rstrip('/')}/#/runs/details/{run_id}"
    tell = console.note if arguments.json else console.say
    tell(f"Run {run_id}: {address}")
    state = cluster.follow(run_id, tell) if arguments.wait else None
    if state not in (None, _SUCCEEDED):
        failed = ", ".join(cluster.failed_tasks(run_id)) or "none is named"
        raise PipelineRefusedError(f"Run {run_id} is {state}; failed tasks: {failed}. Their logs: {address}")
    return _tell(arguments, {"run_id": run_id, "state": state, "url": address}, state or "")


def _tell(arguments: argparse.Namespace, content: dict[str, str | None], text: str) -> int:
    if arguments.json:
        console.say_json(content)
    elif text:
        console.say(text)
    return 0
