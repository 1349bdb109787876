"""A history in the request serves an unknown user as well as a known one."""

from dataclasses import replace

import numpy as np
import pytest

from components.evaluation.evaluation_sets import build_evaluation_set, read_shop
from components.evaluation.examples import queries, read_split
from components.evaluation.metrics import hits, ndcg
from components.evaluation.served import ServedModel, query_batches


@pytest.fixture(scope="module")
def asked(trained_shop):
    examples, interactions = (str(trained_shop.directory / name) for name in ("raw", "interactions"))
    shop, table = read_shop(examples, interactions), read_split(examples, "test")
    eval_set = build_evaluation_set(shop, table, trained_shop.plan.windows.test_start, "test", "off")
    return ServedModel(trained_shop.model), shop, table, eval_set.targets


def test_the_lists_do_not_lean_on_the_id(asked):
    model, shop, table, targets = asked

    def measured(**changes):
        batches = [[replace(q, **changes) for q in batch] for batch in query_batches(table, model.features)]
        ranked = model.recommend(batches).codes(shop.product_ids)
        return ndcg(hits(ranked, targets), targets.lengths, 10)

    known, hidden = measured(), measured(user_id="nobody")
    strangers = measured(user_id="nobody", product_ids=(), times=(), event_types=())
    assert len(queries(table, model.features)) == len(known) >= 30
    assert abs(np.mean(hidden - known)) < 0.02
    assert np.mean(known) - np.mean(strangers) > 0.1  # the history is what counts
