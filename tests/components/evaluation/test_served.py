"""A served model is asked as a client asks it."""

import json

import numpy as np
import pyarrow as pa
import pytest

from components.evaluation.served import ServedModel, read_metadata
from schema.features import FeatureColumn, FeatureSet
from schema.served.request import Query

QUERIES = [
    Query("a", 500, ("p03", "p03", "p07"), (1, 2, 3), ("purchase",) * 3),
    Query("b", 500),
    Query("c", 500, ("p11",), (4,), ("purchase",)),
]
CATALOGUE = pa.array([f"p{number:02d}" for number in range(11)])  # without p11


def test_batches_become_one_answer(stand_in, tmp_path):
    stand_in(tmp_path / "model")
    model = ServedModel(str(tmp_path / "model"), FeatureSet(), 400)
    answers = model.recommend([QUERIES[:2], QUERIES[2:]], top_k=3)
    assert answers.codes(CATALOGUE).tolist() == [[3, 7, 0], [0, 1, 2], [-1, 0, 1]]
    np.testing.assert_allclose(answers.scores[0], [2 - 0.03, 1 - 0.07, 0.0], atol=1e-6)
    assert len(answers.seconds) == 2
    without = model.recommend([QUERIES], exclude_purchased=True, top_k=2)
    assert without.codes(CATALOGUE).tolist() == [[0, 1], [0, 1], [0, 1]]


def test_a_list_longer_than_the_catalogue_ends_in_nothing(stand_in, tmp_path):
    stand_in(tmp_path / "model")
    answers = ServedModel(str(tmp_path / "model"), FeatureSet(), 400).recommend([QUERIES[1:2]], top_k=14)
    assert answers.product_ids[0, 12:].tolist() == [b"", b""]
    assert answers.codes(CATALOGUE)[0].tolist() == [*range(11), -1, -1, -1]


def test_the_models_own_metadata_count(stand_in, tmp_path):
    features = FeatureSet(users=(FeatureColumn(name="age", kind="number"),))
    metadata = {
        "features": json.loads(features.to_json()),
        "history_length": 2,
        "exclude_purchased": "30d",
    }
    stand_in(tmp_path / "model", metadata=metadata)
    model = ServedModel(str(tmp_path / "model"), FeatureSet(), 400)
    assert (model.features, model.history_length, model.exclusion) == (features, 2, "30d")
    assert model.expected_inputs() - model.inputs() == {"user__age"}
    assert read_metadata(str(tmp_path)) == {}


def test_a_model_without_the_signature_is_refused(tmp_path):
    import tensorflow as tf

    tf.saved_model.save(tf.Module(), str(tmp_path / "model"))
    with pytest.raises(ValueError, match="has the signature `recommend`"):
        ServedModel(str(tmp_path / "model"))
