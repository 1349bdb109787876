"""Settings are strict: an unknown key names the one that was meant."""

from __future__ import annotations

import pytest
from pydantic import Field, ValidationError

from schema.errors import UserError
from schema.settings import Settings


class Inner(Settings):
    embedding_dim: int = Field(64, ge=1)
    learning_rate: float = 0.1


class Outer(Settings):
    retrieval: Inner = Inner()
    seed: int = 1


def test_values_are_kept():
    assert Outer.parse({"retrieval": {"embedding_dim": 8}}).retrieval.embedding_dim == 8


def test_what_is_left_out_has_its_default():
    assert Outer.parse({}) == Outer(retrieval=Inner(embedding_dim=64, learning_rate=0.1), seed=1)


@pytest.mark.parametrize(
    ("values", "unknown", "nearest"),
    [
        ({"sead": 1}, "sead", "seed"),
        ({"retreival": {}}, "retreival", "retrieval"),
        ({"retrieval": {"embeding_dim": 8}}, "retrieval.embeding_dim", "retrieval.embedding_dim"),
        ({"retrieval": {"lr": 8}}, "retrieval.lr", "retrieval"),
    ],
)
def test_an_unknown_key_names_the_nearest(values, unknown, nearest):
    with pytest.raises(UserError, match=f"Unknown configuration key `{unknown}`. Did you mean `{nearest}"):
        Outer.parse(values)


def test_a_prefix_is_part_of_the_key():
    with pytest.raises(
        UserError, match=r"`top\.retrieval\.embedding_dims`\. Did .* `top\.retrieval\.embedding_dim`"
    ):
        Outer.parse({"retrieval": {"embedding_dims": 1}}, "top")


@pytest.mark.parametrize(("value", "received"), [(0, "0"), ("many", "'many'")])
def test_a_wrong_value_names_its_key_and_what_was_received(value, received):
    with pytest.raises(UserError, match=f"key `retrieval.embedding_dim`: .* Received: {received}"):
        Outer.parse({"retrieval": {"embedding_dim": value}})


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Outer().seed = 2


def test_json_restores_equal_settings():
    settings = Outer(retrieval=Inner(learning_rate=1e-9), seed=3)
    assert Outer.from_json(settings.to_json()) == settings


def test_equal_settings_have_equal_json():
    one = Outer.parse({"seed": 2, "retrieval": {"learning_rate": 0.5, "embedding_dim": 2}})
    other = Outer.parse({"retrieval": {"embedding_dim": 2, "learning_rate": 0.5}, "seed": 2})
    assert one.to_json() == other.to_json()


def test_fields_carry_their_docstrings():
    class Documented(Settings):
        length: int = 1
        """How long."""

    assert Documented.model_fields["length"].description == "How long."
