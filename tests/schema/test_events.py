from __future__ import annotations

import pytest

from schema.errors import UserError
from schema.events import event_weights, return_types
from schema.source_settings import EventSettings


@pytest.mark.parametrize(
    ("types", "configured", "expected"),
    [
        (["purchase"], {}, {"purchase": 1.0}),
        (["view", "Purchase", "cart"], {}, {"view": 0.0, "Purchase": 1.0, "cart": 0.0}),
        (["rating"], {}, {"rating": 1.0}),
        (["rating", "view"], {}, {"rating": 1.0, "view": 0.0}),
        (["view", "click"], {"click": 1}, {"view": 0.0, "click": 1.0}),
        (["clicks", "carts", "orders"], {}, {"clicks": 0.0, "carts": 0.0, "orders": 1.0}),
        (["Order Completed", "Product-Viewed"], {}, {"Order Completed": 1.0, "Product-Viewed": 0.0}),
        (["PURCHASES", "foo"], {}, {"PURCHASES": 1.0, "foo": 0.0}),
        (["Add_To_Cart", "buy"], {"add to cart": 0.3}, {"Add_To_Cart": 0.3, "buy": 1.0}),
        (["view", "order"], {"view": 0.25}, {"view": 0.25, "order": 1.0}),
        ([], {}, {}),
    ],
)
def test_weights(types, configured, expected):
    assert event_weights(types, EventSettings(weights=configured)) == expected


def test_types_of_which_none_is_a_purchase_must_be_configured():
    with pytest.raises(UserError, match=r"`events.weights`.*types `view`, `swipe`.*events.weights.view=1"):
        event_weights(["view", "swipe"], EventSettings())


def test_returns_are_known_by_their_types_unless_they_are_configured():
    types = ["purchase", "Refunds", "cancelled", "order_cancelled", "view"]
    assert return_types(types, EventSettings()) == ("Refunds", "cancelled", "order_cancelled")
    assert return_types(types, EventSettings(weights={"refund": 0.1})) == (
        "Refunds",
        "cancelled",
        "order_cancelled",
    )
    assert return_types(types, EventSettings(weights={"Refunds": 0.1})) == ("cancelled", "order_cancelled")
