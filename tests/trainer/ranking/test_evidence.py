"""What later windows speak for: strength and epoch, the greatest gain among those that are sure."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.ranking.evidence import Evidence, ValidationLists, mean_and_error

WIDTH = 30


def lists(size=90, num_windows=3, cold=False):
    """One target a query, the candidate 0; nothing was bought before."""
    labels = np.zeros((size, WIDTH))
    labels[:, 0] = 1
    return ValidationLists(
        labels=labels,
        bought=np.zeros((size, WIDTH), bool),
        num_targets=np.ones(size, int),
        window=np.arange(size) % num_windows,
        has_history=np.full(size, not cold),
    )


def anchored(size=90):
    """The target stands behind three others: an NDCG of 1 / log2(5)."""
    scores = np.zeros((size, WIDTH))
    scores[:, 0], scores[:, 1:4] = 0.5, 1.0
    return scores


def with_repeat_target(score):
    """A second target that was bought before and leads; the new one has this score, behind two others."""
    found = lists()
    found.labels[:, 1] = 1
    found.bought[:, 1] = True
    found.num_targets[:] = 2
    scores = np.zeros((90, WIDTH))
    scores[:, 1], scores[:, 2:4], scores[:, 0] = 3.0, 1.0, score
    return found, scores


def correction(gains):
    """Raises the target by each query's gain; an epoch of that."""
    found = np.zeros((len(gains), WIDTH))
    found[:, 0] = gains
    return found


def test_a_correction_that_helps_every_query_is_taken_as_strong_as_it_needs_to_be():
    evidence = Evidence(lists())
    evidence.add(1, anchored(), correction(np.full(90, 1.5)))
    # .25 * 1.5 = .375 is not enough to pass the others by, .5 * 1.5 = .75 is, and more brings no more.
    choice = evidence.choose()
    assert choice.strength == (0.5, 0.0) and choice.epoch == 1
    gains = choice.gains[0]
    assert gains.everything.mean == gains.new.mean == gains.both.mean == pytest.approx(np.log2(5) - 1)
    assert gains.both.error == pytest.approx(0)
    assert choice.num_windows == 3


def test_the_stronger_is_taken_where_it_helps_more_queries():
    # Two thirds need .5, a third needs all of it.
    gains = np.where(np.arange(90) < 60, 1.5, 0.6)
    evidence = Evidence(lists())
    evidence.add(1, anchored(), correction(gains))
    assert evidence.choose().strength[0] == 1.0


def test_what_may_be_a_loss_of_everything_is_not_taken_for_what_is_new():
    """The correction raises a new target above a repeat one: the list of everything loses by it."""
    found, scores = with_repeat_target(0.5)
    fix = np.zeros((90, WIDTH))
    fix[:, 0] = 1.0
    fix[:, 1] = -9.0
    evidence = Evidence(found)
    evidence.add(1, scores, fix)
    assert evidence.table()[-1]["new"]["mean"] > 0 > evidence.table()[-1]["everything"]["mean"]
    assert evidence.choose().strength[0] == 0.0


def test_less_of_everything_within_its_error_is_not_given_for_what_is_new():
    """Every third query loses its repeat target, the others gain a little: a mean just below zero."""
    found, scores = with_repeat_target(0.9)
    fix = np.zeros((90, WIDTH))
    fix[:, 0] = 0.3
    fix[::3, 1] = -9.0
    evidence = Evidence(found)
    evidence.add(1, scores, fix)
    last = evidence.table()[-1]
    everything, both = last["everything"], last["both"]
    assert -everything["error"] < everything["mean"] < 0 and both["mean"] > 1.96 * both["error"]
    assert evidence.choose().strength[0] == 0.0


def test_what_is_new_counts_by_its_share_of_the_purchases():
    # Four targets of which one is new: 1 : 1/4.
    found = lists()
    found.labels[:, 1:4] = 1
    found.bought[:, 1:4] = True
    found.num_targets[:] = 4
    assert found.share_of_new(found.has_history) == 0.25
    evidence = Evidence(found)
    scores = np.zeros((90, WIDTH))
    scores[:, 1:4], scores[:, 4:7], scores[:, 0] = 3.0, 1.0, 0.5
    evidence.add(1, scores, correction(np.full(90, 1.5)))
    gains = evidence.choose().gains[0]
    assert gains.new.mean > gains.everything.mean > 0
    assert gains.both.mean == pytest.approx((gains.everything.mean + gains.new.mean / 4) / 1.25)


def test_the_table_names_users_strength_and_epoch():
    evidence = Evidence(lists())
    evidence.add(1, anchored(), correction(np.full(90, 1.5)))
    rows = evidence.table()
    assert [(row["history"], row["strength"], row["epoch"]) for row in rows] == [
        (True, strength, 1) for strength in (0.25, 0.5, 0.75, 1.0)
    ]
    assert rows[0]["both"] == {"mean": 0.0, "error": 0.0}


