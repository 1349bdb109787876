"""From a pushed version and the database of today to a resolved refresh; nothing of TFX is imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.config.settings import TowerlineConfig
from pipeline.inspection.graph import open_graph
from pipeline.metadata.location import metadata_location
from pipeline.planning.plan import RunPlan
from pipeline.planning.planner import Planned, make_plan
from pipeline.refreshing.pushed_parts import PushedParts, find_parts
from schema.errors import UserError
from schema.windows import TimeWindows

_WINDOWS_OF_SEGMENTS = 4
"""The longest past in which segments of users are counted."""


@dataclass(frozen=True)
class Refresh:
    """A resolved refresh.

    Attributes:
        plan: What its nodes are told: settings of the pushed version, data of today.
        parts: What is taken over.
        planned: What was seen of the database.
    """

    plan: RunPlan
    parts: PushedParts
    planned: Planned


def plan_refresh(config: TowerlineConfig, workdir: str, metadata: str | None = None) -> Refresh:
    """Finds the pushed version, reads the database once, and resolves what is made again.

    Args:
        config: The configuration.
        workdir: The work directory.
        metadata: Where ML Metadata is, if not where the configuration says.

    Raises:
        UserError: There is nothing to refresh, its parts are gone, or the database or the schema has changed
            in a way that the weights cannot follow.
    """
    root = Path(workdir).expanduser().absolute()
    location = metadata or metadata_location(config.metadata, workdir)
    parts = find_parts(open_graph(location), config.push.directory_in(root))
    planned = make_plan(config, workdir)
    _check_schema(planned, parts)
    return Refresh(refreshed_plan(planned.plan, parts, planned.profile.oldest), parts, planned)


def refreshed_plan(plan: RunPlan, parts: PushedParts, oldest: int) -> RunPlan:
    """The plan of a run on the data of today, with all that the pushed version was made with.

    Args:
        plan: Of a run.
        parts: Of the pushed version.
        oldest: Stamp of the oldest event.
    """
    config = plan.config
    kept = config.model_copy(
        update={
            "index": parts.index_settings(),
            "preranking": config.preranking.model_copy(
                update={"pool_size": int(parts.assembly["pool_size"])}
            ),
            "ranking": config.ranking.model_copy(
                update={"num_candidates": int(parts.assembly["num_candidates"])}
            ),
            "post_ranking": parts.post_ranking(),
            "split": parts.split(),
            "seed": int(parts.assembly["seed"]),
            "fallback": "classic" if parts.is_classic else "off",
            "refit": True,
        }
    )
    return plan.model_copy(
        update={
            "config": kept,
            "features": parts.features(),
            "event_weights": parts.event_weights(),
            "windows": windows_until(plan.windows.now, oldest, parts.windows().window),
        }
    )


def windows_until(now: int, oldest: int, window: int) -> TimeWindows:
    """Windows for a model that is not trained: the last two, as eval and test, and two more before them.

    Args:
        now: One second after the newest event.
        oldest: Stamp of the oldest event.
        window: Length of a window of the pushed version, in seconds.

    Raises:
        UserError: There are not even two windows of events any more.
    """
    eval_start = now - 2 * window
    if eval_start <= oldest:
        raise UserError(
            "The events span less than two windows of the pushed version, so there is nothing to check a "
            "refreshed one on. Remedy: `towerline run`."
        )
    earlier = [now - number * window for number in range(_WINDOWS_OF_SEGMENTS, 2, -1)]
    return TimeWindows(
        start=oldest,
        ranking_cutoffs=tuple(cutoff for cutoff in earlier if cutoff > oldest),
        retrieval_end=eval_start,
        window=window,
        retrieval_cutoffs=(),
        eval_start=eval_start,
        test_start=now - window,
        now=now,
    )


def _check_schema(planned: Planned, parts: PushedParts) -> None:
    features, frozen = parts.features(), planned.plan.features
    if (features.users, features.products) != (frozen.users, frozen.products):
        raise UserError(
            f"The schema was frozen anew since version {parts.trained} was trained, whose weights know other "
            "columns. Remedy: `towerline run`."
        )
