"""Parts of the nodes of the DAG: settings of ours, made from a resolved run, and TFX's about models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfx import v1 as tfx
from tfx.utils import path_utils

from components.node import BeamNode, Node, NodeSettings
from components.settings import GateSettings
from pipeline.planning.plan import PushedWeights, RunPlan
from schema import names
from schema.features import FeatureSet, Kind

_MAX_USER_SLICES = 2


def node_settings(node: type[Node] | type[BeamNode], plan: RunPlan, **own: Any) -> NodeSettings:
    """Fills the fields of a node's settings, each by its name.

    Args:
        node: Class of the node.
        plan: The run.
        **own: What this node alone is given, or what it is given otherwise than others.
    """
    config = plan.config
    given: dict[str, Any] = {
        "source": config.source,
        "fingerprint": plan.fingerprint,
        "findings": plan.findings,
        "features": plan.features,
        "event_weights": plan.event_weights,
        "windows": plan.windows,
        "window": plan.windows.window,
        "split": config.split,
        "history_length": config.split.history_length,
        "index_settings": config.index,
        "preranking": config.preranking,
        "pool_size": config.preranking.pool_size,
        "num_candidates": config.ranking.num_candidates,
        "cold_share": config.ranking.cold_share,
        "max_train_queries": config.ranking.max_train_queries,
        "max_eval_queries": config.ranking.max_eval_queries,
        "post_ranking": config.post_ranking,
        "exclude_purchased": config.post_ranking.exclude_purchased,
        "fallback": config.fallback,
        "baseline_settings": config.baselines,
        "gates": config.gates,
        "max_test_queries": config.gates.max_test_queries,
        "push_directory": plan.push_directory,
        "seed": config.seed,
    }
    fields = node.SETTINGS.model_fields
    return node.SETTINGS(**{name: given[name] for name in fields if name in given} | own)


def trainer_node(
    plan: RunPlan,
    custom_config: dict[str, Any],
    splits: Sequence[str] = (names.TRAIN, names.CATALOG),
    **arguments: Any,
) -> Any:
    """Returns the node.

    Args:
        plan: The run.
        custom_config: What this trainer is told beside features, windows, splits and seed.
        splits: Splits that it is trained on.
        **arguments: Of `tfx.components.Trainer`.
    """
    shared: dict[str, Any] = {
        "features": plan.features.to_json(),
        "windows": plan.windows.to_json(),
        "split": plan.config.split.to_json(),
        "seed": plan.config.seed,
    }
    if plan.warm_start is not None:
        shared["warm_start"] = _pushed_version(plan.warm_start)
    return tfx.components.Trainer(
        train_args=tfx.proto.TrainArgs(splits=list(splits)),
        eval_args=tfx.proto.EvalArgs(splits=[names.EVAL]),
        custom_config=shared | custom_config,
        **arguments,
    )


def _pushed_version(weights: PushedWeights) -> dict[str, str]:
    """What a trainer is told of the version that it begins from, beside the model of its own kind."""
    return {
        "version": weights.version,
        "retrieval_model": path_utils.serving_model_path(weights.retrieval_model),
        "transform_graph": weights.transform_graph,
    }


def ranking_eval_config(features: FeatureSet, gates: GateSettings) -> Any:
    """Returns the `EvalConfig` of the RankingEvaluator.

    Every candidate of a query is one prediction: the probability that it is bought in the window. Slices
    are the user's activity and the first category columns of the user.
    """
    from tensorflow_model_analysis.proto import config_pb2 as tfma

    floor = tfma.PerSliceMetricThreshold(
        slicing_specs=[tfma.SlicingSpec()],  # only overall: a slice of one user proves nothing
        threshold=tfma.MetricThreshold(
            value_threshold=tfma.GenericValueThreshold(lower_bound={"value": gates.min_auc})
        ),
    )
    metrics = [
        tfma.MetricConfig(class_name="AUC", per_slice_thresholds=[floor]),
        *(
            tfma.MetricConfig(class_name=name)
            for name in ("ExampleCount", "BinaryCrossEntropy", "Calibration")
        ),
        tfma.MetricConfig(class_name="AUCPrecisionRecall"),
    ]
    columns = [name for name, column in features.user_columns().items() if column.kind is Kind.CATEGORY]
    slices = [tfma.SlicingSpec(), tfma.SlicingSpec(feature_keys=[names.ACTIVITY])]
    slices += [tfma.SlicingSpec(feature_keys=[name]) for name in columns[:_MAX_USER_SLICES]]
    model = tfma.ModelSpec(
        signature_name="serving_default", prediction_key="probabilities", label_key=names.IS_TARGET
    )
    return tfma.EvalConfig(
        model_specs=[model], metrics_specs=[tfma.MetricsSpec(metrics=metrics)], slicing_specs=slices
    )
