"""A node of TFX's Trainer with what all our trainers are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfx import v1 as tfx

from pipeline.planning.plan import RunPlan
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
    shared = {
        "features": plan.features.to_json(),
        "windows": plan.windows.to_json(),
        "split": plan.config.split.to_json(),
        "seed": plan.config.seed,
    }
    return tfx.components.Trainer(
        train_args=tfx.proto.TrainArgs(splits=list(splits)),
        eval_args=tfx.proto.EvalArgs(splits=[names.EVAL]),
        custom_config=shared | custom_config,
        **arguments,
    )
