"""From what a user typed to a run, a node or an artifact."""

from __future__ import annotations

import difflib
from typing import Final

from pipeline.inspection.graph import Graph
from pipeline.metadata.store import Artifact, Execution, Run
from schema.errors import UserError

LATEST: Final = "latest"
PREVIOUS: Final = "previous"


def find_run(graph: Graph, name: str) -> Run:
    """Returns the run of an id, of a unique beginning of one, or `latest` or `previous`.

    Raises:
        UserError: There is none, or more than one.
    """
    if name == LATEST:
        return graph.runs[-1]
    if name == PREVIOUS:
        if len(graph.runs) < 2:
            raise UserError("There is no previous run: ML Metadata holds one. Remedy: name `latest`.")
        return graph.runs[-2]
    ids = list(graph.runs.ids.values())
    found = [run_id for run_id in ids if run_id == name] or [
        run_id for run_id in ids if name and run_id.startswith(name)
    ]
    if len(found) == 1:
        return graph.runs.named(found[0])
    if found:
        shown = ", ".join(found[:3])
        raise UserError(f"Several runs begin with {name!r}: {shown}. Remedy: type more of it.")
    near = difflib.get_close_matches(name, ids, n=1, cutoff=0.0)[0]
    raise UserError(f"There is no run {name!r}. The nearest is {near!r}; `towerline runs` lists all.")


def find_node(graph: Graph, run: Run, name: str) -> Execution:
    """Returns the execution of a node in a run.

    Raises:
        UserError: The run has none of that name.
    """
    nodes = {execution.node.lower(): execution.node for execution in run.executions}
    execution = graph.node(run, nodes.get(name.lower(), ""))
    if execution is not None:
        return execution
    near = difflib.get_close_matches(name.lower(), list(nodes), n=1, cutoff=0.0)
    hint = f" The nearest is {nodes[near[0]]!r}." if near else " It began none at all."
    raise UserError(f"Run {run.run_id} has no node {name!r}.{hint}")


def find_artifact(graph: Graph, name: str) -> Artifact:
    """Returns the artifact of an id, or that `NODE.KEY` of the newest run that has it names.

    Raises:
        UserError: There is none.
    """
    if name.isdigit() and int(name) in graph.artifacts:
        return graph.artifacts[int(name)]
    node, dot, key = name.partition(".")
    if dot:
        found = (graph.output(run, node, key) for run in reversed(graph.runs))
        artifact = next((item for item in found if item is not None), None)
        if artifact is not None:
            return artifact
    ids = sorted(graph.artifacts)
    known = f"ids {ids[0]} to {ids[-1]}" if ids else "no artifacts at all"
    raise UserError(
        f"There is no artifact {name!r}; ML Metadata holds {known}. Remedy: name an id, or NODE.KEY such as "
        "`StatisticsGen.statistics`; `towerline inspect run latest` lists those of a run."
    )


def find_model(graph: Graph, version: str | None) -> Artifact:
    """Returns the pushed model of a version, by default the one pushed last.

    Raises:
        UserError: Nothing was pushed, or not that version.
    """
    pushed = {
        str(artifact.properties.get("pushed_version")): artifact
        for artifact in graph.artifacts.of_type("PushedModel")
        if artifact.properties.get("pushed")
    }
    if not pushed:
        raise UserError(
            "No run has pushed a model yet. Remedy: `towerline inspect run latest` says why, and "
            "`towerline inspect lineage --artifact A` walks from any artifact."
        )
    if version is None:
        return list(pushed.values())[-1]
    if version not in pushed:
        near = difflib.get_close_matches(version, list(pushed), n=1, cutoff=0.0)[0]
        raise UserError(f"No run has pushed version {version!r}. The nearest is {near!r}.")
    return pushed[version]
