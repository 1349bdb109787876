"""The further workers of trainers, without TFX."""

import pytest

from pipeline.config.settings import TowerlineConfig
from pipeline.kubeflow import graph as kubeflow_graph
from schema.errors import UserError

GRAPH = {"Transform": ("plan",), "RetrievalTrainer": ("Transform",), "RankingTrainer": ("RetrievalTrainer",)}


def helpers(values):
    return kubeflow_graph._helpers(TowerlineConfig.parse(values), GRAPH)


def test_nobody_helps_by_default():
    assert helpers({}) == {}


def test_workers_begin_with_their_node():
    nodes = {"RankingTrainer": {"workers": 3}}
    found = helpers({"ranking": {"distribution": "multi_worker"}, "kubeflow": {"nodes": nodes}})
    assert found == {
        "RankingTrainer-worker-1": ("RetrievalTrainer",),
        "RankingTrainer-worker-2": ("RetrievalTrainer",),
    }
    assert [kubeflow_graph.worker_of(task) for task in ("RankingTrainer", *found)] == [0, 1, 2]
    assert {kubeflow_graph.node_of(task) for task in found} == {"RankingTrainer"}


@pytest.mark.parametrize("node", ["Transform", "RetrievalTrainer"])
def test_only_trainers_that_are_told_so_have_workers(node):
    values = {"ranking": {"distribution": "multi_worker"}, "kubeflow": {"nodes": {node: {"workers": 2}}}}
    with pytest.raises(UserError, match=f"kubeflow.nodes.{node}.workers`: only a trainer"):
        helpers(values)
