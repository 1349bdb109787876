"""Executor of the RecommenderAssembler."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.evaluation.examples import read_split
from components.evaluation.exclusion import resolve_exclusion
from components.recommender.candidates.preranker import load_preranker
from components.recommender.candidates.sources import CandidateSources
from components.recommender.candidates.tables import CandidateTables, load_tables
from components.recommender.cold_start.lists import ColdStart
from components.recommender.cold_start.segments import Purchases, make_segments, read_purchases
from components.recommender.embeddings import Embeddings, embedding_columns
from components.recommender.graph import Recommender
from components.recommender.post_ranking.compiled_rules import catalogue_columns
from components.recommender.post_ranking.stages import category_codes, make_finishing, make_freshness
from components.recommender.settings import ServingSettings
from components.recommender.text_search.index import TextIndex, build_postings
from components.recommender.text_search.texts import product_texts
from components.recommender_assembler.assets.histories import write_histories
from components.recommender_assembler.assets.product_table import write_products
from components.recommender_assembler.assets.user_rows import read_user_rows
from components.recommender_assembler.choices.auto import Choices, make_choices
from components.recommender_assembler.choices.cold_start import segment_gains
from components.recommender_assembler.ranking_evidence import read_evidence
from components.settings import PostRankingSettings
from schema import names
from schema.candidate_features import HORIZONS, SHARES, STATISTICS
from schema.durations import seconds_of
from schema.features import FeatureSet
from schema.vocabulary import restore_id
from schema.windows import TimeWindows, horizon_seconds

_LONGEST_HORIZON = 4.0


class Executor(base_executor.BaseExecutor):
    """Composes the transform graph, both models and the candidate sources into one SavedModel."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes the SavedModel; `towerline.json`, `products.parquet` and `histories` in `assets.extra`."""
        index = Path(artifact_utils.get_single_uri(input_dict["index"]))
        report = json.loads((index / "index.json").read_text())
        post_ranking = PostRankingSettings.from_json(exec_properties["post_ranking"])
        exclusion = resolve_exclusion(post_ranking.exclude_purchased, report["repeat_rate"])
        recommender, choices, columns = _build(input_dict, exec_properties, index, post_ranking, exclusion)
        model_uri = artifact_utils.get_single_uri(output_dict["model"])
        target = Path(path_utils.serving_model_dir(model_uri))
        save_recommender(recommender, target)
        write_products(target / names.SERVED_PRODUCTS, columns)
        write_metadata(target, exec_properties, exclusion, report["num_products"], choices)
        _write_snapshot(input_dict, exec_properties, recommender, target)


def _write_snapshot(inputs: Any, properties: Any, recommender: Recommender, target: Path) -> None:
    features = FeatureSet.from_json(properties["features"])
    product_ids = recommender.product_ids.numpy()
    write_histories(
        Path(artifact_utils.get_single_uri(inputs["interactions"])),
        read_user_rows(artifact_utils.get_single_uri(inputs["examples"]), features),
        target / names.HISTORIES,
        features,
        properties["history_length"],
        TimeWindows.from_json(properties["windows"]),
        pa.array(product_ids[~recommender.sources.hidden.numpy()].tolist(), pa.binary()).cast(pa.string()),
    )


def _exclude_days(exclusion: str) -> float:
    fixed = {"off": 0.0, "always": float("inf")}
    return fixed[exclusion] if exclusion in fixed else seconds_of(exclusion) / names.SECONDS_PER_DAY


def _build(
    inputs: Any,
    properties: Any,
    index: Path,
    post_ranking: PostRankingSettings,
    exclusion: str,
) -> tuple[Recommender, Choices, Mapping[str, np.ndarray]]:
    features = FeatureSet.from_json(properties["features"])
    windows = TimeWindows.from_json(properties["windows"])
    moment = windows.now if properties["refit"] else windows.test_start
    transform = tft.TFTransformOutput(artifact_utils.get_single_uri(inputs["transform_graph"]))
    tables = load_tables(index, moment)
    sources = CandidateSources(
        tables,
        properties["num_candidates"],
        windows.window / names.SECONDS_PER_DAY,
        load_preranker(Path(artifact_utils.get_single_uri(inputs["preranker"]))),
        properties["pool_size"],
    )
    product_ids = [restore_id(entry) for entry in transform.vocabulary_by_name(names.PRODUCT_VOCABULARY)]
    catalog = read_split(artifact_utils.get_single_uri(inputs["examples"]), names.CATALOG)
    columns = catalogue_columns(catalog, features, product_ids)
    categories = category_codes(columns, features)
    ranking = _load(inputs["ranking_model"])
    patterns = [f"{uri}/*" for uri in artifact_utils.get_split_uris(inputs["candidates"], names.EVAL)]
    evidence = read_evidence(
        path_utils.serving_model_path(artifact_utils.get_single_uri(inputs["ranking_model"]))
    )
    horizon = evidence.horizon
    choices = make_choices(
        post_ranking,
        ranking,
        patterns,
        features,
        tables.embeddings,
        categories,
        lambda: _gains_of_segments(inputs, features, windows, horizon, product_ids, tables.available),
        evidence.proven_gain,
    )
    freshness = make_freshness(post_ranking, catalog, product_ids, tables.moment.first_sale_days, moment)
    recommender = Recommender(
        transform,
        _load(inputs["retrieval_model"]),
        ranking,
        sources,
        product_ids,
        TextIndex(build_postings(product_texts(catalog, features, product_ids)), len(product_ids)),
        make_finishing(
            post_ranking, choices.diversity, columns, categories, sources, freshness, properties["seed"]
        ),
        _cold_start(inputs, properties, choices, product_ids, tables, horizon),
        _settings(properties, post_ranking, exclusion, choices),
    )
    recommender.embeddings = Embeddings(recommender, embedding_columns(catalog, features, product_ids))
    return recommender, choices, columns


