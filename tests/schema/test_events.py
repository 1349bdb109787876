from __future__ import annotations

import pytest

from schema.events import event_weights
from schema.source_settings import EventSettings


@pytest.mark.parametrize(
    ("types", "configured", "expected"),
    [
        (["purchase"], {}, {"purchase": 1.0}),
        (["view", "Purchase", "cart"], {}, {"view": 0.0, "Purchase": 1.0, "cart": 0.0}),
        (["rating"], {}, {"rating": 1.0}),
        (["view", "click"], {}, {"view": 1.0, "click": 1.0}),
        (["view", "order"], {"view": 0.25}, {"view": 0.25, "order": 1.0}),
        (["view"], {"purchase": 2.0}, {"view": 1.0, "purchase": 2.0}),
        ([], {}, {}),
    ],
)
def test_weights(types, configured, expected):
    assert event_weights(types, EventSettings(weights=configured)) == expected
