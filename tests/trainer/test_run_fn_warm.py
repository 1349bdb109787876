"""Both trainers of the small shop, once more from the weights that they had."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from schema import names
from trainer.ranking.starting import RankerStart
from trainer.shared.warm_start import Start, read_start

TRAINERS = {
    "retrieval": ("RetrievalTrainer", "transformed"),
    "ranking": ("RankingTrainer", "candidates"),
}


def train(shop, kind, directory, **changes):
    """Trains from the pushed weights; returns how it began."""
    from trainer.ranking import run as ranking
    from trainer.retrieval import run as retrieval

    node, examples = TRAINERS[kind]
    config = json.loads(shop.nodes[node].exec_properties["custom_config"])
    told = {
        "version": "1000",
        "retrieval_model": shop.retrieval,
        "transform_graph": str(shop.directory / "transformed" / "transform_graph"),
    }
    files = {s: f"{shop.directory}/{examples}/Split-{s}/*" for s in ("train", "eval", "catalog")}
    (retrieval if kind == "retrieval" else ranking).run_fn(
        SimpleNamespace(
            train_files=[files["train"], files["catalog"]],
            eval_files=[files["eval"]],
            custom_config=config | {"warm_start": told} | changes,
            transform_graph_path=told["transform_graph"],
            serving_model_dir=str(directory),
            model_run_dir=str(directory / "run"),
            base_model=getattr(shop, kind),
        )
    )
    return how_it_began(kind, directory)


def how_it_began(kind, directory):
    return read_start(str(directory), Start if kind == "retrieval" else RankerStart)


@pytest.mark.parametrize("kind", TRAINERS)
def test_it_begins_from_them_and_takes_a_third_of_the_epochs(trained_shop, kind, tmp_path):
    start = train(trained_shop, kind, tmp_path)
    assert start.asked and start.new_products == 0 and start.products == len(trained_shop.product_ids)
    curve = json.loads((tmp_path / "assets.extra" / "training.json").read_text())["epochs"]
    kept = start.metric >= start.expected
    assert start.is_warm == kept and bool(start.reason) != kept
    assert len(curve) == (1 if kept else getattr(trained_shop.plan.config, kind).num_epochs)
    assert start.fitted_until == how_it_began(kind, getattr(trained_shop, kind)).fitted_until
    with np.load(tmp_path / names.WEIGHTS) as weights:
        assert all(np.isfinite(value).all() for value in weights.values())


def test_towers_do_not_begin_from_weights_that_have_seen_what_judges_them(trained_shop, tmp_path):
    windows = trained_shop.plan.windows
    earlier = windows.model_copy(update={"retrieval_end": windows.retrieval_end - 3 * names.SECONDS_PER_DAY})
    start = train(trained_shop, "retrieval", tmp_path, windows=earlier.to_json())
    assert not start.is_warm and start.metric is None
    assert "version 1000 do not fit: they were fitted to 3.0 days of events after" in start.reason


def test_weights_of_other_towers_are_refused(trained_shop, tmp_path):
    wider = trained_shop.plan.config.retrieval.model_copy(update={"embedding_dim": 12})
    start = train(trained_shop, "retrieval", tmp_path, retrieval=wider.to_json())
    assert not start.is_warm and "has the shape" in start.reason
