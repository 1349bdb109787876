"""Affinity features against brute force over random histories, and explanations by hand.

The order of the columns is the layer's own affair: a feature is there if some column holds its values.
"""

from __future__ import annotations

import numpy as np
import pytest

from trainer.ranking.affinity import AffinityFeatures, AffinityInputs

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NUM_PRODUCTS = 10
COLOUR = np.array([0, 1, 2, 2, 3, 3, 3, 2, 1, 2], np.int32)
PRICE = np.array([0, 2, 3, 4, 5, 6, 7, 8, 9, 10], np.int32)
WINDOW_DAYS = 8.0
NEVER = 3650.0
TYPES = ("purchase", "view", "order")
POSITIVE = (True, False, True)


def layer(positive=POSITIVE, with_columns=True):
    columns = ({"product__colour": COLOUR}, {"product__price": PRICE}) if with_columns else ({}, {})
    return AffinityFeatures(
        AffinityInputs(NUM_PRODUCTS, *columns, positive_types=positive, window_days=WINDOW_DAYS)
    )


def compute(history, ages, types, candidates, affinity=None):
    outputs = (affinity or layer())(
        {
            "history_index": tf.constant(history, tf.int64),
            "history_age": tf.constant(ages, tf.float32),
            "history_type": tf.constant(types, tf.int64),
            "candidate_index": tf.constant(candidates, tf.int64),
        }
    )
    return {name: value.numpy() for name, value in outputs.items()}


def bought(ages, product=4, candidate=4):
    """Explanations of one candidate after purchases of one product, oldest first."""
    ages = ages or [0.0]
    outputs = compute([[product] * len(ages)], [ages], [[0] * len(ages)], [[candidate]])
    return [outputs[name][0, 0] for name in ("times_bought", "days_since_last", "interval_days")]


def test_explanations_of_regular_purchases():
    # 31, 21 and 1 days ago: bought three times in 30 days, every 15 days.
    assert bought([31.0, 21.0, 1.0]) == [3, 1.0, 15.0]


def test_explanations_of_one_purchase():
    times, since, interval = bought([6.0])
    assert (times, since) == (1, 6.0)
    assert np.isnan(interval)


def test_explanations_of_purchases_at_one_moment():
    times, since, interval = bought([6.0, 6.0])
    assert (times, since) == (2, 6.0)
    assert np.isnan(interval)


def test_explanations_of_a_product_never_bought():
    times, since, interval = bought([6.0], candidate=5)
    assert times == 0
    assert np.isnan([since, interval]).all()


def test_only_positive_types_count_as_bought():
    outputs = compute([[4, 4, 4, 4]], [[9.0, 7.0, 5.0, 3.0]], [[0, 1, 2, -1]], [[4]])
    assert outputs["times_bought"].tolist() == [[2]]
    assert outputs["days_since_last"].tolist() == [[5.0]]
    assert outputs["interval_days"].tolist() == [[4.0]]


def test_there_are_no_strange_numbers_among_the_features():
    outputs = compute([[-1, -1], [4, -1]], [[0.0, 0.0], [1e5, 0.0]], [[-1, -1], [0, -1]], [[4, 5]] * 2)
    assert np.isfinite(outputs["features"]).all()


# Brute force over random queries.


class Case:
    """Random histories with padding, unknown products within, empty ones and several types."""

    def __init__(self, seed, num_types=3):
        rng = np.random.default_rng(seed)
        self.batch, self.time, self.width = 12, 25, 9
        length = rng.integers(0, self.time + 1, self.batch)
        length[0] = 0
        real = np.arange(self.time) < length[:, None]
        self.history = np.where(real, rng.integers(-1, NUM_PRODUCTS, (self.batch, self.time)), -1)
        ages = -np.sort(-rng.integers(0, 400, (self.batch, self.time)) / 8.0, axis=1)
        self.ages = np.where(real, ages, 0.0).astype(np.float32)
        self.types = np.where(real, rng.integers(-1, num_types, (self.batch, self.time)), -1)
        self.candidates = np.array([rng.permutation(NUM_PRODUCTS)[: self.width] for _ in range(self.batch)])

    def outputs(self, affinity=None):
        return compute(self.history, self.ages, self.types, self.candidates, affinity)

    def events(self, row, positive=True, other=False):
        """(product, age) of the events that count."""
        return [
            (int(product), float(age))
            for product, age, kind in zip(self.history[row], self.ages[row], self.types[row], strict=True)
            if product >= 0 and ((positive and kind in (0, 2)) or (other and kind in (-1, 1)))
        ]

    def table(self, function):
        """Applies `function(row, candidate)` to all pairs."""
        return np.array([[function(row, int(c)) for c in self.candidates[row]] for row in range(self.batch)])


