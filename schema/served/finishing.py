"""What the signature `finish` reads beside a request: candidates that have been ranked, and the history."""

from __future__ import annotations

from typing import Final

from schema import names

SOURCE: Final = "candidate_source"
SCORE: Final = "candidate_score"
HISTORY: Final = {names.HISTORY_INDEX: "int64", names.HISTORY_TYPE: "int64"}
"""Input -> type, `[batch, time]`: products and types of the events in the vocabularies, -1 for unknown."""
DETAILS: Final = {
    "times_bought": "int64",
    "days_since_last": "float32",
    "usual_interval_days": "float32",
    "two_tower_score": "float32",
    "preranker_score": "float32",
    "ranker_score": "float32",
}
"""What lists tell of their products, whatever order those get: output of a list -> type."""
CANDIDATES: Final = {names.CANDIDATE_INDEX: "int64", SOURCE: "int32", SCORE: "float32", **DETAILS}
"""Input -> type, `[batch, candidates]`: products, numbers of their sources, the ranker's scores less the
discount on popularity, and `DETAILS`."""
