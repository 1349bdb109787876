"""What a served model is composed of: loaded, chosen, and put together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.evaluation.examples import read_split
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
from components.recommender_assembler.choices.auto import Choices, make_choices
from components.recommender_assembler.choices.cold_start import segment_gains
from components.recommender_assembler.ranking_evidence import RankingEvidence, read_evidence
from components.settings import PostRankingSettings
from schema import names
from schema.candidate_features import HORIZONS, SHARES, STATISTICS
from schema.durations import seconds_of
from schema.features import FeatureSet
from schema.vocabulary import restore_id
from schema.windows import TimeWindows, horizon_seconds

_LONGEST_HORIZON = 4.0


@dataclass(frozen=True)
class Assembly:
    """What a served model is composed of, apart from what is given up of the ranker's order.

    Attributes:
        inputs: Of the node.
        properties: Of the node.
        post_ranking: As configured.
        exclusion: What `exclude_purchased` stands for.
        transform: The transform graph.
        retrieval: The loaded retrieval model.
        ranking: The loaded ranking model.
        evidence: What the windows speak for.
        sources: The candidate sources.
        tables: What they read.
        product_ids: The product vocabulary.
        catalog: Rows of the catalog split.
        columns: `catalogue_columns`.
        categories: `category_codes`.
        texts: Index of the products' texts.
        choices: What `auto` stands for.
    """

    inputs: Any
    properties: Any
    post_ranking: PostRankingSettings
    exclusion: str
    transform: tft.TFTransformOutput
    retrieval: Any
    ranking: Any
    evidence: RankingEvidence
    sources: CandidateSources
    tables: CandidateTables
    product_ids: list[str]
    catalog: pa.Table
    columns: Mapping[str, np.ndarray]
    categories: np.ndarray
    texts: TextIndex
    choices: Choices

    @property
    def features(self) -> FeatureSet:
        """Feature columns."""
        return FeatureSet.from_json(self.properties["features"])

    @property
    def moment(self) -> int:
        """As of when the tables are."""
        windows = TimeWindows.from_json(self.properties["windows"])
        return windows.now if self.properties["refit"] else windows.test_start


def prepare(
    inputs: Any,
    properties: Any,
    index: Path,
    post_ranking: PostRankingSettings,
    exclusion: str,
) -> Assembly:
    """Loads models and tables, and decides what `auto` stands for.

    Args:
        inputs: Of the node.
        properties: Of the node.
        index: Folder of the candidate index.
        post_ranking: As configured.
        exclusion: What `exclude_purchased` stands for.
    """
    features = FeatureSet.from_json(properties["features"])
    windows = TimeWindows.from_json(properties["windows"])
    transform = tft.TFTransformOutput(artifact_utils.get_single_uri(inputs["transform_graph"]))
    tables = load_tables(index, windows.now if properties["refit"] else windows.test_start)
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
    choices = make_choices(
        post_ranking,
        ranking,
        patterns,
        features,
        tables.embeddings,
        categories,
        lambda: _gains_of_segments(
            inputs, features, windows, evidence.horizon, product_ids, tables.available
        ),
        evidence.proven,
    )
    return Assembly(
        inputs=inputs,
        properties=properties,
        post_ranking=post_ranking,
        exclusion=exclusion,
        transform=transform,
        retrieval=_load(inputs["retrieval_model"]),
        ranking=ranking,
        evidence=evidence,
        sources=sources,
        tables=tables,
        product_ids=product_ids,
        catalog=catalog,
        columns=columns,
        categories=categories,
        texts=TextIndex(build_postings(product_texts(catalog, features, product_ids)), len(product_ids)),
        choices=choices,
    )


def compose(assembly: Assembly, choices: Choices) -> Recommender:
    """The served model that gives up of the ranker's order what `choices` say."""
    post_ranking, sources = assembly.post_ranking, assembly.sources
    first_sales = assembly.tables.moment.first_sale_days
    freshness = make_freshness(
        post_ranking, assembly.catalog, assembly.product_ids, first_sales, assembly.moment
    )
    seed = assembly.properties["seed"]
    recommender = Recommender(
        assembly.transform,
        assembly.retrieval,
        assembly.ranking,
        sources,
        assembly.product_ids,
        assembly.texts,
        make_finishing(
            post_ranking,
            choices.diversity,
            assembly.columns,
            assembly.categories,
            sources,
            freshness,
            seed,
        ),
        _cold_start(
            assembly.inputs,
            assembly.properties,
            choices,
            assembly.product_ids,
            assembly.tables,
            assembly.evidence.horizon,
        ),
        _settings(assembly.properties, post_ranking, assembly.exclusion, choices),
    )
    recommender.embeddings = Embeddings(
        recommender, embedding_columns(assembly.catalog, assembly.features, assembly.product_ids)
    )
    return recommender


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


def _exclude_days(exclusion: str) -> float:
    fixed = {"off": 0.0, "always": float("inf")}
    return fixed[exclusion] if exclusion in fixed else seconds_of(exclusion) / names.SECONDS_PER_DAY
