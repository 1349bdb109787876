from __future__ import annotations

import math

import pytest

from benchmarks.training.contestants import build
from benchmarks.training.naming import CONTESTANTS, OURS, SAME_PAIRS


@pytest.mark.parametrize("name", CONTESTANTS)
def test_each_fits_the_steps_it_is_given(finished_run, name):
    contestant = build(name, finished_run, num_steps=3, seed=1)
    contestant.warm_up()
    before = int(contestant.model.optimizer.iterations)
    assert contestant.fit() > 0
    assert int(contestant.model.optimizer.iterations) - before == 3
    assert math.isfinite(contestant.model.history.history["loss"][0])


def test_steps_are_of_equal_size(finished_run):
    ours, plain = (build(name, finished_run, 1, 1) for name in (OURS, SAME_PAIRS))
    assert ours.pairs_per_step == plain.pairs_per_step
    (rows,) = {value.shape[0] for row in plain.batches for value in row.values()}
    assert rows == plain.pairs_per_step
