"""Everything that one run of the pipeline needs to know, resolved before TFX is imported."""

from __future__ import annotations

from pathlib import Path

from pipeline.config.settings import TowerlineConfig
from pipeline.metadata.location import metadata_location
from schema.features import FeatureSet
from schema.findings import Finding
from schema.settings import Settings
from schema.windows import TimeWindows

PIPELINE_NAME = "towerline"
PUSHED_TOWERS = "PushedTowers"
PUSHED_RANKER = "PushedRanker"
PUSHED_MODELS = (PUSHED_TOWERS, PUSHED_RANKER)
"""Nodes that a run has only if it begins from pushed weights."""


class PushedWeights(Settings):
    """Trained weights that a run begins from: folders of artifacts."""

    version: str
    """The version that was pushed when they were trained."""
    retrieval_model: str
    """Of its towers, as they were evaluated."""
    ranking_model: str
    """Of its ranker."""
    transform_graph: str
    """Of the transform graph that they were made with."""


class RunPlan(Settings):
    """A resolved run: equal plans give equal nodes, so TFX's cache may serve the second one."""

    config: TowerlineConfig
    """The configuration; the password in `source.url` is masked."""
    features: FeatureSet
    """Frozen kinds of the feature columns."""
    windows: TimeWindows
    """Global time windows in epoch seconds."""
    event_weights: dict[str, float]
    """Event type -> weight as a target."""
    fingerprint: str
    """Hash of the content of the database and of the code that reads it and learns from it."""
    warm_start: PushedWeights | None = None
    """Weights that the trainers begin from; None for a cold start."""
    findings: tuple[Finding, ...] = ()
    """What was noticed about the data, and what was done about it."""
    workdir: str
    """Absolute path of the work directory."""
    schema_file: str
    """Absolute path of the frozen `schema.pbtxt`."""

    @property
    def artifact_root(self) -> str:
        """The pipeline root of TFX."""
        return str(Path(self.workdir) / "artifacts")

    @property
    def metadata_path(self) -> str:
        """Where ML Metadata is: path of a SQLite file, or URL of a server without its password."""
        return metadata_location(self.config.metadata, self.workdir)

    @property
    def push_directory(self) -> str:
        """Where blessed models are pushed."""
        return str(self.config.push.directory_in(self.workdir))
