"""Executor of the CandidateGenerator."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from absl import logging
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils
from tfx_bsl.coders import example_coder

from components.candidate_generator.rows import Outcomes, candidate_rows, read_outcomes
from components.candidate_generator.settings import CandidateGeneratorSettings
from components.recommender.candidates.preranker import PrerankerWeights, load_preranker
from components.recommender.candidates.queries import QueryReader, read_window_queries
from components.recommender.candidates.sampling import as_new_users
from components.recommender.candidates.sources import CandidateSources
from components.recommender.candidates.tables import load_tables
from schema import names
from schema.files import whole_file
from schema.served.vocabulary import restore_id
from schema.tensors.in_graph import in_graph

_SHARD = "data_tfrecord-00000-of-00001.gz"


class Executor(base_executor.BaseExecutor):
    """Retrieves candidates for the ranker's training windows and the eval window, each as of its start."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes the splits train and eval of candidate rows, and copies the transformed catalog."""
        settings = CandidateGeneratorSettings.from_properties(exec_properties)
        windows, features = settings.windows, settings.features
        artifact = artifact_utils.get_single_instance(output_dict["examples"])
        artifact.split_names = artifact_utils.encode_split_names([names.TRAIN, names.EVAL, names.CATALOG])
        index = Path(artifact_utils.get_single_uri(input_dict["index"]))
        model = tf.saved_model.load(
            path_utils.serving_model_path(artifact_utils.get_single_uri(input_dict["model"]))
        )
        reader = QueryReader(
            model, features, settings.split.history_length, settings.split.retrieval_history_length
        )
        preranker = load_preranker(Path(artifact_utils.get_single_uri(input_dict["preranker"])))
        read = partial(
            read_outcomes,
            artifact_utils.get_single_uri(input_dict["interactions"]),
            _product_ids(artifact_utils.get_single_uri(input_dict["transform_graph"])),
            features.event_types,
        )
        generator = _Generator(reader, index, preranker, settings, read)
        most = {names.TRAIN: settings.max_train_queries, names.EVAL: settings.max_eval_queries}
        cutoffs = {names.TRAIN: windows.ranking_cutoffs, names.EVAL: (windows.eval_start,)}
        records: dict[str, dict[int, np.ndarray]] = {}
        for split, starts in cutoffs.items():
            source = artifact_utils.get_split_uris(input_dict["transformed_examples"], split)
            patterns = [f"{uri}/*" for uri in source]
            queries = read_window_queries(patterns, starts, most[split])
            records[split] = queries.records
        records[names.TRAIN] = weighted_down(records[names.TRAIN], index)
        cold_share = choose_cold_share(settings.cold_share, records[names.TRAIN], records[names.EVAL])
        logging.info("Queries of %.3f of the training users come again as those of new users", cold_share)
        for split, starts in cutoffs.items():
            repeated = cold_share if split == names.TRAIN else 0.0
            batches = (
                batch
                for start in starts
                for batch in generator.batches(records[split][start], start, repeated)
            )
            target = Path(artifact_utils.get_split_uris([artifact], split)[0])
            count = write_examples(batches, target / _SHARD)
            logging.info("Wrote %d rows of candidates for split %s", count, split)
        for uri in artifact_utils.get_split_uris(input_dict["transformed_examples"], names.CATALOG):
            shutil.copytree(
                uri, artifact_utils.get_split_uris([artifact], names.CATALOG)[0], dirs_exist_ok=True
            )


