"""Lists of product codes, one per query, held flat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

NOTHING = -1
"""Code of "no product": an id outside the catalogue, or a slot that a short list leaves empty."""


@dataclass(frozen=True)
class CodeLists:
    """Distinct product codes per query, sorted by query and code.

    Attributes:
        offsets: `[queries + 1]`; the list of query `q` is `codes[offsets[q]:offsets[q + 1]]`.
        codes: `[entries]`.
    """

    offsets: IntArray
    codes: IntArray

    @classmethod
    def from_pairs(cls, rows: npt.ArrayLike, codes: npt.ArrayLike, num_rows: int) -> CodeLists:
        """Groups `(row, code)` pairs; repeated pairs count once, negative rows or codes are dropped."""
        row_array, code_array = np.asarray(rows, np.int64), np.asarray(codes, np.int64)
        known = (row_array >= 0) & (code_array >= 0)
        row_array, code_array = row_array[known], code_array[known]
        width = int(code_array.max(initial=0)) + 1
        keys = np.unique(row_array * width + code_array)
        lengths = np.bincount(keys // width, minlength=num_rows)
        return cls(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), keys % width)

    @classmethod
    def from_ragged(cls, values: Any) -> CodeLists:
        """Groups a ragged tensor of codes `[queries, (codes)]`."""
        return cls.from_pairs(values.value_rowids().numpy(), values.flat_values.numpy(), int(values.nrows()))

    @property
    def lengths(self) -> IntArray:
        """Number of codes of each query, `[queries]`."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> IntArray:
        """Query of each code, `[entries]`."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.lengths)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def where(self, keep: BoolArray) -> CodeLists:
        """Returns the lists with only the entries marked in `keep` (`[entries]`)."""
        return CodeLists.from_pairs(self.rows[keep], self.codes[keep], len(self))

    def select(self, queries: BoolArray) -> CodeLists:
        """Returns the lists of the marked queries (`[queries]`), renumbered."""
        renumbered = np.where(queries, np.cumsum(queries) - 1, NOTHING)
        return CodeLists.from_pairs(renumbered[self.rows], self.codes, int(queries.sum()))

    def without(self, other: CodeLists) -> CodeLists:
        """Returns the lists without what `other` holds for the same query."""
        return self.where(~other.contains(self.rows, self.codes))

    def contains(self, rows: IntArray, codes: IntArray) -> BoolArray:
        """Whether the list of each row holds the code beside it; arrays of one shape."""
        width = int(max(self.codes.max(initial=0), codes.max(initial=0))) + 1
        keys = self.rows * width + self.codes
        if not len(keys):
            return np.zeros(codes.shape, np.bool_)
        pair_keys = rows * width + codes
        found = np.minimum(np.searchsorted(keys, pair_keys), len(keys) - 1)
        present: BoolArray = (keys[found] == pair_keys) & (codes >= 0)
        return present


def compact(ranked: IntArray, keep: BoolArray, top_k: int) -> IntArray:
    """Moves the kept entries of each row to its front, in order; `[queries, top_k]`, padded with -1."""
    out = np.full((len(ranked), top_k), NOTHING, np.int64)
    slots = np.cumsum(keep, axis=1) - 1
    rows, columns = np.nonzero(keep & (slots < top_k))
    out[rows, slots[rows, columns]] = ranked[rows, columns]
    return out
