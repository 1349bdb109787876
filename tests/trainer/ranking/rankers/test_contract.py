"""What every architecture of the ranker must do."""

from __future__ import annotations

import numpy as np
import pytest

from schema.served.candidate_features import CANDIDATE_FEATURES
from trainer.ranking.affinity import AffinityInputs
from trainer.ranking.losses import LOSSES
from trainer.ranking.model import RankingModel
from trainer.ranking.rankers import RANKERS
from trainer.settings import RankingSettings

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NUM_PRODUCTS = 40
COLOUR = (np.arange(NUM_PRODUCTS) % 2).astype(np.int32)
AFFINITY = AffinityInputs(
    num_products=NUM_PRODUCTS, categories={}, numbers={}, positive_types=(True,), window_days=7.0
)
COLUMNS = {"product__colour": COLOUR, "product_id": np.arange(NUM_PRODUCTS)}
SIGNATURE_LEFT_OUT = ("label", "num_targets")


def board(size=64, width=8, seed=0):
    """Relevant is a candidate of the user's colour. No figure alone tells it, only two of them together.

    The user's colour is in the time since the newest event: of a whole list, candidates tell nothing.
    """
    rng = np.random.default_rng(seed)
    candidates = np.array([rng.permutation(NUM_PRODUCTS)[:width] for _ in range(size)])
    user = rng.integers(0, 2, size)
    # The history says the user's colour to those who read products: other products of it.
    history = rng.integers(0, NUM_PRODUCTS // 2, (size, 3)) * 2 + user[:, None]
    statistics = rng.normal(0, 0.1, (size, width, len(CANDIDATE_FEATURES)))
    statistics[:, :, CANDIDATE_FEATURES.index("buyer_share")] = 2.0 * COLOUR[candidates] - 1.0
    return {
        "history_index": tf.constant(history, tf.int64),
        "history_age": tf.constant([9.0, 5.0, 3.0] + 20.0 * user[:, None], tf.float32),
        "history_type": tf.zeros([size, 3], tf.int64),
        "candidate_index": tf.constant(candidates, tf.int64),
        "candidate_features": tf.constant(statistics, tf.float32),
        "label": tf.constant(COLOUR[candidates] == user[:, None], tf.float32),
        "num_targets": tf.fill([size], tf.constant(width // 2, tf.int64)),
    }


def train(kind, seed=1, loss="decoupled_softmax", steps=60, core=None, data=board, eager=False):
    tf.keras.utils.set_random_seed(seed)
    settings = RankingSettings(model=kind, loss=loss, hidden_dim=16, embedding_dim=8, dropout=0.0)
    model = RankingModel(AFFINITY, settings, seed, COLUMNS)
    if core is not None:
        core.reads_products = False
        model.ranker = core
    model.compile(optimizer=tf.keras.optimizers.Adam(0.03), run_eagerly=eager)
    batches = tf.data.Dataset.from_tensors(data(size=512))
    model.adapt(batches)
    model.fit(batches.repeat(steps), epochs=1, verbose=0)
    return model


def share_in_order(model, data=board):
    """Share of pairs of a relevant and an irrelevant candidate in the right order; a half by chance."""
    fresh = data(seed=9)
    scores, label = model(fresh)["scores"].numpy(), fresh["label"].numpy() > 0
    right = scores[:, :, None] - scores[:, None, :]
    pairs = label[:, :, None] & ~label[:, None, :]
    return ((right > 0) + 0.5 * (right == 0))[pairs].mean()


class Identity(tf.keras.layers.Layer):
    """A core that adds nothing: the score is linear in the features."""

    def call(self, inputs, training=False):
        return inputs["pair_features"]


class Constant(tf.keras.layers.Layer):
    """A core that says the same of all."""

    def call(self, inputs, training=False):
        return tf.ones_like(inputs["pair_features"])


@pytest.fixture(scope="module")
def solved():
    return {kind: train(kind) for kind in RANKERS}


@pytest.mark.parametrize("kind", sorted(RANKERS))
def test_each_solves_the_checkerboard(solved, kind):
    assert share_in_order(solved[kind]) > 0.9


@pytest.mark.parametrize("core", [Identity, Constant])
def test_without_its_core_none_does(core):
    assert 0.35 < share_in_order(train("dcn", core=core())) < 0.65


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_each_loss_solves_it(loss):
    assert share_in_order(train("dcn", loss=loss)) > 0.9


def without_features(**arguments):
    made = board(**arguments)
    return made | {
        "candidate_features": tf.zeros_like(made["candidate_features"]),
        "history_age": tf.zeros_like(made["history_age"]),
    }


@pytest.mark.parametrize("kind", sorted(RANKERS))
def test_taste_alone_suffices_those_that_read_products_and_no_others(kind):
    share = share_in_order(train(kind, data=without_features), without_features)
    assert share > 0.9 if RANKERS[kind].reads_products else 0.35 < share < 0.65


@pytest.mark.parametrize("kind", sorted(RANKERS))
def test_saved_and_loaded_it_scores_the_same(solved, kind, tmp_path):
    data = board(seed=4)
    inputs = {name: value for name, value in data.items() if name not in SIGNATURE_LEFT_OUT}
    module = tf.Module()
    module.model = solved[kind]
    module.rank = tf.function(lambda **given: {"scores": solved[kind](given)["scores"]})
    specs = {name: tf.TensorSpec([None, *value.shape[1:]], value.dtype) for name, value in inputs.items()}
    signature = module.rank.get_concrete_function(**specs)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures={"rank": signature})
    loaded = tf.saved_model.load(str(tmp_path / "model")).signatures["rank"](**inputs)
    np.testing.assert_allclose(loaded["scores"], solved[kind](data)["scores"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", sorted(RANKERS))
def test_a_config_round_trip_builds_the_same_layer(kind):
    settings = RankingSettings(model=kind, hidden_dim=8, embedding_dim=4)
    layer = RANKERS[kind](settings, COLUMNS, seed=3)
    again = RANKERS[kind].from_config(layer.get_config())
    inputs = board(size=4) | {"pair_features": tf.random.stateless_normal([4, 8, 5], (1, 2))}
    np.testing.assert_array_equal(layer(inputs), again(inputs))


@pytest.mark.parametrize("kind", sorted(RANKERS))
def test_the_same_seed_gives_the_same_scores(kind):
    one, same, other = (
        train(kind, seed, steps=3, eager=True)(board(seed=4))["scores"].numpy() for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
