"""The `run_fn` of RetrievalTrainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from schema.errors import UserError
from schema.features import FeatureColumn, Kind
from trainer.retrieval.encoders.choice import tower_inputs
from trainer.retrieval.export import export_retrieval
from trainer.retrieval.lazy_adam import LazyAdam
from trainer.retrieval.metrics import embed_catalog, recall_at_k
from trainer.retrieval.model import RetrievalModel
from trainer.retrieval.queries import (
    num_queries,
    query_batches,
    read_queries,
    target_shares,
    weigh_users_alike,
)
from trainer.retrieval.starting import begin_as_before, fit_towers
from trainer.retrieval.towers import CandidateTower, ProductEncoder, QueryInputs, QueryTower
from trainer.settings import RetrievalSettings
from trainer.shared.arguments import TrainerArguments, parse_arguments
from trainer.shared.assets import write_arrays
from trainer.shared.catalog import ProductTable, read_product_table
from trainer.shared.distribution import Workers
from trainer.shared.fitting import (
    Epoch,
    begin_anew,
    fit_again,
    fit_best,
    read_best_epoch,
    suitable_batch_size,
    write_curve,
)
from trainer.shared.warm_start import Start, read_start, write_start
from trainer.shared.weights import weights_of

METRIC = "recall@100"
MAX_PRODUCTS_OF_FULL_SOFTMAX = 100_000


def run_fn(fn_args: Any) -> None:
    """Trains the two towers on targets before the ranker's windows, and exports them."""
    arguments = parse_arguments(fn_args)
    settings = RetrievalSettings.from_json(fn_args.custom_config["retrieval"])
    workers = Workers.of(settings.distribution, f"{__name__}.run_fn", fn_args)
    tf.keras.utils.set_random_seed(arguments.seed + workers.index)
    table = read_product_table(arguments.split_files[names.CATALOG], arguments.features)
    length = arguments.split.retrieval_history_length
    queries = read_queries(
        arguments.split_files[names.TRAIN],
        arguments.features,
        length,
        targets_end_by=arguments.windows.retrieval_end,
    )
    queries = weigh_users_alike(queries) if settings.user_weighting == "users" else queries
    evaluation = read_queries(arguments.split_files[names.EVAL], arguments.features, length)
    with workers.strategy.scope():
        model = build_model(arguments, settings, table, target_shares(queries, table.size))
    batch_size = workers.batch_size(suitable_batch_size(num_queries(queries), settings.batch_size, least=16))
    eval_batches = query_batches(evaluation, arguments.features, length, 256)
    batches = partial(
        query_batches, queries, arguments.features, length, batch_size, shuffle_seed=arguments.seed
    )
    evaluate = workers.agreed(lambda: recall_at_k(model, eval_batches, 100))
    fit = partial(_fit, model, lambda: workers.spread(batches()), evaluate)
    start, curve = fit_towers(fit, settings, model, next(iter(eval_batches)), arguments, fn_args)
    with workers.output(arguments.model_directory) as directory:
        export_retrieval(model, arguments.features, directory, next(iter(eval_batches)))
        write_curve(curve, METRIC, directory)
        write_start(start, directory)
        write_arrays(weights_of(model), f"{directory}/{names.WEIGHTS}")


def _fit(
    model: RetrievalModel,
    batches: Callable[[], Any],
    evaluate: Callable[[], float],
    values: list[np.ndarray] | None,
    num_epochs: int,
    until: int,
) -> list[Epoch]:
    """Fits the towers as `Training.fit` says."""
    if values is not None:
        begin_anew(model, values)
    refresh = partial(model.negatives.refresh, lambda: embed_catalog(model))
    return fit_best(model, batches(), num_epochs, evaluate, before_epoch=refresh, until=until)


