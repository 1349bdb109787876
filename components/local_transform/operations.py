"""What the operations of TensorFlow Transform's analysis do to values, one function each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf
from tensorflow_transform import analyzer_nodes, analyzers
from tensorflow_transform.beam import beam_nodes

Counts = list[tuple[int, bytes]]


class Unsupported(Exception):  # noqa: N818
    """An operation that only TensorFlow Transform's Beam pipeline knows."""


def check(operation: Any) -> None:
    """Raises Unsupported if there is no function for an operation, or it asks for more than that does."""
    plain = _PLAIN.get(type(operation), {})
    odd = [name for name, value in plain.items() if getattr(operation, name) != value]
    if type(operation) not in KNOWN or odd:
        raise Unsupported(f"{type(operation).__name__} {operation.label} {', '.join(odd)}".strip())


def merge_vocabulary(operation: Any, counted: Counter[bytes]) -> Counts:
    """Swaps tokens and counts."""
    del operation
    return [(count, token) for token, count in counted.items()]


def prune_vocabulary(operation: Any, counts: Counts) -> Counts:
    """Keeps the most frequent tokens, of equal ones the last by bytes."""
    return counts if operation.top_k is None else sorted(counts, reverse=True)[: operation.top_k]


def count_vocabulary(operation: Any, counts: Counts) -> np.int64:
    """Number of tokens; at least 1, for something is written even if there are none."""
    del operation
    return np.int64(max(len(counts), 1))


def write_vocabulary(operation: Any, counts: Counts, folder: str) -> Any:
    """Writes the tokens, the most frequent first, a line each."""
    path = os.path.join(folder, operation.vocab_filename)
    nothing = analyzers.get_empy_vocabulary_dummy_value(operation.input_dtype)
    with tf.io.gfile.GFile(path, "wb") as file:
        for _, token in sorted(counts, reverse=True) or [nothing]:
            file.write(token + b"\n")
    return np.array(path)


class VocabularyCount:
    """Counts the tokens of batch after batch.

    Args:
        keys: Names of the tensors it takes; the first holds the tokens.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self.value: Counter[bytes] = Counter()
        self._key = keys[0]

    def add(self, tensors: Mapping[str, Any]) -> None:
        """Adds a batch."""
        tokens, _, counts = tf.unique_with_counts(tensors[self._key])
        for token, count in zip(tokens.numpy().tolist(), counts.numpy().tolist(), strict=True):
            self.value[token] += count


class Combined:
    """Accumulates batch after batch in a combiner of TensorFlow Transform, such as sketches of quantiles.

    Args:
        keys: Names of the tensors it takes.
        combiner: What accumulates.
    """

    def __init__(self, keys: Sequence[str], combiner: Any) -> None:
        self.value = combiner.create_accumulator()
        self._keys = keys
        self._combiner = combiner

    def add(self, tensors: Mapping[str, Any]) -> None:
        """Adds a batch."""
        self.value = self._combiner.add_input(self.value, [tensors[key].numpy() for key in self._keys])


Accumulator = VocabularyCount | Combined


def accumulators(operation: Any, keys: Sequence[str]) -> dict[str, Accumulator]:
    """Returns label -> what an operation accumulates from the tensors `keys`; nothing for others."""
    if isinstance(operation, analyzer_nodes.VocabularyAccumulate):
        return {operation.label: VocabularyCount(keys)}
    if isinstance(operation, analyzer_nodes.CacheableCombineAccumulate):
        return {operation.label: Combined(keys, operation.combiner)}
    if isinstance(operation, analyzer_nodes.PackedCombineAccumulate):
        return {packed.label: Combined(packed.keys, packed.combiner) for packed in operation.combiners}
    return {}


def _merge_packed(operation: Any, keyed: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    by_key = dict(keyed)
    return {
        packed.label: packed.combiner.extract_output(by_key[packed.keys[0]]) for packed in operation.combiners
    }


_N: Final = analyzer_nodes
SIMPLE: Final[dict[type, Callable[[Any, Any], Any]]] = {
    beam_nodes.ExtractFromDict: lambda it, value: value[it.keys] if isinstance(it.keys, str) else value,
    _N.VocabularyAccumulate: lambda it, value: value[it.label],
    _N.CacheableCombineAccumulate: lambda it, value: value[it.label],
    _N.PackedCombineAccumulate: lambda it, value: value,
    _N.VocabularyMerge: merge_vocabulary,
    _N.VocabularyPrune: prune_vocabulary,
    _N.VocabularyCount: count_vocabulary,
    _N.CacheableCombineMerge: lambda it, value: it.combiner.extract_output(value),
    _N.AddKey: lambda it, value: (it.key, value),
    _N.PackedCombineMerge: _merge_packed,
}
"""Operations with one input and one output."""
WRITE: Final = _N.VocabularyOrderAndWrite
KNOWN: Final = {
    *SIMPLE,
    beam_nodes.CreateSavedModel,
    beam_nodes.ExtractInputForSavedModel,
    beam_nodes.ApplySavedModel,
    beam_nodes.CreateTensorBinding,
    beam_nodes.Flatten,
    WRITE,
    _N.ExtractCombineMergeOutputs,
    _N.ExtractPackedCombineMergeOutputs,
}
_PLAIN: Final[dict[type, dict[str, Any]]] = {
    _N.VocabularyAccumulate: {
        "vocab_ordering_type": analyzers._VocabOrderingType.FREQUENCY,
        "input_dtype": tf.string.name,
    },
    _N.VocabularyPrune: {
        "frequency_threshold": 0,
        "informativeness_threshold": float("-inf"),
        "key_fn": None,
    },
    WRITE: {
        "store_frequency": False,
        "fingerprint_shuffle": False,
        "file_format": "text",
    },
}
"""The fields of an operation that have to have these values."""
