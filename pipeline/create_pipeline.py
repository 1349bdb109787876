"""The DAG. It knows no runner and holds wiring only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfx import v1 as tfx
from tfx.types import standard_artifacts

from components.baseline_recommender.component import BaselineRecommender
from components.candidate_generator.component import CandidateGenerator
from components.candidate_indexer.component import CandidateIndexer
from components.environment_validator.component import EnvironmentValidator
from components.interaction_validator.component import InteractionValidator
from components.local_transform.component import Transform
from components.node import NodeSettings
from components.preranking_trainer.component import PrerankingTrainer
from components.product_example_gen.component import ProductExampleGen
from components.pusher.component import Pusher
from components.recommender_assembler.component import RecommenderAssembler
from components.recommender_evaluator.component import RecommenderEvaluator
from components.retrieval_evaluator.component import RetrievalEvaluator
from components.serving_validator.component import ServingValidator
from pipeline.config.beam_arguments import beam_arguments
from pipeline.nodes import node_settings, ranking_eval_config, trainer_node
from pipeline.planning.plan import PIPELINE_NAME, PUSHED_MODELS, PUSHED_RANKER, PUSHED_TOWERS, RunPlan
from schema import names
from schema.tensors.tf_schema import CATALOG, QUERY

Nodes = dict[str, Any]


def create_pipeline(plan: RunPlan) -> tfx.dsl.Pipeline:
    """Wires the nodes of a run; equal plans give equal nodes. Where ML Metadata is, the runner knows."""
    nodes: Nodes = {}
    for stage in (pushed_nodes, data_nodes, _model_nodes, _ranking_nodes, _evaluation_nodes, _serving_nodes):
        nodes |= {name: node.with_id(name) for name, node in stage(plan, nodes).items()}
    return tfx.dsl.Pipeline(
        pipeline_name=PIPELINE_NAME,
        pipeline_root=plan.artifact_root,
        components=list(nodes.values()),
        enable_cache=True,
        beam_pipeline_args=beam_arguments(plan.config.beam),
    )


def pushed_nodes(plan: RunPlan, nodes: Nodes) -> Nodes:
    """The models that the trainers begin from, as the records that they are in ML Metadata."""
    del nodes
    if plan.warm_start is None:
        return {}
    return {
        name: tfx.dsl.Importer(source_uri=uri, artifact_type=standard_artifacts.Model)
        for name, uri in zip(
            PUSHED_MODELS, (plan.warm_start.retrieval_model, plan.warm_start.ranking_model), strict=True
        )
    }


def data_nodes(plan: RunPlan, nodes: Nodes) -> Nodes:
    """Examples, statistics, schema, the checks that stop the run, and the preprocessing graph."""
    del nodes
    checked = checked_data_nodes(plan)
    transform = Transform(
        examples=checked["ProductExampleGen"].outputs["examples"],
        schema=checked["ImportSchemaGen"].outputs["schema"],
        preprocessing_fn="transform.preprocessing.preprocessing_fn",
        splits_config=tfx.proto.SplitsConfig(
            analyze=[names.TRAIN, names.CATALOG], transform=list(names.SPLITS)
        ),
        custom_config={"features": plan.features.to_json()},
    )
    transform.add_upstream_node(checked["InteractionValidator"])
    return checked | {"Transform": transform}


def checked_data_nodes(
    plan: RunPlan, reading: NodeSettings | None = None, unchecked: Sequence[str] = ()
) -> Nodes:
    """What is read of the database, and the checks that stop the run.

    Args:
        plan: The run.
        reading: Of ProductExampleGen, if not those of the plan.
        unchecked: Splits of queries of which no statistics are made, so that nothing checks them.
    """
    example_gen = ProductExampleGen(reading or node_settings(ProductExampleGen, plan))
    examples = example_gen.outputs["examples"]
    statistics = tfx.components.StatisticsGen(examples=examples, exclude_splits=list(unchecked))
    schema = tfx.components.ImportSchemaGen(schema_file=plan.schema_file)
    query_validator, catalog_validator = (
        EnvironmentValidator(
            node_settings(EnvironmentValidator, plan, environment=environment, exclude_splits=excluded),
            statistics=statistics.outputs["statistics"],
            schema=schema.outputs["schema"],
        )
        for environment, excluded in ((QUERY, (names.CATALOG,)), (CATALOG, names.QUERY_SPLITS))
    )
    interaction_validator = InteractionValidator(
        node_settings(InteractionValidator, plan),
        examples=examples,
        interactions=example_gen.outputs["interactions"],
        query_anomalies=query_validator.outputs["anomalies"],
        catalog_anomalies=catalog_validator.outputs["anomalies"],
    )
    return {
        "ProductExampleGen": example_gen,
        "StatisticsGen": statistics,
        "ImportSchemaGen": schema,
        "QueryValidator": query_validator,
        "CatalogValidator": catalog_validator,
        "InteractionValidator": interaction_validator,
    }


def _model_nodes(plan: RunPlan, nodes: Nodes) -> Nodes:
    """The two towers, the candidate index, and what cuts the pool to the candidates."""
    config = plan.config
    transform = nodes["Transform"].outputs
    retrieval = trainer_node(
        plan,
        run_fn="trainer.retrieval.run.run_fn",
        examples=transform["transformed_examples"],
        transform_graph=transform["transform_graph"],
        custom_config={"retrieval": config.retrieval.to_json()},
        base_model=_pushed(nodes, PUSHED_TOWERS, None),
    )
    cutoffs = (*plan.windows.ranking_cutoffs, plan.windows.eval_start, plan.windows.test_start)
    indexer = _indexer(plan, nodes, retrieval, cutoffs)
    preranking = PrerankingTrainer(
        node_settings(PrerankingTrainer, plan),
        model=retrieval.outputs["model"],
        index=indexer.outputs["index"],
        transformed_examples=transform["transformed_examples"],
    )
    return {
        "RetrievalTrainer": retrieval,
        "CandidateIndexer": indexer,
        "PrerankingTrainer": preranking,
    }


def _ranking_nodes(plan: RunPlan, nodes: Nodes) -> Nodes:
    """The candidates, and the ranker that is trained on them."""
    config = plan.config
    transform = nodes["Transform"].outputs
    retrieval = nodes["RetrievalTrainer"]
    generator = CandidateGenerator(
        node_settings(CandidateGenerator, plan),
        model=retrieval.outputs["model"],
        index=nodes["CandidateIndexer"].outputs["index"],
        preranker=nodes["PrerankingTrainer"].outputs["preranker"],
        transformed_examples=transform["transformed_examples"],
        transform_graph=transform["transform_graph"],
        interactions=nodes["ProductExampleGen"].outputs["interactions"],
    )
    ranking = trainer_node(
        plan,
        run_fn="trainer.ranking.run.run_fn",
        examples=generator.outputs["examples"],
        transform_graph=transform["transform_graph"],
        # A cold start has no use for it, but the record says whose candidates and scores they are.
        base_model=_pushed(nodes, PUSHED_RANKER, retrieval.outputs["model"]),
        custom_config={"ranking": config.ranking.to_json(), "event_weights": plan.event_weights},
    )
    return {"CandidateGenerator": generator, "RankingTrainer": ranking}


def _pushed(nodes: Nodes, name: str, cold: Any) -> Any:
    """Channel of the model that a trainer begins from, or what it is given for a cold start."""
    return nodes[name].outputs["result"] if name in nodes else cold


def _evaluation_nodes(plan: RunPlan, nodes: Nodes) -> Nodes:
    """Each stage by itself, then the composed system, which is what gets blessed."""
    config = plan.config
    candidates = nodes["CandidateGenerator"].outputs["examples"]
    index = nodes["CandidateIndexer"].outputs["index"]
    retrieval = RetrievalEvaluator(
        node_settings(RetrievalEvaluator, plan),
        examples=candidates,
        index=index,
        preranker=nodes["PrerankingTrainer"].outputs["preranker"],
    )
    ranking = tfx.components.Evaluator(
        examples=candidates,
        model=nodes["RankingTrainer"].outputs["model"],
        eval_config=ranking_eval_config(plan.features, config.gates),
        example_splits=[names.EVAL],
    )
    assembler = _assembler(plan, nodes, nodes["RetrievalTrainer"], nodes["CandidateIndexer"])
    baselines = BaselineRecommender(
        node_settings(BaselineRecommender, plan),
        examples=nodes["ProductExampleGen"].outputs["examples"],
        interactions=nodes["ProductExampleGen"].outputs["interactions"],
    )
    baselines.add_upstream_node(nodes["InteractionValidator"])
    recommender = RecommenderEvaluator(
        node_settings(RecommenderEvaluator, plan),
        model=assembler.outputs["model"],
        classic_model=assembler.outputs["classic_model"],
        examples=nodes["ProductExampleGen"].outputs["examples"],
        interactions=nodes["ProductExampleGen"].outputs["interactions"],
        baselines=baselines.outputs["baselines"],
        index=index,
        transform_graph=nodes["Transform"].outputs["transform_graph"],
    )
    return {
        "RetrievalEvaluator": retrieval,
        "RankingEvaluator": ranking,
        "RecommenderAssembler": assembler,
        "BaselineRecommender": baselines,
        "RecommenderEvaluator": recommender,
    }


def _indexer(plan: RunPlan, nodes: Nodes, retrieval: Any, cutoffs: Sequence[int]) -> Any:
    transform = nodes["Transform"].outputs
    return CandidateIndexer(
        node_settings(CandidateIndexer, plan, cutoffs=tuple(cutoffs)),
        model=retrieval.outputs["model"],
        transform_graph=transform["transform_graph"],
        transformed_examples=transform["transformed_examples"],
        interactions=nodes["ProductExampleGen"].outputs["interactions"],
    )


def _assembler(plan: RunPlan, nodes: Nodes, retrieval: Any, indexer: Any, refit: bool = False) -> Any:
    return RecommenderAssembler(
        node_settings(RecommenderAssembler, plan, refit=refit),
        retrieval_model=retrieval.outputs["model"],
        ranking_model=nodes["RankingTrainer"].outputs["model"],
        index=indexer.outputs["index"],
        preranker=nodes["PrerankingTrainer"].outputs["preranker"],
        candidates=nodes["CandidateGenerator"].outputs["examples"],
        examples=nodes["ProductExampleGen"].outputs["examples"],
        interactions=nodes["ProductExampleGen"].outputs["interactions"],
        transform_graph=nodes["Transform"].outputs["transform_graph"],
        model_blessing=nodes["RecommenderEvaluator"].outputs["blessing"] if refit else None,
    )


def _refit_nodes(plan: RunPlan, nodes: Nodes) -> Nodes:
    """The towers and the index once more, from every event up to now."""
    transform = nodes["Transform"].outputs
    retrieval = trainer_node(
        plan,
        run_fn="trainer.retrieval.run.refit_fn",
        splits=names.SPLITS,
        examples=transform["transformed_examples"],
        transform_graph=transform["transform_graph"],
        base_model=nodes["RetrievalTrainer"].outputs["model"],
        custom_config={"retrieval": plan.config.retrieval.to_json()},
    )
    retrieval.add_upstream_node(nodes["RecommenderEvaluator"])
    indexer = _indexer(plan, nodes, retrieval, [plan.windows.now])
    assembler = _assembler(plan, nodes, retrieval, indexer, refit=True)
    return {"RetrievalRefit": retrieval, "IndexRefit": indexer, "RecommenderRefit": assembler}


def _serving_nodes(plan: RunPlan, nodes: Nodes) -> Nodes:
    """The check in a fresh process, and the push."""
    refit: Nodes = _refit_nodes(plan, nodes) if plan.config.refit else {}
    evaluated = nodes["RecommenderAssembler"]
    served = refit["RecommenderRefit"] if refit else evaluated
    evaluation = nodes["RecommenderEvaluator"].outputs
    validator = ServingValidator(
        node_settings(ServingValidator, plan),
        model=served.outputs["model"],
        classic_model=served.outputs["classic_model"],
        model_blessing=evaluation["blessing"],
        examples=nodes["ProductExampleGen"].outputs["examples"],
        evaluation=evaluation["evaluation"] if not refit else None,
    )
    pusher = Pusher(
        model=served.outputs["model"],
        evaluated_model=evaluated.outputs["model"],
        classic_model=served.outputs["classic_model"],
        evaluated_classic=evaluated.outputs["classic_model"],
        model_blessing=evaluation["blessing"],
        ranking_blessing=nodes["RankingEvaluator"].outputs["blessing"],
        infra_blessing=validator.outputs["blessing"],
        push_directory=plan.push_directory,
    )
    return refit | {"ServingValidator": validator, "Pusher": pusher}
