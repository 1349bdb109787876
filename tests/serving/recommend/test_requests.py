"""What a request may hold."""

import pytest
from pydantic import ValidationError

from schema.rules import Range
from serving.model.conditions import Not
from serving.recommend.requests import HistoryEvent, RecommendationRequest


@pytest.mark.parametrize(
    "given",
    [86_400, "1970-01-02", "1970-01-02T00:00:00", "1970-01-02T00:00:00Z", "1970-01-02T02:00:00+02:00"],
)
def test_a_stamp_is_epoch_seconds_or_iso_text(given):
    assert HistoryEvent(product_id="p", occurred_at=given).occurred_at == 86_400


@pytest.mark.parametrize("given", ["yesterday", -1, None, 10**30])  # 2**60 is nanoseconds of 2006
def test_other_stamps_are_refused(given):
    with pytest.raises(ValidationError, match="occurred_at"):
        HistoryEvent(product_id="p", occurred_at=given)


def test_ids_may_be_numbers():
    request = RecommendationRequest.model_validate(
        {"user_id": 42, "history": [{"product_id": 7, "occurred_at": 1}]}
    )
    assert request.user_id == "42" and request.history[0].product_id == "7"


def test_values_keep_their_kind():
    request = RecommendationRequest.model_validate({"filters": {"size": [2, 2.5], "sale": True, "name": "2"}})
    assert request.filters == {"size": (2, 2.5), "sale": True, "name": "2"}
    assert [type(value) for value in (*request.filters["size"], request.filters["sale"])] == [
        int,
        float,
        bool,
    ]


def test_conditions_may_be_denied_and_listed():
    filters = {"colour": {"not": ["red", 3]}, "price": [{"below": 5}, 7, {"not": {"at_least": 2}}]}
    request = RecommendationRequest.model_validate({"filters": filters})
    assert request.filters == {
        "colour": Not(condition=("red", 3)),
        "price": (Range(below=5), 7, Not(condition=Range(at_least=2))),
    }
    written = request.model_dump(mode="json", exclude_unset=True)
    assert RecommendationRequest.model_validate(written) == request
    assert written["filters"]["colour"] == {"not": ["red", 3]}


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"under": 2}, r"an object is a range .*Received: \{'under': 2\}"),
        ({}, "an object is a range"),
        ({"not": 3, "below": 4}, "an object is a range"),
        ({"not": {"not": 3}}, "not"),
        ({"not": []}, "a list of conditions needs one at least"),
        ([], "a list of conditions needs one at least"),
        ([["red"]], "a list of conditions holds no lists"),
        ([{"over": 1}], "an object is a range"),
        (None, "Received: null"),
        ([1] * 1001, "at most 1000"),
    ],
)
def test_conditions_that_are_none(condition, told):
    with pytest.raises(ValidationError, match=told):
        RecommendationRequest.model_validate({"filters": {"price": condition}})


def test_what_is_left_out_has_canonical_ids():
    request = RecommendationRequest(exclude=["7.0", " a", 8, "a"], cart=["b"])
    assert request.exclude == ["7", "a", "8"] and request.left_out == {"7", "a", "8", "b"}
    with pytest.raises(ValidationError, match="at most 1000"):
        RecommendationRequest(cart=["x"] * 1001)
    with pytest.raises(ValidationError, match="exclude"):
        RecommendationRequest(exclude="p7")