@pytest.fixture(scope="module", params=range(3))
def case(request):
    return Case(request.param)


@pytest.fixture(scope="module")
def features(case):
    return case.outputs()["features"]


def holds(features, expected):
    """Whether some column holds the values."""
    close = np.isclose(features, np.asarray(expected)[..., None], rtol=1e-4, atol=1e-4)
    return bool(close.all(axis=(0, 1)).any())


def decay(age, half_life):
    return 0.5 ** (age / half_life)


def test_counts_of_the_product(case, features):
    assert holds(features, case.table(lambda row, c: np.log1p(sum(p == c for p, _ in case.events(row)))))


def test_decayed_counts_of_the_product(case, features):
    for half_life in layer().half_lives:
        expected = case.table(
            lambda row, c, h=half_life: np.log1p(sum(decay(a, h) for p, a in case.events(row) if p == c))
        )
        assert holds(features, expected), half_life


def test_decayed_counts_of_other_events(case, features):
    half_life = layer().half_lives[0]
    expected = case.table(
        lambda row, c: np.log1p(sum(decay(a, half_life) for p, a in case.events(row, False, True) if p == c))
    )
    assert holds(features, expected)


def newest(ages):
    return min([*ages, NEVER])


def oldest(ages):
    return max([*ages, 0.0])


@pytest.mark.parametrize("extreme", [newest, oldest])
def test_ages_of_the_purchases_of_the_product(case, features, extreme):
    expected = case.table(lambda row, c: np.log1p(extreme([a for p, a in case.events(row) if p == c])))
    assert holds(features, expected)


def interval(ages):
    return (max(ages) - min(ages)) / (len(ages) - 1) if len(ages) > 1 else 0.0


def test_the_usual_interval(case, features):
    expected = case.table(lambda row, c: np.log1p(interval([a for p, a in case.events(row) if p == c])))
    assert holds(features, expected)


def test_how_far_the_user_is_into_the_interval(case, features):
    def lateness(row, candidate):
        ages = [a for p, a in case.events(row) if p == candidate]
        return np.log1p(min(ages)) - np.log1p(interval(ages)) if interval(ages) else 0.0

    assert holds(features, case.table(lateness))


def test_counts_of_the_category(case, features):
    expected = case.table(lambda row, c: np.log1p(sum(COLOUR[p] == COLOUR[c] for p, _ in case.events(row))))
    assert holds(features, expected)


def test_the_newest_event_of_the_category(case, features):
    def age(row, candidate):
        events = case.events(row, other=True)
        return np.log1p(newest([a for p, a in events if COLOUR[p] == COLOUR[candidate]]))

    assert holds(features, case.table(age))


def test_the_share_of_the_product_in_its_category(case, features):
    def share(row, candidate):
        products = [p for p, _ in case.events(row)]
        category = sum(COLOUR[p] == COLOUR[candidate] for p in products)
        return products.count(candidate) / category if category else 0.0

    assert holds(features, case.table(share))


def test_how_much_dearer_a_product_is_than_what_the_user_buys(case, features):
    def distance(row, candidate):
        prices = [PRICE[p] for p, _ in case.events(row) if PRICE[p] > 0]
        return PRICE[candidate] - np.mean(prices) if prices and PRICE[candidate] > 0 else 0.0

    assert holds(features, case.table(distance))


def of_users(case, function):
    return np.array([function([a for _, a in case.events(row)], row) for row in range(case.batch)])


def test_the_activity_of_the_user_does_not_grow_with_the_age_of_the_data(case):
    found = case.outputs()["user_features"]
    lasting = of_users(case, lambda ages, _: sum(0.5 ** (age / (4 * WINDOW_DAYS)) for age in ages))
    recent = of_users(case, lambda ages, _: sum(age <= WINDOW_DAYS for age in ages))
    np.testing.assert_allclose(found[:, 0], np.log1p(lasting), rtol=1e-4)
    share = np.divide(recent, recent + lasting, out=np.zeros(case.batch), where=lasting > 0)
    np.testing.assert_allclose(found[:, 1], share, rtol=1e-4)


