"""New products against an order of all of them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from components.recommender.candidates.new_products import NewProducts

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_are_those_of_all_new_products(seed):
    rng = np.random.default_rng(seed)
    num_products, count = 60, 4
    group = rng.integers(0, 5, num_products)
    new = rng.permutation(num_products)[:40]
    rates = rng.integers(0, 4, 40).astype(np.float32)  # many tie, within a group and between groups
    snapshot = SimpleNamespace(new_products=new.astype(np.int64), new_rates=rates, new_grouping=0)
    tables = SimpleNamespace(snapshot=snapshot, groups=np.stack([group, group * 0], axis=1))
    history = rng.integers(-1, num_products, (3, 10))
    weight = rng.random((3, 10)).astype(np.float32)
    found = NewProducts(tables, count)(tf.constant(history), tf.constant(weight))
    for row in range(3):
        bought = np.zeros(5, np.float32)
        for product, own in zip(history[row], weight[row], strict=True):
            if product >= 0:
                bought[group[product]] += own
        score = np.log1p(bought[group[new]]) + rates
        assert found[row].numpy().tolist() == new[np.argsort(-score, kind="stable")[:count]].tolist()
