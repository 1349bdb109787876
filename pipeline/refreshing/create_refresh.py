"""The DAG of a refresh: the nodes of a run, with what was trained taken from the pushed version."""

from __future__ import annotations

from typing import Any, Final

from tfx import v1 as tfx
from tfx.types import standard_artifacts

from components.artifacts import Preranker
from components.candidate_indexer.component import CandidateIndexer
from components.local_transform.catalog import CatalogTransform, CatalogTransformSettings
from components.product_example_gen.component import ProductExampleGen
from components.pusher.component import Pusher
from components.recommender_assembler.component import RecommenderAssembler
from components.serving_validator.component import ServingValidator
from pipeline.config.beam_arguments import beam_arguments
from pipeline.create_pipeline import Nodes, checked_data_nodes
from pipeline.nodes import node_settings
from pipeline.planning.plan import PIPELINE_NAME, RunPlan
from pipeline.refreshing.pushed_parts import PushedParts
from schema import names

_TYPES = {
    "retrieval_model": standard_artifacts.Model,
    "ranking_model": standard_artifacts.Model,
    "preranker": Preranker,
    "candidates": standard_artifacts.Examples,
    "transform_graph": standard_artifacts.TransformGraph,
    "evaluated_model": standard_artifacts.Model,
    "evaluated_classic": standard_artifacts.Model,
    "model_blessing": standard_artifacts.ModelBlessing,
    "ranking_blessing": standard_artifacts.ModelBlessing,
}
_ONE_BASKET = {"baskets_per_user": 1}
"""Nothing is trained on the queries of baskets; they only say which users there are."""
_EARLIER: Final = (names.TRAIN, names.EVAL)
"""Splits that hold what the test split holds up to earlier moments."""


def create_refresh(plan: RunPlan, parts: PushedParts) -> tfx.dsl.Pipeline:
    """Wires the nodes of a refresh.

    Artifacts of the pushed version are taken over as the records that they are in ML Metadata, so that the
    lineage of what is pushed leads to the nodes that trained it.
    """
    imported = {name: _imported(name, parts) for name in _TYPES}
    given = {name: node.outputs["result"] for name, node in imported.items()}
    split = plan.config.split.model_copy(update=_ONE_BASKET)
    data = checked_data_nodes(plan, node_settings(ProductExampleGen, plan, split=split), _EARLIER)
    served = _served_nodes(plan, given, data, parts)
    nodes: Nodes = {_id_of(name): node for name, node in imported.items()} | data | served
    return tfx.dsl.Pipeline(
        pipeline_name=PIPELINE_NAME,
        pipeline_root=plan.artifact_root,
        components=[node.with_id(name) for name, node in nodes.items()],
        enable_cache=True,
        beam_pipeline_args=beam_arguments(plan.config.beam),
    )


def _served_nodes(plan: RunPlan, given: Nodes, data: Nodes, parts: PushedParts) -> Nodes:
    """The catalog, the index and the model as of now, the check in a fresh process, and the push."""
    examples = data["ProductExampleGen"].outputs["examples"]
    interactions = data["ProductExampleGen"].outputs["interactions"]
    catalog = CatalogTransform(
        CatalogTransformSettings(), examples=examples, transform_graph=given["transform_graph"]
    )
    catalog.add_upstream_node(data["InteractionValidator"])
    indexer = CandidateIndexer(
        node_settings(CandidateIndexer, plan, cutoffs=(plan.windows.now,)),
        model=given["retrieval_model"],
        transform_graph=given["transform_graph"],
        transformed_examples=catalog.outputs["transformed_examples"],
        interactions=interactions,
    )
    of_pushed = (
        *("retrieval_model", "ranking_model", "preranker", "candidates", "transform_graph"),
        "model_blessing",
    )
    assembler = RecommenderAssembler(
        node_settings(RecommenderAssembler, plan, refit=True, refresh_of=parts.trained),
        index=indexer.outputs["index"],
        examples=examples,
        interactions=interactions,
        **{name: given[name] for name in of_pushed},
    )
    made = {"model": assembler.outputs["model"], "classic_model": assembler.outputs["classic_model"]}
    validator = ServingValidator(
        node_settings(ServingValidator, plan),
        model_blessing=given["model_blessing"],
        examples=examples,
        evaluation=None,
        **made,
    )
    judged = ("evaluated_model", "evaluated_classic", "model_blessing", "ranking_blessing")
    pusher = Pusher(
        infra_blessing=validator.outputs["blessing"],
        push_directory=plan.push_directory,
        refresh_of=parts.trained,
        **made,
        **{name: given[name] for name in judged},
    )
    return {
        "CatalogTransform": catalog,
        "IndexRefresh": indexer,
        "RecommenderRefresh": assembler,
        "ServingValidator": validator,
        "Pusher": pusher,
    }


def _imported(name: str, parts: PushedParts) -> Any:
    return tfx.dsl.Importer(source_uri=parts.artifacts[name].uri, artifact_type=_TYPES[name])


def _id_of(name: str) -> str:
    """Such as `PushedRetrievalModel`."""
    return "Pushed" + "".join(word.capitalize() for word in name.split("_"))
