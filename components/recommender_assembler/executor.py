"""Executor of the RecommenderAssembler."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.evaluation.exclusion import resolve_exclusion
from components.recommender.finish import finish, finish_specs, is_needed
from components.recommender.graph import Recommender
from components.recommender_assembler.assembly import Assembly, compose, prepare
from components.recommender_assembler.assets.histories import write_histories
from components.recommender_assembler.assets.kernel_tables import write_kernel
from components.recommender_assembler.assets.user_rows import read_user_rows
from components.recommender_assembler.choices.auto import Choices
from components.recommender_assembler.settings import RecommenderAssemblerSettings
from schema import names
from schema.files import whole_file
from schema.served.blessing import is_of_classic
from schema.tensors.in_graph import in_graph


class Executor(base_executor.BaseExecutor):
    """Composes the transform graph, both models and the candidate sources into one SavedModel."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Writes the SavedModel, with what belongs to it in `assets.extra`, and the one to fall back to."""
        index = Path(artifact_utils.get_single_uri(input_dict["index"]))
        report = json.loads((index / "index.json").read_text())
        settings = RecommenderAssemblerSettings.from_properties(exec_properties)
        exclusion = resolve_exclusion(settings.post_ranking.exclude_purchased, report["repeat_rate"])
        assembly = prepare(input_dict, settings, index, exclusion)
        recommender = compose(assembly, assembly.choices)
        target = Path(path_utils.serving_model_dir(artifact_utils.get_single_uri(output_dict["model"])))
        save_recommender(recommender, target)
        write_products(target / names.SERVED_PRODUCTS, assembly.columns)
        write_metadata(target, assembly, assembly.choices)
        write_kernel(recommender, *_tables_of(input_dict), target)
        _write_snapshot(input_dict, settings, recommender, target)
        if settings.fallback == "classic" and may_be_served(input_dict):
            _write_classic(assembly, target, artifact_utils.get_single_uri(output_dict["classic_model"]))


def may_be_served(inputs: Any) -> bool:
    """Whether the model to fall back to may be: nothing is blessed yet, or the blessing is of it.

    Args:
        inputs: Artifacts of the node; `model_blessing` where the evaluation is over.
    """
    blessing = inputs.get("model_blessing")
    return not blessing or is_of_classic(Path(artifact_utils.get_single_uri(blessing)))


def _write_classic(assembly: Assembly, model: Path, uri: str) -> None:
    """The same model without the correction of its ranker; nothing where it has none."""
    choices = assembly.choices.as_classic(assembly.settings.post_ranking)
    strength = assembly.models.ranking.model.strength
    if not strength.numpy().any() and choices == assembly.choices:
        return
    strength.assign(tf.zeros_like(strength))
    target = Path(path_utils.serving_model_dir(uri))
    shutil.copytree(model / names.ASSETS_EXTRA, target / names.ASSETS_EXTRA)
    recommender = compose(assembly, choices)
    save_recommender(recommender, target)
    write_metadata(target, assembly, choices, assembly.evidence.anchor)
    write_kernel(recommender, *_tables_of(assembly.inputs), target)


def _tables_of(inputs: Any) -> tuple[Path, Path]:
    """`RANKER_TABLES` and `TOWER_TABLES` of the models that are composed."""
    files = (("ranking_model", names.RANKER_TABLES), ("retrieval_model", names.TOWER_TABLES))
    ranker, tower = (
        Path(path_utils.serving_model_path(artifact_utils.get_single_uri(inputs[key]))) / name
        for key, name in files
    )
    return ranker, tower


def _write_snapshot(
    inputs: Any, settings: RecommenderAssemblerSettings, recommender: Recommender, target: Path
) -> None:
    features = settings.features
    product_ids = recommender.product_ids.numpy()
    write_histories(
        Path(artifact_utils.get_single_uri(inputs["interactions"])),
        read_user_rows(artifact_utils.get_single_uri(inputs["examples"]), features),
        target / names.HISTORIES,
        features,
        settings.split.history_length,
        settings.windows,
        pa.array(product_ids[~recommender.sources.hidden.numpy()].tolist(), pa.binary()).cast(pa.string()),
    )


