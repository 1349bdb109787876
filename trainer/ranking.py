"""The `run_fn` of RankingTrainer."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from schema.features import Kind
from trainer.affinity import AffinityInputs
from trainer.arguments import TrainerArguments, parse_arguments
from trainer.catalog import ProductTable, read_product_table, vocabulary_size
from trainer.fitting import fit_best, suitable_batch_size, write_curve
from trainer.head_metrics import find_head_targets, measure_heads, write_head_metrics
from trainer.ranking_data import count_rows, ranking_batches
from trainer.ranking_export import export_ranking
from trainer.ranking_heads import HeadTargets
from trainer.ranking_lists import describe_lists, training_batches, whole_lists
from trainer.ranking_metrics import mean_ndcg
from trainer.ranking_model import RankingModel
from trainer.settings import RankingSettings

METRIC = "ndcg@10"
MOST_COMPARED_COLUMNS = 4
_SAMPLED_CANDIDATES = 200
_KEPT_CANDIDATES = 400
_ROWS_AT_ONCE = 64
_ADAPT_ROWS = 1024


def run_fn(fn_args: Any) -> None:
    """Trains the ranker on what retrieval returned, and exports it."""
    arguments = parse_arguments(fn_args)
    settings = RankingSettings.from_json(fn_args.custom_config["ranking"])
    tf.keras.utils.set_random_seed(arguments.seed)
    table = read_product_table(arguments.split_files[names.CATALOG], arguments.features)
    train, evaluation = (
        ranking_batches(arguments.split_files[split], arguments.features, _ROWS_AT_ONCE)
        for split in (names.TRAIN, names.EVAL)
    )
    every = max(count_rows(arguments.split_files[names.TRAIN]) // _ADAPT_ROWS, 1)
    some = ranking_batches(arguments.split_files[names.TRAIN], arguments.features, _ROWS_AT_ONCE, every)
    heads = find_head_targets(some, arguments.features.event_types)
    model = build_model(arguments, settings, table, fn_args.custom_config["event_weights"], heads)
    model.adapt(some)
    lists = describe_lists(model, train, _KEPT_CANDIDATES)
    eval_lists = describe_lists(model, evaluation, None)
    batch_size = suitable_batch_size(len(lists[names.LABEL]), settings.batch_size, least=4)
    curve = fit_best(
        model,
        training_batches(lists, batch_size, _SAMPLED_CANDIDATES, arguments.seed),
        settings.num_epochs,
        lambda: mean_ndcg(model, whole_lists(eval_lists, _ROWS_AT_ONCE)),
        METRIC,
    )
    export_ranking(model, arguments, next(iter(evaluation)))
    write_curve(curve, METRIC, arguments.model_directory)
    write_head_metrics(
        measure_heads(model, whole_lists(eval_lists, _ROWS_AT_ONCE)), arguments.model_directory
    )


def build_model(
    arguments: TrainerArguments,
    settings: RankingSettings,
    table: ProductTable,
    event_weights: dict[str, float],
    heads: HeadTargets | None = None,
) -> RankingModel:
    """Builds and compiles the ranker."""
    columns = arguments.features.product_columns()
    compared = compared_columns(table, {name for name in columns if columns[name].kind is Kind.CATEGORY})
    affinity = AffinityInputs(
        num_products=table.size,
        categories={name: table.categories[name] for name in compared},
        numbers={
            name: index for name, index in table.categories.items() if columns[name].kind is Kind.NUMBER
        },
        positive_types=tuple(event_weights.get(kind, 1.0) > 0 for kind in arguments.features.event_types),
        window_days=arguments.windows.window / names.SECONDS_PER_DAY,
    )
    embedded = {name: table.categories[name] for name in compared}
    embedded[names.PRODUCT_ID] = np.arange(table.size, dtype=np.int32)
    model = RankingModel(affinity, settings, arguments.seed, embedded, heads)
    model.compile(optimizer=tf.keras.optimizers.Adam(settings.learning_rate))
    return model


def compared_columns(table: ProductTable, categories: set[str]) -> list[str]:
    """The category columns worth comparing with the history: the finest ones that still group products."""
    useful = [
        name for name in sorted(categories) if vocabulary_size(table.categories[name]) <= table.size / 2 + 3
    ]
    useful.sort(key=lambda name: -vocabulary_size(table.categories[name]))
    return useful[:MOST_COMPARED_COLUMNS]
