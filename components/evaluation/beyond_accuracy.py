"""What lists are like apart from being right: coverage, novelty, diversity, popularity bias, calibration.

Lists are product codes `[queries, top_k]`, best first, -1 for an empty slot. A value that is not defined
for a query (no list, no history, no known category) is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.evaluation.lists import NOTHING, BoolArray, CodeLists, FloatArray, IntArray

_SMOOTHING = 0.01
"""Share of the user's own mix that smooths a list's mix (Steck, 2018, section 3.3: a small value)."""
_QUERIES_AT_ONCE = 1024


@dataclass(frozen=True)
class ProductFacts:
    """What is known of the products before the window.

    Attributes:
        available: What may be recommended, `[products]`.
        num_buyers: Users with a positive event on each product, `[products]`.
        num_users: Users with any positive event.
        category: Code of each product's category, -1 where it is unknown, `[products]`.
        category_column: Name of that column; None if the catalogue has none.
        embeddings: Candidate embeddings, `[products, dim]`; None if there are none.
    """

    available: BoolArray
    num_buyers: IntArray
    num_users: int
    category: IntArray
    category_column: str | None = None
    embeddings: npt.NDArray[np.float32] | None = None

    @property
    def num_available(self) -> int:
        """Products that may be recommended."""
        return int(self.available.sum())


def list_scores(
    ranked: IntArray, facts: ProductFacts, purchased: CodeLists, k: int = 10
) -> dict[str, FloatArray]:
    """The metrics of this module that have one value per query, `[queries]` each.

    Args:
        ranked: The lists.
        facts: Of the products.
        purchased: Each query's distinct products before the window.
        k: Ranks that count.
    """
    shown = ranked[:, :k]
    scores = {
        f"novelty@{k}": novelty(shown, facts),
        f"popularity_lift@{k}": popularity_lift(shown, facts, purchased),
    }
    if facts.category_column is not None:
        scores[f"category_diversity@{k}"] = category_diversity(shown, facts.category)
        scores[f"miscalibration@{k}"] = miscalibration(shown, facts.category, purchased)
    if facts.embeddings is not None:
        scores[f"embedding_diversity@{k}"] = embedding_diversity(shown, facts.embeddings)
    return scores


def coverage(ranked: IntArray, num_products: int, k: int) -> float:
    """Share of `num_products` that the first `k` of any query hold."""
    shown = np.unique(ranked[:, :k])
    return float((shown >= 0).sum() / max(num_products, 1))


def gini(ranked: IntArray, available: BoolArray, k: int) -> float:
    """Gini index of how often each available product stands in a first `k`.

    0 if all are shown alike, towards 1 if a few take all slots (Fleder and Hosanagar, 2009): with the counts
    in ascending order, `sum_i (2 i - n - 1) x_i / (n sum_i x_i)`. NaN if nothing is shown.
    """
    shown = ranked[:, :k]
    counts = np.bincount(shown[shown >= 0], minlength=len(available))[available]
    counts.sort()
    total, size = counts.sum(), len(counts)
    if not total:
        return float("nan")
    return float(((2 * np.arange(1, size + 1) - size - 1) * counts).sum() / (size * total))


def novelty(ranked: IntArray, facts: ProductFacts) -> FloatArray:
    """Mean self-information of a list in bits: `-log2(buyers / users)` (Zhou et al., 2010).

    A product that nobody bought counts as bought once: its surprise is the largest that is defined.
    """
    share = np.maximum(facts.num_buyers, 1) / max(facts.num_users, 1)
    return _mean_over_list(ranked, -np.log2(share))


def popularity_lift(ranked: IntArray, facts: ProductFacts, purchased: CodeLists) -> FloatArray:
    """How much more popular a list is than the user's own products: the ratio of the means, less 1.

    0 is no bias, 1 twice as popular (delta GAP of Abdollahpouri et al., 2019, per user). Popularity is the
    number of buyers; each product of the user's history counts once.
    """
    bought = np.bincount(purchased.rows, facts.num_buyers[purchased.codes], minlength=len(purchased))
    own = _divide(bought, purchased.lengths)
    return _divide(_mean_over_list(ranked, facts.num_buyers.astype(np.float64)), own) - 1


def category_diversity(ranked: IntArray, category: IntArray) -> FloatArray:
    """Share of the pairs of a list that are of different categories (Ziegler et al., 2005).

    A product without a category differs from all others. NaN for lists of fewer than two products.
    """
    present = ranked >= 0
    found = np.where(present, category[np.maximum(ranked, 0)], NOTHING)
    known = CodeCounts.of(np.nonzero(found >= 0)[0], found[found >= 0])
    same = np.bincount(known.rows, known.counts * (known.counts - 1), minlength=len(ranked))
    size = present.sum(axis=1)
    return 1 - _divide(same, size * (size - 1))


def embedding_diversity(ranked: IntArray, embeddings: npt.NDArray[np.float32]) -> FloatArray:
    """1 - mean cosine of the pairs of a list. NaN for lists of fewer than two products."""
    norms = np.linalg.norm(embeddings, axis=1, keepdims=True)
    total, own = np.zeros(len(ranked)), np.zeros(len(ranked))
    for start in range(0, len(ranked), _QUERIES_AT_ONCE):
        block = ranked[start : start + _QUERIES_AT_ONCE]
        index = np.maximum(block, 0)
        unit = embeddings[index] / np.maximum(norms[index], 1e-12) * (block >= 0)[..., None]
        total[start : start + len(block)] = np.square(unit.sum(axis=1)).sum(axis=1)
        own[start : start + len(block)] = np.square(unit).sum(axis=(1, 2))
    size = (ranked >= 0).sum(axis=1)
    return 1 - _divide(total - own, size * (size - 1))


def miscalibration(ranked: IntArray, category: IntArray, purchased: CodeLists) -> FloatArray:
    """Kullback-Leibler divergence of a list's category mix from the user's own, in nats (Steck, 2018).

    `sum_c p(c) log(p(c) / q'(c))` with p the mix of the user's distinct products, q that of the list, and
    `q' = 0.99 q + 0.01 p`; 0 is calibrated, `log 100` a list without any category of the user. NaN without a
    list or a history of known categories.
    """
    rows, ranks = np.nonzero(ranked >= 0)
    shown = category[ranked[rows, ranks]]
    own = category[purchased.codes]
    expected = CodeCounts.of(purchased.rows[own >= 0], own[own >= 0])
    given = CodeCounts.of(rows[shown >= 0], shown[shown >= 0])
    p = expected.shares(len(ranked))
    q = given.counts_at(expected) / np.maximum(given.totals(len(ranked))[expected.rows], 1)
    terms = p * np.log(p / ((1 - _SMOOTHING) * q + _SMOOTHING * p))
    total = np.bincount(expected.rows, terms, minlength=len(ranked))
    defined = (expected.totals(len(ranked)) > 0) & (given.totals(len(ranked)) > 0)
    return np.where(defined, total, np.nan)


@dataclass(frozen=True)
class CodeCounts:
    """How often each query has each code: distinct `(row, code)` pairs, sorted.

    Attributes:
        rows: `[pairs]`.
        codes: `[pairs]`.
        counts: `[pairs]`.
    """

    rows: IntArray
    codes: IntArray
    counts: IntArray

    @classmethod
    def of(cls, rows: IntArray, codes: IntArray) -> CodeCounts:
        """Counts pairs; neither is negative."""
        width = int(codes.max(initial=0)) + 1
        keys, counts = np.unique(rows * width + codes, return_counts=True)
        return cls(keys // width, keys % width, counts)

    def totals(self, num_rows: int) -> FloatArray:
        """Sum of each row's counts, `[rows]`."""
        return np.asarray(np.bincount(self.rows, self.counts, minlength=num_rows), np.float64)

    def shares(self, num_rows: int) -> FloatArray:
        """Each count as a share of its row, `[pairs]`."""
        shares: FloatArray = self.counts / self.totals(num_rows)[self.rows]
        return shares

    def counts_at(self, other: CodeCounts) -> FloatArray:
        """The counts of this at the pairs of `other`, 0 where this lacks them, `[other's pairs]`."""
        width = int(max(self.codes.max(initial=0), other.codes.max(initial=0))) + 1
        keys, expected = self.rows * width + self.codes, other.rows * width + other.codes
        if not len(keys):
            return np.zeros(len(expected))
        found = np.minimum(np.searchsorted(keys, expected), len(keys) - 1)
        return np.where(keys[found] == expected, self.counts[found], 0.0)


def _mean_over_list(ranked: IntArray, values: FloatArray) -> FloatArray:
    present = ranked >= 0
    return _divide(np.where(present, values[np.maximum(ranked, 0)], 0.0).sum(axis=1), present.sum(axis=1))


def _divide(values: FloatArray | IntArray, divisors: FloatArray | IntArray) -> FloatArray:
    """NaN where the divisor is 0."""
    result = np.full(len(values), np.nan)
    np.divide(values, divisors, out=result, where=np.asarray(divisors) != 0)
    return result
