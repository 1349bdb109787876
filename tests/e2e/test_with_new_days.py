"""`towerline refresh` on a real run after new days; late, for the tests share the work directory."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.inspection.graph import read_graph
from schema.names import SERVING_METADATA
from schema.served.versions import newest_version, versions

pytestmark = pytest.mark.e2e
TRAINED = {"Transform", "RetrievalTrainer", "PrerankingTrainer", "RankingTrainer"}


@pytest.fixture(scope="module")
def before(first, workdir, run_towerline):
    """The version that is served, and what it recommends to a stranger."""
    return newest_version(workdir / "serving"), stranger(run_towerline, workdir)


@pytest.fixture(scope="module")
def hit(before, shop):
    """A product that was in no list, and that everybody has bought on the two days since."""
    connection = sqlite3.connect(shop)
    known = [row[0] for row in connection.execute("SELECT product_id FROM products ORDER BY 1")]
    product = next(name for name in known if name.strip() not in before[1] and name.startswith("p"))
    (newest,) = connection.execute("SELECT MAX(occurred_at) FROM events").fetchone()
    users = [row[0] for row in connection.execute("SELECT DISTINCT user_id FROM events")]
    days = [(datetime.fromisoformat(newest) + timedelta(days=day)).isoformat() for day in (1, 2)]
    connection.executemany(
        "INSERT INTO events (user_id, product_id, occurred_at, quantity) VALUES (?, ?, ?, 1)",
        [(user, product, day) for day in days for user in users],
    )
    connection.commit()
    connection.close()
    return product


@pytest.fixture(scope="module")
def refreshed(hit, run_towerline, workdir, shop):
    done = run_towerline("refresh", "--workdir", workdir, "--source", f"sqlite:///{shop}", "--json")
    assert done.code == 0, done.err + done.out
    return json.loads(done.out)


def stranger(run_towerline, workdir):
    done = run_towerline("recommend", "--workdir", workdir, "--user", "never seen", "--json")
    return [item["product_id"] for item in json.loads(done.out)["items"]]


def test_what_sells_now_is_recommended(refreshed, hit, run_towerline, workdir):
    assert hit.strip() in stranger(run_towerline, workdir)


def test_it_is_a_version_of_its_own_that_says_whose_weights_it_has(refreshed, before, workdir):
    found = newest_version(workdir / "serving")
    assert found > before[0] and before[0] in versions(workdir / "serving")
    assert refreshed["pushed"].endswith(str(found)) and refreshed["refreshed"] == str(before[0])
    metadata = json.loads((workdir / "serving" / str(found) / SERVING_METADATA).read_text())
    assert metadata["refresh_of"] == refreshed["refresh_of"] == str(before[0])


def test_nothing_was_trained(refreshed):
    ran = {stage["node"] for stage in refreshed["stages"]}
    assert not ran & TRAINED and {"ServingValidator", "InteractionValidator"} <= ran


def test_statistics_are_of_the_catalogue_and_the_newest_queries(refreshed, workdir):
    graph = read_graph(workdir / "metadata.db")
    run = next(run for run in graph.runs if run.run_id == refreshed["run_id"])
    folder = Path(graph.output(run, "StatisticsGen", "statistics").uri)
    assert {path.name for path in folder.iterdir()} == {"Split-catalog", "Split-test"}


def test_its_lineage_leads_to_the_run_that_trained_it(refreshed, workdir):
    graph = read_graph(workdir / "metadata.db")
    push = graph.artifacts.of_type("PushedModel")[-1]
    assert push.properties["refresh_of"] == refreshed["refresh_of"]
    makers = [graph.maker(graph.artifacts[number]) for number in graph.ancestors([push.id])]
    runs = {maker.node: graph.run_id_of(maker) for maker in makers if maker is not None}
    assert runs.keys() >= TRAINED
    assert runs["RecommenderRefresh"] == refreshed["run_id"] != runs["RankingTrainer"]


def test_without_new_events_it_is_served_from_the_cache(refreshed, run_towerline, workdir, shop):
    found = newest_version(workdir / "serving")
    again = run_towerline("refresh", "--workdir", workdir, "--source", f"sqlite:///{shop}", "--json")
    content = json.loads(again.out)
    assert again.code == 0 and newest_version(workdir / "serving") == found
    own = {stage["node"]: stage["outcome"] for stage in content["stages"]}
    assert own["RecommenderRefresh"] == own["Pusher"] == "cached"
    assert content["refresh_of"] == refreshed["refresh_of"]
