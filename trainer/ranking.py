"""The `run_fn` of RankingTrainer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from schema import names
from schema.features import Kind
from trainer.affinity import AffinityInputs
from trainer.arguments import TrainerArguments, parse_arguments
from trainer.catalog import ProductTable, read_product_table, vocabulary_size
from trainer.fitting import fit_best, suitable_batch_size, write_curve
from trainer.ranking_data import count_rows, ranking_batches, sample_candidates
from trainer.ranking_export import export_ranking
from trainer.ranking_metrics import mean_ndcg
from trainer.ranking_model import RankingModel
from trainer.settings import RankingSettings

METRIC = "ndcg@10"
MOST_COMPARED_COLUMNS = 4
_SAMPLED_CANDIDATES = 200
_ADAPT_BATCHES = 32


def run_fn(fn_args: Any) -> None:
    """Trains the ranker on what retrieval returned, and exports it."""
    arguments = parse_arguments(fn_args)
    settings = RankingSettings.from_json(fn_args.custom_config["ranking"])
    tf.keras.utils.set_random_seed(arguments.seed)
    table = read_product_table(arguments.split_files[names.CATALOG], arguments.features)
    model = build_model(arguments, settings, table, fn_args.custom_config["event_weights"])
    rows = count_rows(arguments.split_files[names.TRAIN])
    train = ranking_batches(
        arguments.split_files[names.TRAIN],
        arguments.features,
        suitable_batch_size(rows, settings.batch_size, least=4),
        shuffle_seed=arguments.seed,
    )
    evaluation = ranking_batches(arguments.split_files[names.EVAL], arguments.features, settings.batch_size)
    model.adapt(train.take(_ADAPT_BATCHES))
    sampled = train.map(lambda batch: sample_candidates(batch, _SAMPLED_CANDIDATES), num_parallel_calls=2)
    curve = fit_best(
        model, sampled.prefetch(2), settings.num_epochs, lambda: mean_ndcg(model, evaluation), METRIC
    )
    export_ranking(model, arguments, next(iter(evaluation)))
    write_curve(curve, METRIC, arguments.model_directory)


def build_model(
    arguments: TrainerArguments,
    settings: RankingSettings,
    table: ProductTable,
    event_weights: dict[str, float],
) -> RankingModel:
    """Builds and compiles the ranker."""
    columns = arguments.features.product_columns()
    compared = compared_columns(table, {name for name in columns if columns[name].kind is Kind.CATEGORY})
    affinity = AffinityInputs(
        categories={name: table.categories[name] for name in compared},
        numbers={
            name: index for name, index in table.categories.items() if columns[name].kind is Kind.NUMBER
        },
        positive_types=tuple(event_weights.get(kind, 1.0) > 0 for kind in arguments.features.event_types),
        window_days=arguments.windows.window / names.SECONDS_PER_DAY,
    )
    model = RankingModel(affinity, settings, arguments.seed)
    model.compile(optimizer=tf.keras.optimizers.Adam(settings.learning_rate))
    return model


def compared_columns(table: ProductTable, categories: set[str]) -> list[str]:
    """The category columns worth comparing with the history: the finest ones that still group products."""
    useful = [
        name for name in sorted(categories) if vocabulary_size(table.categories[name]) <= table.size / 2 + 3
    ]
    useful.sort(key=lambda name: -vocabulary_size(table.categories[name]))
    return useful[:MOST_COMPARED_COLUMNS]
