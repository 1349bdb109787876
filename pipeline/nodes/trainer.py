"""A node of TFX's Trainer with what all our trainers are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfx import v1 as tfx
from tfx.utils import path_utils

from pipeline.planning.plan import PushedWeights, RunPlan
from schema import names


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
