"""The model that is served where the gates refuse the trained one."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tfx.types.standard_artifacts import ModelBlessing

from components.evaluation.examples import read_split
from components.evaluation.served import ServedModel, query_batches
from components.recommender_assembler.executor import may_be_served
from schema.served.blessing import bless


@pytest.fixture(scope="module")
def evidence(trained_shop):
    return json.loads(Path(trained_shop.ranking, "assets.extra", "evidence.json").read_text())


def ranked_scores(path, trained_shop):
    """Scores of the ranker, best first, of the test queries that have every candidate."""
    model = ServedModel(path)
    table = read_split(str(trained_shop.directory / "raw"), "test")
    catalogue = pa.array(trained_shop.product_ids)
    _, scores = model.ranked_candidates(query_batches(table, model.features), catalogue)
    return scores[np.isfinite(scores).all(axis=1)]


def test_its_order_is_that_of_the_anchor(trained_shop, evidence):
    """Scores are the weight times minus the log of the rank: the same in every list."""
    assert any(evidence["choice"]["strength"]), "the shop has a correction to be left out"
    scores = ranked_scores(trained_shop.classic, trained_shop)
    assert len(scores) > 10
    np.testing.assert_allclose(scores, np.broadcast_to(scores[0], scores.shape), rtol=1e-4)
    assert (np.diff(scores[0]) < 0).all()
    corrected = ranked_scores(trained_shop.model, trained_shop)
    assert np.abs(corrected - corrected[0]).max() > 0.01


@pytest.mark.parametrize(("of_classic", "expected"), [(None, True), (False, False), (True, True)])
def test_it_is_made_where_it_may_be_served(tmp_path, of_classic, expected):
    blessing = ModelBlessing()
    blessing.uri = str(tmp_path / "blessing")
    if of_classic is not None:
        bless(blessing, True, "as it must be", of_classic=of_classic)
    assert may_be_served({} if of_classic is None else {"model_blessing": [blessing]}) is expected


def test_it_says_what_it_is(trained_shop, evidence):
    folders = (Path(path, "assets.extra") for path in (trained_shop.model, trained_shop.classic))
    model, classic = (json.loads((folder / "towerline.json").read_text()) for folder in folders)
    assert classic["classic"] == evidence["anchor"]["name"] and "classic" not in model
    assert {key: classic[key] for key in model} == model  # here nothing else was chosen by `auto`
    names = {path.name for path in Path(trained_shop.classic, "assets.extra").iterdir()}
    assert names == {"towerline.json", "products.parquet", "histories", "kernel"}
