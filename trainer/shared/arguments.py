"""What a `run_fn` is given, resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow_transform as tft

from schema import names
from schema.features import FeatureSet
from schema.windows import SplitSettings, TimeWindows


@dataclass(frozen=True)
class TrainerArguments:
    """The arguments shared by both trainers.

    Attributes:
        features: Feature columns.
        windows: Time windows.
        split: Split settings.
        seed: Seed of everything random.
        transform: The transform graph's output.
        split_files: Split name -> file patterns.
        model_directory: Where the SavedModel goes.
    """

    features: FeatureSet
    windows: TimeWindows
    split: SplitSettings
    seed: int
    transform: tft.TFTransformOutput
    split_files: dict[str, list[str]]
    model_directory: str


def parse_arguments(fn_args: Any) -> TrainerArguments:
    """Reads TFX's `FnArgs`."""
    config = fn_args.custom_config
    patterns = [*fn_args.train_files, *fn_args.eval_files]
    return TrainerArguments(
        features=FeatureSet.from_json(config["features"]),
        windows=TimeWindows.from_json(config["windows"]),
        split=SplitSettings.from_json(config["split"]),
        seed=config["seed"],
        transform=tft.TFTransformOutput(fn_args.transform_graph_path),
        split_files={
            split: [pattern for pattern in patterns if f"/Split-{split}/" in pattern]
            for split in names.SPLITS
        },
        model_directory=fn_args.serving_model_dir,
    )
