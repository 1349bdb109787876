"""How well a text matches another by words and parts of words, as the model's text index has it.

Without the rarity of words, which the graph keeps for itself: a cosine of counts.
"""

from __future__ import annotations

import math
from collections import Counter

from schema.values.text import words

_LETTERS = 3
_WORD_WEIGHT = 2.0


def parts(text: str) -> Counter[str]:
    """Words (with weight 2) and the trigrams of their letters between two marks."""
    found: Counter[str] = Counter()
    for word in words(text):
        marked = f"^{word}$"
        found[f"word {marked}"] += _WORD_WEIGHT  # type: ignore[assignment]  # a Counter of weights
        found.update(marked[start : start + _LETTERS] for start in range(len(marked) - _LETTERS + 1))
    return found


def likeness(first: Counter[str], second: Counter[str]) -> float:
    """Cosine, 0 to 1."""
    shared = sum(weight * second[part] for part, weight in first.items() if part in second)
    return shared / (_length(first) * _length(second)) if shared else 0.0


def _length(found: Counter[str]) -> float:
    return math.sqrt(sum(weight * weight for weight in found.values()))
