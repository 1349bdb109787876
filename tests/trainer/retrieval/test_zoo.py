"""The contract of every entry of the retrieval zoo: it learns, it repeats itself, and its export agrees.

The shop is a checkerboard: users buy of one colour, told by user id, by history and by a feature of the
products alike, so that every entry has what it reads. What is measured is the share of a user's colour
among the first half of the catalogue: 1/2 by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from trainer.retrieval.encoders.choice import tower_inputs
from trainer.retrieval.export import RetrievalModule
from trainer.retrieval.metrics import embed_catalog
from trainer.retrieval.model import RetrievalModel
from trainer.retrieval.towers import CandidateTower, ProductEncoder, QueryInputs, QueryTower
from trainer.settings import RetrievalSettings
from trainer.shared.catalog import ProductTable

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NUM_PRODUCTS, NUM_USERS, DIM = 20, 24, 8
COLOUR = np.arange(NUM_PRODUCTS) % 2

ENTRIES = {
    "mf": {"encoder": "mf"},
    "mean": {"encoder": "mean"},
    "gru": {"encoder": "gru"},
    "transformer": {"encoder": "transformer"},
    "content": {"encoder": "content"},
    "full_softmax": {"loss": "full_softmax"},
    "in_batch": {"loss": "in_batch"},
    "hard_negatives": {"num_hard_negatives": 2},
}


@dataclass
class Shop:
    """Every user has bought four products of his colour and will buy any of it."""

    queries: dict
    bought: np.ndarray


def shop():
    random = np.random.default_rng(4)
    history, targets = [], []
    for user in range(NUM_USERS):
        own = np.flatnonzero(user % 2 == COLOUR)
        history.append(random.permutation(own)[:4])
        targets.append(own)
    queries = {
        "history_index": tf.constant(np.array(history), tf.int64),
        "history_age": tf.constant(np.tile([4.0, 3.0, 2.0, 1.0], (NUM_USERS, 1)), tf.float32),
        "history_type": tf.zeros([NUM_USERS, 4], tf.int64),
        "user_index": tf.range(NUM_USERS, dtype=tf.int64),
    }
    targets = {
        "target_index": tf.RaggedTensor.from_tensor(tf.constant(np.array(targets), tf.int64)),
        "target_weight": tf.RaggedTensor.from_tensor(tf.ones([NUM_USERS, NUM_PRODUCTS // 2])),
    }
    return Shop(queries | targets, np.array(history))


def build(settings):
    tf.keras.utils.set_random_seed(7)
    reads = tower_inputs(settings.encoder)
    table = ProductTable(
        NUM_PRODUCTS, np.ones(NUM_PRODUCTS, bool), {"product__colour": COLOUR.astype(np.int32)}, {}, {}
    )
    encoder = ProductEncoder(table, DIM, 0.0, {"product__colour": 2}, 1, reads)
    tower = QueryTower(
        QueryInputs(
            columns={},
            sizes={},
            num_users=NUM_USERS,
            half_lives=(2.0,),
            num_event_types=1,
        ),
        dim=DIM,
        hidden_dim=DIM,
        id_dropout=0.0,
        seed=2,
        encoder=settings.encoder,
    )
    shares = np.full(NUM_PRODUCTS, 1 / NUM_PRODUCTS, np.float32)
    return RetrievalModel(encoder, CandidateTower(DIM, DIM), tower, shares, settings)


def settings_of(entry):
    values = {"embedding_dim": DIM, "num_uniform_negatives": 16, "targets_per_query": 2} | ENTRIES[entry]
    return RetrievalSettings.parse(values)


def fit(model, num_epochs=60):
    model.compile(optimizer=tf.keras.optimizers.Adam(0.02))
    batches = tf.data.Dataset.from_tensors(shop().queries)
    for _ in range(3):
        model.negatives.refresh(lambda: embed_catalog(model))
        model.fit(batches.repeat(num_epochs // 3), epochs=1, verbose=0)
    return model


def share_of_own_colour(model):
    queries = {name: value for name, value in shop().queries.items() if not name.startswith("target")}
    scores = tf.matmul(model.embed_queries(queries), embed_catalog(model), transpose_b=True).numpy()
    first = np.argsort(-scores, axis=1)[:, : NUM_PRODUCTS // 2]
    return (COLOUR[first] == (np.arange(NUM_USERS) % 2)[:, None]).mean()


@pytest.fixture(scope="module")
def fitted():
    made = {}
    return lambda entry: made.setdefault(entry, fit(build(settings_of(entry))))


@pytest.mark.parametrize("entry", ENTRIES)
def test_it_learns_the_checkerboard(fitted, entry):
    # By chance each place is right with probability 1/2: 240 places, standard deviation .03.
    assert share_of_own_colour(fitted(entry)) > 0.9


@pytest.mark.parametrize("entry", ["mean", "gru", "transformer", "content"])
def test_without_its_encoder_it_knows_nothing_of_a_stranger(fitted, entry):
    """The counter-check: the same training with the encoder replaced by zeros, asked about strangers."""
    model = build(settings_of(entry))
    width = 2 * DIM if entry in ("mean", "content") else DIM
    model.query_tower.encoder = lambda products, **_: tf.zeros([tf.shape(products)[0], width])
    strangers = {"user_index": tf.fill([NUM_USERS], tf.constant(-1, tf.int64))}

    def of_strangers(asked):
        scores = tf.matmul(
            asked.embed_queries(shop().queries | strangers), embed_catalog(asked), transpose_b=True
        )
        first = np.argsort(-scores.numpy(), axis=1)[:, : NUM_PRODUCTS // 2]
        return (COLOUR[first] == (np.arange(NUM_USERS) % 2)[:, None]).mean()

    assert of_strangers(fit(model)) == pytest.approx(0.5, abs=0.1)
    assert of_strangers(fitted(entry)) > 0.9


def test_without_ids_matrix_factorisation_learns_nothing():
    model = build(settings_of("mf"))
    model.query_tower.users = lambda index: tf.zeros([tf.shape(index)[0], DIM])
    assert share_of_own_colour(fit(model)) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("entry", ["full_softmax", "in_batch", "hard_negatives"])
def test_without_its_loss_it_learns_nothing(entry, monkeypatch):
    monkeypatch.setattr("trainer.retrieval.model.sampled_softmax_loss", lambda positive, *_: 0.0 * positive)
    assert share_of_own_colour(fit(build(settings_of(entry)))) < 0.75


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_same_seed_gives_the_same_weights(entry):
    first, second = (fit(build(settings_of(entry)), num_epochs=6) for _ in range(2))
    for one, other in zip(first.trainable_variables, second.trainable_variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize("entry", ["mf", "mean", "gru", "transformer", "content"])
def test_the_export_gives_the_same_embeddings(fitted, entry, tmp_path):
    model = fitted(entry)
    queries = {name: value for name, value in shop().queries.items() if not name.startswith("target")}
    module = RetrievalModule(model)
    specs = {name: tf.TensorSpec(value.shape, value.dtype, name) for name, value in queries.items()}
    signatures = {
        "serving_default": tf.function(module.query).get_concrete_function(**specs),
        "candidates": tf.function(module.candidates, input_signature=[]).get_concrete_function(),
    }
    tf.saved_model.save(module, str(tmp_path), signatures=signatures)
    loaded = SimpleNamespace(**tf.saved_model.load(str(tmp_path)).signatures)
    np.testing.assert_allclose(
        loaded.serving_default(**queries)["query_embedding"], model.embed_queries(queries), atol=1e-5
    )
    np.testing.assert_allclose(loaded.candidates()["embeddings"], embed_catalog(model), atol=1e-6)


@pytest.mark.parametrize("entry", ENTRIES)
def test_settings_survive_json(entry):
    settings = settings_of(entry)
    assert RetrievalSettings.from_json(settings.to_json()) == settings


def test_content_alone_needs_content():
    table = ProductTable(NUM_PRODUCTS, np.ones(NUM_PRODUCTS, bool), {}, {}, {})
    with pytest.raises(ValueError, match=r"needs product features.*another `retrieval\.encoder`"):
        ProductEncoder(table, DIM, 0.0, {}, 1, tower_inputs("content"))
