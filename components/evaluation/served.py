"""Asks a served model (SavedModel with the signature `recommend`) as a client would."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from components.evaluation.examples import queries
from components.evaluation.lists import IntArray
from components.interactions.events import encode
from schema import names
from schema.features import FeatureSet
from schema.served.request import Query, encode_queries

BATCH_SIZE = 64
TOP_K = 100

_OUTPUTS = (names.PRODUCT_ID, "score", "source")

OFF = "off"
ALWAYS = "always"


@dataclass(frozen=True)
class Answers:
    """What a model recommended.

    Attributes:
        product_ids: UTF-8 bytes, empty where the list is short, `[queries, top_k]`.
        scores: `[queries, top_k]`.
        sources: `[queries, top_k]`.
        seconds: Time of each batch, `[batches]`.
    """

    product_ids: npt.NDArray[np.object_]
    scores: npt.NDArray[np.float32]
    sources: npt.NDArray[np.object_]
    seconds: npt.NDArray[np.float64]

    def codes(self, catalogue: pa.Array) -> IntArray:
        """Product codes, -1 for what `catalogue` lacks, `[queries, top_k]`."""
        return product_codes(self.product_ids, catalogue)


def product_codes(product_ids: npt.NDArray[np.object_], catalogue: pa.Array) -> IntArray:
    """Codes of ids in UTF-8, -1 for what `catalogue` lacks, of the same shape."""
    flat = pa.array(product_ids.ravel(), pa.binary()).cast(pa.string())
    return encode(flat, catalogue).reshape(product_ids.shape)


class ServedModel:
    """A loaded SavedModel.

    Args:
        directory: Folder with `saved_model.pb`.
        features: Feature columns, if the model's own `towerline.json` is absent.
        history_length: Events of a request, likewise.
    """

    def __init__(
        self, directory: str, features: FeatureSet | None = None, history_length: int | None = None
    ) -> None:
        import tensorflow as tf

        self.directory = directory
        self.metadata = read_metadata(directory)
        own = self.metadata.get("features")
        self.features = FeatureSet.model_validate(own) if own else features or FeatureSet()
        self.history_length = int(self.metadata.get("history_length") or history_length or 1)
        self._model = tf.saved_model.load(directory)
        if names.RECOMMEND not in self._model.signatures:
            raise ValueError(
                f"A served model has the signature `{names.RECOMMEND}`. "
                f"Received: {sorted(self._model.signatures)}. Remedy: export it with RecommenderAssembler."
            )
        self._recommend = self._model.signatures[names.RECOMMEND]

    @property
    def signatures(self) -> Mapping[str, Any]:
        """Name -> what can be called."""
        found: Mapping[str, Any] = self._model.signatures
        return found

    @property
    def exclusion(self) -> str:
        """Which purchased products the model never recommends: `off`, `always` or `<N>d`."""
        return str(self.metadata.get("exclude_purchased", OFF))

    def inputs(self) -> set[str]:
        """Names of the inputs of `recommend`."""
        return set(self._recommend.structured_input_signature[1])

    def expected_inputs(self) -> set[str]:
        """Names of what a request carries, by the model's feature columns."""
        encoded = encode_queries(self.features, [Query("", 0)], self.history_length)
        return {*encoded, names.TOP_K, names.EXCLUDE_PURCHASED}

    def recommend(
        self, batches: Iterable[Sequence[Query]], exclude_purchased: bool = False, top_k: int = TOP_K
    ) -> Answers:
        """Answers every query, batch by batch."""
        import tensorflow as tf

        parts: list[Mapping[str, Any]] = []
        seconds = []
        for batch in batches:
            request = encode_queries(self.features, batch, self.history_length)
            start = time.perf_counter()
            answer = self._recommend(
                **{name: tf.constant(value) for name, value in request.items()},
                **{
                    names.TOP_K: tf.constant(top_k, tf.int64),
                    names.EXCLUDE_PURCHASED: tf.constant(exclude_purchased),
                },
            )
            parts.append({name: answer[name].numpy() for name in _OUTPUTS})
            seconds.append(time.perf_counter() - start)
        product_ids, scores, sources = (np.concatenate([part[name] for part in parts]) for name in _OUTPUTS)
        return Answers(product_ids, scores, sources, np.array(seconds))

    def new_for_you(self, batches: Iterable[Sequence[Query]], catalogue: pa.Array, top_k: int) -> IntArray:
        """Codes of products that were never sold, best first, -1 pads `[queries, top_k]`.

        A model of before there was the signature answers with empty lists.
        """
        import tensorflow as tf

        found = []
        for batch in batches:
            if names.NEW_FOR_YOU not in self._model.signatures:
                found.append(np.full((len(batch), top_k), -1, np.int64))
                continue
            request = encode_queries(self.features, batch, self.history_length)
            inputs = {name: tf.constant(value) for name, value in request.items()}
            answer = self._model.signatures[names.NEW_FOR_YOU](
                **inputs, **{names.TOP_K: tf.constant(top_k, tf.int64)}
            )
            found.append(product_codes(answer[names.PRODUCT_ID].numpy(), catalogue))
        return np.concatenate(found)

    def ranked_candidates(
        self, batches: Iterable[Sequence[Query]], catalogue: pa.Array
    ) -> tuple[IntArray, npt.NDArray[np.float32]]:
        """The candidates in the ranker's order.

        Returns:
            Their codes, -1 for filtered ones, and the scores by which they are ordered after the ranker,
            NaN for filtered ones, `[queries, candidates]` each.
        """
        import tensorflow as tf

        rank = self._model.signatures[names.RANK]
        codes, adjusted = [], []
        for batch in batches:
            request = encode_queries(self.features, batch, self.history_length)
            inputs = {name: tf.constant(value) for name, value in request.items()}
            answer = rank(**inputs, **{names.EXCLUDE_PURCHASED: tf.constant(False)})
            codes.append(product_codes(answer[names.PRODUCT_ID].numpy(), catalogue))
            adjusted.append(answer["adjusted"].numpy())
        return np.concatenate(codes), np.concatenate(adjusted)


def read_metadata(directory: str) -> dict[str, Any]:
    """The model's `towerline.json`, empty if there is none."""
    path = Path(directory) / names.SERVING_METADATA
    if not path.is_file():
        return {}
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def query_batches(table: pa.Table, features: FeatureSet, size: int = BATCH_SIZE) -> Iterator[list[Query]]:
    """The rows of a query split, `size` at a time; only one batch is held as Python objects."""
    for start in range(0, len(table), size):
        yield queries(table.slice(start, size), features)
