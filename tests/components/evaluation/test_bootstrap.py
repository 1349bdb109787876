"""Bootstrap intervals against what is known of the mean's distribution."""

import numpy as np
import pytest

from components.evaluation import bootstrap
from components.evaluation.bootstrap import intervals


def test_a_constant_has_an_interval_of_no_width():
    result = intervals({"a": np.full(50, 0.25)}, seed=1)["a"]
    assert (result.mean, result.low, result.high) == (0.25, 0.25, 0.25)


def test_width_is_that_of_the_normal_approximation():
    # A fair coin of 0 and 1, 400 users: standard error 0.5 / 20 = 0.025, so 0.5 +/- 0.049.
    result = intervals({"coin": np.tile([0.0, 1.0], 200)}, seed=3)["coin"]
    assert result.mean == 0.5
    assert result.low == pytest.approx(0.451, abs=0.006)
    assert result.high == pytest.approx(0.549, abs=0.006)


def test_the_same_seed_gives_the_same_interval_and_columns_share_their_resamples():
    values = np.random.default_rng(0).random(80)
    both = intervals({"a": values, "b": values * 2}, seed=5)
    assert both == intervals({"a": values, "b": values * 2}, seed=5)
    assert both["a"].low == pytest.approx(intervals({"a": values}, seed=5)["a"].low)
    assert both["b"].low == pytest.approx(2 * both["a"].low)
    assert both["a"] != intervals({"a": values}, seed=6)["a"]


def test_a_paired_difference_is_sharper_than_two_intervals():
    values = np.random.default_rng(0).random(80)
    result = intervals({"a": values, "difference": (values + 0.01) - values}, seed=5)
    assert result["difference"].low == pytest.approx(0.01)
    assert result["a"].high - result["a"].low > 0.1


def test_many_users_are_resampled_in_blocks(monkeypatch):
    monkeypatch.setattr(bootstrap, "_MAX_DRAWS_AT_ONCE", 100)
    result = intervals({"coin": np.tile([0.0, 1.0], 30)}, seed=3)["coin"]
    assert result.mean == 0.5 and 0.3 < result.low < 0.45 < 0.55 < result.high < 0.7


def test_no_users_and_nan_are_refused():
    assert intervals({}, seed=1) == {}
    with pytest.raises(ValueError, match="at least one user"):
        intervals({"a": np.array([])}, seed=1)
    with pytest.raises(ValueError, match="Received: NaN"):
        intervals({"a": np.array([np.nan])}, seed=1)