def test_a_correction_that_harms_is_switched_off():
    evidence = Evidence(lists())
    evidence.add(1, anchored(), correction(np.full(90, -1.0)))
    assert evidence.choose().strength == (0.0, 0.0)


@pytest.mark.parametrize(("harmed", "strength"), [(8, 0.0), (3, 0.5)])
def test_a_gain_counts_if_its_interval_is_above_zero(harmed, strength):
    # Of ninety queries fourteen gain and some lose: 1.88 standard errors with eight of them, 3.1 with three.
    gains = np.zeros(90)
    gains[:14], gains[14 : 14 + harmed] = 1.5, -1.5
    evidence = Evidence(lists())
    evidence.add(1, anchored(), correction(np.random.default_rng(3).permutation(gains)))
    row = next(row["both"] for row in evidence.table() if row["strength"] == 1.0)
    assert row["mean"] > 1.8 * row["error"]
    assert evidence.choose().strength[0] == strength


def test_a_gain_that_is_within_a_standard_error_does_not_count():
    # In one window of three all is well, in the other two it costs a little: a mean gain, but a wide error.
    gains = np.where(np.arange(90) % 3 == 0, 1.5, -0.6)
    evidence = Evidence(lists())
    evidence.add(1, anchored(), correction(gains))
    assert evidence.choose().strength[0] == 0.0


def test_the_earlier_of_epochs_that_are_alike_is_taken():
    evidence = Evidence(lists())
    for epoch in (1, 2, 3, 4):
        evidence.add(epoch, anchored(), correction(np.full(90, -1.0 if epoch == 1 else 1.5)))
    assert evidence.choose().epoch == 3  # the second stands beside a bad one


def test_an_epoch_counts_by_itself_and_its_neighbours():
    # A third of the queries gain in the second epoch, and lose all in those beside it: -1 of the anchor's.
    lucky, unlucky = (np.where(np.arange(90) < 30, gain, 0.0) for gain in (1.5, -1.0))
    evidence = Evidence(lists())
    for epoch, gains in enumerate((unlucky, lucky, unlucky), start=1):
        evidence.add(epoch, anchored(), correction(gains))
    row = next(row for row in evidence.table() if (row["strength"], row["epoch"]) == (1.0, 2))
    gain = np.log2(5) - 1  # from the fourth place to the first
    assert row["both"]["mean"] == pytest.approx((gain - 1 - 1) / 9)


def test_users_without_history_choose_for_themselves():
    known, cold = lists(), lists(cold=True)
    both = ValidationLists(
        *(
            np.concatenate([getattr(known, name), getattr(cold, name)])
            for name in ("labels", "bought", "num_targets", "window", "has_history")
        )
    )
    evidence = Evidence(both)
    gains = np.concatenate([np.full(90, -1.0), np.full(90, 1.5)])
    evidence.add(1, np.concatenate([anchored()] * 2), correction(gains))
    assert evidence.choose().strength == (0.0, 0.5)


def test_a_few_queries_say_nothing():
    evidence = Evidence(lists(size=29))
    evidence.add(1, anchored(29), correction(np.full(29, 1.5)))
    assert evidence.choose().strength == (0.0, 0.0)


def test_what_was_never_bought_before_counts_as_much_as_everything():
    """Own products are pushed up, which helps everything and ruins what is new: by more than it helps."""
    found = lists()
    found.labels[:, 1] = 1
    found.bought[:, 1] = True
    found.num_targets[:] = 2
    values = found.utilities(anchored())
    # Everything: targets at ranks 1 and 4 of an ideal of 1 and 2; new: the target third of what is left.
    np.testing.assert_allclose(values[:, 0], (1 + 1 / np.log2(5)) / (1 + 1 / np.log2(3)))
    np.testing.assert_allclose(values[:, 1], 1 / np.log2(4))


def test_a_query_without_new_targets_is_not_asked_for_them():
    found = lists()
    found.bought[:, 0] = True
    assert np.isnan(found.utilities(anchored())[:, 1]).all()


def test_the_error_is_that_between_windows_where_they_differ():
    # Means of two windows of two: 0 and 2; mean 1, deviation between sqrt(2), so an error of 1.
    mean, error = mean_and_error(np.array([0.0, 0.0, 2.0, 2.0]), np.array([0, 0, 1, 1]))
    assert (mean, error) == (1.0, pytest.approx(1.0))


def test_the_error_is_that_between_queries_where_windows_are_alike():
    mean, error = mean_and_error(np.array([0.0, 2.0, 0.0, 2.0]), np.array([0, 0, 1, 1]))
    assert (mean, error) == (1.0, pytest.approx(0.5))


def test_what_is_not_known_does_not_count():
    assert mean_and_error(np.array([1.0, np.nan, 1.0]), np.array([0, 0, 0])) == (1.0, 0.0)
    assert mean_and_error(np.array([np.nan]), np.array([0])) == (0.0, 0.0)
