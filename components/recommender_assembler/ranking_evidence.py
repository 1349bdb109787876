"""What the windows speak for, as the RankingTrainer wrote it beside the ranker."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from schema import names
from schema.served.candidate_features import SHARES


@dataclass(frozen=True)
class ProvenGain:
    """Relative gains over the baseline's order for users with history, less a standard error; at least 0.

    Attributes:
        everything: In NDCG@10 of everything.
        new: In NDCG@10 of what was never bought before.
    """

    everything: float = 0.0
    new: float = 0.0


@dataclass(frozen=True)
class RankingEvidence:
    """What post-ranking needs of it.

    Attributes:
        horizon: Which of `SHARES` popularity goes by.
        proven: What the correction has gained; nothing where it is switched off.
        anchor: The baseline from which the ranker starts.
    """

    horizon: int
    proven: ProvenGain
    anchor: str


def read_evidence(model_path: str) -> RankingEvidence:
    """Reads the evidence of an exported ranker.

    Args:
        model_path: Folder of the SavedModel.
    """
    content = json.loads((Path(model_path) / names.RANKING_EVIDENCE).read_text(encoding="utf-8"))
    gains, anchor = content["choice"]["gains"][0], content["anchor"]
    proven = {name: max(gains[name]["mean"] - gains[name]["error"], 0.0) for name in ("everything", "new")}
    return RankingEvidence(SHARES.index(anchor["popularity"]), ProvenGain(**proven), anchor["name"])
