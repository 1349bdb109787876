"""The query tower and the candidate tower."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from schema import names
from schema.features import FeatureColumn, Kind
from schema.values.members import MAX_MEMBERS
from trainer.retrieval.encoders.choice import EncoderName, TowerInputs, history_encoder, tower_inputs
from trainer.shared.catalog import MAX_WORDS_OF_A_TEXT, ProductTable, as_constants, vocabulary_size


class ProductEncoder(tf.keras.layers.Layer):
    """Sums the id embedding of a product and the embeddings of all its features.

    Args:
        table: The product table; it becomes a constant of the model.
        dim: Length of the representation.
        id_dropout: Share of ids hidden in training, so that content alone carries a product that was
            never seen (DropoutNet, Volkovs et al. 2017).
        sizes: Column -> number of indices, for columns of categories, texts, sets and paths.
        seed: Seed of initialisers and of the dropout.
        reads: Whether ids and features are read.

    Raises:
        ValueError: Nothing is left to read.
    """

    def __init__(
        self,
        table: ProductTable,
        dim: int,
        id_dropout: float,
        sizes: dict[str, int],
        seed: int,
        reads: TowerInputs = TowerInputs(),  # noqa: B008  (frozen)
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.id_dropout = id_dropout
        self.seed = seed
        if not reads.features:
            table = replace(table, categories={}, texts={}, embeddings={}, sets={})
        if not reads.ids and not (table.categories or table.texts or table.sets or table.embeddings):
            raise ValueError(
                "A tower of content alone needs product features. Received: none. Remedy: choose another "
                "`retrieval.encoder` or supply categories, texts, sets or embeddings of products."
            )
        self.ids = _embedding(table.size, dim, seed) if reads.ids else None
        self.categories = as_constants(table.categories)
        self.texts = as_constants({**table.texts, **table.sets})
        self.widths = {
            **dict.fromkeys(table.texts, MAX_WORDS_OF_A_TEXT),
            **dict.fromkeys(table.sets, MAX_MEMBERS),
        }
        self.vectors = as_constants(table.embeddings)
        self.category_embeddings = {
            name: _embedding(max(sizes[name], vocabulary_size(index)), dim, seed + position)
            for position, (name, index) in enumerate(table.categories.items(), start=1)
        }
        self.text_embeddings = {
            name: _embedding(max(sizes[name], vocabulary_size(index)), dim, seed + position)
            for position, (name, index) in enumerate({**table.texts, **table.sets}.items(), start=101)
        }
        self.projections = {name: tf.keras.layers.Dense(dim, use_bias=False) for name in table.embeddings}

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Represents products given by index `[products]` as `[products, dim]`."""
        columns = {**self.categories, **self.texts, **self.vectors}
        parts = [] if self.ids is None else [self._embed_ids(inputs, training)]
        return tf.add_n(parts + self._embed({name: tf.gather(columns[name], inputs) for name in columns}))

    def represent(self, features: dict[str, tf.Tensor]) -> tf.Tensor:
        """Represents products that are not in the table by their features alone, as id dropout trains it.

        Args:
            features: Column -> index `[products]`, indices of words or members `[products, words]` (-1 pads)
                or vector `[products, dim]`. Indices that the tables lack count as the last one of the column.

        Returns:
            `[products, dim]`.
        """
        known = dict(features)
        for name, layer in self.category_embeddings.items():
            known[name] = tf.minimum(features[name], layer.input_dim - 1)
        for name, layer in self.text_embeddings.items():
            known[name] = tf.minimum(features[name][:, : self.widths[name]], layer.input_dim - 1)
        return tf.add_n(self._embed(known))

    @property
    def reads_features(self) -> bool:
        """Whether a product is more than its id."""
        return bool(self.category_embeddings or self.text_embeddings or self.projections)

    def _embed(self, features: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        parts = [layer(features[name]) for name, layer in self.category_embeddings.items()]
        parts += [mean_of_words(layer, features[name]) for name, layer in self.text_embeddings.items()]
        return parts + [layer(features[name]) for name, layer in self.projections.items()]

    def _embed_ids(self, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        ids = self.ids(inputs)  # type: ignore[misc]  # called where there are ids only
        if not (training and self.id_dropout):
            return ids
        kept = tf.random.uniform([tf.shape(inputs)[0], 1]) >= self.id_dropout
        return ids * tf.cast(kept, tf.float32)


class CandidateTower(tf.keras.layers.Layer):
    """Maps a product representation to the shared space: a residual layer, then unit length."""

    def __init__(self, dim: int, hidden_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden = tf.keras.layers.Dense(hidden_dim, activation="relu")
        self.output_layer = tf.keras.layers.Dense(dim)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """`[products, dim]` to unit vectors `[products, dim]`."""
        return tf.math.l2_normalize(inputs + self.output_layer(self.hidden(inputs)), axis=-1)


@dataclass(frozen=True)
class QueryInputs:
    """What a query consists of.

    Attributes:
        columns: User feature columns by raw feature name.
        sizes: Column -> number of indices.
        num_users: Number of known users.
        num_event_types: Number of known types of events.
        half_lives: At which the history fades, in days.
    """

    columns: dict[str, FeatureColumn]
    sizes: dict[str, int]
    num_users: int
    num_event_types: int
    half_lives: tuple[float, ...]


class QueryTower(tf.keras.layers.Layer):
    """Maps the user, the context of the query and the encoded history to the shared space.

    Args:
        queries: What there is to read.
        dim: Length of the query embedding.
        hidden_dim: Width of the hidden layer.
        id_dropout: Share of user ids hidden in training: the tower must not lean on them.
        seed: Seed of the initialisers.
        encoder: Name of the history encoder; it says what else is read.
    """

    def __init__(
        self,
        queries: QueryInputs,
        *,
        dim: int,
        hidden_dim: int,
        id_dropout: float,
        seed: int,
        encoder: EncoderName = "mean",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        reads = tower_inputs(encoder)
        columns = queries.columns if reads.features else {}
        self.columns = columns
        self.id_dropout = id_dropout
        self.users = _embedding(queries.num_users + 1, dim, seed) if reads.ids else None
        self.feature_embeddings = {
            name: _embedding(queries.sizes[name], dim, seed + position)
            for position, (name, column) in enumerate(columns.items(), start=1)
            if column.kind is not Kind.EMBEDDING
        }
        self.projections = {
            name: tf.keras.layers.Dense(dim)
            for name, column in columns.items()
            if column.kind is Kind.EMBEDDING
        }
        self.encoder = history_encoder(encoder, queries.half_lives, queries.num_event_types, dim, seed + 500)
        self.hidden = tf.keras.layers.Dense(hidden_dim, activation="relu")
        self.output_layer = tf.keras.layers.Dense(dim)
        self.skip = tf.keras.layers.Dense(dim, use_bias=False)

    def call(self, inputs: dict[str, Any], products: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Encodes queries.

        Args:
            inputs: Dense query tensors of `schema.tensors.transformed.dense_query`.
            products: Representations of the history's products `[batch, time, dim]`.
            training: Whether ids are dropped.

        Returns:
            Unit vectors `[batch, dim]`.
        """
        parts = []
        if self.encoder is not None:
            mask = inputs[names.HISTORY_INDEX] >= 0
            timing = {"age": inputs[names.HISTORY_AGE], "types": inputs[names.HISTORY_TYPE]}
            parts.append(self.encoder(products, mask=mask, **timing))
        if self.users is not None:
            parts.append(self.users(self._known_users(inputs[names.USER_INDEX], training)))
        main = parts[0]  # what the embedding is made of; the rest corrects it
        for name, layer in self.feature_embeddings.items():
            is_many = self.columns[name].kind is Kind.TEXT or self.columns[name].has_members
            parts.append(mean_of_words(layer, inputs[name]) if is_many else layer(inputs[name]))
        parts += [layer(inputs[name]) for name, layer in self.projections.items()]
        joined = tf.concat(parts, axis=-1)
        return tf.math.l2_normalize(self.skip(main) + self.output_layer(self.hidden(joined)), axis=-1)

    def _known_users(self, index: tf.Tensor, training: bool) -> tf.Tensor:
        """Row of the embedding table: 0 for unknown users and for those whose id is hidden."""
        user = index + 1
        if not (training and self.id_dropout):
            return user
        kept = tf.random.uniform(tf.shape(user)) >= self.id_dropout
        return tf.where(kept, user, tf.zeros_like(user))


def mean_of_words(layer: Any, words: tf.Tensor) -> tf.Tensor:
    """Mean embedding of indices of words or members `[rows, words]`, of which -1 pads; zeros without one."""
    mask = tf.cast(words >= 0, tf.float32)[..., tf.newaxis]
    total = tf.reduce_sum(layer(tf.maximum(words, 0)) * mask, axis=-2)
    return tf.math.divide_no_nan(total, tf.reduce_sum(mask, axis=-2))


def _embedding(size: int, dim: int, seed: int) -> Any:
    initializer = tf.keras.initializers.RandomNormal(stddev=0.05, seed=seed)
    return tf.keras.layers.Embedding(size, dim, embeddings_initializer=initializer)
