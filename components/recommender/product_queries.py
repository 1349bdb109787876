"""Questions that are not about a user: products like a product, and products for a text."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from components.recommender.candidates.sources import CandidateSources
from components.recommender.post_ranking.filters import cut, filter_scores
from components.recommender.text_search.index import TextIndex
from schema import names

Tensors = dict[str, Any]

_EXPANDED = 20
"""Best matches of a text whose mean embedding stands for it."""
_MEANING_WEIGHT = 0.2


class ProductQueries(tf.Module):
    """Answers in the space of the candidate embeddings.

    Args:
        sources: The candidate sources at the cutoff that is served.
        product_ids: The product vocabulary, string variable `[products]`.
        texts: Index of the products' texts.
    """

    def __init__(self, sources: CandidateSources, product_ids: tf.Variable, texts: TextIndex) -> None:
        super().__init__()
        self.sources, self.product_ids, self.texts = sources, product_ids, texts

    def similar(self, index: tf.Tensor, blend: tf.Tensor, top_k: tf.Tensor) -> Tensors:
        """Products like each product, best first.

        Args:
            index: Products, -1 for unknown ones `[batch]`.
            blend: Share of what is bought together in the score; the rest is the cosine of the embeddings.
            top_k: Length of the lists.

        Returns:
            `product_id`, `score`, `bought_together` (0 to 1, relative to the closest) and `content`
            (cosine) `[batch, top_k]`; empty and NaN for unknown products and where a short list ends.
        """
        known = tf.maximum(index, 0)
        embeddings = self.sources.scorer.embeddings
        content = embeddings.scores(embeddings.of(known))
        together = self._bought_together(known)
        scores = blend * together + (1.0 - blend) * content
        itself = tf.one_hot(known, self.sources.num_products, on_value=True, off_value=False)
        filtered = tf.logical_or(itself, self.sources.hidden[tf.newaxis, :])
        scores = filter_scores(scores, tf.logical_or(filtered, (index < 0)[:, tf.newaxis]))
        return self._best(scores, top_k, {"bought_together": together, "content": content})

    def search(self, text: tf.Tensor, top_k: tf.Tensor) -> Tensors:
        """Products for each text `[batch]`, best first: `product_id`, `score` and `text` `[batch, top_k]`.

        What shares words or parts of words comes first; the mean embedding of the best matches stands for
        the text and brings products that mean the same in other words. Empty if nothing is shared at all.
        """
        matched = tf.where(self.sources.hidden[tf.newaxis, :], 0.0, self.texts(text))
        best = tf.math.top_k(matched, k=min(_EXPANDED, self.sources.num_products))
        embeddings = self.sources.scorer.embeddings
        meant = tf.reduce_sum(best.values[..., tf.newaxis] * embeddings.of(best.indices), axis=1)
        cosine = embeddings.scores(tf.math.l2_normalize(meant, axis=1))
        scores = matched + _MEANING_WEIGHT * cosine
        nothing = tf.reduce_max(matched, axis=1, keepdims=True) <= 0
        filtered = tf.logical_or(self.sources.hidden[tf.newaxis, :], nothing)
        return self._best(filter_scores(scores, filtered), top_k, {"text": matched})

    def _bought_together(self, known: tf.Tensor) -> tf.Tensor:
        neighbours, cosine = self.sources.scorer.neighbours.neighbours_of(known)
        relative = tf.math.divide_no_nan(cosine, tf.reduce_max(cosine, axis=1, keepdims=True))
        size = tf.constant(self.sources.num_products, tf.int64)
        batch = tf.shape(known, out_type=tf.int64)[0]
        rows = tf.range(batch)[:, tf.newaxis] * size
        flat = tf.reshape(rows + tf.maximum(neighbours, 0), [-1])
        total = tf.math.unsorted_segment_sum(tf.reshape(relative, [-1]), flat, batch * size)
        return tf.reshape(total, [batch, size])

    def _best(self, scores: tf.Tensor, top_k: tf.Tensor, parts: Tensors) -> Tensors:
        position, score, exists = cut(scores, top_k)
        missing = tf.constant(float("nan"))
        shown = {name: tf.gather(values, position, batch_dims=1) for name, values in parts.items()}
        return {
            names.PRODUCT_ID: tf.where(exists, tf.gather(self.product_ids, position), ""),
            "score": tf.where(exists, score, missing),
            **{name: tf.where(exists, values, missing) for name, values in shown.items()},
        }
