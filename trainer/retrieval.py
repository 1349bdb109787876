"""The `run_fn` of RetrievalTrainer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from schema import names
from trainer.arguments import TrainerArguments, parse_arguments
from trainer.cardinality import cardinalities
from trainer.catalog import ProductTable, read_product_table
from trainer.fitting import fit_again, fit_best, read_best_epoch, suitable_batch_size, write_curve
from trainer.queries import num_queries, query_batches, read_queries, target_shares
from trainer.retrieval_export import export_retrieval
from trainer.retrieval_metrics import recall_at_k
from trainer.retrieval_model import RetrievalModel
from trainer.settings import RetrievalSettings
from trainer.towers import CandidateTower, ProductEncoder, QueryTower

METRIC = "recall@100"


def run_fn(fn_args: Any) -> None:
    """Trains the two towers on targets before the ranker's windows, and exports them."""
    arguments = parse_arguments(fn_args)
    settings = RetrievalSettings.from_json(fn_args.custom_config["retrieval"])
    tf.keras.utils.set_random_seed(arguments.seed)
    table = read_product_table(arguments.split_files[names.CATALOG], arguments.features)
    queries = read_queries(
        arguments.split_files[names.TRAIN],
        arguments.features,
        keep=lambda rows: rows[names.TARGET_END] <= arguments.windows.ranking_start,
    )
    evaluation = read_queries(arguments.split_files[names.EVAL], arguments.features)
    model = build_model(arguments, settings, table, target_shares(queries, table.size))
    batch_size = suitable_batch_size(num_queries(queries), settings.batch_size, least=16)
    length = arguments.split.retrieval_history_length
    eval_batches = query_batches(evaluation, arguments.features, length, 256)
    curve = fit_best(
        model,
        query_batches(queries, arguments.features, length, batch_size, shuffle_seed=arguments.seed),
        settings.num_epochs,
        lambda: recall_at_k(model, eval_batches, 100),
        METRIC,
    )
    export_retrieval(model, arguments, next(iter(eval_batches)))
    write_curve(curve, METRIC, arguments.model_directory)


def refit_fn(fn_args: Any) -> None:
    """Trains the two towers once more, on every event up to now, for the number of epochs found before.

    `base_model` is the model of `run_fn`: its training curve says how long to train.
    """
    arguments = parse_arguments(fn_args)
    settings = RetrievalSettings.from_json(fn_args.custom_config["retrieval"])
    tf.keras.utils.set_random_seed(arguments.seed)
    table = read_product_table(arguments.split_files[names.CATALOG], arguments.features)
    patterns = [pattern for split in names.QUERY_SPLITS for pattern in arguments.split_files[split]]
    queries = read_queries(patterns, arguments.features)
    model = build_model(arguments, settings, table, target_shares(queries, table.size))
    batch_size = suitable_batch_size(num_queries(queries), settings.batch_size, least=16)
    length = arguments.split.retrieval_history_length
    batches = query_batches(queries, arguments.features, length, batch_size, shuffle_seed=arguments.seed)
    fit_again(model, batches, settings.num_epochs, read_best_epoch(fn_args.base_model))
    export_retrieval(model, arguments, next(iter(batches)))


def build_model(
    arguments: TrainerArguments, settings: RetrievalSettings, table: ProductTable, shares: Any
) -> RetrievalModel:
    """Builds and compiles the two towers."""
    features, seed, dim = arguments.features, arguments.seed, settings.embedding_dim
    window_days = arguments.windows.window / names.SECONDS_PER_DAY
    encoder = ProductEncoder(
        table, dim, settings.id_dropout, cardinalities(arguments.transform, features.product_columns()), seed
    )
    query_tower = QueryTower(
        columns=features.user_columns(),
        sizes=cardinalities(arguments.transform, features.user_columns()),
        num_users=arguments.transform.vocabulary_size_by_name(names.USER_VOCABULARY),
        half_lives=(window_days / 8, window_days),
        num_event_types=len(features.event_types),
        dim=dim,
        hidden_dim=settings.hidden_dim,
        id_dropout=settings.id_dropout,
        seed=seed + 1000,
    )
    model = RetrievalModel(encoder, CandidateTower(dim, settings.hidden_dim), query_tower, shares, settings)
    model.compile(optimizer=tf.keras.optimizers.Adam(settings.learning_rate))
    return model
