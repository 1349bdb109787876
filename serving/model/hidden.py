"""Products that must not be shown: out of the model's tables, and out of every list that still has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kernel.cold_users import left_out
from schema import names
from schema.rules import BoolArray
from serving.model.items import Columns

if TYPE_CHECKING:
    from serving.model.tables import Array, Tables

_HIDDEN: Final = "sources/hidden"
_FILL: Final = "fill"
_COLD_LISTS: Final = "cold_start/products"
IntArray = npt.NDArray[np.int64]


class Hidden:
    """What one loaded model hides.

    Its own table of what is hidden is read wherever it retrieves, filters, compares and searches. Two more
    tables were made without what was hidden then: the products that fill a list, and the lists for users
    without history. What is hidden now goes to the end of the first and out of the second; what has come
    back takes the slots that have become free at the end of the first.

    Args:
        tables: Of the model; those that an older one lacks are left alone. None while no session is loaded.
        product_ids: Its products, in its order.
    """

    def __init__(self, tables: Tables | None, product_ids: pa.Array) -> None:
        self.tables, self._product_ids = tables, product_ids
        known = (_HIDDEN, _FILL, _COLD_LISTS)
        self._original = {name: tables.stored(name) for name in known if tables and name in tables}
        self._now: BoolArray | None = self._original.get(_HIDDEN)
        self.ids: frozenset[bytes] = frozenset()
        """Ids of the products that are hidden now."""

    def put(self, hidden: BoolArray) -> None:
        """Hides these products and no others `[products]`."""
        ids = self._product_ids.filter(pa.array(hidden)).to_pylist()
        # First what is compared with each list: it holds while the tables are exchanged.
        self.ids = frozenset(product_id.encode() for product_id in ids)
        if self.tables is None or (self._now is not None and np.array_equal(self._now, hidden)):
            return
        self._now = hidden.copy()
        made: dict[str, Callable[[Array, BoolArray], Array]] = {
            _HIDDEN: lambda _, now: now,
            _FILL: hidden_last,
            _COLD_LISTS: left_out,
        }
        self.tables.put({name: made[name](original, hidden) for name, original in self._original.items()})


def hidden_last(fill: Array, hidden: BoolArray) -> IntArray:
    """The fill in its order, then as many of the others as there is room for, then what is hidden."""
    others = np.flatnonzero(~np.isin(np.arange(len(hidden)), fill) & ~hidden)
    visible = np.concatenate([fill[~hidden[fill]], others])[: len(fill)]
    ordered: IntArray = np.concatenate([visible, fill[hidden[fill]]])[: len(fill)].astype(np.int64)
    return ordered


def without_hidden(
    call: Callable[[Mapping[str, Any]], Columns],
    inputs: Mapping[str, Any],
    hidden_now: Callable[[], frozenset[bytes]],
    most: int,
) -> Columns:
    """Calls a signature, and makes sure that none of its lists has a hidden product.

    What is hidden is asked when a call has ended, not when it began: a call may take its time, and what was
    sold out meanwhile must not come. Lists that would become shorter by that are asked for once more, at
    greater length.

    Args:
        call: The signature.
        inputs: Of the call; with `top_k` if it can be asked for more.
        hidden_now: Says which ids are hidden.
        most: Longest list that there is: the products of the model.
    """
    found = call(inputs)
    hidden = hidden_now()
    if not hidden or names.PRODUCT_ID not in found or found[names.PRODUCT_ID].ndim != 2:
        return found
    kept = _kept(found, hidden)
    if kept.all():
        return found
    width = found[names.PRODUCT_ID].shape[1]
    asked = width
    while names.TOP_K in inputs and asked < most and _is_short(found, kept, width):
        asked = min(most, 2 * asked + int((~kept).sum(axis=1).max()))
        found = call({**inputs, names.TOP_K: asked})
        kept = _kept(found, hidden_now())
    order = np.argsort(~kept, axis=1, kind="stable")[:, :width]
    exists = np.take_along_axis(kept, order, axis=1)
    return {name: _compacted(values, order, exists) for name, values in found.items()}


def _kept(found: Columns, hidden: frozenset[bytes]) -> BoolArray:
    """Which slots of the lists stay, empty ones too `[batch, slots]`."""
    ids = found[names.PRODUCT_ID]
    flags = np.fromiter((product_id not in hidden for product_id in ids.flat), np.bool_, ids.size)
    return flags.reshape(ids.shape)


def _is_short(found: Columns, kept: BoolArray, width: int) -> bool:
    """Whether a list that had a product in each slot has too few that stay."""
    is_full = (found[names.PRODUCT_ID] != b"").all(axis=1)
    return bool((is_full & (kept.sum(axis=1) < width)).any())


def _compacted(values: Array, order: IntArray, exists: BoolArray) -> Array:
    if values.ndim != 2 or len(values) != len(order):
        return values
    chosen = np.take_along_axis(values, order, axis=1)
    empty: Any = b"" if values.dtype == object else np.nan if values.dtype.kind == "f" else 0
    return np.where(exists, chosen, np.array(empty, values.dtype))
