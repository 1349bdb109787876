"""Finds products by words, also misspelt ones: hashed words and letter trigrams, weighted by idf.

A text is lower-cased and split into words; a word counts as itself and as the trigrams of its letters
between two marks (`^oat$`: `^oa`, `oat`, `at$`), so that a misspelt word still shares most of its parts
(Damashek, "Gauging similarity with n-grams", Science 1995). Parts are weighted by
inverse document frequency and products scaled to length 1: scores are cosines (Salton and Buckley, 1988).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from components.recommender.candidates.item_to_item import frozen
from schema.values.text import split_words

NUM_BUCKETS = 1 << 17
_LETTERS = 3
_WORD_WEIGHT = 2.0
_TEXTS_AT_ONCE = 4096


@dataclass(frozen=True)
class Postings:
    """The parts of all products' texts, by part.

    Attributes:
        splits: Where the postings of each bucket begin and end, int64 `[buckets + 1]`.
        products: int64 `[postings]`.
        weights: float32 `[postings]`.
        idf: Weight of each bucket in a question, float32 `[buckets]`.
    """

    splits: np.ndarray
    products: np.ndarray
    weights: np.ndarray
    idf: np.ndarray


def build_postings(texts: list[str]) -> Postings:
    """Indexes one text for each product, in the order of the products."""
    rows, buckets, counts = [], [], []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        hashed, amount = text_parts(tf.constant(texts[start : start + _TEXTS_AT_ONCE]))
        rows.append(hashed.value_rowids().numpy() + start)
        buckets.append(hashed.values.numpy())
        counts.append(amount.values.numpy())
    row, bucket, count = (
        np.concatenate(parts) if parts else np.zeros(0, np.int64) for parts in (rows, buckets, counts)
    )
    pairs, entry = np.unique(row * NUM_BUCKETS + bucket, return_inverse=True)
    product, bucket = pairs // NUM_BUCKETS, pairs % NUM_BUCKETS
    amount = np.bincount(entry, count, minlength=len(pairs))
    idf = np.log1p(max(len(texts), 1) / np.maximum(np.bincount(bucket, minlength=NUM_BUCKETS), 1))
    weights = amount * idf[bucket]
    lengths = np.sqrt(np.bincount(product, weights**2, minlength=max(len(texts), 1)))
    weights = weights / np.maximum(lengths[product], 1e-9)
    order = np.argsort(bucket, kind="stable")
    splits = np.concatenate([[0], np.cumsum(np.bincount(bucket, minlength=NUM_BUCKETS))])
    return Postings(
        splits.astype(np.int64),
        product[order].astype(np.int64),
        weights[order].astype(np.float32),
        idf.astype(np.float32),
    )


def text_parts(texts: tf.Tensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
    """Buckets of the words and trigrams of each text, and their weights, ragged `[texts, (parts)]` each."""
    words = split_words(texts)
    mark = tf.fill(tf.shape(words.values), "^"), tf.fill(tf.shape(words.values), "$")
    marked = tf.strings.join([mark[0], words.values, mark[1]])
    letters = tf.strings.unicode_split(marked, "UTF-8", errors="replace")
    trigrams = tf.strings.ngrams(letters, _LETTERS, separator="")
    by_text = tf.RaggedTensor.from_row_splits(trigrams, words.row_splits).merge_dims(1, 2)
    whole = tf.RaggedTensor.from_row_splits(marked, words.row_splits)
    parts = tf.concat([whole, by_text], axis=1)
    heavy = whole.with_values(tf.fill(tf.shape(marked), _WORD_WEIGHT))
    light = by_text.with_values(tf.ones_like(by_text.values, tf.float32))
    weights = tf.concat([heavy, light], axis=1)
    return parts.with_values(tf.strings.to_hash_bucket_fast(parts.values, NUM_BUCKETS)), weights


class TextIndex(tf.Module):
    """Scores all products for texts, in the graph.

    Args:
        postings: Of the catalogue.
        num_products: Its size.
    """

    def __init__(self, postings: Postings, num_products: int) -> None:
        super().__init__()
        self.num_products = num_products
        self.splits = frozen(postings.splits, tf.int64)
        self.products = frozen(postings.products, tf.int64)
        self.weights = frozen(postings.weights, tf.float32)
        self.idf = frozen(postings.idf, tf.float32)

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Texts `[batch]` to cosines of every product `[batch, products]`; 0 where nothing is shared."""
        parts, amounts = text_parts(texts)
        batch = tf.cast(parts.nrows(), tf.int64)
        keys, entry_of_part = tf.unique(parts.value_rowids() * NUM_BUCKETS + parts.values)
        rows, buckets = keys // NUM_BUCKETS, keys % NUM_BUCKETS
        amount = tf.math.unsorted_segment_sum(amounts.values, entry_of_part, tf.size(keys))
        query = amount * tf.gather(self.idf, buckets)
        length = tf.sqrt(tf.math.unsorted_segment_sum(tf.square(query), rows, batch))
        first = tf.gather(self.splits, buckets)
        count = tf.gather(self.splits, buckets + 1) - first
        spans = tf.ragged.range(first, first + count)
        part = spans.value_rowids()
        entry = spans.values
        values = tf.gather(query, part) * tf.gather(self.weights, entry)
        flat = tf.gather(rows, part) * self.num_products + tf.gather(self.products, entry)
        total = tf.math.unsorted_segment_sum(values, flat, batch * self.num_products)
        return tf.math.divide_no_nan(tf.reshape(total, [-1, self.num_products]), length[:, tf.newaxis])
