"""The tasks of a run on Kubeflow and what each waits for, known without any data."""

from __future__ import annotations

from typing import Final

from pipeline.config.settings import TowerlineConfig
from pipeline.planning.plan import RunPlan
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


def tasks(config: TowerlineConfig) -> dict[str, tuple[str, ...]]:
    """Returns node id -> ids of the nodes that it waits for, in an order in which they can run.

    The nodes and their edges depend on the configuration alone, so they are read off a pipeline over
    features and windows that are not those of any database.
    """
    from tfx.dsl.compiler import compiler

    from pipeline.create_pipeline import create_pipeline

    stand_in = RunPlan(
        config=config,
        features=FeatureSet(),
        windows=_NO_WINDOWS,
        event_weights={},
        fingerprint="",
        workdir="/nowhere",
        schema_file="/nowhere/schema.pbtxt",
    )
    nodes = [node.pipeline_node for node in compiler.Compiler().compile(create_pipeline(stand_in)).nodes]
    graph = {node.node_info.id: tuple(node.upstream_nodes) or (PLAN,) for node in nodes}
    waited_for = {upstream for upstreams in graph.values() for upstream in upstreams}
    last = tuple(node for node in graph if node not in waited_for)
    return {PLAN: (), **graph, OUTCOME: last} | _helpers(config, graph)


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
