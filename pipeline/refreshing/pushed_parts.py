"""What a pushed version was composed of, found by its lineage in ML Metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from components.settings import IndexSettings, PostRankingSettings
from pipeline.inspection.graph import Graph
from pipeline.metadata.store import Artifact, Execution
from schema import names
from schema.errors import UserError
from schema.features import FeatureSet
from schema.served.versions import newest_version
from schema.windows import SplitSettings, TimeWindows

REFRESH_OF: Final = "refresh_of"
_OF_PUSHER: Final[tuple[str, ...]] = (
    "evaluated_model",
    "evaluated_classic",
    "model_blessing",
    "ranking_blessing",
)
_OF_ASSEMBLER: Final[tuple[str, ...]] = (
    "retrieval_model",
    "ranking_model",
    "preranker",
    "candidates",
    "transform_graph",
)
PARTS: Final = (*_OF_PUSHER, *_OF_ASSEMBLER)
"""Names of all that a refresh takes over."""
_MAY_BE_EMPTY: Final = "evaluated_classic"
_DECIDED: Final = ("exclude_purchased", "popularity_discount", "diversity", "cold_start")
"""What `auto` stood for, as the pushed model says it."""
_REMEDY: Final = "Remedy: `towerline run`."


@dataclass(frozen=True)
class PushedParts:
    """The parts of a pushed version that a refresh takes over.

    Attributes:
        version: The version that is newest now.
        trained: The version that was pushed when these weights were trained: itself, or what it refreshes.
        artifacts: Input of the assembler or the pusher -> its artifact.
        assembly: Parameters of the node that composed it.
        index: Parameters of the node that made its candidate index.
        decided: What the pushed model says of itself.
    """

    version: str
    trained: str
    artifacts: Mapping[str, Artifact]
    assembly: Mapping[str, Any]
    index: Mapping[str, Any]
    decided: Mapping[str, Any]

    @property
    def is_classic(self) -> bool:
        """Whether it is the order of the baseline, pushed in place of a refused model."""
        return "classic" in self.decided

    def features(self) -> FeatureSet:
        """Feature columns."""
        return FeatureSet.model_validate(json.loads(self.assembly["features"]))

    def event_weights(self) -> dict[str, float]:
        """Event type -> weight as a target."""
        weights: dict[str, float] = json.loads(self.assembly["event_weights"])
        return weights

    def split(self) -> SplitSettings:
        """Lengths of histories."""
        return SplitSettings.model_validate(json.loads(self.assembly["split"]))

    def windows(self) -> TimeWindows:
        """Of its run."""
        return TimeWindows.model_validate(json.loads(self.assembly["windows"]))

    def index_settings(self) -> IndexSettings:
        """How its candidate index was made."""
        return IndexSettings.model_validate(json.loads(self.index["index_settings"]))

    def post_ranking(self) -> PostRankingSettings:
        """Post-ranking with what was decided for it, so that nothing is decided anew."""
        configured = PostRankingSettings.model_validate(json.loads(self.assembly["post_ranking"]))
        return configured.model_copy(update={name: self.decided[name] for name in _DECIDED})


def find_parts(graph: Graph | None, push_directory: Path) -> PushedParts:
    """Finds the parts of the newest version.

    Raises:
        UserError: Nothing was pushed, no record of ML Metadata says how, or a part is gone.
    """
    newest = newest_version(push_directory)
    if newest is None:
        raise UserError(f"There is no pushed version in {push_directory} to refresh. {_REMEDY}")
    pushed = _push(graph, push_directory / str(newest)) if graph is not None else None
    if graph is None or pushed is None:
        raise UserError(
            f"ML Metadata has no record of how version {newest} in {push_directory} was made, so it "
            f"cannot be refreshed. {_REMEDY}"
        )
    pusher = maker_of(graph, pushed, newest)
    inputs = inputs_of(graph, pusher)
    assembler = maker_of(graph, inputs["model"], newest)
    composed = inputs_of(graph, assembler)
    artifacts = {name: inputs[name] for name in _OF_PUSHER if name in inputs}
    artifacts |= {name: composed[name] for name in _OF_ASSEMBLER if name in composed}
    _check(artifacts, newest)
    metadata = push_directory / str(newest) / names.SERVING_METADATA
    return PushedParts(
        version=str(newest),
        trained=str(pushed.properties.get(REFRESH_OF) or newest),
        artifacts=artifacts,
        assembly=assembler.properties,
        index=maker_of(graph, composed["index"], newest).properties,
        decided=json.loads(metadata.read_text(encoding="utf-8")),
    )


def _push(graph: Graph, folder: Path) -> Artifact | None:
    """The push of a folder; of several, as after a copy was put back, the newest."""
    found = [
        artifact
        for artifact in graph.artifacts.of_type("PushedModel")
        if artifact.properties.get("pushed")
        and Path(str(artifact.properties.get("pushed_destination", ""))) == folder
    ]
    return found[-1] if found else None


def maker_of(graph: Graph, artifact: Artifact, version: int | str) -> Execution:
    """The node that made an artifact.

    Raises:
        UserError: No record says so.
    """
    maker = graph.maker(artifact)
    if maker is None:
        raise UserError(
            f"ML Metadata does not say which node made artifact {artifact.id}, of which version {version} "
            f"was made. {_REMEDY}"
        )
    return maker


def inputs_of(graph: Graph, execution: Execution) -> dict[str, Artifact]:
    """Input key -> the artifact that a node read, the first of several."""
    return {key: found[0] for key, found in graph.inputs(execution).items() if found}


def _check(artifacts: Mapping[str, Artifact], version: int) -> None:
    for name in PARTS:
        found = artifacts.get(name)
        if found is None or (name != _MAY_BE_EMPTY and not Path(found.uri).is_dir()):
            where = "in no record" if found is None else f"not in {found.uri} any more"
            raise UserError(f"Version {version} cannot be refreshed: its part `{name}` is {where}. {_REMEDY}")
