"""Users without history: the list of the segment that the columns of the user tell, or everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from kernel.description import Array, Description, KernelError

TABLE: Final = "cold.products"
_NOBODY: Final = -1


@dataclass(frozen=True)
class ColdList:
    """The list of one user.

    Attributes:
        products: Best first, -1 where there is none, int64 `[length]`; empty where the ranker orders.
        is_segment: Whether it is that of a segment, and not everybody's.
    """

    products: Array
    is_segment: bool


@dataclass(frozen=True)
class ColdUsers:
    """The lists of a version.

    Attributes:
        segments: Input and value that tell the users of each list but the last, which is everybody's.
        products: int64 `[lists, length]`, -1 where there is none.
    """

    segments: tuple[tuple[str, bytes], ...]
    products: Array

    def without(self, hidden: Array) -> ColdUsers:
        """The same lists, in which what is hidden has become an empty place.

        Args:
            hidden: Bool `[products]`.
        """
        return replace(self, products=left_out(self.products, np.asarray(hidden, np.bool_)))

    def list_of(self, inputs: Mapping[str, Any]) -> ColdList:
        """The list of the first segment that a request tells, as the graph has it.

        Args:
            inputs: Of the signature, of one user.
        """
        for number, (column, value) in enumerate(self.segments):
            if inputs[column][0] == value:
                return ColdList(self.products[number], True)
        return ColdList(self.products[-1], False)


def left_out(lists: Array, hidden: Array) -> Array:
    """Lists in which what is hidden has become an empty slot.

    Args:
        lists: Products, -1 where there is none `[lists, length]`.
        hidden: Bool `[products]`.
    """
    is_gone = (lists >= 0) & hidden[np.maximum(lists, 0)]
    return np.where(is_gone, _NOBODY, lists).astype(np.int64)


def cold_users(description: Description, arrays: Mapping[str, Array], num_products: int) -> ColdUsers | None:
    """The lists of a version; None where the session answers users without history.

    Args:
        description: Of its tables.
        arrays: Its tables.
        num_products: Products that there are.

    Raises:
        KernelError: The table is missing, has another number of lists, or names what is not there.
    """
    if description.segments is None:
        return None
    segments = tuple((column, value.encode()) for column, value in description.segments)
    if TABLE not in arrays and not segments:  # the ranker orders
        return ColdUsers((), np.zeros((1, 0), np.int64))
    if TABLE not in arrays:
        raise KernelError(f"table `{TABLE}` is missing")
    products = np.array(arrays[TABLE], np.int64)
    if products.ndim != 2 or len(products) != len(segments) + 1:
        raise KernelError(f"table `{TABLE}` has another number of lists than there are segments")
    if products.size and not _NOBODY <= int(products.min()) <= int(products.max()) < num_products:
        raise KernelError(f"table `{TABLE}` names something that is not there")
    return ColdUsers(segments, products)
