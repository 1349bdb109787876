"""What the lists of a day were worth, and what users got of many days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.replay.shop import Bought
from components.evaluation.bootstrap import Interval, intervals

ALL: Final = "NDCG@10, everything"
NEW: Final = "NDCG@10, never bought before"
FIRST: Final = "recall@100, first sold in the window"
METRICS: Final = (ALL, NEW, FIRST)
_TOP, _RECALLED = 10, 100


@dataclass
class Scores:
    """Of one schedule: user -> what each of his days was worth.

    Attributes:
        days: Metric -> user -> values, one a day.
        found: User -> his first-sold products found, and bought.
    """

    days: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    found: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(
        self, bought: Bought, ranked: Sequence[str], before: frozenset[str], sold_before: frozenset[str]
    ) -> None:
        """Adds a day of a user.

        Args:
            bought: What the user bought.
            ranked: What was recommended, best first; `_RECALLED` at most count.
            before: What the user had bought before the day.
            sold_before: What anybody had bought before the window.
        """
        user_id = bought.user_id
        self.days[ALL][user_id].append(ndcg(ranked, set(bought.products)))
        new = set(bought.products) - before
        if new:
            self.days[NEW][user_id].append(ndcg([name for name in ranked if name not in before], new))
        first = set(bought.products) - sold_before
        hits = len(first & set(ranked[:_RECALLED]))
        old = self.found.get(user_id, (0, 0))
        self.found[user_id] = old[0] + hits, old[1] + len(first)

    def per_user(self, metric: str) -> dict[str, float]:
        """User -> mean over the days that count, or share found; without users of whom nothing counts."""
        if metric == FIRST:
            return {user: hits / count for user, (hits, count) in self.found.items() if count}
        return {user: float(np.mean(values)) for user, values in self.days[metric].items()}


def ndcg(ranked: Sequence[str], targets: set[str]) -> float:
    """NDCG of the first ten with gain 1 (Järvelin and Kekäläinen, 2002)."""
    discounts = 1.0 / np.log2(np.arange(2, _TOP + 2))
    gains = [float(name in targets) for name in ranked[:_TOP]]
    return float(np.dot(gains, discounts[: len(gains)]) / discounts[: min(len(targets), _TOP)].sum())


@dataclass(frozen=True)
class Compared:
    """A metric of all schedules.

    Attributes:
        num_users: Users of whom something counts.
        means: Schedule -> mean over users, with its 95 % interval.
        gains: Schedule -> what it is ahead of the first one, paired by user.
    """

    num_users: int
    means: Mapping[str, Interval]
    gains: Mapping[str, Interval]


def compared(scores: Mapping[str, Scores], seed: int) -> dict[str, Compared]:
    """Metric -> how the schedules compare, where anything was to be found.

    Args:
        scores: Schedule -> scores over the same days and users; the others are compared with the first.
        seed: Of the bootstrap.
    """
    found = {}
    base = next(iter(scores))
    for metric in METRICS:
        per_user = {name: of.per_user(metric) for name, of in scores.items()}
        users = sorted(per_user[base])
        if not users:
            continue
        values = {name: np.array([of[user] for user in users]) for name, of in per_user.items()}
        gains = {name: values[name] - values[base] for name in values if name != base}
        found[metric] = Compared(len(users), intervals(values, seed), intervals(gains, seed))
    return found
