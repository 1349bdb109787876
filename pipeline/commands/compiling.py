"""`towerline compile`: the pipeline as a document for another runner."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.terminal import console
from schema.errors import UserError

if TYPE_CHECKING:
    from pipeline.config.settings import TowerlineConfig

NAME = "compile"
HELP = "write the pipeline as YAML for Kubeflow Pipelines 2"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("runner", choices=("kubeflow",), help="what the document is for")
    parser.add_argument("--output", required=True, metavar="FILE.yaml", help="the document")
    parser.add_argument("--image", required=True, metavar="IMAGE", help="container image of every task")
    parser.add_argument(
        "--pipeline-root", required=True, metavar="URI", help="folder on the volume that all pods mount"
    )
    parser.add_argument(
        "--metadata-url",
        metavar="URL",
        help="ML Metadata: postgresql://user@host/database (default: a SQLite file in the pipeline root)",
    )
    parser.add_argument("--source", metavar="URL", help="product database, as the pods reach it")
    parser.add_argument(
        "--refresh", action="store_true", help="the pipeline of `towerline refresh`, for a recurring run"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.config.loading import load_config
    from pipeline.kubeflow.graph import check_names, tasks
    from pipeline.kubeflow.runner import Deployment, compile_pipeline
    from pipeline.terminal.capture import quiet_stderr
    from schema.source import password_of

    config = load_config(arguments, arguments.source)
    output = _writable(arguments.output)
    root = _root(arguments.pipeline_root)
    url = arguments.metadata_url or config.metadata.url
    deployment = Deployment(
        image=_image(arguments.image),
        pipeline_root=root,
        metadata_url=_metadata_url(url, root),
        refresh=arguments.refresh,
    )
    console.note("Loading TFX to read off the nodes")
    with quiet_stderr():
        graph, other = (tasks(config, refresh) for refresh in (arguments.refresh, not arguments.refresh))
        check_names(config, {**graph, **other})
        compile_pipeline(config, graph, deployment, output)
    for name, given in (("source", config.source.url), ("metadata", url)):
        if given and password_of(given) is not None:
            console.note(
                f"The password of the {name} URL is left out; put it into the secret "
                f"`{config.kubeflow.secret}` as `{name}-password`."
            )
    _tell(arguments, config, output, len(graph))
    return 0


def _tell(arguments: argparse.Namespace, config: TowerlineConfig, output: Path, num_tasks: int) -> None:
    from pipeline.kubeflow.parameters import run_parameters

    declared = run_parameters(config, arguments.refresh)
    parameters = {parameter.name: parameter.default for parameter in declared}
    if arguments.json:
        console.say_json({"output": str(output), "tasks": num_tasks, "parameters": parameters})
    else:
        console.say(f"Wrote {output}: {num_tasks} tasks, {len(parameters)} run parameters.")
        if not config.source.url:
            console.say("Every run must name its database in the parameter `source`.")


def _root(uri: str) -> str:
    path = uri.removeprefix("file://")
    if not path.startswith("/") or len(Path(path).parts) < 2:
        raise UserError(
            "`--pipeline-root` must be an absolute folder on the volume that all pods mount; object stores "
            f"are not supported. Received: {uri}. Remedy: such as /mnt/pipeline."
        )
    return str(Path(path))


def _image(name: str) -> str:
    if not name.strip() or name != name.strip() or "{{" in name:
        raise UserError(f"`--image` names a container image. Received: {name!r}.")
    return name


def _metadata_url(url: str | None, root: str) -> str:
    from pipeline.metadata.location import DEFAULT_NAME, store_location

    location = store_location(url or f"sqlite:///{root}/{DEFAULT_NAME}")
    return location if "://" in location else f"sqlite:///{location}"


def _writable(name: str) -> Path:
    path = Path(name).expanduser().absolute()
    if path.suffix not in (".yaml", ".yml") or path.is_dir() or not path.parent.is_dir():
        raise UserError(f"`--output` names a .yaml file in a folder that exists. Received: {name}.")
    return path
