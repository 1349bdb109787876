"""What post-ranking makes of the kernel's candidates is what it makes of those of the graph."""

import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.recommender.finish import finish, finish_specs, is_needed
from components.recommender_assembler.assets.kernel_tables import write_kernel
from components.serving_validator.kernel_parity import difference_of
from kernel.executor import Executor
from schema import names
from schema.served.request import Query, encode_queries
from schema.tensors.in_graph import in_graph

NOW = 1_700_000_000
MARKETING = {"new_product_share": 0.1, "popularity_discount": 0.05}
ULM = {"town": "Ulm"}
RULES = {
    "boost": {"action": "boost", "amount": 0.7, "where": {"colour": "red"}},
    "bury": {"action": "bury", "amount": 1.5, "where": {"price": {"at_least": 20}}, "users": ULM},
    "pin": {"action": "pin", "position": 3, "where": {"product_id": "p9"}, "name": "the offer"},
    "at_most": {"action": "at_most", "of": "colour", "count": 3},
    "only": {"action": "only", "where": {"colour": "red"}, "users": ULM, "name": "red for Ulm"},
    "never": {"action": "never", "where": {"price": {"below": 10}}, "users": {"age": {"below": 30}}},
}
"""One of each kind."""
SETTINGS = {
    "rules": {"rules": list(RULES.values()), "exclude_purchased": "7d"},
    "everything": {
        "rules": list(RULES.values()),
        "calibration": 0.3,
        "exploration": 0.3,
        "freshness_boost": 0.5,
        "diversity": 0.2,
        "cold_start": "segment",
    },
    "dpp": {"diversity": 0.4, "diversity_method": "dpp"},
}
ASKED = ((5, False, 0.0), (10, True, 0.3), (40, False, 0.0))
"""Length, exclusion of what was bought, and diversity."""


class Both:
    """A composed model as its graph gives lists, and as the kernel does with its `finish`."""

    def __init__(self, shop, recommender, folder: Path, library) -> None:
        trained = shop.directory
        vocabularies = trained / "transformed" / "transform_graph" / "transform_fn" / "assets"
        shutil.copytree(vocabularies, folder / "assets")
        ranker = trained / "ranking" / "Format-Serving" / names.RANKER_TABLES
        tower = trained / "retrieval" / "Format-Serving" / names.TOWER_TABLES
        write_kernel(recommender, ranker, tower, folder)
        self.features, self.post_ranker = recommender.features, recommender.post_ranker
        self.kernel = Executor(folder, self.features.event_types, library)
        options = {
            names.TOP_K: tf.TensorSpec([], tf.int64, names.TOP_K),
            names.EXCLUDE_PURCHASED: tf.TensorSpec([], tf.bool, names.EXCLUDE_PURCHASED),
            names.DIVERSITY: tf.TensorSpec([], tf.float32, names.DIVERSITY),
        }
        request, given = recommender.signature(), finish_specs(recommender)
        self._recommend = _traced(recommender.recommend, request | options)
        self._finish = _traced(lambda **inputs: finish(recommender, **inputs), given | options)
        self._embed = _traced(recommender.embeddings.embed_queries, request)

    def lists(self, query: Query, top_k: int, exclude: bool, diversity: float):
        """By the graph, and by the kernel."""
        inputs = encode_queries(self.features, [query], 400) | {
            names.TOP_K: top_k,
            names.EXCLUDE_PURCHASED: exclude,
            names.DIVERSITY: diversity,
        }
        found = self.kernel.recommend(
            inputs, lambda given: self._embed(given)[names.QUERY_EMBEDDING][0], self._finish
        )
        return self._recommend(inputs), found


def _traced(function, specs):
    """The function on arrays by name, of which it takes those of the specs."""
    traced = in_graph(function).get_concrete_function(**specs)

    def call(inputs):
        tensors = {name: tf.constant(inputs[name], spec.dtype) for name, spec in specs.items()}
        return {name: value.numpy() for name, value in traced(**tensors).items()}

    return call


@pytest.fixture(scope="module")
def users(trained_shop):
    """Users of the shop with their histories, some with odd ones, and some without any."""
    known = [
        Query(
            row["user_id"][0].decode(),
            NOW + 1,
            [product.decode() for product in row["history_product_id"]],
            row["history_time"],
            [kind.decode() for kind in row["history_event_type"]],
            {"town": ("Ulm", "Köln")[number % 2], "age": 20.0 + number},
        )
        for number, row in enumerate(trained_shop.rows["test"])
        if row.get("history_product_id")
    ]
    odd = Query("nobody", NOW, ["unknown", "p9"], [NOW - 50, NOW - 9], ["purchase", "visit"])
    return [*known[:10], odd, Query("", NOW), Query("new", NOW, features={"town": "Ulm", "age": 20.0})]


@pytest.fixture(scope="module")
def both(trained_shop, compose, built_kernel, tmp_path_factory):
    """`both(name)`: the model with these of `SETTINGS`; rules are left out where its `ignored` says so."""

    @cache
    def made(name):
        recommender = compose(**(MARKETING | {"diversity": 0.0} | SETTINGS[name]))
        recommender.post_ranker.ignored = tf.Variable([False] * len(recommender.post_ranker.rules))
        return Both(trained_shop, recommender, tmp_path_factory.mktemp("finish"), built_kernel)

    return made


def assert_equal(model, users, top_k, exclude, diversity):
    assert model.kernel.only_ranks and model.kernel.covers_cold_users
    for query in users:
        expected, found = model.lists(query, top_k, exclude, diversity)
        assert difference_of(expected, found) == "", query.user_id
        assert set(found) == set(expected)
        for name, values in expected.items():
            assert found[name].shape == values.shape and found[name].dtype == values.dtype, name
            if values.dtype == object or values.dtype.kind == "i":
                assert found[name].tolist() == values.tolist(), (query.user_id, name)
            else:
                assert np.allclose(found[name], values, atol=1e-5, rtol=1e-5, equal_nan=True), name


@pytest.mark.parametrize(("top_k", "exclude", "diversity"), ASKED)
@pytest.mark.parametrize("name", SETTINGS)
def test_lists_are_those_of_the_graph(both, users, name, top_k, exclude, diversity):
    assert_equal(both(name), users, top_k, exclude, diversity)


@pytest.mark.parametrize("kind", RULES)
def test_lists_with_each_kind_of_rule_are_those_of_the_graph(both, users, kind):
    model = both("rules")
    before = [model.lists(query, 20, False, 0.0)[1]["product_id"].tolist() for query in users]
    model.post_ranker.ignored.assign([other != kind for other in RULES])
    assert_equal(model, users, 20, False, 0.0)
    after = [model.lists(query, 20, False, 0.0)[1]["product_id"].tolist() for query in users]
    model.post_ranker.ignored.assign([False] * len(RULES))
    assert before != after


@pytest.mark.parametrize("name", SETTINGS)
def test_it_is_needed_for_what_the_kernel_does_not_compute(both, name):
    assert is_needed(both(name).post_ranker)


def test_the_kernel_computes_discount_new_products_and_mmr(compose):
    assert not is_needed(compose(**MARKETING, diversity=0.3).post_ranker)
