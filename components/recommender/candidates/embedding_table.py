"""The candidate embeddings, laid out twice: to score all products at once, and to look up a few."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from components.recommender.candidates.item_to_item import frozen


class EmbeddingTable(tf.Module):
    """Embeddings of the catalogue in the graph.

    A variable that is looked up somewhere in a graph (`ResourceGather`) is copied at each read of the whole
    of it (`ReadVariableOp` in copy-on-read mode): for 92,250 products a copy of 24 MB in each request, 2.2
    ms. So what is multiplied is a variable of its own. Its rows are the dimensions: the product of a vector
    with it runs along the memory and takes two thirds of the time, and gives a row the same bits whether it
    comes alone or among others.

    Args:
        embeddings: Unit vectors `[products, dim]`.
    """

    def __init__(self, embeddings: np.ndarray) -> None:
        super().__init__()
        self.dim = int(embeddings.shape[1])
        self.by_product = frozen(embeddings, tf.float32)
        self.by_dimension = frozen(np.ascontiguousarray(embeddings.T), tf.float32)

    def scores(self, vectors: tf.Tensor) -> tf.Tensor:
        """Products of vectors `[batch, dim]` with those of all products, `[batch, products]`."""
        return tf.matmul(vectors, self.by_dimension)

    def of(self, products: tf.Tensor) -> tf.Tensor:
        """Embeddings of products `[...]`, `[..., dim]`."""
        return tf.gather(self.by_product, products)
