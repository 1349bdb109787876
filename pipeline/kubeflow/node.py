"""The container of a node: TFX's portable launcher runs one node of the planned pipeline.

The launcher asks ML Metadata for the inputs and for the cache, runs the executor, and publishes the
outputs, exactly as TFX's local runner does for all nodes in turn.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.config.forgotten_users import provide_key
from pipeline.kubeflow.light_tfx import use_light_tfx
from pipeline.kubeflow.run import KubeflowRun, add_arguments, container_main, run_of
from pipeline.kubeflow.worker import meeting
from pipeline.planning.plan import PIPELINE_NAME, PUSHED_MODELS
from pipeline.terminal import console
from schema.errors import UserError

_DONE = ("COMPLETE", "CACHED")
# TFX completes the names of TensorFlow Model Analysis when all of it is imported in its own order.
_NEEDS_ALL_OF_TFX = "tfx.components.evaluator."


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a node and returns the exit code."""
    parser = argparse.ArgumentParser(prog="node", description="runs one node of a planned run on Kubeflow")
    add_arguments(parser)
    parser.add_argument("--node", required=True, metavar="ID", help="the node")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="pods that do it together")
    return container_main(parser, _execute, argv)


def _execute(arguments: argparse.Namespace) -> None:
    run = run_of(arguments)
    pipeline = run.read_pipeline()
    nodes = {node.pipeline_node.node_info.id: node.pipeline_node for node in pipeline.nodes}
    if arguments.node in PUSHED_MODELS and arguments.node not in nodes:
        console.say(f"{arguments.node}: this run begins cold; the task `plan` says why")
        return
    if arguments.node not in nodes:
        raise UserError(
            f"The pipeline of this run has no such node. Received: --node {arguments.node}. Remedy: compile "
            "the pipeline again with the release that is in the image."
        )
    provide_key(run.root)
    remove_leftovers(run, arguments.node)
    together = meeting(run, arguments.node, arguments.workers)
    if arguments.workers > 1:
        together.invite()
    launch(run, pipeline, nodes[arguments.node])
    state = _state(run, arguments.node)
    if state not in _DONE:  # the launcher does not raise when inputs are missing
        raise RuntimeError(f"{arguments.node} did not run; ML Metadata has it as {state or 'not begun'}")
    if arguments.workers > 1:
        together.close()
    console.say(f"{arguments.node}: {'served from the cache' if state == 'CACHED' else 'done'}")


def launch(run: KubeflowRun, pipeline: Any, node: Any) -> None:
    """Runs one node with TFX's launcher."""
    from tfx.orchestration.local import runner_utils

    deployment = runner_utils.extract_local_deployment_config(pipeline)
    node_id = node.node_info.id
    if not node.node_info.type.name.startswith(_NEEDS_ALL_OF_TFX):
        use_light_tfx()
    from tfx.orchestration.portable import launcher

    launcher.Launcher(
        pipeline_node=node,
        mlmd_connection=_metadata(run.metadata),
        pipeline_info=pipeline.pipeline_info,
        pipeline_runtime_spec=pipeline.runtime_spec,
        executor_spec=runner_utils.extract_executor_spec(deployment, node_id),
        custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
    ).launch()


def _metadata(location: str) -> Any:
    from pipeline.metadata.handle import store_handle

    return store_handle(location)()


def remove_leftovers(run: KubeflowRun, node: str) -> None:
    """Removes what an earlier pod of this node wrote before it was lost.

    The launcher takes the execution up again and writes to the same folders; half of the shards of the
    first attempt beside all of the second would be read as one data set.
    """
    artifacts = Path(run.read_plan().artifact_root, node)
    for execution in _executions(run, node):
        if execution.state not in _DONE:
            for pattern in (f"*/{execution.id}", f".system/*/{execution.id}"):
                for folder in artifacts.glob(pattern):
                    console.note(f"Removing what an earlier attempt left: {folder}")
                    shutil.rmtree(folder)


def _state(run: KubeflowRun, node: str) -> str:
    return next((execution.state for execution in _executions(run, node)), "")


def _executions(run: KubeflowRun, node: str) -> list[Any]:
    from pipeline.metadata.store import RunStore

    store = RunStore(run.metadata, PIPELINE_NAME)
    runs = [known for known in store.runs() if known.run_id == run.run_id]
    return [execution for known in runs for execution in known.executions if execution.node == node]


if __name__ == "__main__":
    sys.exit(main())
