"""Rules and diversity in the SavedModel, made by the assembler from the models of the small shop."""

import json
import sqlite3

import pytest

from schema.source import open_source
from schema.source_settings import SourceSettings
from serving.live_history import LiveHistory
from serving.pushed_model import PushedModel

RULES = [
    {"action": "never", "where": {"price": {"below": 10}}},
    {"action": "pin", "position": 2, "where": {"product_id": "p9"}, "name": "the offer"},
    {"action": "only", "where": {"colour": "red"}, "users": {"town": "Ulm"}, "name": "red for Ulm"},
]
USERS = ("u3", "u4", "u6")


@pytest.fixture(scope="module")
def assemble(trained_shop, tmp_path_factory):
    """`assemble(**post_ranking)`: a model pushed with these settings."""
    from tfx.types import standard_artifacts

    from components.artifacts import CandidateIndex, Preranker

    node, places = trained_shop.nodes["RecommenderAssembler"], trained_shop.directory
    inputs = {
        "retrieval_model": (standard_artifacts.Model, "retrieval"),
        "ranking_model": (standard_artifacts.Model, "ranking"),
        "transform_graph": (standard_artifacts.TransformGraph, "transformed/transform_graph"),
        "index": (CandidateIndex, "index"),
        "preranker": (Preranker, "preranker"),
        "candidates": (standard_artifacts.Examples, "candidates"),
        "examples": (standard_artifacts.Examples, "raw"),
    }

    def artifact(kind, path):
        made = kind()
        made.uri = str(path)
        return [made]

    def make(**post_ranking):
        folder = tmp_path_factory.mktemp("assembled")
        properties = dict(node.exec_properties)
        settings = {**json.loads(properties["post_ranking"]), **post_ranking}
        properties["post_ranking"] = json.dumps(settings)
        given = {name: artifact(kind, places / path) for name, (kind, path) in inputs.items()}
        output = {"model": artifact(standard_artifacts.Model, folder / "model")}
        node.executor_spec.executor_class().Do(given, output, properties)
        (folder / "pushed").mkdir()
        (folder / "model" / "Format-Serving").rename(folder / "pushed" / "1")
        return PushedModel(folder / "pushed")

    return make


@pytest.fixture(scope="module")
def ask(trained_shop):
    def lists(model, top_k):
        with open_source(SourceSettings(url=f"sqlite:///{trained_shop.directory}/shop.db")) as source:
            queries, _ = LiveHistory(source, model.features, model.history_length).queries(list(USERS))
        return dict(zip(USERS, model.recommend(queries, top_k, False), strict=True))

    return lists


@pytest.fixture(scope="module")
def catalogue(trained_shop):
    rows = sqlite3.connect(trained_shop.directory / "shop.db").execute(
        "SELECT product_id, colour, price FROM products"
    )
    return {product: (colour, price) for product, colour, price in rows}


def test_rules_hold_in_the_served_model(assemble, ask, catalogue):
    found = ask(assemble(rules=RULES), 8)
    for user, items in found.items():
        ids = [item["product_id"] for item in items]
        assert len(set(ids)) == 8 and ids[1] == "p9", user  # blue and without a price
        assert items[1]["source"] == "rule" and items[1]["reason"] == "put here by the offer"
        assert all((catalogue[name][1] or 99) >= 10 for name in ids), user
    for user in ("u3", "u6"):  # of Ulm; the shop has ten red products that are dear enough
        assert {catalogue[item["product_id"]][0] for item in found[user] if item["rank"] != 2} == {"red"}
    assert "blue" in {catalogue[item["product_id"]][0] for item in ask(assemble(), 8)["u3"]}


def test_diversity_brings_the_other_colour(assemble, ask, catalogue):
    plain, mixed = (ask(assemble(diversity=strength), 10) for strength in (0.0, 0.9))

    def share(items):
        red = sum(catalogue[item["product_id"]][0] == "red" for item in items) / len(items)
        return min(red, 1 - red)

    assert sum(map(share, mixed.values())) > sum(map(share, plain.values()))
    assert all(plain[name][0]["product_id"] == mixed[name][0]["product_id"] for name in plain)
