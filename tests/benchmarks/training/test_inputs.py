from __future__ import annotations

import numpy as np
import pytest

from benchmarks.training.inputs import product_ids, read_inputs
from benchmarks.training.plain import HISTORY, TARGET, USER, plain_batches
from trainer.settings import RetrievalSettings


@pytest.fixture(scope="module")
def inputs(finished_run):
    return read_inputs(finished_run, RetrievalSettings(), seed=1)


def test_product_ids_stand_at_their_index(inputs, trained_shop):
    vocabulary = trained_shop.transform.vocabulary_by_name("product_id")
    ids = [name.decode().replace("\N{SYMBOL FOR NEWLINE}", "\n") for name in vocabulary]
    assert [name.decode() for name in product_ids(inputs.arguments)] == ids
    assert sorted(ids) == sorted(trained_shop.product_ids)


def test_plain_batches_hold_queries_of_the_run_in_ids(inputs):
    """Every row is a query of ours: its user, its history in order, and one of its targets."""
    products = product_ids(inputs.arguments)
    queries = inputs.queries
    known: dict[tuple, set[bytes]] = {}
    for user, history, targets in zip(
        queries["user_id"].numpy(),
        queries["history_index"].to_list(),
        queries["target_index"].to_list(),
        strict=True,
    ):
        ids = tuple(products[index] if index >= 0 else b"" for index in history)
        known.setdefault((user, ids), set()).update(products[targets])
    batches = list(plain_batches(inputs, batch_size=16, num_batches=9))
    assert len(batches) == 9
    for batch in batches:
        assert batch[USER].shape == batch[TARGET].shape == (16,)
        for user, history, target in zip(
            *(batch[name].numpy() for name in (USER, HISTORY, TARGET)), strict=True
        ):
            end = int(np.max(np.nonzero(history != b"")[0], initial=-1)) + 1
            assert target in known[user, tuple(history[:end])]
