"""What a refresh takes from the pushed version, and what from the database of today."""

import json
from types import SimpleNamespace

import pytest

from components.settings import IndexSettings, PostRankingSettings
from pipeline import cli
from pipeline.config.settings import TowerlineConfig
from pipeline.metadata.records import Artifact
from pipeline.planning.planner import make_plan
from pipeline.refreshing.planning import plan_refresh, refreshed_plan, windows_until
from pipeline.refreshing.pushed_parts import PushedParts, find_parts
from schema.errors import UserError
from schema.settings import Settings
from schema.windows import SplitSettings

DAY = 86_400
PARTS = (
    *("retrieval_model", "ranking_model", "preranker", "candidates", "transform_graph"),
    *("evaluated_model", "evaluated_classic", "model_blessing", "ranking_blessing"),
)


def recorded(value):
    return value.to_json() if isinstance(value, Settings) else json.dumps(value)


@pytest.fixture
def planned(tmp_path, write_checkerboard):
    config = TowerlineConfig.parse({"source": {"url": write_checkerboard(tmp_path / "shop.db")}})
    return make_plan(config, str(tmp_path / "work"))


def parts_of(plan, tmp_path, **decided):
    """A version that was pushed three weeks ago, with other settings than those of today."""
    windows = plan.windows.model_copy(update={"window": 5 * DAY, "now": plan.windows.now - 21 * DAY})
    assembly = {
        "features": recorded(plan.features),
        "event_weights": recorded({"purchase": 2.0}),
        "split": recorded(SplitSettings(history_length=77)),
        "windows": recorded(windows),
        "post_ranking": recorded(PostRankingSettings(new_product_share=0.1)),
        "pool_size": 123,
        "num_candidates": 45,
        "seed": 6,
    }
    index = {"index_settings": recorded(IndexSettings(num_neighbours=7))}
    artifacts = {
        name: Artifact("Model", str(tmp_path / name), id=number) for number, name in enumerate(PARTS)
    }
    says = {"exclude_purchased": "off", "popularity_discount": 0.2, "diversity": 0.3, "cold_start": "segment"}
    return PushedParts("9", "4", artifacts, assembly, index, says | decided)


def test_windows_end_now_and_are_as_long_as_those_of_the_version():
    found = windows_until(100 * DAY, 10 * DAY, 7 * DAY)
    assert (found.eval_start, found.test_start, found.now) == (86 * DAY, 93 * DAY, 100 * DAY)
    assert found.ranking_cutoffs == (72 * DAY, 79 * DAY) and found.retrieval_cutoffs == ()
    assert windows_until(100 * DAY, 75 * DAY, 7 * DAY).ranking_cutoffs == (79 * DAY,)
    with pytest.raises(UserError, match="less than two windows"):
        windows_until(100 * DAY, 86 * DAY, 7 * DAY)


def test_settings_are_those_of_the_version_and_data_those_of_today(planned, tmp_path):
    found = refreshed_plan(planned.plan, parts_of(planned.plan, tmp_path), planned.profile.oldest)
    config = found.config
    assert (config.index.num_neighbours, config.preranking.pool_size, config.ranking.num_candidates) == (
        7,
        123,
        45,
    )
    assert (config.split.history_length, config.seed, config.fallback) == (77, 6, "off")
    post = config.post_ranking
    assert (post.exclude_purchased, post.popularity_discount, post.diversity) == ("off", 0.2, 0.3)
    assert (post.cold_start, post.new_product_share) == ("segment", 0.1)
    assert found.event_weights == {"purchase": 2.0}
    assert found.windows.window == 5 * DAY and found.windows.now == planned.plan.windows.now
    assert found.fingerprint == planned.plan.fingerprint
    classic = parts_of(planned.plan, tmp_path, classic="own_frequency")
    assert refreshed_plan(planned.plan, classic, planned.profile.oldest).config.fallback == "classic"


def test_the_dag_takes_what_was_trained_and_makes_the_rest(planned, tmp_path):
    from pipeline.refreshing.create_refresh import create_refresh

    parts = parts_of(planned.plan, tmp_path)
    plan = refreshed_plan(planned.plan, parts, planned.profile.oldest)
    nodes = {node.id: node for node in create_refresh(plan, parts).components}
    imported = {name: node for name, node in nodes.items() if name.startswith("Pushed")}
    assert len(imported) == len(PARTS)
    assert imported["PushedRankingModel"].exec_properties["artifact_uri"] == str(tmp_path / "ranking_model")
    assert set(nodes) - set(imported) == {
        *("ProductExampleGen", "StatisticsGen", "ImportSchemaGen", "QueryValidator", "CatalogValidator"),
        *("InteractionValidator", "CatalogTransform", "IndexRefresh", "RecommenderRefresh"),
        *("ServingValidator", "Pusher"),
    }
    assert json.loads(nodes["IndexRefresh"].exec_properties["cutoffs"]) == [plan.windows.now]
    assembler = nodes["RecommenderRefresh"].exec_properties
    assert (assembler["refresh_of"], json.loads(assembler["refit"])) == ("4", True)
    assert nodes["Pusher"].exec_properties["refresh_of"] == "4"
    assert json.loads(nodes["ProductExampleGen"].exec_properties["split"])["baskets_per_user"] == 1


def test_without_a_pushed_version_there_is_nothing_to_refresh(tmp_path, capsys):
    with pytest.raises(UserError, match="no pushed version"):
        find_parts(None, tmp_path / "serving")
    (tmp_path / "serving" / "1000").mkdir(parents=True)
    with pytest.raises(UserError, match="no record of how version 1000"):
        find_parts(None, tmp_path / "serving")
    code = cli.main(["refresh", "--workdir", str(tmp_path), "--source", "sqlite:///nowhere.db"])
    assert code == 2 and len(capsys.readouterr().err.splitlines()) == 1


def test_a_schema_that_was_frozen_anew_is_refused(planned, tmp_path, monkeypatch):
    features = planned.plan.features.model_copy(update={"products": ()})
    older = SimpleNamespace(plan=planned.plan.model_copy(update={"features": features}))
    parts = parts_of(older.plan, tmp_path)
    monkeypatch.setattr("pipeline.refreshing.planning.find_parts", lambda *_: parts)
    with pytest.raises(UserError, match="frozen anew since version 4"):
        plan_refresh(planned.plan.config, str(tmp_path / "work"))