def refit_fn(fn_args: Any) -> None:
    """Trains the two towers once more, on every event up to now, for the number of epochs found before.

    `base_model` is the model of `run_fn`: its training curve says how long to train, and it says from which
    weights it began, from which this training begins too.
    """
    arguments = parse_arguments(fn_args)
    settings = RetrievalSettings.from_json(fn_args.custom_config["retrieval"])
    workers = Workers.of(settings.distribution, f"{__name__}.refit_fn", fn_args)
    tf.keras.utils.set_random_seed(arguments.seed + workers.index)
    table = read_product_table(arguments.split_files[names.CATALOG], arguments.features)
    patterns = [pattern for split in names.QUERY_SPLITS for pattern in arguments.split_files[split]]
    length = arguments.split.retrieval_history_length
    queries = read_queries(patterns, arguments.features, length)
    queries = weigh_users_alike(queries) if settings.user_weighting == "users" else queries
    with workers.strategy.scope():
        model = build_model(arguments, settings, table, target_shares(queries, table.size))
    batch_size = workers.batch_size(suitable_batch_size(num_queries(queries), settings.batch_size, least=16))
    batches = query_batches(queries, arguments.features, length, batch_size, shuffle_seed=arguments.seed)
    before = read_start(fn_args.base_model, Start)
    if before.is_warm:
        begin_as_before(model, next(iter(batches)), arguments, fn_args.custom_config)
    fit_again(
        model,
        workers.spread(batches),
        before.num_epochs,
        read_best_epoch(fn_args.base_model),
        before_epoch=lambda: model.negatives.refresh(lambda: embed_catalog(model)),
    )
    with workers.output(arguments.model_directory) as directory:
        export_retrieval(model, arguments.features, directory, next(iter(batches)))
        write_start(before.model_copy(update={"fitted_until": arguments.windows.now}), directory)


def build_model(
    arguments: TrainerArguments, settings: RetrievalSettings, table: ProductTable, shares: Any
) -> RetrievalModel:
    """Builds and compiles the two towers.

    Raises:
        UserError: The loss is over the whole catalogue, and that is too large.
    """
    if settings.loss == "full_softmax" and table.size > MAX_PRODUCTS_OF_FULL_SOFTMAX:
        raise UserError(
            "Configuration key `retrieval.loss`: full_softmax scores the whole catalogue at every step, "
            f"which is for at most {MAX_PRODUCTS_OF_FULL_SOFTMAX:,} products. "
            f"Received: {table.size:,} products. "
            "Remedy: choose sampled_softmax."
        )
    features, seed, dim = arguments.features, arguments.seed, settings.embedding_dim
    window_days = arguments.windows.window / names.SECONDS_PER_DAY
    reads = tower_inputs(settings.encoder)
    # Where an id is all that a tower knows, hiding it would leave nothing to learn from.
    id_dropout = settings.id_dropout if reads.features else 0.0
    encoder = ProductEncoder(
        table, dim, id_dropout, cardinalities(arguments.transform, features.product_columns()), seed, reads
    )
    queries = QueryInputs(
        columns=features.user_columns(),
        sizes=cardinalities(arguments.transform, features.user_columns()),
        num_users=arguments.transform.vocabulary_size_by_name(names.USER_VOCABULARY),
        num_event_types=len(features.event_types),
        half_lives=(window_days / 8, window_days),
    )
    query_tower = QueryTower(
        queries,
        dim=dim,
        hidden_dim=settings.hidden_dim,
        id_dropout=id_dropout,
        seed=seed + 1000,
        encoder=settings.encoder,
    )
    model = RetrievalModel(encoder, CandidateTower(dim, settings.hidden_dim), query_tower, shares, settings)
    model.compile(optimizer=LazyAdam(settings.learning_rate))
    return model


def cardinalities(transform_output: Any, columns: Mapping[str, FeatureColumn]) -> dict[str, int]:
    """Returns column -> number of indices that the transform graph may give; embeddings are left out.

    Args:
        transform_output: A `tft.TFTransformOutput`.
        columns: Raw feature name -> column.
    """
    sizes = {}
    for name, column in columns.items():
        if column.kind is Kind.NUMBER:
            sizes[name] = names.NUM_NUMBER_BUCKETS + names.FIRST_CATEGORY
        elif column.kind is Kind.CATEGORY or column.has_members:
            sizes[name] = transform_output.vocabulary_size_by_name(name) + names.FIRST_CATEGORY
        elif column.kind is Kind.TEXT:
            sizes[name] = transform_output.vocabulary_size_by_name(name) + names.NUM_HASHED_WORDS
    return sizes
