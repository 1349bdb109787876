"""`towerline inspect`: what ML Metadata knows of runs, nodes, artifacts, lineages, differences, drift."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.commands.options import add_common
from pipeline.terminal import console

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.inspection.graph import Graph
    from pipeline.inspection.view import View

NAME = "inspect"
HELP = "look into ML Metadata: a run, a node, an artifact, a lineage, the difference of two runs, drift"

_RUN = "id of a run, the beginning of one, `latest` or `previous`"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    subjects = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    run = subjects.add_parser("run", help="state, data, nodes, metrics and decision of a run")
    run.add_argument("run", nargs="?", default="latest", metavar="R", help=_RUN)
    node = subjects.add_parser(
        "node", help="inputs, outputs, parameters, timing, cache key and error of a node"
    )
    node.add_argument("run", metavar="R", help=_RUN)
    node.add_argument("node", metavar="NODE", help="id of the node")
    artifact = subjects.add_parser("artifact", help="type, folder, maker, users and content of an artifact")
    artifact.add_argument("artifact", metavar="A", help="id, or NODE.KEY of the newest run that has it")
    lineage = subjects.add_parser("lineage", help="from a served model, or any artifact, back to its data")
    root = lineage.add_mutually_exclusive_group()
    root.add_argument("--model", metavar="VERSION", help="a pushed version (default: the one pushed last)")
    root.add_argument("--artifact", metavar="A", help="any artifact")
    root.add_argument("--item", nargs=2, metavar=("USER", "PRODUCT"), help="a product recommended to a user")
    lineage.add_argument("--dot", metavar="FILE", help="also write it as Graphviz text")
    lineage.add_argument("--svg", metavar="FILE", help="also write it as a picture")
    diff = subjects.add_parser("diff", help="what changed between two runs")
    diff.add_argument("run", nargs="?", default="previous", metavar="R1", help=_RUN)
    diff.add_argument("other", nargs="?", default="latest", metavar="R2", help=_RUN)
    drift = subjects.add_parser("drift", help="the newest data against what the champion was trained on")
    drift.add_argument("run", nargs="?", metavar="R", help=_RUN + " (default: the newest with statistics)")
    for subject in (run, node, artifact, lineage, diff, drift):
        add_common(subject, is_nested=True)


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pathlib import Path

    from pipeline.config.loading import load_config
    from pipeline.inspection.graph import read_graph
    from pipeline.inspection.view import strict
    from pipeline.metadata.location import metadata_location

    path = metadata_location(load_config(arguments).metadata, arguments.workdir)
    workdir = Path(arguments.workdir).expanduser()
    view = _view(arguments, read_graph(path), path, workdir)
    if arguments.json:
        console.say_json(strict(view.data))
    else:
        console.say(view.text())
    return 0


def _view(arguments: argparse.Namespace, graph: Graph, path: str, workdir: Path) -> View:
    from pipeline.inspection.addresses import find_artifact, find_node, find_run
    from pipeline.inspection.listing import is_alive

    if arguments.subject == "artifact":
        from pipeline.inspection.artifact_view import artifact_view

        return artifact_view(graph, find_artifact(graph, arguments.artifact))
    if arguments.subject == "lineage":
        return _lineage(arguments, graph)
    if arguments.subject == "drift":
        from pipeline.inspection.data_drift import drift_view, newest_with_statistics

        named = find_run(graph, arguments.run) if arguments.run else newest_with_statistics(graph)
        return drift_view(graph, named)
    run = find_run(graph, arguments.run)
    if arguments.subject == "diff":
        from pipeline.inspection.diff import diff_view

        return diff_view(graph, run, find_run(graph, arguments.other))
    from pipeline.inspection.run_view import node_view, run_view

    alive = is_alive(graph, run, path, workdir)
    if arguments.subject == "run":
        return run_view(graph, run, alive)

    execution = find_node(graph, run, arguments.node)
    return node_view(graph, run, execution, alive, graph.cache_key(execution.id), workdir / "logs")


def _lineage(arguments: argparse.Namespace, graph: Graph) -> View:
    from pipeline.inspection.addresses import find_artifact, find_model
    from pipeline.inspection.drawing import to_dot, to_svg
    from pipeline.inspection.item import item_view
    from pipeline.inspection.lineage import lineage_view
    from pipeline.inspection.view import View

    if arguments.artifact:
        root = find_artifact(graph, arguments.artifact)
    else:
        root = find_model(graph, arguments.model)
    view = lineage_view(graph, root)
    for target, draw in ((arguments.dot, to_dot), (arguments.svg, to_svg)):
        if target:
            _write(target, draw(view.data))
    if arguments.item:
        item = item_view(graph, root, *arguments.item)
        return View({"item": item.data, **view.data}, item.tables + view.tables)
    return view


def _write(target: str, text: str) -> None:
    from pathlib import Path

    from schema.errors import UserError

    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"The picture cannot be written. Received: {target} ({error.strerror}). Remedy: name another."
        ) from error
    console.note(f"Written: {target}")
