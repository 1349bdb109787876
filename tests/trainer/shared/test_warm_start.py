"""The rule by which a training begins from pushed weights or cold."""

import numpy as np
import pytest

from trainer.shared.fitting import Epoch
from trainer.shared.warm_start import (
    PushedVersion,
    Start,
    Training,
    fit_by_rule,
    fit_cold,
    read_start,
    refuse_later,
    warm_epochs,
    write_start,
)
from trainer.shared.weights import UnfitWeightsError

COLD, WARM = [np.array(0.0)], [np.array(1.0)]


def training(cold, warm, num_epochs=6):
    """Fits whose figures are given for each epoch, and the calls that were made."""
    calls = []

    def fit(values, over, until):
        calls.append(("warm" if values is WARM else "cold", over, until))
        figures = (warm if values is WARM else cold)[:until]
        return [Epoch(number, 1.0, figure, 0.1) for number, figure in enumerate(figures, 1)]

    return Training(fit, COLD, num_epochs), calls


def test_a_warm_start_has_a_third_of_the_epochs():
    assert [warm_epochs(count) for count in (1, 2, 3, 5, 6, 10)] == [1, 1, 1, 1, 2, 3]


def test_a_cold_start_says_what_it_gained_after_its_first_epoch():
    chosen, calls = training([0.2, 0.25, 0.3, 0.28], None, 4)
    start, curve = fit_cold(chosen, Start())
    assert calls == [("cold", 4, 4)] and len(curve) == 4
    assert (start.began_from, start.num_epochs) == (None, 4) and not start.is_warm
    assert start.growth == pytest.approx(1.5)


def test_a_first_epoch_of_nothing_promises_nothing():
    assert fit_cold(training([0.0, 0.3], None, 2)[0], Start())[0].growth == 1.0


def test_a_warm_start_is_kept_that_is_as_good_as_a_cold_one_promises():
    # The first cold epoch has .2; the last cold start rose by half after its first one: .3 is expected.
    chosen, calls = training([0.2], [0.29, 0.31])
    start, curve = fit_by_rule(chosen, WARM, Start(began_from="7", growth=1.5))
    assert calls == [("cold", 6, 1), ("warm", 2, 2)]
    assert [row.metric for row in curve] == [0.29, 0.31]
    assert start.is_warm and start.num_epochs == 2 and start.growth == 1.5 and not start.reason
    assert (start.metric, start.expected) == (0.31, pytest.approx(0.3))


def test_otherwise_the_training_begins_cold_and_says_why():
    chosen, calls = training([0.2, 0.22, 0.32, 0.25, 0.2, 0.2], [0.29, 0.28])
    start, curve = fit_by_rule(chosen, WARM, Start(began_from="7", growth=1.5))
    assert calls == [("cold", 6, 1), ("warm", 2, 2), ("cold", 6, 6)]
    assert len(curve) == 6 and not start.is_warm and start.num_epochs == 6
    assert start.reason == "0.2900 after 2 epochs, less than the 0.3000 expected of a cold start"
    assert start.growth == pytest.approx(1.6)  # of this cold start, for the next run


def test_weights_that_know_more_of_the_future_are_refused():
    refuse_later(100, 100)
    with pytest.raises(UnfitWeightsError, match=r"fitted to 2\.0 days of events after the end"):
        refuse_later(100 + 2 * 86_400, 100)


def test_a_start_is_read_as_it_was_written(tmp_path):
    start = Start(asked=True, began_from="7", fitted_until=5, metric=0.25)
    write_start(start, str(tmp_path))
    assert read_start(str(tmp_path), Start) == start
    with pytest.raises(UnfitWeightsError, match="an older release"):
        read_start(str(tmp_path / "elsewhere"), Start)


def test_a_trainer_is_told_of_the_version():
    assert PushedVersion.of({}) is None
    told = {"version": "7", "retrieval_model": "/towers", "transform_graph": "/graph"}
    assert PushedVersion.of({"warm_start": told}).version == "7"


def test_a_cold_start_that_gets_less_far_after_all_is_not_kept():
    chosen, calls = training([0.2, 0.22, 0.28, 0.25, 0.2, 0.2], [0.29, 0.28])
    start, curve = fit_by_rule(chosen, WARM, Start(began_from="7", growth=1.5))
    assert calls == [("cold", 6, 1), ("warm", 2, 2), ("cold", 6, 6), ("warm", 2, 2)]
    assert start.is_warm and start.num_epochs == 2 and len(curve) == 2 and not start.reason
    assert start.growth == pytest.approx(1.4)
