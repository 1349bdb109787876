"""Which candidates are targets."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def label_candidates(index: np.ndarray, targets: tf.RaggedTensor, weights: tf.RaggedTensor) -> np.ndarray:
    """Weight of each candidate as a target, 0 if it is none.

    Args:
        index: Candidates `[queries, candidates]`.
        targets: Product indices `[queries, (targets)]`; -1 is no product of the vocabulary.
        weights: Weights of the targets, aligned.

    Returns:
        float32 `[queries, candidates]`.
    """
    product = targets.flat_values.numpy()
    known = product >= 0
    width = int(max(index.max(initial=0), product.max(initial=0))) + 1
    keys = (targets.value_rowids().numpy() * width + product)[known]
    if not len(keys):
        return np.zeros(index.shape, np.float32)
    order = np.argsort(keys)
    wanted = np.arange(len(index))[:, None] * width + index
    entry = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    hit = keys[order][entry] == wanted
    gains = weights.flat_values.numpy()[known][order]
    labels: np.ndarray = np.where(hit, gains[entry], 0).astype(np.float32)
    return labels
