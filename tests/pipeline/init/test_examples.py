"""The folders in `examples/`: each is complete and maps what it says it maps."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest
import yaml

from pipeline.config.settings import TowerlineConfig
from pipeline.init.known_shops import default_mapping, titles
from schema.source import open_source
from schema.source_settings import SourceSettings

EXAMPLES = Path(__file__).parents[3] / "examples"
SAMPLES = ["adventureworks", "chinook", "classicmodels", "foodmart", "northwind", "pagila", "sakila"]


def read(name: str) -> dict:
    return yaml.safe_load((EXAMPLES / name / "towerline.yaml").read_text(encoding="utf-8"))


def test_every_shop_and_sample_has_a_folder():
    found = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert found == {*titles(), *SAMPLES}


@pytest.mark.parametrize("name", sorted({*titles(), *SAMPLES}))
def test_a_folder_is_complete(name):
    config = TowerlineConfig.parse(read(name))
    assert set(config.source.tables) == {"events", "products", "users"}
    readme = (EXAMPLES / name / "README.md").read_text(encoding="utf-8").splitlines()
    assert readme[0].startswith("# ") and "What to watch:" in readme and len(readme) <= 15


@pytest.mark.parametrize("name", sorted(titles()))
def test_examples_of_shops_are_what_init_writes(name):
    url = read(name)["source"]["url"]
    written = (EXAMPLES / name / "towerline.yaml").read_text(encoding="utf-8")
    assert written == f"# {titles()[name]}.\n{default_mapping(name, url)}"


@pytest.mark.parametrize("name", SAMPLES)
def test_examples_of_samples(name, samples, empty_database):
    described = samples.SAMPLES[name]()
    url = empty_database(described.dialect)
    samples.fill(url, described)
    settings = SourceSettings.parse({**read(name)["source"], "url": url})
    with open_source(settings) as source:
        events, products, users = (
            source.read_events(),
            source.read_table("products"),
            source.read_table("users"),
        )
    assert events.num_rows == described.num_events
    assert len(pc.unique(events["user_id"])) == described.num_users
    assert products.num_rows == described.num_products and users.num_rows == described.num_users
    assert set(events["product_id"].to_pylist()) <= set(products["product_id"].to_pylist())
    assert set(events["user_id"].to_pylist()) <= set(users["user_id"].to_pylist())
