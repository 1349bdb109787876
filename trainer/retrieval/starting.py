"""The towers' weights at the start of a training that goes on from a pushed version."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from trainer.retrieval.model import RetrievalModel
from trainer.settings import RetrievalSettings
from trainer.shared.arguments import TrainerArguments
from trainer.shared.fitting import Epoch, begin_anew
from trainer.shared.tables import TableRows, Tables, Unseen, rows_of_column
from trainer.shared.warm_start import (
    Fit,
    PushedVersion,
    Start,
    Training,
    fit_by_rule,
    fit_cold,
    read_start,
    refuse_later,
)
from trainer.shared.weights import UnfitWeightsError, carried_over, read_weights, values_of


def fit_towers(
    fit: Fit,
    settings: RetrievalSettings,
    model: RetrievalModel,
    batch: dict[str, Any],
    arguments: TrainerArguments,
    fn_args: Any,
) -> tuple[Start, list[Epoch]]:
    """Fits the towers, from the weights of the pushed version where the trainer is told of one.

    Args:
        fit: Fits them, as `Training.fit`.
        settings: Number of epochs.
        model: The towers, not fitted yet.
        batch: Dense queries, to build the towers with.
        arguments: Of the trainer.
        fn_args: Likewise; `base_model` is the retrieval model of that version.

    Returns:
        How the training began, and its curve.
    """
    pushed = PushedVersion.of(fn_args.custom_config)
    start = Start(asked=pushed is not None, fitted_until=arguments.windows.retrieval_end)
    if pushed is None:
        return fit_cold(Training(fit, None, settings.num_epochs), start)
    _build(model, batch)
    training = Training(fit, values_of(model), settings.num_epochs)
    try:
        before = read_start(fn_args.base_model, Start)
        refuse_later(before.fitted_until, arguments.windows.retrieval_end)
        warm = _pushed_towers(model, arguments, fn_args.base_model, pushed)
    except UnfitWeightsError as error:
        return fit_cold(training, start.refused(pushed.version, error))
    new, count = pushed.vocabularies(arguments.transform).num_new(names.PRODUCT_VOCABULARY)
    known = {"began_from": pushed.version, "growth": before.growth, "new_products": new, "products": count}
    return fit_by_rule(training, warm, start.model_copy(update=known))


def begin_as_before(
    model: RetrievalModel, batch: dict[str, Any], arguments: TrainerArguments, custom_config: dict[str, Any]
) -> None:
    """Gives towers that are trained once more the start that they had.

    Args:
        model: The towers, not fitted yet.
        batch: Dense queries, to build them with.
        arguments: Of the trainer.
        custom_config: Of the trainer, with the pushed version.

    Raises:
        ValueError: The trainer is not told of the version.
    """
    pushed = PushedVersion.of(custom_config)
    if pushed is None:
        raise ValueError("The towers began from a pushed version, which this trainer is not told of.")
    _build(model, batch)
    begin_anew(model, _pushed_towers(model, arguments, pushed.retrieval_model, pushed))


def _pushed_towers(
    model: RetrievalModel, arguments: TrainerArguments, directory: str, pushed: PushedVersion
) -> list[np.ndarray]:
    """The weights of a pushed version, as values of the trainable variables of a built model.

    Args:
        model: The towers.
        arguments: Of the trainer.
        directory: SavedModel of the retrieval model.
        pushed: The version.

    Raises:
        UnfitWeightsError: They are those of another model.
    """
    vocabularies = pushed.vocabularies(arguments.transform)
    return carried_over(
        read_weights(f"{directory}/{names.WEIGHTS}"), model, tables_of(model, arguments), vocabularies
    )


def tables_of(model: RetrievalModel, arguments: TrainerArguments) -> Tables:
    """Path of each embedding table of the towers whose rows depend on a vocabulary -> its rows.

    A product that the version did not know begins without an id, as id dropout has trained it: content alone
    carries it. Where the towers read no content its row is the initial one. A new user begins as an unknown
    one.
    """
    features = arguments.features
    unseen: Unseen = "zero" if model.encoder.reads_features else "initial"
    tables: dict[str, TableRows | None] = {
        "encoder/ids/embeddings": TableRows(names.PRODUCT_VOCABULARY, unseen=unseen),
        "query_tower/users/embeddings": TableRows(names.USER_VOCABULARY, head=1, unseen="unknown"),
    }
    for name, column in features.product_columns().items():
        for kind in ("category_embeddings", "text_embeddings"):
            tables[f"encoder/{kind}/{name}/embeddings"] = rows_of_column(name, column)
    for name, column in features.user_columns().items():
        tables[f"query_tower/feature_embeddings/{name}/embeddings"] = rows_of_column(name, column)
    return {path: rows for path, rows in tables.items() if rows is not None}


def _build(model: RetrievalModel, batch: dict[str, Any]) -> None:
    """Makes the variables of the towers, which otherwise come with the first batch."""
    with model.distribute_strategy.scope():
        model.embed_queries(batch)
        model.embed_candidates(tf.zeros([1], tf.int64))
