"""Which pushed model is a fair comparison."""

import json

import pytest

from components.recommender_evaluator.champion import find_champion
from schema.features import FeatureColumn, FeatureSet

AGE = FeatureSet(users=(FeatureColumn(name="age", kind="number"),))


@pytest.fixture
def find(tmp_path, stand_in):
    def run(features=FeatureSet(), metadata=None):  # noqa: B008
        if metadata is not None:
            stand_in(tmp_path / "5", metadata=metadata)
        return find_champion(str(tmp_path), features, test_start=100)

    return run


def described(features=FeatureSet(), trained_until=50):  # noqa: B008
    return {
        "features": json.loads(features.to_json()),
        "history_length": 9,
        "windows": {"eval_start": trained_until},
    }


def test_nothing_pushed(find):
    assert find().as_dict() == {"version": None, "skipped": None}


def test_a_comparable_one_is_loaded(find):
    champion = find(metadata=described())
    assert champion.as_dict() == {"version": 5, "skipped": None}
    assert champion.model.history_length == 9


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({}, "until when"),
        (described(trained_until=101), "trained on events of the present test window"),
        (described(AGE), "signature is another one"),
    ],
)
def test_others_are_skipped_with_the_reason(find, metadata, reason):
    champion = find(AGE, metadata)
    assert champion.model is None and reason in champion.skipped


def test_a_champion_that_wants_features_that_are_gone_is_skipped(find, monkeypatch):
    from components.evaluation.served import ServedModel

    monkeypatch.setattr(ServedModel, "inputs", ServedModel.expected_inputs)
    champion = find(FeatureSet(), described(AGE))
    assert champion.skipped == "it wants features that the data lack: user__age"
