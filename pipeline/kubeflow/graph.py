"""The tasks of a run on Kubeflow and what each waits for, known without any data."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from pipeline.config.settings import TowerlineConfig
from pipeline.metadata.records import Artifact
from pipeline.planning.plan import PushedWeights, RunPlan
from pipeline.refreshing.pushed_parts import PARTS, PushedParts
from schema.errors import UserError
from schema.features import FeatureSet
from schema.windows import TimeWindows

PLAN: Final = "plan"
"""The task before all nodes: it reads the database once and writes down what the run is."""
OUTCOME: Final = "outcome"
"""The task after all nodes: it says what was pushed, and fails if nothing was."""

_WORKER: Final = "-worker-"

_NO_WINDOWS: Final = TimeWindows(
    start=0,
    ranking_cutoffs=(5,),
    retrieval_end=5,
    window=2,
    retrieval_cutoffs=(3,),
    eval_start=7,
    test_start=9,
    now=11,
)

_NO_PARTS: Final = PushedParts(
    version="0",
    trained="0",
    artifacts={name: Artifact("Model", f"/nowhere/{name}", id=number) for number, name in enumerate(PARTS)},
    assembly={},
    index={},
    decided={},
)
_NO_WEIGHTS: Final = PushedWeights(
    version="0",
    retrieval_model="/nowhere/towers",
    ranking_model="/nowhere/ranker",
    transform_graph="/nowhere/transform_graph",
)


def tasks(config: TowerlineConfig, refresh: bool = False) -> dict[str, tuple[str, ...]]:
    """Returns node id -> ids of the nodes that it waits for, in an order in which they can run.

    The nodes and their edges depend on the configuration alone, so they are read off a pipeline over
    features and windows that are not those of any database.

    Args:
        config: The configuration.
        refresh: Whether the tasks are those of a refresh.
    """
    from tfx.dsl.compiler import compiler

    nodes = [node.pipeline_node for node in compiler.Compiler().compile(_pipeline(config, refresh)).nodes]
    graph = {node.node_info.id: tuple(node.upstream_nodes) or (PLAN,) for node in nodes}
    waited_for = {upstream for upstreams in graph.values() for upstream in upstreams}
    last = tuple(node for node in graph if node not in waited_for)
    return {PLAN: (), **graph, OUTCOME: last} | _helpers(config, graph)


def check_names(config: TowerlineConfig, tasks: Collection[str]) -> None:
    """Checks `kubeflow.nodes`, which one configuration has for runs and refreshes.

    Args:
        config: The configuration.
        tasks: Those of a run and of a refresh.

    Raises:
        UserError: It names a task that there is not.
    """
    for name in config.kubeflow.nodes:
        if name not in tasks:
            raise UserError(
                f"Configuration key `kubeflow.nodes.{name}` names no task. Remedy: one of {', '.join(tasks)}."
            )


def _pipeline(config: TowerlineConfig, refresh: bool) -> Any:
    """The pipeline over no data."""
    from pipeline.create_pipeline import create_pipeline
    from pipeline.refreshing.create_refresh import create_refresh

    stand_in = RunPlan(
        config=config,
        features=FeatureSet(),
        windows=_NO_WINDOWS,
        event_weights={},
        fingerprint="",
        warm_start=_NO_WEIGHTS if config.warm_start else None,
        workdir="/nowhere",
        schema_file="/nowhere/schema.pbtxt",
    )
    return create_refresh(stand_in, _NO_PARTS) if refresh else create_pipeline(stand_in)


def node_of(task: str) -> str:
    """The node of a task, also of one of its further workers."""
    return task.partition(_WORKER)[0]


def worker_of(task: str) -> int:
    """The index of a further worker; 0 for every other task."""
    return int(task.partition(_WORKER)[2] or 0)


def _helpers(config: TowerlineConfig, graph: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The further workers of the trainers, each beginning when its node does.

    Raises:
        UserError: A node cannot have any.
    """
    found: dict[str, tuple[str, ...]] = {}
    for node, upstream in graph.items():
        count = config.kubeflow.resources(node).workers
        if count > 1:
            distribution = {
                "RetrievalTrainer": config.retrieval.distribution,
                "RetrievalRefit": config.retrieval.distribution,
                "RankingTrainer": config.ranking.distribution,
            }.get(node)
            if distribution != "multi_worker":
                raise UserError(
                    f"Configuration key `kubeflow.nodes.{node}.workers`: only a trainer whose `distribution` "
                    f"is multi_worker runs in several pods. Received: {count} with distribution "
                    f"{distribution}. Remedy: set `retrieval.distribution` or `ranking.distribution`."
                )
            found |= {f"{node}{_WORKER}{index}": upstream for index in range(1, count)}
    return found
