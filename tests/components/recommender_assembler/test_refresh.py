"""The small shop refreshed: new days through the real nodes of a refresh, with the weights that there are."""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from schema import names

DAY = 86_400
HIT = "p9"


@pytest.fixture(scope="module")
def refreshed(trained_shop, tmp_path_factory):
    """Folder of what the nodes wrote after everybody has bought one product on two more days."""
    from tfx.types import artifact_utils, standard_artifacts

    from components.artifacts import CandidateIndex, Interactions, Preranker
    from pipeline.config.settings import TowerlineConfig
    from pipeline.metadata.records import Artifact
    from pipeline.planning.planner import make_plan
    from pipeline.refreshing.create_refresh import create_refresh
    from pipeline.refreshing.planning import refreshed_plan
    from pipeline.refreshing.pushed_parts import PushedParts

    folder, trained = tmp_path_factory.mktemp("refreshed"), trained_shop.directory
    shutil.copy(trained / "shop.db", folder / "shop.db")
    add_days(folder / "shop.db")
    config = TowerlineConfig.parse({"source": {"url": f"sqlite:///{folder}/shop.db"}})
    planned = make_plan(config, str(folder / "work"))
    plan = planned.plan.model_copy(update={"features": trained_shop.plan.features})
    paths = {
        "retrieval_model": ("retrieval", standard_artifacts.Model),
        "ranking_model": ("ranking", standard_artifacts.Model),
        "preranker": ("preranker", Preranker),
        "candidates": ("candidates", standard_artifacts.Examples),
        "transform_graph": ("transformed/transform_graph", standard_artifacts.TransformGraph),
    }
    recorded = {name: Artifact("", str(trained / path)) for name, (path, _) in paths.items()}
    judged = ("evaluated_model", "evaluated_classic", "model_blessing", "ranking_blessing")
    recorded |= {name: Artifact("", str(trained / "model")) for name in judged}
    parts = PushedParts(
        "1000",
        "1000",
        recorded,
        dict(trained_shop.nodes["RecommenderAssembler"].exec_properties),
        dict(trained_shop.nodes["CandidateIndexer"].exec_properties),
        json.loads(Path(trained_shop.model, names.SERVING_METADATA).read_text()),
    )
    plan = refreshed_plan(plan, parts, planned.profile.oldest)
    nodes = {node.id: node for node in create_refresh(plan, parts).components}

    def artifact(kind, path):
        made = kind()
        made.uri = str(path)
        return [made]

    def run(node, inputs, outputs):
        nodes[node].executor_spec.executor_class().Do(inputs, outputs, dict(nodes[node].exec_properties))

    given = {name: artifact(kind, trained / path) for name, (path, kind) in paths.items()}
    given["candidates"][0].split_names = artifact_utils.encode_split_names([names.EVAL])
    raw = artifact(standard_artifacts.Examples, folder / "raw")
    rows = artifact(standard_artifacts.Examples, trained / "transformed")  # no product is new
    rows[0].split_names = artifact_utils.encode_split_names(list(names.SPLITS))
    events = artifact(Interactions, folder / "interactions")
    index = artifact(CandidateIndex, folder / "index")
    run("ProductExampleGen", {}, {"examples": raw, "interactions": events})
    graph = given["transform_graph"]
    found = {"model": given["retrieval_model"], "transform_graph": graph, "transformed_examples": rows}
    run("IndexRefresh", {**found, "interactions": events}, {"index": index})
    run(
        "RecommenderRefresh",
        {**given, "index": index, "examples": raw, "interactions": events},
        {
            "model": artifact(standard_artifacts.Model, folder / "model"),
            "classic_model": artifact(standard_artifacts.Model, folder / "classic"),
        },
    )
    return folder


def add_days(path):
    connection = sqlite3.connect(path)
    (newest,) = connection.execute("SELECT MAX(occurred_at) FROM events").fetchone()
    users = [row[0] for row in connection.execute("SELECT DISTINCT user_id FROM events")]
    rows = [(user, HIT, newest + day * DAY, "purchase") for day in (1, 2) for user in users]
    connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()


def recommended(folder, user_id, history=()):
    from schema.served.request import Query
    from serving.model.pushed_model import PushedModel

    target = folder.parent / f"{folder.name}-served" / "1"
    if not target.is_dir():
        shutil.copytree(folder, target)
    query = Query(
        user_id, 1_800_000_000, history, [1_799_000_000] * len(history), ["purchase"] * len(history)
    )
    return [item["product_id"] for item in PushedModel(target.parent).recommend([query], 30, False)[0]]


def best_sellers(index, shop):
    """The product that sells best, over the days of late and over all."""
    (path,) = sorted(index.glob("snapshot-*.npz"))[-1:]
    vocabulary = shop.transform.vocabulary_by_name("product_id")
    with np.load(path) as tables:
        return [vocabulary[tables[name][0]].decode() for name in ("trending", "popular")]


def test_what_sells_now_comes_first(refreshed, trained_shop):
    assert best_sellers(refreshed / "index", trained_shop) == [HIT, HIT]
    assert HIT not in best_sellers(trained_shop.directory / "index", trained_shop)
    # The preranker of thirty products cuts what it likes, but nothing that sells is lost.
    assert HIT in recommended(refreshed / "model" / "Format-Serving", "nobody")


def test_the_towers_are_as_they_were(refreshed, trained_shop):
    before = np.load(trained_shop.directory / "index" / "embeddings.npy")
    np.testing.assert_array_equal(np.load(refreshed / "index" / "embeddings.npy"), before)


def test_the_model_says_whose_weights_it_has(refreshed, trained_shop):
    old = json.loads(Path(trained_shop.model, names.SERVING_METADATA).read_text())
    new = json.loads((refreshed / "model" / "Format-Serving" / names.SERVING_METADATA).read_text())
    assert new["refresh_of"] == "1000" and "refresh_of" not in old
    assert new["windows"]["now"] == old["windows"]["now"] + 2 * DAY
    assert new["windows"]["window"] == old["windows"]["window"]
    for name in ("diversity", "popularity_discount", "cold_start", "exclude_purchased", "num_products"):
        assert new[name] == old[name], name
    assert not (refreshed / "classic" / "Format-Serving").exists()


def test_the_snapshot_has_the_new_days(refreshed):
    from serving.model.histories import Histories

    found = Histories(refreshed / "model" / "Format-Serving")
    query, known = found.question("u5", None, 3)
    assert known and query.product_ids[-2:] == [HIT, HIT]
