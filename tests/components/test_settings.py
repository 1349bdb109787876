from __future__ import annotations

import pytest

from components.settings import GateSettings, IndexSettings, PostRankingSettings
from schema.errors import UserError


@pytest.mark.parametrize("settings", [GateSettings, IndexSettings, PostRankingSettings])
def test_defaults_are_valid_and_survive_json(settings):
    assert settings.from_json(settings().to_json()) == settings.parse({})


@pytest.mark.parametrize("value", ["auto", "off", "always", "14d"])
def test_exclusion(value):
    assert PostRankingSettings.parse({"exclude_purchased": value}).exclude_purchased == value


@pytest.mark.parametrize("value", ["never", "14", "d", "-3d", True])
def test_another_exclusion_is_refused(value):
    with pytest.raises(UserError, match="Configuration key `exclude_purchased"):
        PostRankingSettings.parse({"exclude_purchased": value})


@pytest.mark.parametrize(
    ("settings", "key", "value"),
    [
        (GateSettings, "min_ndcg", 1.5),
        (GateSettings, "max_latency_ms", 0),
        (IndexSettings, "num_neighbours", 0),
        (IndexSettings, "half_life_days", 0),
    ],
)
def test_values_out_of_range_are_refused(settings, key, value):
    with pytest.raises(UserError, match=f"Configuration key `{key}`"):
        settings.parse({key: value})
