"""The ranker's weights at the start of a training that goes on from a pushed version.

The ranker is fitted twice, and each fit has a start of its own: the first, which later windows judge, begins
from what the first fit of that version had learned of its older windows; the second, on all windows, from
the weights that were pushed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from schema import names
from schema.features import FeatureColumn
from schema.served.candidate_features import CANDIDATE_FEATURES
from schema.values.members import MAX_MEMBERS
from schema.windows import TimeWindows
from trainer.ranking.classics import CLASSICS
from trainer.ranking.model import RankingModel
from trainer.shared.arguments import TrainerArguments
from trainer.shared.catalog import level_name
from trainer.shared.tables import TableRows, Tables, rows_of_column
from trainer.shared.warm_start import PushedVersion, Start, read_start, refuse_later
from trainer.shared.weights import UnfitWeightsError, carried_over, read_weights


class RankerStart(Start):
    """How the training of a ranker began."""

    first_fit_until: int = 0
    """The weights of its first fit know no target after this moment, epoch seconds."""
    anchor: str = ""
    """The baseline that its score corrects."""
    pair_features: tuple[str, ...] = ()
    """What it reads of a pair, in its order."""


@dataclass(frozen=True)
class RankerWeights:
    """Values of the trainable variables at the start of both fits."""

    first: list[np.ndarray]
    second: list[np.ndarray]


def begin_training(
    model: RankingModel,
    arguments: TrainerArguments,
    fn_args: Any,
    later: tuple[int, ...],
    columns: tuple[str, ...],
) -> tuple[RankerStart, RankerWeights | None]:
    """How a training begins, and the weights of a pushed version where the trainer is told of one that fits.

    Args:
        model: A built ranker, not fitted yet.
        arguments: Of the trainer.
        fn_args: Likewise; `base_model` is the ranking model of the pushed version.
        later: Cutoffs of the windows that the first fit is not shown.
        columns: Product columns that its affinity features compare, in their order.
    """
    start = new_start(model, arguments.windows, later, columns)
    pushed = PushedVersion.of(fn_args.custom_config)
    if pushed is None:
        return start, None
    start = start.model_copy(update={"asked": True})
    try:
        return _pushed_ranker(model, start, arguments, fn_args.base_model, pushed)
    except UnfitWeightsError as error:
        return start.refused(pushed.version, error), None


def new_start(
    model: RankingModel, windows: TimeWindows, later: tuple[int, ...], columns: tuple[str, ...]
) -> RankerStart:
    """What a training says of itself before it begins.

    Args:
        model: The ranker.
        windows: Of the run.
        later: Cutoffs of the windows that the first fit is not shown.
        columns: Product columns that its affinity features compare, in their order.
    """
    older = [cutoff for cutoff in windows.ranking_cutoffs if cutoff not in later]
    return RankerStart(
        fitted_until=min(max(windows.ranking_cutoffs) + windows.window, windows.eval_start),
        first_fit_until=min(max(older) + windows.window, windows.eval_start),
        anchor=model.anchor.name,
        pair_features=(*CANDIDATE_FEATURES, *columns, *CLASSICS),
    )


def _pushed_ranker(
    model: RankingModel,
    start: RankerStart,
    arguments: TrainerArguments,
    directory: str,
    pushed: PushedVersion,
) -> tuple[RankerStart, RankerWeights]:
    """The weights of a pushed version, whose ranker's SavedModel is in `directory`, if they fit."""
    before = read_start(directory, RankerStart)
    refuse_later(before.fitted_until, start.fitted_until)
    refuse_later(before.first_fit_until, start.first_fit_until)
    if before.anchor != start.anchor:
        raise UnfitWeightsError(f"they correct the baseline {before.anchor}, and now {start.anchor} is best")
    if before.pair_features != start.pair_features:
        raise UnfitWeightsError("they read other features of a pair")
    vocabularies = pushed.vocabularies(arguments.transform)
    tables = _tables(model, arguments.features.product_columns())
    first, second = (
        carried_over(weights, model, tables, vocabularies)
        for weights in (read_weights(f"{directory}/{file}") for file in (names.FIRST_FIT, names.WEIGHTS))
    )
    new, count = vocabularies.num_new(names.PRODUCT_VOCABULARY)
    known = {"began_from": pushed.version, "growth": before.growth, "new_products": new, "products": count}
    return start.model_copy(update=known), RankerWeights(first, second)


def _tables(model: RankingModel, columns: dict[str, FeatureColumn]) -> Tables:
    """Path of each embedding table of the ranker whose rows depend on a vocabulary -> its rows."""
    if not model.ranker.reads_products:
        return {}
    rows = {names.PRODUCT_ID: TableRows(names.PRODUCT_VOCABULARY)}
    for name, column in columns.items():
        if known := rows_of_column(name, column):
            rows[name] = known
            levels = range(1, MAX_MEMBERS + 1) if column.has_levels else ()
            rows |= {level_name(name, level): known for level in levels}
    return {
        f"ranker/{layer}/tables/{name}/embeddings": of_column
        for layer in ("factors", "vectors")
        for name, of_column in rows.items()
    }
