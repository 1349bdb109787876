"""The `run_fn` of RankingTrainer."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from schema.features import Kind
from trainer.ranking.affinity import AffinityFeatures, AffinityInputs
from trainer.ranking.anchor_choice import choose_anchor, describe_anchor
from trainer.ranking.classics import Anchor
from trainer.ranking.data import count_rows, ranking_batches
from trainer.ranking.evidence import write_evidence
from trainer.ranking.export import export_ranking
from trainer.ranking.fit import Fitted, fit_by_evidence, later_windows, make_batches
from trainer.ranking.head_metrics import find_head_targets, measure_heads, write_head_metrics
from trainer.ranking.heads import HeadTargets
from trainer.ranking.lists import describe_lists, join_lists, whole_lists
from trainer.ranking.model import RankingModel
from trainer.ranking.starting import begin_training
from trainer.settings import RankingSettings
from trainer.shared.arguments import TrainerArguments, parse_arguments
from trainer.shared.assets import write_arrays
from trainer.shared.catalog import ProductTable, level_columns, read_product_table, vocabulary_size
from trainer.shared.distribution import Workers
from trainer.shared.fitting import suitable_batch_size, write_curve
from trainer.shared.warm_start import write_start
from trainer.shared.weights import weights_of

METRIC = "ndcg@10"
MOST_COMPARED_COLUMNS = 4
_KEPT_CANDIDATES = 400
_ROWS_AT_ONCE = 64
_ADAPT_ROWS = 1024
_ANCHOR_ROWS = 4096
_VALIDATION_ROWS = 4096


def run_fn(fn_args: Any) -> None:
    """Trains the ranker on what retrieval returned, and exports it."""
    arguments = parse_arguments(fn_args)
    settings = RankingSettings.from_json(fn_args.custom_config["ranking"])
    workers = Workers.of(settings.distribution, f"{__name__}.run_fn", fn_args)
    tf.keras.utils.set_random_seed(arguments.seed + workers.index)
    data = _RankingData(arguments)
    table = read_product_table(arguments.split_files[names.CATALOG], arguments.features)
    affinity = affinity_inputs(arguments, table, fn_args.custom_config["event_weights"])
    counts = AffinityFeatures(affinity)
    anchored = choose_anchor(counts, data.train(_ANCHOR_ROWS), data.evaluation())
    heads = find_head_targets(data.train(_ADAPT_ROWS), arguments.features.event_types)
    with workers.strategy.scope():
        model = build_model(arguments, settings, table, affinity, heads, anchored.anchor)
    model.adapt(data.train(_ADAPT_ROWS))
    lists = describe_lists(model, data.train(), _KEPT_CANDIDATES)
    eval_lists = describe_lists(model, data.evaluation(), None)
    later = later_windows(arguments.windows.ranking_cutoffs)
    validation = (
        join_lists(describe_lists(model, data.later(later), None), eval_lists) if later else eval_lists
    )
    batch_size = suitable_batch_size(len(lists[names.LABEL]), settings.batch_size, least=4)
    batches = make_batches(workers, workers.batch_size(batch_size), arguments.seed)
    columns = (*affinity.categories, *affinity.sets, *affinity.numbers)
    begin = partial(begin_training, model, arguments, fn_args, later, columns)
    fitted = fit_by_evidence(model, lists, validation, later, batches, settings, begin)
    with workers.output(arguments.model_directory) as directory:
        export_ranking(model, arguments.features, directory, next(iter(data.evaluation())))
        _write_training(fitted, model, directory)
        described = describe_anchor(anchored.anchor, counts.half_lives) | {"ndcg@10": anchored.ndcg}
        weight = float(model.anchor_weight.numpy())
        write_evidence({"anchor": described, "anchor_weight": weight} | fitted.evidence(), directory)
        write_head_metrics(measure_heads(model, whole_lists(eval_lists, _ROWS_AT_ONCE)), directory)


def _write_training(fitted: Fitted, model: RankingModel, directory: str) -> None:
    """Writes how the ranker was trained, and what a later training may begin from."""
    write_curve(fitted.curve, METRIC, directory)
    write_start(fitted.start, directory)
    write_arrays(weights_of(model), f"{directory}/{names.WEIGHTS}")
    write_arrays(fitted.first_weights, f"{directory}/{names.FIRST_FIT}")


class _RankingData:
    """The rows of candidates, streamed from the files as often as they are asked for."""

    def __init__(self, arguments: TrainerArguments) -> None:
        self._files, self._features = arguments.split_files, arguments.features
        self._num_rows = count_rows(self._files[names.TRAIN])
        self._num_windows = len(arguments.windows.ranking_cutoffs)

    def train(self, most: int | None = None) -> tf.data.Dataset:
        """Training rows; about `most` of them, evenly spread."""
        every = 1 if most is None else max(self._num_rows // most, 1)
        return ranking_batches(self._files[names.TRAIN], self._features, _ROWS_AT_ONCE, every)

    def evaluation(self) -> tf.data.Dataset:
        """Rows of the eval window."""
        return ranking_batches(self._files[names.EVAL], self._features, _ROWS_AT_ONCE)

    def later(self, cutoffs: tuple[int, ...]) -> tf.data.Dataset:
        """Training rows of some windows, about 4,096 at most."""
        every = max(self._num_rows * len(cutoffs) // self._num_windows // _VALIDATION_ROWS, 1)
        return ranking_batches(self._files[names.TRAIN], self._features, _ROWS_AT_ONCE, every, cutoffs)


def affinity_inputs(
    arguments: TrainerArguments, table: ProductTable, event_weights: dict[str, float]
) -> AffinityInputs:
    """What the affinity features know beside the query."""
    columns = arguments.features.product_columns()
    compared = compared_columns(
        {name: index for name, index in table.categories.items() if columns[name].kind is Kind.CATEGORY}
        | level_columns(table, columns)
        | {name: members for name, members in table.sets.items() if not columns[name].has_levels},
        table.size,
    )
    return AffinityInputs(
        num_products=table.size,
        categories={name: index for name, index in compared.items() if index.ndim == 1},
        sets={name: members for name, members in compared.items() if members.ndim == 2},
        numbers={
            name: index for name, index in table.categories.items() if columns[name].kind is Kind.NUMBER
        },
        positive_types=tuple(event_weights.get(kind, 1.0) > 0 for kind in arguments.features.event_types),
        window_days=arguments.windows.window / names.SECONDS_PER_DAY,
    )


def build_model(
    arguments: TrainerArguments,
    settings: RankingSettings,
    table: ProductTable,
    affinity: AffinityInputs,
    heads: HeadTargets | None = None,
    anchor: Anchor | None = None,
) -> RankingModel:
    """Builds and compiles the ranker."""
    embedded = dict(affinity.categories)
    embedded[names.PRODUCT_ID] = np.arange(table.size, dtype=np.int32)
    model = RankingModel(affinity, settings, arguments.seed, embedded, heads, anchor)
    model.compile(optimizer=tf.keras.optimizers.Adam(settings.learning_rate))
    return model


def compared_columns(columns: dict[str, np.ndarray], num_products: int) -> dict[str, np.ndarray]:
    """The columns worth comparing with the history: the finest ones that still group products.

    Args:
        columns: Name -> index `[products]`, or indices of the members of sets `[products, members]`.
        num_products: Size of the catalogue.
    """
    sizes = {name: vocabulary_size(columns[name]) for name in sorted(columns)}
    useful = [name for name, size in sizes.items() if size <= num_products / 2 + 3]
    useful.sort(key=lambda name: -sizes[name])
    return {name: columns[name] for name in useful[:MOST_COMPARED_COLUMNS]}