def save_recommender(recommender: Recommender, target: Path) -> None:
    """Exports `recommend` (also as the default), the other signatures of `Recommender`, and `Embeddings`."""
    specs = recommender.signature()
    exclude = {names.EXCLUDE_PURCHASED: tf.TensorSpec([], tf.bool, names.EXCLUDE_PURCHASED)}
    top_k = {names.TOP_K: tf.TensorSpec([], tf.int64, names.TOP_K)}
    recommend = in_graph(recommender.recommend).get_concrete_function(**specs, **exclude, **top_k)
    diversity = {names.DIVERSITY: tf.TensorSpec([], tf.float32, names.DIVERSITY)}
    signatures = {
        "serving_default": recommend,
        names.RECOMMEND: recommend,
        names.RECOMMEND_DIVERSE: in_graph(recommender.recommend).get_concrete_function(
            **specs, **exclude, **top_k, **diversity
        ),
        names.RANK: in_graph(recommender.rank).get_concrete_function(**specs, **exclude),
        names.NEW_FOR_YOU: in_graph(recommender.new_for_you).get_concrete_function(**specs, **top_k),
        names.RETRIEVE: in_graph(recommender.retrieve).get_concrete_function(**specs),
        names.SIMILAR: in_graph(recommender.similar).get_concrete_function(
            product_id=tf.TensorSpec([None], tf.string, names.PRODUCT_ID),
            blend=tf.TensorSpec([], tf.float32, names.BLEND),
            **top_k,
        ),
        names.SEARCH: in_graph(recommender.search).get_concrete_function(
            text=tf.TensorSpec([None], tf.string, names.TEXT), **top_k
        ),
        names.EXPLAIN: in_graph(recommender.tracer.explain).get_concrete_function(
            **recommender.tracer.signature()
        ),
        **recommender.embeddings.signatures(specs),
    }
    if is_needed(recommender.post_ranker):
        signatures[names.FINISH] = in_graph(
            lambda **inputs: finish(recommender, **inputs)
        ).get_concrete_function(**finish_specs(recommender), **exclude, **top_k, **diversity)
    tf.saved_model.save(recommender, str(target), signatures=signatures)


def write_metadata(target: Path, assembly: Assembly, choices: Choices, classic: str | None = None) -> None:
    """Writes beside the SavedModel what a client needs to know of it.

    Args:
        target: Folder of the SavedModel.
        assembly: What it is composed of.
        choices: What is given up of the ranker's order.
        classic: The baseline whose order it has, if it is not the ranker's.
    """
    settings = assembly.settings
    windows = settings.windows.model_dump(mode="json")
    if settings.refit:
        # A later run must not compare itself with this model on a window that this model has seen.
        windows["eval_start"] = windows["now"]
    content = {
        "refit": settings.refit,
        "features": settings.features.model_dump(mode="json"),
        "history_length": settings.split.history_length,
        "event_weights": settings.event_weights,
        "windows": windows,
        "num_products": assembly.tables.num_products,
        "exclude_purchased": assembly.exclusion,
        "popularity_discount": choices.popularity_discount,
        "diversity": choices.diversity,
        "cold_start": choices.cold_start,
        "anchor": assembly.evidence.anchor,
        "diversity_ndcg": choices.diversity_ndcg,
        "post_ranking": settings.post_ranking.model_dump(mode="json"),
    }
    if classic is not None:
        content["classic"] = classic
    if settings.refresh_of:
        content["refresh_of"] = settings.refresh_of
    path = target / names.SERVING_METADATA
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False))


def write_products(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    """Writes `product_id` and the feature columns (`product__<column>`) as Parquet.

    Args:
        path: Of the file.
        columns: `catalogue_columns`: texts or tuples of texts, None where missing, or numbers, NaN where
            missing.
    """
    arrays = {
        name if name == names.PRODUCT_ID else names.PRODUCT_PREFIX + name: pa.array(values, _type_of(values))
        for name, values in columns.items()
    }
    with whole_file(path) as temporary:
        pq.write_table(pa.table(arrays), temporary)


def _type_of(values: np.ndarray) -> pa.DataType:
    if values.dtype != object:
        return pa.float64()
    return pa.list_(pa.string()) if any(isinstance(value, tuple) for value in values) else pa.string()
