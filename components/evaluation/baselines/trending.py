"""Products that sell more of late than before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.evaluation.baselines.base import EvaluationSet, Popularity
from components.evaluation.baselines.ranking import rank_by_scores
from components.evaluation.lists import IntArray
from schema import names


@dataclass(frozen=True)
class Trending:
    """Ranks by the sales of the last `window` seconds less `share` of what the time before would suggest.

    Attributes:
        window: Length of "of late", in seconds; the time before is four times as long.
        share: 0 is plain recent popularity, 1 is the growth alone.
        popularity: Fills the lists.
    """

    window: int
    share: float
    popularity: Popularity

    @property
    def settings(self) -> dict[str, float | None]:
        """`days` and `share`."""
        return {"days": self.window / names.SECONDS_PER_DAY, "share": self.share}

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""
        past = eval_set.past
        age = past.cutoff - past.times
        size = len(past.recommendable)
        late = np.bincount(past.products[age <= self.window], minlength=size)
        before = np.bincount(past.products[(age > self.window) & (age <= 5 * self.window)], minlength=size)
        growth = (late - self.share * before / 4).astype(np.float32)
        return rank_by_scores(
            lambda start, end: np.tile(growth, (end - start, 1)), eval_set, top_k, self.popularity
        )