def test_the_share_of_repeats_of_the_user(case):
    def repeats(_, row):
        products = [p for p, _ in case.events(row)]
        # Without a purchase there is nothing new either: nothing over nothing is 0, and so its rest is 1.
        return 1 - (len(set(products)) / len(products) if products else 0.0)

    np.testing.assert_allclose(case.outputs()["user_features"][:, 2], of_users(case, repeats), rtol=1e-4)


def test_windows_since_the_last_purchase_end_at_four(case):
    expected = of_users(case, lambda ages, _: min(min(ages, default=NEVER) / WINDOW_DAYS, 4.0))
    np.testing.assert_allclose(case.outputs()["user_features"][:, 3], np.log1p(expected), rtol=1e-4)


def test_counts_of_the_own_purchases(case):
    found = case.outputs()["own_counts"]
    for column, half_life in enumerate((np.inf, 1.0, 4.0, 12.0, 32.0)):  # none, and of windows of 8 days

        def count(row, candidate, half_life=half_life):
            return sum(0.5 ** (age / half_life) for p, age in case.events(row) if p == candidate)

        np.testing.assert_allclose(found[..., column], case.table(count), rtol=1e-3, atol=1e-5)


def test_the_newest_event_of_any_type(case):
    def seen(row, candidate):
        ages = [age for p, age in case.events(row, other=True) if p == candidate]
        return 1 / (1 + min(ages)) if ages else 0.0

    np.testing.assert_allclose(case.outputs()["last_seen"], case.table(seen), rtol=1e-5)


def test_explanations_agree_with_brute_force(case):
    outputs = case.outputs()
    counts = case.table(lambda row, c: sum(p == c for p, _ in case.events(row)))
    np.testing.assert_array_equal(outputs["times_bought"], counts)
    last = case.table(lambda row, c: min([a for p, a in case.events(row) if p == c], default=np.nan))
    np.testing.assert_allclose(outputs["days_since_last"], last, rtol=1e-5)
    gaps = case.table(lambda row, c: interval([a for p, a in case.events(row) if p == c]) or np.nan)
    np.testing.assert_allclose(outputs["interval_days"], gaps, rtol=1e-5)


# What must not matter.


def test_padding_changes_nothing(case, features):
    def widen(values, padding):
        return np.pad(values, [[0, 0], [0, 7]], constant_values=padding)

    wide = compute(widen(case.history, -1), widen(case.ages, 0), widen(case.types, -1), case.candidates)
    np.testing.assert_allclose(wide["features"], features, rtol=1e-4, atol=1e-5)


def test_an_unknown_product_changes_nothing(case, features):
    # What is -1 in the history may have any age and any type.
    ages = np.where(case.history < 0, 77.0, case.ages)
    types = np.where(case.history < 0, 0, case.types)
    other = compute(case.history, ages, types, case.candidates)
    np.testing.assert_allclose(other["features"], features, rtol=1e-4, atol=1e-5)


def test_candidates_do_not_depend_on_each_other(case, features):
    for column in range(case.width):
        alone = compute(case.history, case.ages, case.types, case.candidates[:, column : column + 1])
        np.testing.assert_allclose(alone["features"][:, 0], features[:, column], rtol=1e-4, atol=1e-5)


def test_queries_do_not_depend_on_each_other(case, features):
    for row in range(case.batch):
        place = slice(row, row + 1)
        alone = compute(case.history[place], case.ages[place], case.types[place], case.candidates[place])
        np.testing.assert_allclose(alone["features"][0], features[row], rtol=1e-4, atol=1e-5)


def test_one_type_of_event_needs_no_features_of_others():
    case = Case(0, num_types=1)
    few = case.outputs(layer(positive=(True,)))["features"]
    many = case.outputs(layer(positive=(True, False)))["features"]
    assert few.shape[-1] < many.shape[-1]


def test_a_shop_without_columns_still_has_features():
    outputs = Case(0).outputs(layer(with_columns=False))
    assert outputs["features"].shape[-1] > 0
    assert np.isfinite(outputs["features"]).all()
