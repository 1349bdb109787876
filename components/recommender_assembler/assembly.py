"""What a served model is composed of: loaded, chosen, and put together."""

from __future__ import annotations

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
from components.recommender.models import LoadedModels
from components.recommender.post_ranking.compiled_rules import catalogue_columns
from components.recommender.post_ranking.stages import category_codes, make_freshness, make_post_ranker
from components.recommender.settings import ServingSettings
from components.recommender.text_search.index import TextIndex, build_postings
from components.recommender.text_search.texts import product_texts
from components.recommender.tracing.trace import Tracer
from components.recommender_assembler.choices.auto import Choices, make_choices
from components.recommender_assembler.choices.cold_start import segment_gains
from components.recommender_assembler.choices.eval_lists import read_eval_lists
from components.recommender_assembler.ranking_evidence import RankingEvidence, read_evidence
from components.recommender_assembler.settings import RecommenderAssemblerSettings
from schema import names
from schema.durations import seconds_of
from schema.served.candidate_features import HORIZONS, SHARES, STATISTICS
from schema.served.vocabulary import restore_id
from schema.windows import horizon_seconds

_LONGEST_HORIZON = 4.0


@dataclass(frozen=True)
class Assembly:
    """What a served model is composed of, apart from what is given up of the ranker's order.

    Attributes:
        inputs: Of the node.
        settings: Of the node.
        exclusion: What `exclude_purchased` stands for.
        models: The loaded models.
        evidence: What the windows speak for.
        sources: The candidate sources.
        tables: What they read.
        product_ids: The product vocabulary.
        catalog: Rows of the catalog split.
        columns: `catalogue_columns`.
        texts: Index of the products' texts.
        choices: What `auto` stands for.
    """

    inputs: Any
    settings: RecommenderAssemblerSettings
    exclusion: str
    models: LoadedModels
    evidence: RankingEvidence
    sources: CandidateSources
    tables: CandidateTables
    product_ids: list[str]
    catalog: pa.Table
    columns: Mapping[str, np.ndarray]
    texts: TextIndex
    choices: Choices


def prepare(inputs: Any, settings: RecommenderAssemblerSettings, index: Path, exclusion: str) -> Assembly:
    """Loads models and tables, and decides what `auto` stands for.

    Args:
        inputs: Of the node.
        settings: Of the node.
        index: Folder of the candidate index.
        exclusion: What `exclude_purchased` stands for.
    """
    features = settings.features
    models = LoadedModels(
        tft.TFTransformOutput(artifact_utils.get_single_uri(inputs["transform_graph"])),
        _load(inputs["retrieval_model"]),
        _load(inputs["ranking_model"]),
    )
    tables = load_tables(index, settings.cutoff)
    sources = CandidateSources(
        tables,
        settings.num_candidates,
        settings.windows.window / names.SECONDS_PER_DAY,
        load_preranker(Path(artifact_utils.get_single_uri(inputs["preranker"]))),
        settings.pool_size,
    )
    vocabulary = models.transform.vocabulary_by_name(names.PRODUCT_VOCABULARY)
    product_ids = [restore_id(entry) for entry in vocabulary]
    catalog = read_split(artifact_utils.get_single_uri(inputs["examples"]), names.CATALOG)
    columns = catalogue_columns(catalog, features, product_ids)
    patterns = [f"{uri}/*" for uri in artifact_utils.get_split_uris(inputs["candidates"], names.EVAL)]
    evidence = read_evidence(
        path_utils.serving_model_path(artifact_utils.get_single_uri(inputs["ranking_model"]))
    )
    choices = make_choices(
        settings.post_ranking,
        lambda: read_eval_lists(models.ranking, patterns, features),
        tables.embeddings,
        category_codes(columns, features),
        lambda: _gains_of_segments(inputs, settings, evidence.horizon, product_ids, tables.available),
        evidence.proven,
    )
    return Assembly(
        inputs=inputs,
        settings=settings,
        exclusion=exclusion,
        models=models,
        evidence=evidence,
        sources=sources,
        tables=tables,
        product_ids=product_ids,
        catalog=catalog,
        columns=columns,
        texts=TextIndex(build_postings(product_texts(catalog, features, product_ids)), len(product_ids)),
        choices=choices,
    )


