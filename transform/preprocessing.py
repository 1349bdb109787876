"""The preprocessing graph: one for training, evaluation and serving.

Every output is sparse or one value a row, so that query rows carry nothing of the catalogue and the
other way round. Index 0 of a category means missing, 1 means not in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.fields import HISTORY, TRANSFORMED
from schema.served.vocabulary import LINE_ENDS
from schema.values.text import split_words

MAX_CATEGORIES = 20_000
MAX_WORDS = 20_000

Tensors = dict[str, Any]


def preprocessing_fn(inputs: Mapping[str, Any], custom_config: Mapping[str, Any]) -> Tensors:
    """Maps raw features to what the towers read.

    Args:
        inputs: Sparse tensors of all raw features of query and catalog rows.
        custom_config: `features`, the JSON of a `FeatureSet`.

    Returns:
        Sparse tensors: `history_index`, `target_index`, `product_index` (row of the product in the
        catalogue's vocabulary, -1 if it is not in it), `user_index` (-1 if unknown), `history_type`
        (position in `FeatureSet.event_types`, -1 if new), and the feature columns under their own
        names: category and bucketised number as index, every member of a set or path likewise, text as
        word indices, embeddings as given.
    """
    features = FeatureSet.from_json(custom_config["features"])
    outputs = _query_outputs(inputs, features)
    for name, column in (features.user_columns() | features.product_columns()).items():
        outputs[name] = _TRANSFORMS[column.kind](inputs[name], column, name)
    for name in (names.AVAILABLE, names.CREATED_AT):
        if name in inputs:
            outputs[name] = inputs[name]
    return outputs


def _query_outputs(inputs: Mapping[str, Any], features: FeatureSet) -> Tensors:
    products = tft.vocabulary(_one_line(inputs[names.PRODUCT_ID]), vocab_filename=names.PRODUCT_VOCABULARY)
    users = tft.vocabulary(_one_line(inputs[names.USER_ID]), vocab_filename=names.USER_VOCABULARY)

    def index(name: str, vocabulary: Any) -> Any:
        return tft.apply_vocabulary(_one_line(inputs[name]), vocabulary, default_value=-1)

    copied = (
        names.USER_ID,
        names.QUERY_TIME,
        names.QUERY_KIND,
        names.TARGET_END,
        names.TARGET_WEIGHT,
        names.PRODUCT_ID,
    )
    history = {
        **{field.transformed: inputs[field.raw] for field in HISTORY if not field.is_text},
        names.HISTORY_INDEX: index(names.HISTORY_PRODUCT_ID, products),
        names.HISTORY_TYPE: _event_type(inputs[names.HISTORY_EVENT_TYPE], features.event_types),
    }
    return {
        **{name: inputs[name] for name in copied},
        **{name: history[name] for name in TRANSFORMED},
        names.USER_INDEX: index(names.USER_ID, users),
        names.PRODUCT_INDEX: index(names.PRODUCT_ID, products),
        names.TARGET_INDEX: index(names.TARGET_PRODUCT_ID, products),
    }


def _one_line(ids: tf.SparseTensor) -> tf.SparseTensor:
    """Ids as they stand in a vocabulary file."""
    values = ids.values
    for character, picture in LINE_ENDS:
        values = tf.strings.regex_replace(values, character, picture)
    return ids.with_values(values)


def _event_type(types: tf.SparseTensor, known: tuple[str, ...]) -> tf.SparseTensor:
    """Position in the frozen list; the list is short, so comparing beats a lookup table."""
    matches = tf.equal(types.values[:, tf.newaxis], tf.constant([name.encode() for name in known]))
    position = tf.where(tf.reduce_any(matches, axis=1), tf.argmax(tf.cast(matches, tf.int8), axis=1), -1)
    return types.with_values(tf.cast(position, tf.int64))


def _category(values: tf.SparseTensor, column: FeatureColumn, name: str) -> tf.SparseTensor:
    del column
    index = tft.compute_and_apply_vocabulary(
        values, top_k=MAX_CATEGORIES, default_value=-1, vocab_filename=name
    )
    present = index.with_values(index.values + names.FIRST_CATEGORY)
    empty = tf.equal(values.values, "")
    return present.with_values(tf.where(empty, tf.zeros_like(present.values), present.values))


def _number(values: tf.SparseTensor, column: FeatureColumn, name: str) -> tf.SparseTensor:
    """Quantile buckets: robust against any skew; NaN is what a dense request sends for missing."""
    del column
    known = tf.sparse.retain(values, tf.math.is_finite(values.values))
    buckets = tft.bucketize(known, num_buckets=names.NUM_NUMBER_BUCKETS, name=name)
    return buckets.with_values(tf.cast(buckets.values, tf.int64) + names.FIRST_CATEGORY)


def _text(values: tf.SparseTensor, column: FeatureColumn, name: str) -> tf.SparseTensor:
    del column
    flat = tf.sparse.to_dense(values, default_value="")
    joined = tf.strings.reduce_join(flat, axis=1, separator=" ")
    return tft.compute_and_apply_vocabulary(
        split_words(joined).to_sparse(),
        top_k=MAX_WORDS,
        num_oov_buckets=names.NUM_HASHED_WORDS,
        vocab_filename=name,
    )


def _embedding(values: tf.SparseTensor, column: FeatureColumn, name: str) -> tf.SparseTensor:
    del column, name
    finite = tf.math.is_finite(values.values)
    return values.with_values(tf.where(finite, values.values, tf.zeros_like(values.values)))


_TRANSFORMS: dict[Kind, Callable[[tf.SparseTensor, FeatureColumn, str], tf.SparseTensor]] = {
    Kind.CATEGORY: _category,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.SET: _category,
    Kind.HIERARCHY: _category,
    Kind.EMBEDDING: _embedding,
}
