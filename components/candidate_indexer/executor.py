"""Executor of the CandidateIndexer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from absl import logging
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.candidate_indexer.groups import choose_groupings, read_categories
from components.candidate_indexer.new_products import listing_order
from components.candidate_indexer.settings import CandidateIndexerSettings
from components.candidate_indexer.snapshots import Catalogue, build_snapshot
from components.interactions.events import read_guests, read_shop_events, repeat_rate
from components.recommender.candidates.tables import save_embeddings
from schema import names
from schema.features import FeatureSet
from schema.served.vocabulary import restore_id
from schema.tensors.transformed import availability, catalog_spec, read_rows


class Executor(base_executor.BaseExecutor):
    """Builds the index from the retrieval model and the interactions."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes `embeddings.npy`, `available.npy`, `snapshot-*.npz` and `index.json`."""
        settings = CandidateIndexerSettings.from_properties(exec_properties)
        features, cutoffs, window = settings.features, settings.cutoffs, settings.window
        transform = tft.TFTransformOutput(artifact_utils.get_single_uri(input_dict["transform_graph"]))
        output = Path(artifact_utils.get_single_uri(output_dict["index"]))
        output.mkdir(parents=True, exist_ok=True)
        catalog = artifact_utils.get_split_uris(input_dict["transformed_examples"], names.CATALOG)
        patterns = [f"{uri}/*" for uri in catalog]
        available = read_available(patterns, features)
        embeddings = _candidate_embeddings(artifact_utils.get_single_uri(input_dict["model"]))
        product_ids = [restore_id(entry) for entry in transform.vocabulary_by_name(names.PRODUCT_VOCABULARY)]
        users = [restore_id(entry) for entry in transform.vocabulary_by_name(names.USER_VOCABULARY)]
        interactions = artifact_utils.get_single_uri(input_dict["interactions"])
        events = read_shop_events(interactions, product_ids).with_users_of(pa.array(users, pa.string()))
        guests = read_guests(interactions, product_ids)
        categories = read_categories(patterns, features)
        positive = events.positive
        # As of the middle: the oldest cutoff has hardly a past, and the newest would know too much.
        groups = choose_groupings(categories, positive, sorted(cutoffs)[len(cutoffs) // 2], window)
        save_embeddings(output, embeddings, available, groups)
        for cutoff in cutoffs:
            logging.info("Building the candidate tables as of %d", cutoff)
            catalogue = Catalogue(available, groups, listing_order(product_ids, positive, cutoff))
            tables = build_snapshot(events, catalogue, cutoff, window, settings.index_settings, guests)
            tables.save(output, cutoff)
        report = {
            "num_products": len(embeddings),
            "repeat_rate": repeat_rate(positive),
            "window_weights": window_weights(positive.time, cutoffs, window),
        }
        (output / "index.json").write_text(json.dumps(report, indent=1))


def read_available(patterns: list[str], features: FeatureSet) -> np.ndarray:
    """Reads from the transformed catalog which products may be recommended, bool `[products]`."""
    index, available = [], []
    for rows in read_rows(patterns, catalog_spec(features), batch_size=8192):
        index.append(rows[names.PRODUCT_INDEX].numpy())
        available.append(availability(rows).numpy())
    joined = np.concatenate(index)
    flags = np.concatenate(available)[joined >= 0]
    ordered: np.ndarray = flags[np.argsort(joined[joined >= 0])]
    return ordered


def _candidate_embeddings(model_uri: str) -> np.ndarray:
    from tfx.utils import path_utils

    model = tf.saved_model.load(path_utils.serving_model_path(model_uri))
    embeddings: np.ndarray = model.signatures["candidates"]()["embeddings"].numpy()
    return embeddings


_UNUSUAL = 4.0
"""A volume that is so many times the median of the windows, or so small a part of it, is unusual."""
_WEIGHT = 0.25


def window_weights(times: np.ndarray, cutoffs: Sequence[int], window: int) -> dict[int, float]:
    """The share of the queries of each window that the ranker is trained on.

    Looked at are the events of the window itself, and of the quarter of a window before it, from which what
    is popular of late is known. A window is compared with the median of all, so that a shop that grows
    slowly keeps them all.

    Args:
        times: Stamps of the positive events `[events]`.
        cutoffs: Starts of the windows.
        window: Length of a window in seconds.
    """
    ordered = np.sort(times)

    def volumes(begin: int, end: int) -> np.ndarray:
        starts = np.array(cutoffs)
        found: np.ndarray = np.searchsorted(ordered, starts + end) - np.searchsorted(ordered, starts + begin)
        return found

    usual = np.ones(len(cutoffs), np.bool_)
    for counts in (volumes(0, window), volumes(-max(1, window // 4), 0)):
        median = float(np.median(counts))
        usual &= (counts * _UNUSUAL >= median) & (counts <= _UNUSUAL * median)
    return {cutoff: 1.0 if ordinary else _WEIGHT for cutoff, ordinary in zip(cutoffs, usual, strict=True)}
