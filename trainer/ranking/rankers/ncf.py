"""Neural collaborative filtering: NeuMF (He et al., WWW 2017, equation 12) beside the features."""

from __future__ import annotations

import tensorflow as tf

from trainer.ranking.rankers.base import PAIR_FEATURES, DeepLayers, Ranker, Tensors
from trainer.ranking.rankers.interests import InterestEmbeddings
from trainer.settings import RankingSettings


class NeuralFactorizationRanker(Ranker):
    """Generalised matrix factorisation and deep layers, each on embeddings of its own.

    The user of the paper is the interest that the history shows; the features enter the deep layers.
    """

    reads_products = True

    def make_layers(self, settings: RankingSettings, seed: int) -> None:
        """Embeddings of the product of factors, those of the deep layers, and these."""
        self.factors = InterestEmbeddings(self.columns, settings.embedding_dim, seed)
        self.vectors = InterestEmbeddings(self.columns, settings.embedding_dim, seed + 100)
        self.deep = DeepLayers(settings.hidden_dim, settings.dropout, seed)

    def call(self, inputs: Tensors, training: bool = False) -> tf.Tensor:
        """`[batch, candidates, embedding_dim + hidden_dim // 2]`."""
        interests, candidates = self.factors(inputs)
        product = tf.reduce_sum(interests[:, tf.newaxis] * candidates, axis=2)
        interests, candidates = self.vectors(inputs)
        user, item = tf.reduce_sum(interests, axis=1), tf.reduce_sum(candidates, axis=2)
        user = tf.zeros_like(item) + user[:, tf.newaxis]
        joined = tf.concat([user, item, inputs[PAIR_FEATURES]], axis=-1)
        return tf.concat([product, self.deep(joined, training=training)], axis=-1)
