"""Executor of the RecommenderAssembler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.candidate_sources.preranker import load_preranker
from components.candidate_sources.sources import CandidateSources
from components.candidate_sources.tables import load_tables
from components.evaluation.examples import read_split
from components.evaluation.exclusion import resolve_exclusion
from components.recommender_assembler.compiled_rules import catalogue_columns, codes, compile_rules
from components.recommender_assembler.embeddings import Embeddings, embedding_columns
from components.recommender_assembler.finishing import Finishing
from components.recommender_assembler.histories import write_histories
from components.recommender_assembler.popularity_discount import measure_discount
from components.recommender_assembler.product_texts import product_texts
from components.recommender_assembler.recommender import Recommender, ServingSettings
from components.recommender_assembler.text_index import TextIndex, build_postings
from components.recommender_assembler.user_rows import read_user_rows
from components.settings import PostRankingSettings
from schema import names
from schema.features import FeatureSet, Kind
from schema.vocabulary import restore_id
from schema.windows import TimeWindows


class Executor(base_executor.BaseExecutor):
    """Composes the transform graph, both models and the candidate sources into one SavedModel."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes the SavedModel, `assets.extra/towerline.json` and the snapshot `assets.extra/histories`."""
        index = Path(artifact_utils.get_single_uri(input_dict["index"]))
        report = json.loads((index / "index.json").read_text())
        post_ranking = PostRankingSettings.from_json(exec_properties["post_ranking"])
        exclusion = resolve_exclusion(post_ranking.exclude_purchased, report["repeat_rate"])
        discount = _discount(post_ranking, input_dict, exec_properties)
        recommender = _build(input_dict, exec_properties, index, post_ranking, exclusion, discount)
        model_uri = artifact_utils.get_single_uri(output_dict["model"])
        target = Path(path_utils.serving_model_dir(model_uri))
        save_recommender(recommender, target)
        write_metadata(target, exec_properties, exclusion, report["num_products"], discount)
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
    return fixed[exclusion] if exclusion in fixed else float(exclusion.removesuffix("d"))


def _discount(post_ranking: PostRankingSettings, inputs: Any, properties: Any) -> float:
    if post_ranking.popularity_discount != "auto":
        return float(post_ranking.popularity_discount)
    uris = artifact_utils.get_split_uris(inputs["candidates"], names.EVAL)
    features = FeatureSet.from_json(properties["features"])
    ranking = _load(inputs["ranking_model"])
    return measure_discount(ranking, [f"{uri}/*" for uri in uris], features, post_ranking.most_ndcg_loss)


def _build(
    inputs: Any,
    properties: Any,
    index: Path,
    post_ranking: PostRankingSettings,
    exclusion: str,
    discount: float,
) -> Recommender:
    features = FeatureSet.from_json(properties["features"])
    windows = TimeWindows.from_json(properties["windows"])
    weights = json.loads(properties["event_weights"])
    transform = tft.TFTransformOutput(artifact_utils.get_single_uri(inputs["transform_graph"]))
    sources = CandidateSources(
        load_tables(index, windows.now if properties["refit"] else windows.test_start),
        properties["num_candidates"],
        windows.window / names.SECONDS_PER_DAY,
        load_preranker(Path(artifact_utils.get_single_uri(inputs["preranker"]))),
        properties["pool_size"],
    )
    settings = ServingSettings(
        features=features,
        history_length=properties["history_length"],
        retrieval_history_length=properties["retrieval_history_length"],
        positive_types=tuple(weights.get(kind, 1.0) > 0 for kind in features.event_types),
        exclude_days=_exclude_days(exclusion),
        popularity_discount=discount,
        new_product_step=round(1 / post_ranking.new_product_share) if post_ranking.new_product_share else 0,
    )
    product_ids = [restore_id(entry) for entry in transform.vocabulary_by_name(names.PRODUCT_VOCABULARY)]
    catalog = read_split(artifact_utils.get_single_uri(inputs["examples"]), names.CATALOG)
    texts = TextIndex(build_postings(product_texts(catalog, features, product_ids)), len(product_ids))
    recommender = Recommender(
        transform,
        _load(inputs["retrieval_model"]),
        _load(inputs["ranking_model"]),
        sources,
        product_ids,
        texts,
        _finishing(post_ranking, catalog, features, product_ids, sources),
        settings,
    )
    recommender.embeddings = Embeddings(recommender, embedding_columns(catalog, features, product_ids))
    return recommender


def _finishing(
    post_ranking: PostRankingSettings,
    catalog: pa.Table,
    features: FeatureSet,
    product_ids: list[str],
    sources: CandidateSources,
) -> Finishing:
    columns = catalogue_columns(catalog, features, product_ids)
    categories = [codes(columns[column.name]) for column in features.products if column.kind is Kind.CATEGORY]
    return Finishing(
        compile_rules(post_ranking.rules, columns),
        sources.scorer.embeddings,
        np.stack(categories, axis=1) if categories else np.zeros((len(product_ids), 0), np.int64),
        post_ranking.diversity,
        post_ranking.diversity_method,
    )


def _load(artifacts: Any) -> Any:
    return tf.saved_model.load(path_utils.serving_model_path(artifact_utils.get_single_uri(artifacts)))


def save_recommender(recommender: Recommender, target: Path) -> None:
    """Exports `recommend` (also as the default), `rank`, `retrieve`, `similar`, `search` and `Embeddings`."""
    specs = recommender.signature()
    exclude = {names.EXCLUDE_PURCHASED: tf.TensorSpec([], tf.bool, names.EXCLUDE_PURCHASED)}
    top_k = {names.TOP_K: tf.TensorSpec([], tf.int64, names.TOP_K)}
    recommend = tf.function(recommender.recommend).get_concrete_function(**specs, **exclude, **top_k)
    signatures = {
        "serving_default": recommend,
        names.RECOMMEND: recommend,
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


def write_metadata(target: Path, properties: Any, exclusion: str, num_products: int, discount: float) -> None:
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
        "popularity_discount": discount,
        "post_ranking": json.loads(properties["post_ranking"]),
    }
    path = target / names.SERVING_METADATA
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False))
