"""The artifacts of a finished work directory that the trainers need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schema import names
from schema.errors import UserError
from schema.features import FeatureSet
from schema.windows import SplitSettings, TimeWindows


@dataclass(frozen=True)
class FinishedRun:
    """Where the newest artifacts are, and what the run was about.

    Attributes:
        examples: Transformed examples.
        candidates: Rows of candidates.
        transform_graph: Output of Transform.
        retrieval_model: The SavedModel of the retrieval model.
        features: Feature columns.
        windows: Time windows.
        split: Split settings.
        event_weights: Event type -> weight as a target.
    """

    examples: Path
    candidates: Path
    transform_graph: Path
    retrieval_model: Path
    features: FeatureSet
    windows: TimeWindows
    split: SplitSettings
    event_weights: dict[str, float]

    @classmethod
    def open(cls, workdir: Path) -> FinishedRun:
        """Finds the newest artifacts of a work directory.

        Raises:
            UserError: The run did not get as far as the assembled model.
        """
        assembled = _newest(workdir, "RecommenderAssembler", "model") / "Format-Serving"
        metadata = json.loads((assembled / names.SERVING_METADATA).read_text(encoding="utf-8"))
        return cls(
            examples=_newest(workdir, "Transform", "transformed_examples"),
            candidates=_newest(workdir, "CandidateGenerator", "examples"),
            transform_graph=_newest(workdir, "Transform", "transform_graph"),
            retrieval_model=_newest(workdir, "RetrievalTrainer", "model") / "Format-Serving",
            features=FeatureSet.model_validate(metadata["features"]),
            windows=TimeWindows.model_validate(metadata["windows"]),
            split=SplitSettings(history_length=metadata["history_length"]),
            event_weights=metadata["event_weights"],
        )

    def trainer_config(self, seed: int) -> dict[str, Any]:
        """What the pipeline gives both trainers as `custom_config`."""
        return {
            "features": self.features.to_json(),
            "windows": self.windows.to_json(),
            "split": self.split.to_json(),
            "seed": seed,
            "event_weights": self.event_weights,
        }

    @staticmethod
    def files(examples: Path, split: str) -> str:
        """Pattern of the files of a split."""
        return str(examples / f"Split-{split}" / "*")


def _newest(workdir: Path, node: str, key: str) -> Path:
    folder = workdir / "artifacts" / node / key
    found = [path for path in folder.glob("*") if path.name.isdigit()]
    if not found:
        raise UserError(
            f"No artifact of {node} is in {folder}. Received: {workdir}. Remedy: name the work directory of "
            "a finished `towerline run`."
        )
    return max(found, key=lambda path: int(path.name))
