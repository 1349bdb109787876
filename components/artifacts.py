"""Artifact types of our own, as ML Metadata records them."""

from __future__ import annotations

from tfx.types.artifact import Artifact
from tfx.types.system_artifacts import Dataset, Metrics, Model


class Interactions(Artifact):
    """All events of the database, normalised, as Parquet parts sorted by user and time.

    Files are `part-XXXXX.parquet`; the columns are those of
    `components.interactions.files.SCHEMA`; the custom property `num_events` counts them. Sales to guests who
    count for popularity only are in `guests-XXXXX.parquet`, without an id.
    """

    TYPE_NAME = "Interactions"
    TYPE_ANNOTATION = Dataset


class InteractionReport(Artifact):
    """What the InteractionValidator checked and measured (`report.json`)."""

    TYPE_NAME = "InteractionReport"
    TYPE_ANNOTATION = Metrics


class CandidateIndex(Artifact):
    """Candidate embeddings or the candidate lists made from them."""

    TYPE_NAME = "CandidateIndex"
    TYPE_ANNOTATION = Model


class Preranker(Artifact):
    """Weights of the preranker (`preranker.npz`; absent where there was nothing to learn from)."""

    TYPE_NAME = "Preranker"
    TYPE_ANNOTATION = Model


class BaselineLists(Artifact):
    """What the tuned baselines recommend to the users of the test window (`lists.parquet`)."""

    TYPE_NAME = "BaselineLists"
    TYPE_ANNOTATION = Dataset


class RecommenderMetrics(Artifact):
    """Metrics and predictions of the composed recommender (`metrics.json`, `predictions.parquet`)."""

    TYPE_NAME = "RecommenderMetrics"
    TYPE_ANNOTATION = Metrics
