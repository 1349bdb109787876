from __future__ import annotations

import pytest

from schema.errors import UserError
from trainer.settings import RankingSettings, RetrievalSettings


@pytest.mark.parametrize("settings", [RetrievalSettings, RankingSettings])
def test_defaults_are_valid_and_survive_json(settings):
    assert settings.from_json(settings().to_json()) == settings.parse({})


@pytest.mark.parametrize(
    ("settings", "key", "value"),
    [
        (RetrievalSettings, "embedding_dim", 0),
        (RetrievalSettings, "id_dropout", 1.0),
        (RetrievalSettings, "temperature", 0),
        (RetrievalSettings, "num_uniform_negatives", -1),
        (RetrievalSettings, "encoder", "transformer-xl"),
        (RankingSettings, "num_candidates", 0),
        (RankingSettings, "learning_rate", -1.0),
        (RankingSettings, "dropout", 1.5),
    ],
)
def test_values_out_of_range_are_refused(settings, key, value):
    with pytest.raises(UserError, match=f"Configuration key `{key}`"):
        settings.parse({key: value})
