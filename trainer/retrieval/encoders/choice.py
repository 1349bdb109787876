"""Which history encoder a configuration names, and what the towers know beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from trainer.retrieval.encoders.gru import GruHistoryEncoder
from trainer.retrieval.encoders.mean import MeanHistoryEncoder
from trainer.retrieval.encoders.transformer import TransformerHistoryEncoder

EncoderName = Literal["mf", "mean", "gru", "transformer", "content"]

_DROPOUT = 0.1


@dataclass(frozen=True)
class TowerInputs:
    """What the two towers read.

    Attributes:
        ids: Ids of users and products.
        features: Features of users and products.
        history: The products of the user's history.
    """

    ids: bool = True
    features: bool = True
    history: bool = True


def tower_inputs(name: EncoderName) -> TowerInputs:
    """`mf` knows ids alone (matrix factorisation), `content` everything but ids, the others everything."""
    return {
        "mf": TowerInputs(features=False, history=False),
        "content": TowerInputs(ids=False),
    }.get(name, TowerInputs())


def history_encoder(
    name: EncoderName, half_lives: tuple[float, ...], num_event_types: int, dim: int, seed: int
) -> Any | None:
    """Builds the layer; None where the history is not read.

    Args:
        name: `retrieval.encoder`.
        half_lives: Of the means, in days.
        num_event_types: Number of known event types.
        dim: Length of the product representations.
        seed: Seed of the initialisers.
    """
    if name == "mf":
        return None
    if name == "gru":
        return GruHistoryEncoder(dim, num_event_types, seed)
    if name == "transformer":
        return TransformerHistoryEncoder(dim, num_event_types, _DROPOUT, seed)
    return MeanHistoryEncoder(half_lives, num_event_types)
