"""Baselines on a handful of events, every list worked out by hand."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.evaluation.baselines import base as baselines
from components.evaluation.baselines.base import (
    EvaluationSet,
    OwnFrequency,
    Popularity,
    best_of,
    fill,
    score_baseline,
)
from components.evaluation.events import Past
from components.evaluation.lists import CodeLists
from components.interactions.events import encode, read_shop_events

DAY = 86_400
PRODUCTS = pa.array(["a", "b", "c", "d", "e"])
A, B, C, D, E = range(5)


def write_events(directory, rows):
    """Rows of (user, product, day, weight), in two parts."""
    columns = list(zip(*rows, strict=True))
    table = pa.table(
        {
            "user_id": pa.array(columns[0], pa.string()),
            "product_id": pa.array(columns[1], pa.string()),
            "occurred_at": pa.array([int(day * DAY) for day in columns[2]], pa.int64()),
            "weight": pa.array(columns[3], pa.float32()),
            "event_type": pa.array(["purchase"] * len(rows)),
        }
    )
    pq.write_table(table.slice(0, 3), directory / "part-00000.parquet")
    pq.write_table(table.slice(3), directory / "part-00001.parquet")


@pytest.fixture
def log(tmp_path):
    write_events(
        tmp_path,
        [
            ("u", "a", 1, 1),
            ("u", "a", 2, 1),
            ("u", "b", 9, 1),
            ("v", "c", 8, 1),
            ("v", "c", 9, 1),
            ("v", "d", 9, 0),  # a view: no positive event
            ("v", "a", 9.5, 1),
            ("w", "c", 10, 1),  # at the cutoff itself: not in the past
            ("u", "d", 11, 1),
        ],
    )
    return read_shop_events(str(tmp_path), PRODUCTS)


def ask(
    log,
    cutoff=10 * DAY,
    users=("u", "v", "stranger"),
    targets=((), ()),
    excluded=((), ()),
    recommendable=None,
):
    past = Past.before(log, cutoff, np.ones(5, bool) if recommendable is None else recommendable)
    size = len(users)
    return EvaluationSet(
        past,
        encode(list(users), log.user_ids),
        CodeLists.from_pairs(*targets, size),
        CodeLists.from_pairs(*excluded, size),
    )


def test_events_are_positive_coded_and_in_the_catalogue(log):
    assert log.user_ids.to_pylist()[:2] == ["u", "v"]
    assert log.positive.product.tolist() == [A, A, B, C, C, A, C, D]
    assert encode(["v", "nobody"], log.user_ids).tolist() == [1, -1]


def test_events_of_products_outside_the_catalogue_are_no_past(tmp_path):
    write_events(tmp_path, [("u", "zz", 1, 1), ("u", "a", 1, 1), ("u", "b", 1, 1), ("u", "b", 2, 1)])
    past = Past.before(read_shop_events(str(tmp_path), PRODUCTS), 5 * DAY, np.ones(5, bool))
    assert past.products.tolist() == [A, B, B]


def test_no_parts_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="without any"):
        read_shop_events(str(tmp_path), PRODUCTS)


def test_popularity_counts_the_window_only_and_breaks_ties_by_all_time(log):
    # Last two days before day 10: b 1 (day 9), c 2, a 1 (day 9.5). Ever: a 3, c 2, b 1. So c, a, b, d, e.
    assert Popularity(2 * DAY).recommend(ask(log), 4).tolist() == [[C, A, B, D]] * 3
    # The last half day: a 1, the others none; of these c was bought twice ever, b once.
    assert Popularity(DAY // 2).recommend(ask(log), 3).tolist() == [[A, C, B]] * 3
    assert Popularity(None).recommend(ask(log), 3).tolist() == [[A, C, B]] * 3


def test_popularity_leaves_out_what_is_excluded_or_not_recommendable(log):
    eval_set = ask(log, excluded=((0, 0, 1), (C, A, D)))
    assert Popularity(2 * DAY).recommend(eval_set, 3).tolist() == [[B, D, E], [C, A, B], [C, A, B]]
    eval_set = ask(log, recommendable=np.array([True, True, False, True, True]))
    assert Popularity(2 * DAY).recommend(eval_set, 2).tolist() == [[A, B]] * 3


def test_own_frequency_decays_and_falls_back_to_popularity(log):
    popularity = Popularity(2 * DAY)
    # u without decay: a twice, b once. With a half-life of one day: a 2^-9 + 2^-8, b 2^-1.
    plain = OwnFrequency(None, popularity).recommend(ask(log), 4)
    assert plain.tolist() == [[A, B, C, D], [C, A, B, D], [C, A, B, D]]
    decayed = OwnFrequency(DAY, popularity).recommend(ask(log), 4)
    assert decayed.tolist()[0] == [B, A, C, D]
    # v: c 2^-2 + 2^-1 = 0.75, a 2^-0.5 = 0.71; with a quarter-day half-life a is ahead.
    assert decayed.tolist()[1][:2] == [C, A]
    assert OwnFrequency(DAY / 4, popularity).recommend(ask(log), 2).tolist()[1] == [A, C]


def test_own_frequency_respects_exclusions_and_short_lists(log):
    eval_set = ask(log, excluded=((0,), (A,)))
    assert OwnFrequency(None, Popularity(2 * DAY)).recommend(eval_set, 1).tolist() == [[B], [C], [C]]
    assert OwnFrequency(None, Popularity(2 * DAY)).recommend(eval_set, 7)[0].tolist() == [
        B,
        C,
        D,
        E,
        -1,
        -1,
        -1,
    ]


def test_changing_the_future_changes_no_list(log):
    later = replace(log, product=np.where(log.time >= 10 * DAY, E, log.product))
    for baseline in (Popularity(None), OwnFrequency(DAY, Popularity(2 * DAY))):
        assert (baseline.recommend(ask(log), 5) == baseline.recommend(ask(later), 5)).all()


def test_a_user_is_asked_for_once(log):
    with pytest.raises(ValueError, match="repeated codes"):
        OwnFrequency(None, Popularity(None)).recommend(ask(log, users=("u", "u")), 2)


def test_purchased_may_look_back_a_while_only(log):
    past = Past.before(log, 10 * DAY, np.ones(5, bool))
    users = encode(["u", "v"], log.user_ids)
    assert past.purchased(users).codes.tolist() == [A, B, A, C]
    assert past.purchased(users, since=9 * DAY).codes.tolist() == [B, A, C]


def test_blocks_of_queries_give_the_same_lists(log, monkeypatch):
    eval_set = ask(log, excluded=((0, 2, 2), (C, A, E)))
    whole = OwnFrequency(None, Popularity(None)).recommend(eval_set, 4)
    monkeypatch.setattr(baselines, "_MAX_CELLS_AT_ONCE", 1)
    assert (OwnFrequency(None, Popularity(None)).recommend(eval_set, 4) == whole).all()


def test_fill_without_anything_to_fill_with():
    ranked = np.full((2, 3), -1)
    assert (fill(ranked, np.zeros(0, int), CodeLists.from_pairs([], [], 2)) == -1).all()


def test_tuning_takes_what_is_best_on_the_question(log):
    # The stranger turned to c: first in the last two days, second of all time.
    eval_set = ask(log, targets=((2,), (C,)))
    assert best_of([Popularity(None), Popularity(2 * DAY)], eval_set) == Popularity(2 * DAY)
    # u turned to a, his most frequent but old product, which no short memory puts first.
    eval_set = ask(log, targets=((0,), (A,)))
    candidates = [OwnFrequency(DAY, Popularity(2 * DAY)), OwnFrequency(None, Popularity(2 * DAY))]
    assert best_of(candidates, eval_set) == candidates[1]


def test_the_score_of_a_baseline_is_its_ndcg_over_queries_with_targets(log):
    # The stranger's target stands second: 1 / log2(3). The other two have none and do not count.
    eval_set = ask(log, targets=((2,), (C,)))
    assert score_baseline(Popularity(None), eval_set) == pytest.approx(1 / np.log2(3))
    assert score_baseline(Popularity(None), ask(log)) == 0.0
