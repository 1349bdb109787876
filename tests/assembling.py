"""Models of the small shop with other settings of post-ranking, made by the assembler's own node."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace


def _inputs(shop) -> dict:
    from tfx.types import standard_artifacts

    from components.artifacts import CandidateIndex, Interactions, Preranker

    kinds = {
        "retrieval_model": (standard_artifacts.Model, "retrieval"),
        "ranking_model": (standard_artifacts.Model, "ranking"),
        "transform_graph": (standard_artifacts.TransformGraph, "transformed/transform_graph"),
        "index": (CandidateIndex, "index"),
        "preranker": (Preranker, "preranker"),
        "candidates": (standard_artifacts.Examples, "candidates"),
        "examples": (standard_artifacts.Examples, "raw"),
        "interactions": (Interactions, "interactions"),
    }
    return {name: [artifact(kind, shop.directory / path)] for name, (kind, path) in kinds.items()}


def artifact(kind, path):
    from tfx.types import standard_artifacts

    made = kind()
    made.uri = str(path)
    if kind is standard_artifacts.Examples:
        made.split_names = json.dumps(sorted(found.name.removeprefix("Split-") for found in path.iterdir()))
    return made


def own_settings(shop) -> dict:
    """Settings of the third stage with which the shop's own model was made."""
    return json.loads(shop.nodes["RecommenderAssembler"].exec_properties["post_ranking"])


def _properties(shop, post_ranking: dict) -> dict:
    settings = json.dumps(own_settings(shop) | post_ranking)
    own = shop.nodes["RecommenderAssembler"].exec_properties
    return dict(own) | {"post_ranking": settings, "fallback": json.dumps("off")}


def push(shop, folder, **post_ranking):
    """A model pushed with these settings; the shop's own if those are its settings."""
    from tfx.types import standard_artifacts

    from serving.model.pushed_model import PushedModel

    if own_settings(shop) | post_ranking == own_settings(shop):
        shutil.copytree(shop.model, folder / "pushed" / "1")
        return PushedModel(folder / "pushed")
    names = ("model", "classic_model")
    output = {name: [artifact(standard_artifacts.Model, folder / name)] for name in names}
    executor = shop.nodes["RecommenderAssembler"].executor_spec.executor_class()
    executor.Do(_inputs(shop), output, _properties(shop, post_ranking))
    (folder / "pushed").mkdir()
    (folder / "model" / "Format-Serving").rename(folder / "pushed" / "1")
    return PushedModel(folder / "pushed")


def prepare(shop):
    """What models of the shop are composed of."""
    from components.recommender_assembler import assembly

    return assembly.prepare(_inputs(shop), _settings(shop, {}), shop.directory / "index", "off")


def compose(shop, prepared, **post_ranking):
    """The module of a model with these settings, no `auto` among them; its methods can be called as it is."""
    from components.recommender_assembler import assembly

    made = _made(shop, prepared, post_ranking)
    return assembly.compose(made, _choices(made))


def write(shop, prepared, folder, **post_ranking):
    """The same as a pushed model with the signatures of lists alone, in a third of the time of `push`."""
    import tensorflow as tf

    from components.recommender_assembler.executor import write_metadata, write_products
    from schema import names
    from schema.tensors.in_graph import in_graph
    from serving.model.pushed_model import PushedModel

    recommender = compose(shop, prepared, **post_ranking)
    tracer, target = recommender.tracer, folder / "1"
    specs = tracer.signature()
    of_list = [*recommender.signature(), names.TOP_K, names.EXCLUDE_PURCHASED, names.DIVERSITY]
    signatures = {
        names.RECOMMEND_DIVERSE: in_graph(recommender.recommend).get_concrete_function(
            **{name: specs[name] for name in of_list}
        ),
        names.EXPLAIN: in_graph(tracer.explain).get_concrete_function(**specs),
    }
    tf.saved_model.save(recommender, str(target), signatures=signatures)
    write_products(target / names.SERVED_PRODUCTS, prepared.columns)
    made = _made(shop, prepared, post_ranking)
    write_metadata(target, made, _choices(made))
    return PushedModel(folder)


def _settings(shop, post_ranking: dict):
    from components.recommender_assembler.settings import RecommenderAssemblerSettings

    return RecommenderAssemblerSettings.from_properties(_properties(shop, post_ranking))


def _made(shop, prepared, post_ranking: dict):
    settings = _settings(shop, post_ranking)
    return replace(prepared, settings=settings, exclusion=settings.post_ranking.exclude_purchased)


def _choices(made):
    from components.recommender_assembler.choices.auto import Choices

    chosen = made.settings.post_ranking
    return Choices(chosen.popularity_discount, chosen.diversity, chosen.cold_start)