class _Generator:
    """Produces candidate rows of one cutoff after the other."""

    def __init__(
        self,
        reader: QueryReader,
        index: Path,
        preranker: PrerankerWeights | None,
        settings: CandidateGeneratorSettings,
        read_window: Callable[[int, int], Outcomes],
    ) -> None:
        self._reader = reader
        self._index = index
        self._preranker = preranker
        self._settings = settings
        self._read_window = read_window

    def batches(self, records: np.ndarray, cutoff: int, cold_share: float) -> Iterator[pa.RecordBatch]:
        sources = CandidateSources(
            load_tables(self._index, cutoff),
            self._settings.num_candidates,
            self._settings.windows.window / names.SECONDS_PER_DAY,
            self._preranker,
            self._settings.pool_size,
            reads_towers=self._settings.windows.knows_towers(cutoff),
        )
        find = in_graph(sources.__call__, reduce_retracing=True)
        outcomes = self._read_window(cutoff, cutoff + self._settings.windows.window)
        for rows in self._reader.rows(records):
            yield self._batch(rows, find, outcomes)
            cold = as_new_users(rows, cold_share)
            if int(cold[names.QUERY_TIME].shape[0]):
                yield self._batch(cold, find, outcomes)

    def _batch(self, rows: dict[str, Any], find: Any, outcomes: Outcomes) -> pa.RecordBatch:
        query = self._reader.dense(rows)
        found = find(
            query[names.QUERY_EMBEDDING],
            query[names.HISTORY_INDEX],
            query[names.HISTORY_AGE],
            query[names.USER_INDEX],
        )
        return candidate_rows(query, found, rows, outcomes)


def weighted_down(records: dict[int, np.ndarray], index: Path) -> dict[int, np.ndarray]:
    """The queries of each training window, fewer where its volume was unusual (`window_weights`).

    Args:
        records: Serialised queries of each window.
        index: The candidate index.
    """
    weights = json.loads((index / "index.json").read_text(encoding="utf-8"))["window_weights"]
    kept = {}
    for cutoff, queries in records.items():
        weight = weights.get(str(cutoff), 1.0)
        if weight < 1.0:
            logging.warning("The window at %d has an unusual volume: it counts by %.2f", cutoff, weight)
        chosen = np.unique((np.arange(int(np.ceil(weight * len(queries)))) / weight).astype(int))
        kept[cutoff] = queries[chosen[chosen < len(queries)]]
    return kept


def _product_ids(transform_graph: str) -> list[str]:
    transform = tft.TFTransformOutput(transform_graph)
    return [restore_id(entry) for entry in transform.vocabulary_by_name(names.PRODUCT_VOCABULARY)]


def write_examples(batches: Iterator[pa.RecordBatch], path: Path) -> int:
    """Writes batches as compressed `tf.Example` records."""
    count = 0
    options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
    with whole_file(path) as temporary, tf.io.TFRecordWriter(str(temporary), options) as writer:
        for batch in batches:
            for record in example_coder.RecordBatchToExamples(batch):
                writer.write(record)
            count += batch.num_rows
    return count


AUTO: Final = "auto"
_MOST: Final = 0.5
_AT_ONCE: Final = 4096


def choose_cold_share(
    setting: float | str, train: Mapping[int, np.ndarray], evaluation: Mapping[int, np.ndarray]
) -> float:
    """The share of the training users whose queries come a second time without history.

    `auto` makes queries without history as frequent in training as they are in the eval window: with a
    share `e` there and `t` in training, `(t + x) / (1 + x) = e` gives `x = (e - t) / (1 - e)`, cut to
    [0, 1/2].

    Args:
        setting: `auto`, or the share.
        train: Serialised training queries of each cutoff.
        evaluation: Serialised queries of the eval window, likewise.
    """
    if setting != AUTO:
        return float(setting)
    in_eval, in_train = share_without_history(evaluation), share_without_history(train)
    return float(np.clip((in_eval - in_train) / max(1.0 - in_eval, 1e-9), 0.0, _MOST))


def share_without_history(records: Mapping[int, np.ndarray]) -> float:
    """The share of the queries that have no event of a known product; 0 if there are no queries."""
    spec = {names.HISTORY_INDEX: tf.io.RaggedFeature(tf.int64, row_splits_dtype=tf.int64)}
    empty, count = 0, 0
    for queries in records.values():
        for start in range(0, len(queries), _AT_ONCE):
            batch = tf.constant(queries[start : start + _AT_ONCE].tolist(), tf.string)
            history = tf.io.parse_example(batch, spec)[names.HISTORY_INDEX]
            known = tf.reduce_sum(tf.cast(history >= 0, tf.int32), axis=1)
            empty += int(tf.math.count_nonzero(known == 0))
            count += len(batch)
    return empty / count if count else 0.0
