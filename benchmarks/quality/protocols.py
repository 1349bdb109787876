"""What is asked on which data, and what has to come out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from benchmarks.quality import leave_one_out
from schema.errors import UserError

ALL: Final = "all"
"""Everything bought in the test window."""
NEW: Final = "new"
"""Only what the user had never bought before."""
COLD: Final = "cold"
"""Only products that nobody had bought before the window."""
NEW_FOR_YOU: Final = "new_for_you"
"""Only such products, in the list of such products alone."""
UNION: Final = "union"
"""The candidates before ranking, on the eval window."""

NDCG: Final = "ndcg@10"
COVERAGE: Final = "coverage@10"


@dataclass(frozen=True)
class Bar:
    """A metric of the first table.

    Attributes:
        label: What it is called there.
        question: `ALL`, `NEW`, `COLD`, `NEW_FOR_YOU` or `UNION`.
        metric: Name of the metric as the evaluators write it.
        must: Least value, where there is one; 0 means more than 0.
        aim: What it should be.
    """

    label: str
    question: str
    metric: str
    must: float | None = None
    aim: float | None = None

    def is_met(self, value: float) -> bool | None:
        """Whether `value` is enough; None if nothing is asked."""
        return None if self.must is None else value >= self.must and value > 0


@dataclass(frozen=True)
class Protocol:
    """A data set, how it is asked, and its bars.

    Attributes:
        data: Name of the data set, as `towerline demo` knows it.
        profile: `quick` or `full`.
        settings: `key=value` that differ from Towerline's defaults because the protocol asks for it.
        counts_events: Whether the clock is replaced by one that counts events.
        bars: The metrics of the first table; they ask for nothing where the data are only a part.
    """

    data: str
    profile: str
    settings: tuple[str, ...] = ()
    counts_events: bool = False
    bars: tuple[Bar, ...] = ()

    @property
    def name(self) -> str:
        """Names the data and their size."""
        return f"{self.data}-{self.profile}"


_COMPLETE_JOURNEY = (
    Bar("all purchases, NDCG@10", ALL, NDCG, 0.417, 0.425),
    Bar("all purchases, coverage@10", ALL, COVERAGE, 0.09),
    Bar("recall of the candidate union at 500", UNION, "recall@500", 0.46, 0.50),
    Bar("recall of the candidate union at 900", UNION, "recall@900", 0.50, 0.56),
    Bar("never bought before, NDCG@10", NEW, NDCG, 0.053, 0.060),
    Bar("never bought before, coverage@10", NEW, COVERAGE, 0.03),
    Bar("cold products (never sold before the window), recall@100", COLD, "recall@100", 0.004),
    Bar("`new_for_you`: cold products alone, recall@100", NEW_FOR_YOU, "recall@100", 0.05),
)

_MOVIELENS = (
    Bar("leave-one-out, NDCG@10", ALL, NDCG, 0.129, 0.14),
    Bar("leave-one-out, recall@10", ALL, "recall@10"),
    Bar("leave-one-out, coverage@10", ALL, COVERAGE),
)

_LEAVE_ONE_OUT = (
    f"split.eval_window={leave_one_out.WINDOW}",
    f"split.test_window={leave_one_out.WINDOW}",
    "post_ranking.exclude_purchased=always",
)

PROTOCOLS: Final = ("complete-journey", "movielens-100k")
"""Names of the data sets."""


def protocol(data: str, profile: str) -> Protocol:
    """Returns the protocol of a data set.

    Args:
        data: One of `PROTOCOLS`.
        profile: `quick` or `full`. The bars are those of the full data; MovieLens has one size only.

    Raises:
        UserError: There is no such data set.
    """
    if data == "complete-journey":
        asked = profile == "full"
        bars = tuple(bar if asked else replace(bar, must=None, aim=None) for bar in _COMPLETE_JOURNEY)
        return Protocol(data, profile, bars=bars)
    if data == "movielens-100k":
        return Protocol(data, "full", _LEAVE_ONE_OUT, counts_events=True, bars=_MOVIELENS)
    raise UserError(f"Unknown data set. Received: --data {data!r}. Known: {', '.join(PROTOCOLS)}.")
