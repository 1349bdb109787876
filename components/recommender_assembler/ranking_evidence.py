"""What the windows speak for, as the RankingTrainer wrote it beside the ranker."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from schema import names
from schema.candidate_features import SHARES


@dataclass(frozen=True)
class RankingEvidence:
    """What post-ranking needs of it.

    Attributes:
        horizon: Which of `SHARES` popularity goes by.
        proven_gain: Relative gain over the baseline's order for users with history, less a standard error;
            0 where the correction is switched off.
        anchor: The baseline from which the ranker starts.
    """

    horizon: int
    proven_gain: float
    anchor: str


def read_evidence(model_path: str) -> RankingEvidence:
    """Reads the evidence of an exported ranker.

    Args:
        model_path: Folder of the SavedModel.
    """
    content = json.loads((Path(model_path) / names.RANKING_EVIDENCE).read_text(encoding="utf-8"))
    choice = content["choice"]
    gain = choice["gain"][0] - choice["standard_error"][0] if choice["strength"][0] > 0 else 0.0
    anchor = content["anchor"]
    return RankingEvidence(SHARES.index(anchor["popularity"]), max(gain, 0.0), anchor["name"])
