"""Recall of the retrieval model on the full catalogue, for choosing the best epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from schema import names
from schema.tensors.in_graph import in_graph
from trainer.retrieval.model import RetrievalModel

_CHUNK = 16_384


def embed_catalog(model: RetrievalModel) -> tf.Tensor:
    """Candidate embeddings of all products `[products, dim]`, computed in chunks of bounded memory."""
    return _in_chunks(model.embed_candidates, model.num_products)


def represent_catalog(model: RetrievalModel) -> tf.Tensor:
    """Representations of all products `[products, dim]`, likewise."""
    return _in_chunks(model.encoder, model.num_products)


def _in_chunks(function: Callable[[tf.Tensor], tf.Tensor], num_products: int) -> tf.Tensor:
    starts = range(0, num_products, _CHUNK)
    chunks = [
        function(tf.range(start, min(start + _CHUNK, num_products), dtype=tf.int64)) for start in starts
    ]
    return tf.concat(chunks, axis=0)


def recall_at_k(model: RetrievalModel, batches: tf.data.Dataset, top_k: int) -> float:
    """Mean over queries of the share of targets among the `top_k` nearest products, unsampled."""
    catalog = embed_catalog(model)
    total, count = 0.0, 0
    for batch in batches:
        hits = _share_found(model.embed_queries(batch), catalog, batch[names.TARGET_INDEX], top_k)
        total += float(tf.reduce_sum(hits))
        count += int(hits.shape[0])
    return total / max(count, 1)


@in_graph(reduce_retracing=True)
def _share_found(queries: tf.Tensor, catalog: tf.Tensor, targets: Any, top_k: int) -> tf.Tensor:
    scores = tf.matmul(queries, catalog, transpose_b=True)
    least = tf.math.top_k(scores, k=tf.minimum(top_k, tf.shape(catalog)[0])).values[:, -1:]
    rows = targets.value_rowids()
    found = tf.gather_nd(scores, tf.stack([rows, targets.flat_values], axis=1)) >= tf.gather(
        least[:, 0], rows
    )
    hits = tf.math.unsorted_segment_sum(tf.cast(found, tf.float32), rows, targets.nrows())
    return hits / tf.cast(targets.row_lengths(), tf.float32)