def compose(assembly: Assembly, choices: Choices) -> Recommender:
    """The served model that gives up of the ranker's order what `choices` say."""
    settings, sources, product_ids = assembly.settings, assembly.sources, assembly.product_ids
    first_sales = assembly.tables.snapshot.first_sale_days
    freshness = make_freshness(
        settings.post_ranking, assembly.catalog, product_ids, first_sales, settings.cutoff
    )
    post_ranker = make_post_ranker(
        settings.post_ranking,
        choices.diversity,
        assembly.columns,
        settings.features,
        sources,
        freshness,
        settings.seed,
    )
    recommender = Recommender(
        assembly.models,
        sources,
        product_ids,
        assembly.texts,
        post_ranker,
        _cold_start(assembly, choices),
        _serving_settings(settings, assembly.exclusion, choices),
    )
    recommender.embeddings = Embeddings(
        recommender, embedding_columns(assembly.catalog, settings.features, product_ids)
    )
    recommender.tracer = Tracer(recommender)
    return recommender


def _cold_start(assembly: Assembly, choices: Choices) -> ColdStart | None:
    if choices.cold_start == "model":
        return None
    settings, tables, horizon = assembly.settings, assembly.tables, assembly.evidence.horizon
    splits = names.QUERY_SPLITS if settings.refit else (names.TRAIN, names.EVAL)
    purchases = _purchases(assembly.inputs, settings, splits, settings.cutoff, horizon, assembly.product_ids)
    shares, ever = (
        tables.snapshot.statistics[:, STATISTICS.index(name)] for name in (SHARES[horizon], SHARES[-1])
    )
    # Positive, and in the order of popularity: the rank from the end.
    popularity = np.empty(len(shares))
    popularity[np.lexsort((ever, shares))] = 1.0 + np.arange(len(shares))
    return ColdStart(make_segments(purchases, tables.available, popularity))


def _gains_of_segments(
    inputs: Any,
    settings: RecommenderAssemblerSettings,
    horizon: int,
    product_ids: list[str],
    available: np.ndarray,
) -> np.ndarray:
    start = settings.windows.eval_start
    purchases = _purchases(inputs, settings, (names.TRAIN,), start, horizon, product_ids)
    examples = artifact_utils.get_single_uri(inputs["examples"])
    return segment_gains(examples, make_segments(purchases, available), product_ids)


def _purchases(
    inputs: Any,
    settings: RecommenderAssemblerSettings,
    splits: Sequence[str],
    cutoff: int,
    horizon: int,
    product_ids: list[str],
) -> Purchases:
    """Those of the horizon of popularity that the ranker's windows speak for; of four windows if of ever."""
    length = horizon_seconds(settings.windows.window, HORIZONS[horizon] or _LONGEST_HORIZON)
    examples = artifact_utils.get_single_uri(inputs["examples"])
    return read_purchases(examples, splits, settings.features, product_ids, cutoff - length)


def _serving_settings(
    settings: RecommenderAssemblerSettings, exclusion: str, choices: Choices
) -> ServingSettings:
    weights, new_product_share = settings.event_weights, settings.post_ranking.new_product_share
    return ServingSettings(
        features=settings.features,
        history_length=settings.split.history_length,
        retrieval_history_length=settings.split.retrieval_history_length,
        positive_types=tuple(weights.get(kind, 1.0) > 0 for kind in settings.features.event_types),
        exclude_days=_exclude_days(exclusion),
        popularity_discount=choices.popularity_discount,
        new_product_step=round(1 / new_product_share) if new_product_share else 0,
    )


def _load(artifacts: Any) -> Any:
    return tf.saved_model.load(path_utils.serving_model_path(artifact_utils.get_single_uri(artifacts)))


def _exclude_days(exclusion: str) -> float:
    fixed = {"off": 0.0, "always": float("inf")}
    return fixed[exclusion] if exclusion in fixed else seconds_of(exclusion) / names.SECONDS_PER_DAY
