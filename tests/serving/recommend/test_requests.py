"""What a request may hold."""

import pytest
from pydantic import ValidationError

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