def _cold_start(
    inputs: Any,
    properties: Any,
    choices: Choices,
    product_ids: list[str],
    tables: CandidateTables,
    horizon: int,
) -> ColdStart | None:
    if choices.cold_start == "model":
        return None
    features = FeatureSet.from_json(properties["features"])
    windows = TimeWindows.from_json(properties["windows"])
    splits = names.QUERY_SPLITS if properties["refit"] else (names.TRAIN, names.EVAL)
    moment = windows.now if properties["refit"] else windows.test_start
    purchases = _purchases(inputs, splits, features, windows, moment, horizon, product_ids)
    shares, ever = (
        tables.moment.statistics[:, STATISTICS.index(name)] for name in (SHARES[horizon], SHARES[-1])
    )
    # Positive, and in the order of popularity: the rank from the end.
    popularity = np.empty(len(shares))
    popularity[np.lexsort((ever, shares))] = 1.0 + np.arange(len(shares))
    return ColdStart(make_segments(purchases, tables.available, popularity))


def _gains_of_segments(
    inputs: Any,
    features: FeatureSet,
    windows: TimeWindows,
    horizon: int,
    product_ids: list[str],
    available: np.ndarray,
) -> np.ndarray:
    purchases = _purchases(
        inputs, (names.TRAIN,), features, windows, windows.eval_start, horizon, product_ids
    )
    examples = artifact_utils.get_single_uri(inputs["examples"])
    return segment_gains(examples, make_segments(purchases, available), product_ids)


def _purchases(
    inputs: Any,
    splits: Sequence[str],
    features: FeatureSet,
    windows: TimeWindows,
    moment: int,
    horizon: int,
    product_ids: list[str],
) -> Purchases:
    """Those of the horizon of popularity that the ranker's windows speak for; of four windows if of ever."""
    length = horizon_seconds(windows.window, HORIZONS[horizon] or _LONGEST_HORIZON)
    examples = artifact_utils.get_single_uri(inputs["examples"])
    return read_purchases(examples, splits, features, product_ids, moment - length)


def _settings(
    properties: Any, post_ranking: PostRankingSettings, exclusion: str, choices: Choices
) -> ServingSettings:
    features = FeatureSet.from_json(properties["features"])
    weights = json.loads(properties["event_weights"])
    return ServingSettings(
        features=features,
        history_length=properties["history_length"],
        retrieval_history_length=properties["retrieval_history_length"],
        positive_types=tuple(weights.get(kind, 1.0) > 0 for kind in features.event_types),
        exclude_days=_exclude_days(exclusion),
        popularity_discount=choices.popularity_discount,
        new_product_step=round(1 / post_ranking.new_product_share) if post_ranking.new_product_share else 0,
    )


def _load(artifacts: Any) -> Any:
    return tf.saved_model.load(path_utils.serving_model_path(artifact_utils.get_single_uri(artifacts)))


def save_recommender(recommender: Recommender, target: Path) -> None:
    """Exports `recommend` (also as the default), `rank`, `retrieve`, `similar`, `search` and `Embeddings`."""
    specs = recommender.signature()
    exclude = {names.EXCLUDE_PURCHASED: tf.TensorSpec([], tf.bool, names.EXCLUDE_PURCHASED)}
    top_k = {names.TOP_K: tf.TensorSpec([], tf.int64, names.TOP_K)}
    recommend = tf.function(recommender.recommend).get_concrete_function(**specs, **exclude, **top_k)
    diversity = {names.DIVERSITY: tf.TensorSpec([], tf.float32, names.DIVERSITY)}
    signatures = {
        "serving_default": recommend,
        names.RECOMMEND: recommend,
        names.RECOMMEND_DIVERSE: tf.function(recommender.recommend).get_concrete_function(
            **specs, **exclude, **top_k, **diversity
        ),
        names.RANK: tf.function(recommender.rank).get_concrete_function(**specs, **exclude),
        names.RETRIEVE: tf.function(recommender.retrieve).get_concrete_function(**specs),
        names.SIMILAR: tf.function(recommender.similar).get_concrete_function(
            product_id=tf.TensorSpec([None], tf.string, names.PRODUCT_ID),
            blend=tf.TensorSpec([], tf.float32, names.BLEND),
            **top_k,
        ),
        names.SEARCH: tf.function(recommender.search).get_concrete_function(
            text=tf.TensorSpec([None], tf.string, names.TEXT), **top_k
        ),
        **recommender.embeddings.signatures(specs),
    }
    tf.saved_model.save(recommender, str(target), signatures=signatures)


def write_metadata(
    target: Path, properties: Any, exclusion: str, num_products: int, choices: Choices
) -> None:
    """Writes beside the SavedModel what a client needs to know of it."""
    windows = json.loads(properties["windows"])
    if properties["refit"]:
        # A later run must not compare itself with this model on a window that this model has seen.
        windows["eval_start"] = windows["now"]
    content = {
        "refit": bool(properties["refit"]),
        "features": json.loads(properties["features"]),
        "history_length": properties["history_length"],
        "event_weights": json.loads(properties["event_weights"]),
        "windows": windows,
        "num_products": num_products,
        "exclude_purchased": exclusion,
        "popularity_discount": choices.popularity_discount,
        "diversity": choices.diversity,
        "cold_start": choices.cold_start,
        "diversity_ndcg": choices.diversity_ndcg,
        "post_ranking": json.loads(properties["post_ranking"]),
    }
    path = target / names.SERVING_METADATA
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False))
