"""The configuration of a pipeline: only composes the settings that live beside the code that uses them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from components.settings import (
    BaselineSettings,
    GateSettings,
    IndexSettings,
    PostRankingSettings,
    PrerankingSettings,
)
from pipeline.config.beam_arguments import BeamSettings
from pipeline.config.kubeflow_settings import KubeflowSettings
from schema.settings import Settings
from schema.source import mask_url
from schema.source_settings import EventSettings, FeatureSettings, SourceSettings
from schema.windows import SplitSettings
from serving.http.settings import ServeSettings
from trainer.settings import RankingSettings, RetrievalSettings


class MetadataSettings(Settings):
    """The ML Metadata store."""

    url: str | None = None
    """`sqlite:///path` of a file, `postgresql://user:***@host/database` or `mysql://user:***@host/database`,
    with the password there or in `TOWERLINE_METADATA_PASSWORD`; default: `metadata.db` in the work
    directory."""

    def masked(self) -> MetadataSettings:
        """The same without a password."""
        return self if self.url is None else MetadataSettings(url=mask_url(self.url))


class PushSettings(Settings):
    """Where blessed models go."""

    directory: str | None = None
    """Default: `serving` in the work directory."""

    def directory_in(self, workdir: str | Path) -> Path:
        """The absolute push directory of a work directory."""
        return Path(self.directory or Path(workdir, "serving")).expanduser().absolute()


class TowerlineConfig(Settings):
    """Everything a user may configure."""

    source: SourceSettings = SourceSettings()
    features: FeatureSettings = FeatureSettings()
    events: EventSettings = EventSettings()
    split: SplitSettings = SplitSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    index: IndexSettings = IndexSettings()
    preranking: PrerankingSettings = PrerankingSettings()
    ranking: RankingSettings = RankingSettings()
    post_ranking: PostRankingSettings = PostRankingSettings()
    baselines: BaselineSettings = BaselineSettings()
    gates: GateSettings = GateSettings()
    beam: BeamSettings = BeamSettings()
    metadata: MetadataSettings = MetadataSettings()
    push: PushSettings = PushSettings()
    serve: ServeSettings = ServeSettings()
    kubeflow: KubeflowSettings = KubeflowSettings()
    refit: bool = True
    """Whether, after the evaluation, the towers and the index are made once more from every event up to
    now, and that is pushed. The ranker keeps its weights: it reads features that mean the same in both."""
    warm_start: bool = False
    """Whether towers and ranker begin from the weights of the last pushed version and are given a third of
    the epochs. A trainer begins cold where these do not fit, know more of the future than it may, or do not
    get as far as a cold start promises; the summary of the run says which."""
    fallback: Literal["classic", "off"] = "classic"
    """What is pushed where the gates refuse the model: `classic`, the order of the baseline from which its
    ranker starts, with the same signatures, if that passes the gates; `off`, nothing."""
    seed: int = 42
    """Seed of everything random."""
